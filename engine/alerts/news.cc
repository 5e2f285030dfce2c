// SPDX-License-Identifier: Apache-2.0
#include "engine/alerts/news.h"

#include <filesystem>
#include <set>
#include <tuple>

#include "index/base/files.h"

namespace pugmark {
namespace {

// Ingest lets the folder in which a photo was found take the place of its listing; of what else lies there it says
// nothing.
bool IsFolder(const Sighting& sighting) {
  const Listing& listing = sighting.listing;
  return listing.external_id.empty() && listing.url.empty() &&
         listing.title == EscapeText(std::filesystem::path(sighting.path).parent_path().string());
}

}  // namespace

AlertRelation RelationOf(const std::vector<Sighting>& a, const std::vector<Sighting>& b) {
  if (a.empty() || b.empty()) return AlertRelation::kNews;
  std::set<std::pair<std::string, std::string>> sellers;
  std::set<std::tuple<std::string, std::string, std::string>> listings;
  bool all_sellers_known = true, all_listings_known = true;
  for (const std::vector<Sighting>* sightings : {&a, &b}) {
    for (const Sighting& sighting : *sightings) {
      const Listing& listing = sighting.listing;
      const std::string identity = IdentityOf(listing);
      all_sellers_known = all_sellers_known && !listing.seller.empty();
      all_listings_known = all_listings_known && !identity.empty() && !IsFolder(sighting);
      sellers.emplace(listing.platform, listing.seller);
      listings.emplace(listing.platform, identity, listing.seller);
    }
  }
  if (all_listings_known && listings.size() == 1) return AlertRelation::kSameListing;
  return all_sellers_known && sellers.size() == 1 ? AlertRelation::kSameSeller : AlertRelation::kNews;
}

std::string NewPlatforms(const std::vector<Sighting>& sightings, const std::vector<std::vector<Sighting>>& known) {
  std::set<std::string> platforms;
  for (const Sighting& sighting : sightings) platforms.insert(sighting.listing.platform);
  platforms.erase("");
  for (const std::vector<Sighting>& others : known) {
    for (const Sighting& sighting : others) platforms.erase(sighting.listing.platform);
  }
  std::string joined;
  for (const std::string& platform : platforms) joined += (joined.empty() ? "" : ", ") + platform;
  return joined;
}

}  // namespace pugmark
