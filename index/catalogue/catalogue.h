// SPDX-License-Identifier: Apache-2.0
//
// The one source of truth: what was seen, where, when, from whom, and the features by which it is found again.
//
// A SQLite database (WAL, synchronous=FULL, foreign keys on). One writer at a time, any number of readers, who see the
// state as of their last committed transaction. Everything under snapshots/ can be rebuilt from here alone.
// Tables and migrations: docs/formats.md and schema.h.
//
// Text is UTF-8; whoever brings text from outside has checked that. Paths are bytes, as the file system gave them, and
// come back unchanged whatever they contain.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/base/ids.h"
#include "index/base/sha256.h"

namespace pugmark {

namespace internal {
struct CatalogueAccess;
}

// A file as received, identified by the SHA-256 of its bytes.
struct Photo {
  PhotoId id;
  Sha256 sha256;
  std::string path;  // Where it was first seen, absolute; bytes as the file system gave them.
  int64_t size_bytes = 0;
  std::string format;  // "jpeg", ...
  int width_px = 0;    // Upright original.
  int height_px = 0;
  std::string camera_make, camera_model, camera_serial, taken_at;  // From EXIF; empty if absent.
  bool truncated = false;
  std::string admitted_at;  // UTC, "2026-11-24T06:55:54Z".
  BatchId batch;
};

// One advertisement. Empty strings mean "not known". (platform, external_id, seller) identifies it. Without external_id
// its URL tells it from the seller's others, without both its title: two ads are not made one because a crawler had no
// number for them. With none of the three it stands for all that is not told apart, such as a folder without manifest.
struct Listing {
  std::string platform;
  std::string external_id;
  std::string url;
  std::string seller;  // Handle on the platform.
  std::string seller_url;
  std::string title;
  std::string price;  // As written by the seller; no arithmetic is done with it.
  std::string currency;
  std::string posted_at;              // ISO 8601 as given.
  std::vector<std::string> products;  // Several per listing: {"rhino_horn", "ivory"}. In the order first named.
  std::vector<std::string> species;
  std::string operation;
  std::string extra_json;  // Further manifest columns, one JSON object, or empty.
};

// What tells the listings of one seller on one platform apart: "id:" and the external_id, else "url:" and the URL, else
// "title:" and the title, else nothing.
std::string IdentityOf(const Listing& listing);

// One photo seen in one listing at one time.
struct Sighting {
  PhotoId photo;
  Listing listing;
  std::string path;
  std::string captured_at;
};

enum class BankRole { kEvidence, kSeizure, kBenign };
std::string_view BankRoleName(BankRole role);  // "evidence", "seizure", "benign"

// What the matcher keeps of a photo. The catalogue does not look inside the blobs.
struct StoredFeatures {
  std::string extractor;  // Name and parameters, so that features of another extractor are recognised.
  int width_px = 0;       // Working image.
  int height_px = 0;
  int num_keypoints = 0;
  std::vector<uint8_t> keypoints;          // Geometry, packed.
  std::vector<uint8_t> descriptors;        // Packed, one per keypoint.
  std::vector<uint8_t> global_descriptor;  // Empty if not computed.
  std::vector<uint8_t> pdq;                // Empty if not computed.
};

struct BatchCounts {
  int64_t num_new_photos = 0, num_known_photos = 0, num_new_sightings = 0, num_unreadable = 0, num_removed_earlier = 0;
};

struct CatalogueCounts {
  int64_t num_photos = 0, num_listings = 0, num_sellers = 0, num_sightings = 0, num_batches = 0, num_tombstones = 0;
  std::map<std::string, int64_t> photos_per_bank;  // Bank name → photos.
};

// Threads: one object is used by one thread at a time; give every thread an object of its own.
// Errors: Error(kNotFound) if the file is missing, kUnsupported if it was written by a newer Pugmark, kCorrupt if it is
// not a catalogue or SQLite finds damage, kLocked if the database stays busy for 10 s, kIo otherwise.
// Outside of a Transaction every call is a transaction of its own: done completely or not at all, and durable when it
// returns. Inside, a call that throws has changed nothing, and the transaction may go on unless the error is kIo.
// Writing calls need Access::kWrite; otherwise Error(kInternal).
class Catalogue {
 public:
  enum class Access { kRead, kWrite };

  // Creates the database with the newest schema, completely or not at all. Throws Error(kExists) if there is one.
  static void Create(const std::filesystem::path& database);

