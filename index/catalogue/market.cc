// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/market.h"

#include <algorithm>
#include <tuple>

#include "index/catalogue/catalogue_impl.h"
#include "index/catalogue/connection.h"
#include "index/catalogue/row_checksums.h"

namespace pugmark {

using internal::CatalogueAccess;
using internal::Connection;
using internal::Query;
using internal::RequireSoundRows;

namespace {

constexpr char kReading[] = "reading the market";

void ReadSellers(Connection& connection, Market* market) {
  Query query = connection.Use(
      "SELECT u.id, p.name, u.handle, u.url FROM sellers AS u NOT INDEXED JOIN platforms AS p ON p.id = u.platform_id "
      "ORDER BY u.id",
      kReading);
  while (query.Next()) {
    RequireSoundRows(connection, "sellers", query.GetInt(0));
    market->sellers.push_back({SellerId{query.GetInt(0)}, query.GetText(1), query.GetText(2), query.GetText(3)});
  }
}

void ReadListings(Connection& connection, Market* market) {
  Query query = connection.Use(
      "SELECT l.id, ifnull(l.seller_id, 0), p.name, l.external_id, l.url, l.title, l.price, l.currency, l.posted_at "
      "FROM listings AS l NOT INDEXED JOIN platforms AS p ON p.id = l.platform_id ORDER BY l.id",
      kReading);
  while (query.Next()) {
    RequireSoundRows(connection, "listings", query.GetInt(0));
    MarketListing& m = market->listings.emplace_back();
    m.id = ListingId{query.GetInt(0)};
    m.seller = SellerId{query.GetInt(1)};
    m.listing.platform = query.GetText(2);
    m.listing.external_id = query.GetText(3);
    m.listing.url = query.GetText(4);
    m.listing.title = query.GetText(5);
    m.listing.price = query.GetText(6);
    m.listing.currency = query.GetText(7);
    m.listing.posted_at = query.GetText(8);
  }
  Query labels =
      connection.Use("SELECT id, listing_id, kind, label FROM listing_labels NOT INDEXED ORDER BY id", kReading);
  while (labels.Next()) {
    RequireSoundRows(connection, "listing_labels", labels.GetInt(0));
    const ListingId listing{labels.GetInt(1)};
    const auto place = std::lower_bound(market->listings.begin(), market->listings.end(), listing,
                                        [](const MarketListing& m, ListingId id) { return m.id < id; });
    if (place == market->listings.end() || place->id != listing) continue;
    (labels.GetText(2) == "product" ? place->listing.products : place->listing.species).push_back(labels.GetText(3));
  }
}

void ReadPhotos(Connection& connection, Market* market) {
  Query query = connection.Use(
      "SELECT p.id, p.sha256, p.path, p.width_px, p.height_px, ifnull((SELECT group_concat(k.role) FROM bank_photos AS "
      "b JOIN banks AS "
      "k ON k.id = b.bank_id WHERE b.photo_id = p.id), '') FROM photos AS p NOT INDEXED ORDER BY p.id",
      kReading);
  while (query.Next()) {
    RequireSoundRows(connection, "photos", query.GetInt(0));
    MarketPhoto& photo = market->photos.emplace_back();
    photo.id = PhotoId{query.GetInt(0)};
    photo.sha256 = query.GetSha256(1);
    photo.path = query.GetText(2);
    photo.width_px = static_cast<int>(query.GetInt(3));
    photo.height_px = static_cast<int>(query.GetInt(4));
    const std::string roles = query.GetText(5);
    photo.is_benign = roles.find("benign") != std::string::npos;
    photo.is_seized = roles.find("seizure") != std::string::npos;
  }
}

void ReadSightings(Connection& connection, Market* market) {
  Query query =
      connection.Use("SELECT id, photo_id, listing_id, captured_at FROM sightings NOT INDEXED ORDER BY id", kReading);
  while (query.Next()) {
    RequireSoundRows(connection, "sightings", query.GetInt(0));
    market->sightings.push_back({PhotoId{query.GetInt(1)}, ListingId{query.GetInt(2)}, query.GetText(3)});
  }
  std::sort(market->sightings.begin(), market->sightings.end(), [](const MarketSighting& a, const MarketSighting& b) {
    return std::tie(a.photo, a.listing, a.captured_at) < std::tie(b.photo, b.listing, b.captured_at);
  });
}

}  // namespace

Market ReadMarket(const Catalogue& catalogue) {
  Connection& connection = CatalogueAccess::Reader(catalogue);
  Market market;
  ReadSellers(connection, &market);
  ReadListings(connection, &market);
  ReadPhotos(connection, &market);
  ReadSightings(connection, &market);
  return market;
}

}  // namespace pugmark
