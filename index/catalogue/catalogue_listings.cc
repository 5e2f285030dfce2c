// SPDX-License-Identifier: Apache-2.0
//
// Catalogue: listings and sellers, sightings, banks, tombstones.
#include <fmt/format.h>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/catalogue.h"
#include "index/catalogue/catalogue_impl.h"
#include "index/catalogue/connection.h"
#include "index/catalogue/row_checksums.h"

namespace pugmark {

using internal::Atomic;
using internal::Connection;
using internal::Query;
using internal::RequireSoundRows;

std::string_view BankRoleName(BankRole role) {
  switch (role) {
    case BankRole::kEvidence: return "evidence";
    case BankRole::kSeizure: return "seizure";
    case BankRole::kBenign: return "benign";
  }
  return "evidence";
}

std::string IdentityOf(const Listing& listing) {
  return !listing.external_id.empty() ? "id:" + listing.external_id
         : !listing.url.empty()       ? "url:" + listing.url
         : !listing.title.empty()     ? "title:" + listing.title
                                      : "";
}

namespace {

BankRole BankRoleFromName(const std::string& name) {
  for (const BankRole role : {BankRole::kSeizure, BankRole::kBenign}) {
    if (name == BankRoleName(role)) return role;
  }
  return BankRole::kEvidence;  // The schema allows no fourth.
}

}  // namespace

ListingId Catalogue::AddListing(const Listing& listing) {
  Impl& impl = *impl_;
  Atomic atomic(impl.Writer(), "adding a listing");
  const ListingId id = impl.FindOrAddListing(listing);
  impl.AddLabels(id, "product", listing.products);
  impl.AddLabels(id, "species", listing.species);
  atomic.Done();
  return id;
}

ListingId Catalogue::Impl::FindOrAddListing(const Listing& listing) {
  static constexpr char kDoing[] = "adding a listing";
  const int64_t platform = FindOrAdd("SELECT id FROM platforms WHERE name = ?",
                                     "INSERT INTO platforms (name) VALUES (?)", listing.platform, kDoing);
  int64_t seller = 0;
  if (!listing.seller.empty()) {
    Query query = connection.Use(
        "INSERT INTO sellers (platform_id, handle, url) VALUES (?, ?, ?) ON CONFLICT (platform_id, handle) "
        "DO UPDATE SET url = CASE WHEN url = '' THEN excluded.url ELSE url END RETURNING id",
        kDoing);
    PUGMARK_CHECK(query.Int(platform).Text(listing.seller).Text(listing.seller_url).Next());
    seller = query.GetInt(0);
  }
  const std::string identity = IdentityOf(listing);
  Query query = connection.Use(
      "INSERT INTO listings (platform_id, seller_id, identity, external_id, url, title, price, currency, posted_at, "
      "operation, extra_json) VALUES (?, nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (platform_id, identity, ifnull(seller_id, 0)) DO UPDATE SET "
      "url = CASE WHEN url = '' THEN excluded.url ELSE url END, "
      "title = CASE WHEN title = '' THEN excluded.title ELSE title END, "
      "price = CASE WHEN price = '' THEN excluded.price ELSE price END, "
      "currency = CASE WHEN currency = '' THEN excluded.currency ELSE currency END, "
      "posted_at = CASE WHEN posted_at = '' THEN excluded.posted_at ELSE posted_at END, "
      "operation = CASE WHEN operation = '' THEN excluded.operation ELSE operation END, "
      "extra_json = CASE WHEN extra_json = '' THEN excluded.extra_json ELSE extra_json END "
      "RETURNING id",
      kDoing);
  query.Int(platform).Int(seller).Text(identity).Text(listing.external_id).Text(listing.url).Text(listing.title);
  query.Text(listing.price).Text(listing.currency).Text(listing.posted_at).Text(listing.operation);
  PUGMARK_CHECK(query.Text(listing.extra_json).Next());
  return ListingId{query.GetInt(0)};
}

void Catalogue::Impl::AddLabels(ListingId listing, const char* kind, const std::vector<std::string>& labels) {
  if (labels.empty()) return;
  Query query = connection.Use(
      "INSERT INTO listing_labels (listing_id, kind, label) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", "adding a label");
  for (const std::string& label : labels) {
    if (label.empty()) continue;
    query.Int(listing.value).Text(kind).Text(label).Run();
    query.Reset();
  }
}

bool Catalogue::AddSighting(PhotoId photo, ListingId listing, const std::string& path, const std::string& captured_at,
                            BatchId batch) {
  Connection& connection = impl_->Writer();
  connection
      .Use(
          "INSERT INTO sightings (photo_id, listing_id, captured_at, path, batch_id) VALUES (?, ?, ?, ?, ?) "
          "ON CONFLICT (photo_id, listing_id, captured_at) DO NOTHING",
          "adding a sighting")
      .Int(photo.value)
      .Int(listing.value)
      .Text(captured_at)
      .Path(path)
      .Int(batch.value)
      .Run();
  return connection.num_changes() > 0;
}

std::vector<Sighting> Catalogue::SightingsOf(PhotoId photo) const {
  Query query = impl_->connection.Use(
      "SELECT s.path, s.captured_at, l.id, p.name, l.external_id, l.url, ifnull(u.handle, ''), ifnull(u.url, ''), "
      "l.title, l.price, l.currency, l.posted_at, l.operation, l.extra_json, s.id, s.photo_id, l.platform_id, l.seller_id "
      // The index says only which rows: an index that is damaged must not say what they hold.
      "FROM (SELECT id FROM sightings WHERE photo_id = ?) AS i JOIN sightings AS s NOT INDEXED ON s.id = i.id "
      "JOIN listings AS l ON l.id = s.listing_id JOIN platforms AS p ON p.id = l.platform_id "
      "LEFT JOIN sellers AS u ON u.id = l.seller_id "
      "ORDER BY l.posted_at = '', l.posted_at, s.captured_at = '', s.captured_at, p.name, l.external_id, l.id",
      "reading sightings");
  query.Int(photo.value);
  std::vector<Sighting> sightings;
  while (query.Next()) {
    if (query.GetInt(15) != photo.value) {
      throw Error(ErrorCode::kCorrupt, fmt::format("{}: an index of the sightings is damaged. Run 'pugmark check' to see what "
                                                   "else is; restore the file from a backup.",
                                                   impl_->connection.name()));
    }
    RequireSoundRows(impl_->connection, "sightings", query.GetInt(14));
    RequireSoundRows(impl_->connection, "listings", query.GetInt(2));
    RequireSoundRows(impl_->connection, "platforms", query.GetInt(16));
    if (query.GetInt(17) != 0) RequireSoundRows(impl_->connection, "sellers", query.GetInt(17));
    Sighting& sighting = sightings.emplace_back();
    sighting.photo = photo;
    sighting.path = query.GetText(0);
    sighting.captured_at = query.GetText(1);
    const int64_t id = query.GetInt(2);
    Listing& listing = sighting.listing;
    listing.platform = query.GetText(3);
    listing.external_id = query.GetText(4);
    listing.url = query.GetText(5);
    listing.seller = query.GetText(6);
    listing.seller_url = query.GetText(7);
    listing.title = query.GetText(8);
    listing.price = query.GetText(9);
    listing.currency = query.GetText(10);
    listing.posted_at = query.GetText(11);
    listing.operation = query.GetText(12);
    listing.extra_json = query.GetText(13);
    listing.products = impl_->Labels(id, "product");
    listing.species = impl_->Labels(id, "species");
  }
  return sightings;
}

std::vector<PhotoId> Catalogue::PhotosOfListing(const std::string& platform, const std::string& external_id) const {
  // The identity is indexed, the external_id is not.
  Query query = impl_->connection.Use(
      "SELECT DISTINCT s.photo_id FROM platforms AS p JOIN listings AS l ON l.platform_id = p.id "
      "JOIN sightings AS s ON s.listing_id = l.id WHERE p.name = ? AND l.identity = ? ORDER BY s.photo_id",
      "reading a listing's photos");
  const std::string identity = "id:" + external_id;
  query.Text(platform).Text(identity);
  std::vector<PhotoId> photos;
  while (query.Next()) photos.push_back(PhotoId{query.GetInt(0)});
  return photos;
}

std::vector<std::string> Catalogue::Impl::Labels(int64_t listing, const char* kind) {
  Query query = connection.Use(
      "SELECT l.label, l.id FROM (SELECT id FROM listing_labels WHERE listing_id = ? AND kind = ?) AS i "
      "JOIN listing_labels AS l NOT INDEXED ON l.id = i.id ORDER BY l.id",
      "reading labels");
  query.Int(listing).Text(kind);
  std::vector<std::string> labels;
  while (query.Next()) {
    RequireSoundRows(connection, "listing_labels", query.GetInt(1));
    labels.push_back(query.GetText(0));
  }
  return labels;
}

// --- Banks and tombstones

void Catalogue::AddToBank(PhotoId photo, const std::string& bank, BankRole role_if_new) {
  static constexpr char kDoing[] = "adding to a bank";
  Connection& connection = impl_->Writer();
  Atomic atomic(connection, kDoing);
  connection.Use("INSERT INTO banks (name, role) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", kDoing)
      .Text(bank)
      .Text(std::string(BankRoleName(role_if_new)))
      .Run();
  connection
      .Use(
          "INSERT INTO bank_photos (photo_id, bank_id, added_at) SELECT ?, id, ? FROM banks WHERE name = ? "
          "ON CONFLICT (photo_id, bank_id) DO NOTHING",
          kDoing)
      .Int(photo.value)
      .Text(UtcNow())
      .Text(bank)
      .Run();
  atomic.Done();
}

std::vector<Catalogue::BankName> Catalogue::BanksOf(PhotoId photo) const {
  RequireSoundRows(impl_->connection, "bank_photos", photo.value, internal::Missing::kIsFine);
  Query query = impl_->connection.Use(
      "SELECT b.name, b.role, b.id FROM bank_photos AS p JOIN banks AS b ON b.id = p.bank_id WHERE p.photo_id = ? "
      "ORDER BY b.name",
      "reading banks");
  query.Int(photo.value);
  std::vector<BankName> banks;
  while (query.Next()) {
    RequireSoundRows(impl_->connection, "banks", query.GetInt(2));
    banks.push_back({query.GetText(0), BankRoleFromName(query.GetText(1))});
  }
  return banks;
}

void Catalogue::AddTombstone(const Sha256& sha256, const std::string& reason) {
  impl_->Writer()
      .Use("INSERT INTO tombstones (sha256, reason, removed_at) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING",
           "adding a tombstone")
      .Blob(sha256.bytes)
      .Text(reason)
      .Text(UtcNow())
      .Run();
}

bool Catalogue::IsTombstoned(const Sha256& sha256) const {
  Query query = impl_->connection.Use("SELECT 1 FROM tombstones WHERE sha256 = ?", "looking for a tombstone");
  return query.Blob(sha256.bytes).Next();
}

}  // namespace pugmark
