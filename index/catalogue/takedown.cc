// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/takedown.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/catalogue_impl.h"
#include "index/catalogue/connection.h"

namespace pugmark {

using internal::Atomic;
using internal::CatalogueAccess;
using internal::Connection;
using internal::Query;

namespace {

constexpr char kDoing[] = "removing";

constexpr RemovalTarget::Kind kKinds[] = {RemovalTarget::Kind::kPhoto, RemovalTarget::Kind::kListing,
                                          RemovalTarget::Kind::kSeller, RemovalTarget::Kind::kPlatform};

[[noreturn]] void ThrowNotFound(const RemovalTarget& target) {
  const std::string where =
      target.platform.empty() ? "without a platform" : "of platform '" + EscapeText(target.platform) + "'";
  std::string what;
  switch (target.kind) {
    case RemovalTarget::Kind::kPhoto: what = "no photo " + EscapeText(target.name); break;
    case RemovalTarget::Kind::kListing: what = fmt::format("no listing '{}' {}", EscapeText(target.name), where); break;
    case RemovalTarget::Kind::kSeller: what = fmt::format("no seller '{}' {}", EscapeText(target.name), where); break;
    case RemovalTarget::Kind::kPlatform:
      what = target.platform.empty() ? "nothing without a platform"
                                     : fmt::format("no platform '{}'", EscapeText(target.platform));
      break;
  }
  throw Error(ErrorCode::kNotFound, fmt::format("There is {} in the collection. Nothing was removed.", what));
}

// Everything that goes, by row id.
struct Doomed {
  struct OfListing {
    RemovedListing listing;
    int64_t seller_id = 0, platform_id = 0;
  };
  std::map<int64_t, Sha256> photos;                          // That go.
  std::map<int64_t, Sha256> kept_photos;                     // That only lose sightings.
  std::map<int64_t, OfListing> listings;                     // That lose sightings.
  std::map<int64_t, std::pair<int64_t, int64_t>> sightings;  // Photo and listing of each sighting that goes.
};

class Collector {
 public:
  explicit Collector(Connection& connection) : connection_(connection) {}

  Doomed Collect(const std::vector<RemovalTarget>& targets) {
    for (const RemovalTarget& target : targets) {
      if (target.kind == RemovalTarget::Kind::kPhoto ? !AddPhoto(target) : !AddListings(target)) ThrowNotFound(target);
    }
    std::map<int64_t, int64_t> lost_by_photo;
    for (const auto& entry : doomed_.sightings) ++lost_by_photo[entry.second.first];
    for (const auto& [photo, num_lost] : lost_by_photo) {
      if (doomed_.photos.contains(photo)) continue;
      const bool goes = num_lost == Count("SELECT count(*) FROM sightings WHERE photo_id = ?", photo);
      (goes ? doomed_.photos : doomed_.kept_photos).emplace(photo, Sha256Of(photo));
    }
    for (const auto& entry : doomed_.sightings) AddListing(entry.second.second);
    for (auto& [id, of] : doomed_.listings) {
      of.listing.is_gone = of.listing.num_sightings == Count("SELECT count(*) FROM sightings WHERE listing_id = ?", id);
    }
    return std::move(doomed_);
  }

 private:
  bool AddPhoto(const RemovalTarget& target) {
    const Sha256 sha256 = Sha256::FromHex(target.name);
    Query find = connection_.Use("SELECT id FROM photos WHERE sha256 = ?", kDoing);
    if (!find.Blob(sha256.bytes).Next()) return false;
    const int64_t photo = find.GetInt(0);
    doomed_.photos.emplace(photo, sha256);
    Query sightings = connection_.Use("SELECT id, listing_id FROM sightings WHERE photo_id = ?", kDoing);
    sightings.Int(photo);
    while (sightings.Next()) doomed_.sightings.emplace(sightings.GetInt(0), std::pair(photo, sightings.GetInt(1)));
    return true;
  }

