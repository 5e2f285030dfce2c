// SPDX-License-Identifier: Apache-2.0
//
// All photos of one advertisement as one query: which other advertisements show the same things?
//
// Every photo is searched for on its own; the hits are then grouped by the listings in which their photos were seen.
// Pairs of photos of the same two ads are anything but independent (one session, one table, one maker), so
// probabilities are never multiplied: a listing has the verdict and the probability of its best pair, and the count of
// the query's photos that support it.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/search/search.h"

namespace pugmark {

// One hit of one query photo.
struct ListingPair {
  size_t query_idx = 0;  // In ListingResult::queries.
  size_t hit_idx = 0;    // In the hits of that.
};

struct ListingHit {
  int rank = 0;                      // 1 is best.
  Listing listing;                   // Empty for a photo that was seen in none.
  Verdict verdict = Verdict::kNone;  // Of the best pair.
  double probability = 0;            // Of the best pair.
  int num_query_photos = 0;          // Distinct photos of the query with a pair of same-scene or better.
  std::vector<ListingPair> pairs;    // Best first.
};

struct ListingResult {
  std::optional<Listing> queried;    // The catalogued listing that was searched for; its own sightings are left out.
  std::vector<QueryResult> queries;  // One per photo, in the order given.
  std::vector<ListingHit> listings;  // Best first: by verdict, number of query photos, probability.
  int num_listings_left_out = 0;     // Beyond the most that were asked for.
  double elapsed_ms = 0;
};

// The hit that a pair of `result` names.
const Hit& HitOf(const ListingResult& result, const ListingPair& pair);

// Groups what was found for the photos of one advertisement. Hits are not changed. Deterministic.
ListingResult GroupByListing(std::vector<QueryResult> queries, int max_listings);

}  // namespace pugmark
