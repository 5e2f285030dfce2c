// SPDX-License-Identifier: Apache-2.0
//
// Takedown: what must go from the collection, and stay away.
//
// Removing takes rows out of the catalogue in one transaction, so a search that begins afterwards cannot show them,
// whatever the index still holds. What was removed is remembered by hashes: a tombstone of its SHA-256 and of its
// perceptual hash refuses it when it comes again, and the receipt says who removed what, when and why.
//
// Which photos go: those that are named; and those of a removed listing, seller or platform that were seen nowhere
// else. A photo that was seen elsewhere too stays, and only the removed sightings are kept from coming back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/base/ids.h"
#include "index/base/sha256.h"
#include "index/catalogue/catalogue.h"

namespace pugmark {

// What was asked to be removed.
struct RemovalTarget {
  enum class Kind { kPhoto, kListing, kSeller, kPlatform };
  Kind kind = Kind::kPhoto;
  std::string platform;  // Of all but a photo; "" is the platform of what came without one.
  std::string name;  // SHA-256 in hexadecimal; the listing's external_id; the seller's handle; empty for a platform.
};
std::string_view RemovalKindName(RemovalTarget::Kind kind);  // "photo", "listing", "seller", "platform"

// A listing that loses sightings.
struct RemovedListing {
  std::string platform;
  std::string identity;  // As IdentityOf().
  std::string seller;
  int64_t num_sightings = 0;  // Those that go.
  bool is_gone = false;       // None is left, so the listing goes as well.
};

struct RemovedPhoto {
  PhotoId id;
  Sha256 sha256;
};

// The receipt of a removal, or the plan of one (id 0, without time).
struct Removal {
  int64_t id = 0;
  std::string removed_at;  // UTC.
  std::string removed_by;
  std::string reason;
  std::vector<RemovalTarget> targets;
  std::vector<RemovedPhoto> photos;      // In order of id.
  std::vector<RemovedListing> listings;  // In order of their ids.
  int64_t num_sightings = 0;
  int64_t num_photos_kept = 0;  // Of a plan: photos that lose sightings but were seen elsewhere too.
};

struct Tombstone {
  Sha256 sha256;
  std::string reason;
  std::string removed_at;
};

// The perceptual hash beside a tombstone.
struct TombstoneHash {
  Tombstone tombstone;
  std::vector<uint8_t> pdq;  // 33 bytes: docs/formats.md, section 3.
};

// Borrows the catalogue. Threads and errors: as Catalogue. What writes is one transaction, or joins the open one.
class Takedown {
 public:
  explicit Takedown(Catalogue& catalogue) : catalogue_(catalogue) {}

  // What Remove would do. Throws Error(kNotFound) that says which target names nothing. Changes nothing.
  // Cost, memory: a few hundred bytes per sighting that goes.
  Removal Plan(const std::vector<RemovalTarget>& targets) const;

  // Removes, leaves tombstones and writes the receipt. reason: not empty. Rows that go are overwritten with zeros in
  // the database file, now or when its write-ahead log is next moved into it. Thumbnails and originals are the
  // caller's: Unpurged(). Throws as Plan does.
  Removal Remove(const std::vector<RemovalTarget>& targets, const std::string& reason, const std::string& removed_by);

  // Receipts after this one, oldest first.
  std::vector<Removal> Receipts(int64_t after = 0) const;

  // Photos whose files may still lie beside the catalogue, and how to say that they do not.
  std::vector<RemovedPhoto> Unpurged() const;
  void MarkPurged(PhotoId photo);

  std::optional<Tombstone> Find(const Sha256& sha256) const;
  std::vector<TombstoneHash> Hashes() const;
  // The tombstone that keeps a photo which is catalogued from being seen in this listing again.
  std::optional<Tombstone> FindSighting(const Sha256& sha256, const Listing& listing) const;

  // Readmission: lifts the photo's own tombstone, if it has one, and its hash; records that it came back.
  void Readmit(const Sha256& sha256, BatchId batch);
  void ReadmitSighting(const Sha256& sha256, const Listing& listing);

 private:
  Catalogue& catalogue_;
};

// Whether this photo was in the catalogue, and was removed from it.
bool WasRemoved(const Catalogue& catalogue, PhotoId photo, const Sha256& sha256);

}  // namespace pugmark