  bool AddListings(const RemovalTarget& target) {
    static constexpr char kByNumber[] =
        "SELECT l.id FROM platforms AS p JOIN listings AS l ON l.platform_id = p.id WHERE p.name = ? AND l.identity = "
        "?";
    static constexpr char kBySeller[] =
        "SELECT l.id FROM platforms AS p JOIN sellers AS u ON u.platform_id = p.id JOIN listings AS l ON l.seller_id = "
        "u.id "
        "WHERE p.name = ? AND u.handle = ?";
    static constexpr char kByPlatform[] =
        "SELECT l.id FROM platforms AS p JOIN listings AS l ON l.platform_id = p.id WHERE p.name = ?";
    const bool is_listing = target.kind == RemovalTarget::Kind::kListing;
    const bool is_seller = target.kind == RemovalTarget::Kind::kSeller;
    Query listings = connection_.Use(is_listing ? kByNumber : is_seller ? kBySeller : kByPlatform, kDoing);
    listings.Text(target.platform);
    if (is_listing || is_seller) listings.Text(is_listing ? "id:" + target.name : target.name);
    bool found = false;
    while (listings.Next()) {
      found = true;
      const int64_t listing = listings.GetInt(0);
      AddListing(listing, /*num_sightings=*/0);  // Also one without sightings goes.
      Query sightings = connection_.Use("SELECT id, photo_id FROM sightings WHERE listing_id = ?", kDoing);
      sightings.Int(listing);
      while (sightings.Next()) doomed_.sightings.emplace(sightings.GetInt(0), std::pair(sightings.GetInt(1), listing));
    }
    return found;
  }

  void AddListing(int64_t id, int64_t num_sightings = 1) {
    const auto [place, is_new] = doomed_.listings.try_emplace(id);
    place->second.listing.num_sightings += num_sightings;
    if (!is_new) return;
    Query query = connection_.Use(
        "SELECT p.name, l.identity, ifnull(u.handle, ''), ifnull(u.id, 0), p.id FROM listings AS l "
        "JOIN platforms AS p ON p.id = l.platform_id LEFT JOIN sellers AS u ON u.id = l.seller_id WHERE l.id = ?",
        kDoing);
    PUGMARK_CHECK(query.Int(id).Next());
    place->second.listing.platform = query.GetText(0);
    place->second.listing.identity = query.GetText(1);
    place->second.listing.seller = query.GetText(2);
    place->second.seller_id = query.GetInt(3);
    place->second.platform_id = query.GetInt(4);
  }

  int64_t Count(const char* sql, int64_t id) {
    Query query = connection_.Use(sql, kDoing);
    PUGMARK_CHECK(query.Int(id).Next());
    return query.GetInt(0);
  }

  Sha256 Sha256Of(int64_t photo) {
    Query query = connection_.Use("SELECT sha256 FROM photos WHERE id = ?", kDoing);
    PUGMARK_CHECK(query.Int(photo).Next());
    return query.GetSha256(0);
  }