  // kWrite migrates an older schema in one transaction. The caller holds the collection's lock for kWrite. kRead on an
  // older schema throws Error(kUnsupported) that names the command which migrates.
  // kRead works beside a writer. Readers make catalogue.db-wal and -shm beside the database if they are missing; where
  // the directory does not let them (a read-only disk) the file is read without locks, which is safe only as long as
  // nobody else writes to it, and refused with Error(kIo) if a write-ahead log with content waits beside it.
  Catalogue(const std::filesystem::path& database, Access access);
  ~Catalogue();
  Catalogue(Catalogue&&) noexcept;
  Catalogue& operator=(Catalogue&&) noexcept;

  // Rolled back by its destructor unless committed. What Commit() returned for survives a crash. Not nested. Ends
  // before the catalogue does. On a catalogue opened with kRead: several calls see one and the same state.
  class Transaction {
   public:
    explicit Transaction(Catalogue& catalogue);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void Commit();

   private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };

  // Settings of the collection (working scale, number of keypoints, ...), as text.
  std::optional<std::string> Setting(const std::string& key) const;
  void SetSetting(const std::string& key, const std::string& value);

  // A batch is one run of ingest. StartBatch records what was asked for (shown to people); FinishBatch its counts, or
  // throws Error(kNotFound).
  BatchId StartBatch(const std::string& source);
  void FinishBatch(BatchId batch, const BatchCounts& counts);

  // Adds a photo with its features. photo.id is ignored. Throws Error(kExists) if the SHA-256 is catalogued, kLimit if
  // a blob is beyond 1 GB.
  PhotoId AddPhoto(const Photo& photo, const StoredFeatures& features);

  // Finds or creates the listing and its seller; fields that were empty are filled, others kept as first seen; products
  // and species are united. Without a platform it belongs to the platform "".
  ListingId AddListing(const Listing& listing);

  // Returns false, and changes nothing, if the same photo was already seen in the same listing at the same captured_at.
  bool AddSighting(PhotoId photo, ListingId listing, const std::string& path, const std::string& captured_at,
                   BatchId batch);

  // Creates the bank if it is new (role: as given) and puts the photo in it. Idempotent. The role of an existing bank
  // stays.
  void AddToBank(PhotoId photo, const std::string& bank, BankRole role_if_new);

  // Banks that hold the photo, ordered by name.
  struct BankName {
    std::string name;
    BankRole role = BankRole::kEvidence;
  };
  std::vector<BankName> BanksOf(PhotoId photo) const;

  std::optional<PhotoId> FindPhoto(const Sha256& sha256) const;
  std::optional<Photo> GetPhoto(PhotoId photo) const;
  // Throws Error(kCorrupt) if the stored bytes are not those that were written (a checksum is kept beside them).
  std::optional<StoredFeatures> GetFeatures(PhotoId photo) const;
  // Ordered by posted_at, then captured_at (unknown last), then platform and listing.
  std::vector<Sighting> SightingsOf(PhotoId photo) const;

  // Photos seen in the listings with this platform and external_id, whoever the seller, in order of id. Empty: none.
  std::vector<PhotoId> PhotosOfListing(const std::string& platform, const std::string& external_id) const;

  // Calls `visit` with the features of every photo with id > after, in order of id, until it returns false. One row is
  // held in memory at a time. Sees the state as of its start; `visit` may call this catalogue. Throws as GetFeatures.
  // extractor: only features made by it; empty: all.
  void VisitFeatures(PhotoId after, const std::function<bool(PhotoId, const StoredFeatures&)>& visit,
                     const std::string& extractor = {}) const;
  // Of what VisitFeatures(after) visits: number of photos, and of keypoints over them; the largest id, or an invalid
  // one if there is none. Cost: reads an index, not the features.
  struct FeatureTotals {
    int64_t num_photos = 0;
    int64_t num_keypoints = 0;
    PhotoId last;
  };
  FeatureTotals TotalsAfter(PhotoId after, const std::string& extractor = {}) const;

  // A removed photo must stay removed: its SHA-256 is refused by ingest. Idempotent, the first reason stays.
  void AddTombstone(const Sha256& sha256, const std::string& reason);
  bool IsTombstoned(const Sha256& sha256) const;

  CatalogueCounts Counts() const;

  // SQLite's own check of the file and of the foreign keys, and the checksums of all features; empty if sound, else one
  // message per finding (at most 100 of each kind). Cost: reads the whole file.
  std::vector<std::string> CheckIntegrity() const;

 private:
  friend class Extractions;
  friend class Reviews;
  friend class SealedFiles;
  friend class SnapshotRecords;
  friend class ThumbnailChecksums;
  friend struct internal::CatalogueAccess;  // For queries in files of their own, such as takedown.h.
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pugmark
