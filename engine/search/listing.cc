// SPDX-License-Identifier: Apache-2.0
#include "engine/search/listing.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace pugmark {
namespace {

// As the catalogue tells listings apart.
using Key = std::tuple<std::string, std::string, std::string>;
Key KeyOf(const Listing& l) { return {l.platform, IdentityOf(l), l.seller}; }

void Summarise(const ListingResult& result, ListingHit* listing) {
  std::stable_sort(listing->pairs.begin(), listing->pairs.end(), [&](const ListingPair& a, const ListingPair& b) {
    const Hit &x = HitOf(result, a), &y = HitOf(result, b);
    const int x_rank = ReviewRank(x), y_rank = ReviewRank(y);
    return std::tie(x_rank, x.verdict, y.probability) < std::tie(y_rank, y.verdict, x.probability);
  });
  const Hit& best = HitOf(result, listing->pairs.front());
  listing->verdict = best.verdict;
  listing->probability = best.probability;
  std::set<size_t> supporting;
  for (const ListingPair& pair : listing->pairs) {
    if (IsAlert(HitOf(result, pair))) supporting.insert(pair.query_idx);
  }
  listing->num_query_photos = static_cast<int>(supporting.size());
}

}  // namespace

const Hit& HitOf(const ListingResult& result, const ListingPair& pair) {
  return result.queries[pair.query_idx].hits[pair.hit_idx];
}

ListingResult GroupByListing(std::vector<QueryResult> queries, int max_listings) {
  ListingResult result;
  result.queries = std::move(queries);
  std::map<Key, ListingHit> groups;
  for (size_t q = 0; q < result.queries.size(); ++q) {
    const std::vector<Hit>& hits = result.queries[q].hits;
    for (size_t h = 0; h < hits.size(); ++h) {
      std::set<Key> seen;  // A photo may have been captured in one listing several times.
      for (const Sighting& sighting : hits[h].sightings) {
        const Key key = KeyOf(sighting.listing);
        if (!seen.insert(key).second) continue;
        ListingHit& group = groups[key];
        group.listing = sighting.listing;
        group.pairs.push_back({q, h});
      }
      if (hits[h].sightings.empty()) groups[{"", "photo:" + hits[h].photo.sha256.Hex(), ""}].pairs.push_back({q, h});
    }
  }
  for (auto& [key, group] : groups) {
    Summarise(result, &group);
    result.listings.push_back(std::move(group));
  }
  std::stable_sort(result.listings.begin(), result.listings.end(), [&](const ListingHit& a, const ListingHit& b) {
    const int a_rank = ReviewRank(HitOf(result, a.pairs.front())), b_rank = ReviewRank(HitOf(result, b.pairs.front()));
    return std::tie(a_rank, a.verdict, b.num_query_photos, b.probability) <
           std::tie(b_rank, b.verdict, a.num_query_photos, a.probability);
  });
  if (result.listings.size() > static_cast<size_t>(max_listings)) {
    result.num_listings_left_out = static_cast<int>(result.listings.size()) - max_listings;
    result.listings.resize(static_cast<size_t>(max_listings));
  }
  for (size_t i = 0; i < result.listings.size(); ++i) result.listings[i].rank = static_cast<int>(i) + 1;
  return result;
}

}  // namespace pugmark