  Connection& connection_;
  Doomed doomed_;
};

Removal ToRemoval(const Doomed& doomed, const std::vector<RemovalTarget>& targets) {
  Removal removal;
  removal.targets = targets;
  for (const auto& [id, sha256] : doomed.photos) removal.photos.push_back({PhotoId{id}, sha256});
  for (const auto& entry : doomed.listings) removal.listings.push_back(entry.second.listing);
  removal.num_sightings = static_cast<int64_t>(doomed.sightings.size());
  removal.num_photos_kept = static_cast<int64_t>(doomed.kept_photos.size());
  return removal;
}

// One statement for many rows.
void ForEachId(Connection& connection, const char* sql, int64_t id) { connection.Use(sql, kDoing).Int(id).Run(); }

void WriteReceipt(Connection& connection, Removal* removal) {
  connection.Use("INSERT INTO removals (removed_at, removed_by, reason, num_sightings) VALUES (?, ?, ?, ?)", kDoing)
      .Text(removal->removed_at)
      .Text(removal->removed_by)
      .Text(removal->reason)
      .Int(removal->num_sightings)
      .Run();
  removal->id = connection.last_row_id();
  for (const RemovalTarget& target : removal->targets) {
    connection.Use("INSERT INTO removal_targets (removal_id, kind, platform, name) VALUES (?, ?, ?, ?)", kDoing)
        .Int(removal->id)
        .Text(std::string(RemovalKindName(target.kind)))
        .Text(target.platform)
        .Text(target.name)
        .Run();
  }
  for (const RemovedPhoto& photo : removal->photos) {
    connection.Use("INSERT INTO removed_photos (photo_id, sha256, removal_id) VALUES (?, ?, ?)", kDoing)
        .Int(photo.id.value)
        .Blob(photo.sha256.bytes)
        .Int(removal->id)
        .Run();
  }
  for (const RemovedListing& listing : removal->listings) {
    connection
        .Use(
            "INSERT INTO removed_listings (removal_id, platform, identity, seller, num_sightings, is_gone) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            kDoing)
        .Int(removal->id)
        .Text(listing.platform)
        .Text(listing.identity)
        .Text(listing.seller)
        .Int(listing.num_sightings)
        .Int(listing.is_gone ? 1 : 0)
        .Run();
  }
}

void WriteTombstones(Connection& connection, const Doomed& doomed, const Removal& removal) {
  for (const auto& [id, sha256] : doomed.photos) {
    // The first reason stays, as in AddTombstone.
    connection
        .Use("INSERT INTO tombstones (sha256, reason, removed_at) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
             kDoing)
        .Blob(sha256.bytes)
        .Text(removal.reason)
        .Text(removal.removed_at)
        .Run();
    connection
        .Use(
            "INSERT INTO tombstone_hashes (sha256, pdq) SELECT ?, pdq FROM features WHERE photo_id = ? AND length(pdq) "
            "= 33 "
            "ON CONFLICT (sha256) DO NOTHING",
            kDoing)
        .Blob(sha256.bytes)
        .Int(id)
        .Run();
  }
  for (const auto& entry : doomed.sightings) {
    const auto [photo, listing_id] = entry.second;
    const auto kept = doomed.kept_photos.find(photo);
    if (kept == doomed.kept_photos.end()) continue;
    const RemovedListing& listing = doomed.listings.at(listing_id).listing;
    connection
        .Use(
            "INSERT INTO tombstone_sightings (sha256, platform, identity, seller, removal_id) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            kDoing)
        .Blob(kept->second.bytes)
        .Text(listing.platform)
        .Text(listing.identity)
        .Text(listing.seller)
        .Int(removal.id)
        .Run();
  }
}

void DeleteRows(Connection& connection, const Doomed& doomed) {
  for (const auto& entry : doomed.sightings) ForEachId(connection, "DELETE FROM sightings WHERE id = ?", entry.first);
  for (const auto& entry : doomed.photos) {
    for (const char* sql :
         {"DELETE FROM bank_photos WHERE photo_id = ?", "DELETE FROM watched_photos WHERE photo_id = ?",
          "DELETE FROM thumbnail_checksums WHERE photo_id = ?", "DELETE FROM reextracted WHERE photo_id = ?",
          "DELETE FROM photo_traces WHERE photo_id = ?",
          "DELETE FROM photo_links WHERE low_photo = ?", "DELETE FROM photo_links WHERE high_photo = ?",
          "DELETE FROM features WHERE photo_id = ?", "DELETE FROM photos WHERE id = ?"}) {
      ForEachId(connection, sql, entry.first);
    }
  }
  std::set<int64_t> sellers, platforms;
  for (const auto& [id, of] : doomed.listings) {
    if (!of.listing.is_gone) continue;
    ForEachId(connection, "DELETE FROM listing_labels WHERE listing_id = ?", id);
    ForEachId(connection, "DELETE FROM listing_values WHERE listing_id = ?", id);
    ForEachId(connection, "DELETE FROM listings WHERE id = ?", id);
    if (of.seller_id != 0) sellers.insert(of.seller_id);
    platforms.insert(of.platform_id);
  }
  for (const int64_t id : sellers) {
    Query left = connection.Use("SELECT 1 FROM listings WHERE seller_id = ? LIMIT 1", kDoing);
    if (left.Int(id).Next()) continue;
    for (const char* sql :
         {"DELETE FROM seller_reviews WHERE low_seller = ?", "DELETE FROM seller_reviews WHERE high_seller = ?",
          "DELETE FROM seller_links WHERE low_seller = ?", "DELETE FROM seller_links WHERE high_seller = ?",
          "DELETE FROM seller_group_members WHERE seller_id = ?", "DELETE FROM seller_group_events WHERE seller_id = ?",
          "DELETE FROM sellers WHERE id = ?"}) {
      ForEachId(connection, sql, id);
    }
  }
  for (const int64_t id : platforms) {
    ForEachId(connection,
              "DELETE FROM platforms WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM listings WHERE platform_id = ?1) "
              "AND NOT EXISTS (SELECT 1 FROM sellers WHERE platform_id = ?1)",
              id);
  }
}

}  // namespace

std::string_view RemovalKindName(RemovalTarget::Kind kind) {
  switch (kind) {
    case RemovalTarget::Kind::kPhoto: return "photo";
    case RemovalTarget::Kind::kListing: return "listing";
    case RemovalTarget::Kind::kSeller: return "seller";
    case RemovalTarget::Kind::kPlatform: return "platform";
  }
  return "photo";
}

Removal Takedown::Plan(const std::vector<RemovalTarget>& targets) const {
  return ToRemoval(Collector(CatalogueAccess::Reader(catalogue_)).Collect(targets), targets);
}

Removal Takedown::Remove(const std::vector<RemovalTarget>& targets, const std::string& reason,
                         const std::string& removed_by) {
  if (reason.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "A removal needs a reason: it is shown whenever the photo comes again.");
  }
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  const bool joins = connection.in_transaction();
  connection.Execute("PRAGMA secure_delete = ON", kDoing);  // Deleted rows would stay readable in the file.
  Removal removal;
  {
    Atomic atomic(connection, kDoing);
    const Doomed doomed = Collector(connection).Collect(targets);
    removal = ToRemoval(doomed, targets);
    removal.removed_at = UtcNow();
    removal.removed_by = removed_by;
    removal.reason = reason;
    WriteReceipt(connection, &removal);
    WriteTombstones(connection, doomed, removal);
    DeleteRows(connection, doomed);
    atomic.Done();
  }
  // The log holds the rows as they were. A reader that is at work keeps it; then it is emptied by a later writer.
  if (!joins) connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)", kDoing);
  return removal;
}

std::vector<Removal> Takedown::Receipts(int64_t after) const {
  static constexpr char kReading[] = "reading receipts";
  Connection& connection = CatalogueAccess::Reader(catalogue_);
  std::vector<Removal> receipts;
  Query query = connection.Use(
      "SELECT id, removed_at, removed_by, reason, num_sightings FROM removals WHERE id > ? ORDER BY id", kReading);
  query.Int(after);
  while (query.Next()) {
    Removal& removal = receipts.emplace_back();
    removal.id = query.GetInt(0);
    removal.removed_at = query.GetText(1);
    removal.removed_by = query.GetText(2);
    removal.reason = query.GetText(3);
    removal.num_sightings = query.GetInt(4);
    Query targets =
        connection.Use("SELECT kind, platform, name FROM removal_targets WHERE removal_id = ? ORDER BY id", kReading);
    targets.Int(removal.id);
    while (targets.Next()) {
      RemovalTarget& target = removal.targets.emplace_back();
      for (const RemovalTarget::Kind kind : kKinds) {
        if (targets.GetText(0) == RemovalKindName(kind)) target.kind = kind;
      }
      target.platform = targets.GetText(1);
      target.name = targets.GetText(2);
    }
    Query photos =
        connection.Use("SELECT photo_id, sha256 FROM removed_photos WHERE removal_id = ? ORDER BY photo_id", kReading);
    photos.Int(removal.id);
    while (photos.Next()) removal.photos.push_back({PhotoId{photos.GetInt(0)}, photos.GetSha256(1)});
    Query listings = connection.Use(
        "SELECT platform, identity, seller, num_sightings, is_gone FROM removed_listings WHERE removal_id = ? ORDER BY "
        "id",
        kReading);
    listings.Int(removal.id);
    while (listings.Next()) {
      removal.listings.push_back(
          {listings.GetText(0), listings.GetText(1), listings.GetText(2), listings.GetInt(3), listings.GetInt(4) != 0});
    }
  }
  return receipts;
}

std::vector<RemovedPhoto> Takedown::Unpurged() const {
  Query query =
      CatalogueAccess::Reader(catalogue_)
          .Use("SELECT photo_id, sha256 FROM removed_photos WHERE purged = 0 ORDER BY photo_id", "reading removals");
  std::vector<RemovedPhoto> photos;
  while (query.Next()) photos.push_back({PhotoId{query.GetInt(0)}, query.GetSha256(1)});
  return photos;
}

void Takedown::MarkPurged(PhotoId photo) {
  ForEachId(CatalogueAccess::Writer(catalogue_), "UPDATE removed_photos SET purged = 1 WHERE photo_id = ?",
            photo.value);
}

bool WasRemoved(const Catalogue& catalogue, PhotoId photo, const Sha256& sha256) {
  Query query = CatalogueAccess::Reader(catalogue).Use("SELECT 1 FROM removed_photos WHERE photo_id = ? AND sha256 = ?",
                                                       "reading removals");
  return query.Int(photo.value).Blob(sha256.bytes).Next();
}

std::optional<Tombstone> Takedown::Find(const Sha256& sha256) const {
  Query query = CatalogueAccess::Reader(catalogue_)
                    .Use("SELECT reason, removed_at FROM tombstones WHERE sha256 = ?", "looking for a tombstone");
  if (!query.Blob(sha256.bytes).Next()) return std::nullopt;
  return Tombstone{sha256, query.GetText(0), query.GetText(1)};
}

std::vector<TombstoneHash> Takedown::Hashes() const {
  Query query = CatalogueAccess::Reader(catalogue_)
                    .Use(
                        "SELECT h.sha256, t.reason, t.removed_at, h.pdq FROM tombstone_hashes AS h "
                        "JOIN tombstones AS t ON t.sha256 = h.sha256 ORDER BY h.sha256",
                        "reading tombstones");
  std::vector<TombstoneHash> hashes;
  while (query.Next()) {
    TombstoneHash& hash = hashes.emplace_back();
    hash.tombstone = {query.GetSha256(0), query.GetText(1), query.GetText(2)};
    query.GetBlob(3, &hash.pdq);
  }
  return hashes;
}

std::optional<Tombstone> Takedown::FindSighting(const Sha256& sha256, const Listing& listing) const {
  Query query =
      CatalogueAccess::Reader(catalogue_)
          .Use(
              "SELECT r.reason, r.removed_at FROM tombstone_sightings AS t JOIN removals AS r ON r.id = t.removal_id "
              "WHERE t.sha256 = ? AND t.platform = ? AND t.identity = ? AND t.seller = ?",
              "looking for a tombstone");
  query.Blob(sha256.bytes).Text(listing.platform).Text(IdentityOf(listing)).Text(listing.seller);
  if (!query.Next()) return std::nullopt;
  return Tombstone{sha256, query.GetText(0), query.GetText(1)};
}

void Takedown::Readmit(const Sha256& sha256, BatchId batch) {
  static constexpr char kReadmitting[] = "readmitting a photo";
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  Atomic atomic(connection, kReadmitting);
  connection.Use("DELETE FROM tombstone_hashes WHERE sha256 = ?", kReadmitting).Blob(sha256.bytes).Run();
  connection.Use("DELETE FROM tombstones WHERE sha256 = ?", kReadmitting).Blob(sha256.bytes).Run();
  connection.Use("INSERT INTO readmissions (sha256, batch_id, readmitted_at) VALUES (?, ?, ?)", kReadmitting)
      .Blob(sha256.bytes)
      .Int(batch.value)
      .Text(UtcNow())
      .Run();
  atomic.Done();
}

void Takedown::ReadmitSighting(const Sha256& sha256, const Listing& listing) {
  CatalogueAccess::Writer(catalogue_)
      .Use("DELETE FROM tombstone_sightings WHERE sha256 = ? AND platform = ? AND identity = ? AND seller = ?",
           "readmitting a sighting")
      .Blob(sha256.bytes)
      .Text(listing.platform)
      .Text(IdentityOf(listing))
      .Text(listing.seller)
      .Run();
}

}  // namespace pugmark
