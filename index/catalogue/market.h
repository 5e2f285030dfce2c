// SPDX-License-Identifier: Apache-2.0
//
// Everything that was seen, in bulk: all photos with their listings, all listings with their sellers.
//
// For what looks at the whole collection at once. Who asks about one photo uses Catalogue::SightingsOf().
#pragma once

#include <string>
#include <vector>

#include "index/base/ids.h"
#include "index/base/sha256.h"
#include "index/catalogue/catalogue.h"
#include "index/catalogue/links.h"

namespace pugmark {

struct MarketSeller {
  SellerId id;
  std::string platform, handle, url;
};

struct MarketListing {
  ListingId id;
  SellerId seller;  // Invalid: not known.
  // Platform, external_id, url, title, price, currency, posted_at, products and species; nothing else.
  Listing listing;
};

struct MarketPhoto {
  PhotoId id;
  Sha256 sha256;
  std::string path;
  int width_px = 0, height_px = 0;
  bool is_benign = false, is_seized = false;  // In a bank with the role `benign`, `seizure`.
};

struct MarketSighting {
  PhotoId photo;
  ListingId listing;
  std::string captured_at;
};

// Each in the order of ids; sightings in that of their photo, listing and captured_at.
struct Market {
  std::vector<MarketSeller> sellers;
  std::vector<MarketListing> listings;
  std::vector<MarketPhoto> photos;
  std::vector<MarketSighting> sightings;
};

// What a writer commits meanwhile may be there in part: a sighting may name what is not in the lists. Throws
// Error(kCorrupt) if a row is not what was written: nobody is to be linked by a damaged row. Threads, other errors: as
// Catalogue. Cost: about 15 µs a row; no features are read.
Market ReadMarket(const Catalogue& catalogue);

}  // namespace pugmark
