// SPDX-License-Identifier: Apache-2.0
//
// What listings said of themselves, and when: title, price, currency, and the manifest's columns `caption` and
// `description`. A listing's own row keeps what was first seen; here stands all that was seen later as well.
//
// Kept as runs: one value, from the first to the last time it was seen in a row. The same manifests in any order give
// the same runs, except that a run into which another value falls afterwards is cut down to its two ends, because the
// times in between are not kept.
#pragma once

#include <string>
#include <vector>

#include "index/catalogue/catalogue.h"

namespace pugmark {

struct ListingValue {
  std::string field;       // "title", "price", "currency", "caption", "description"
  std::string value;       // As the seller wrote it.
  std::string first_seen;  // ISO 8601.
  std::string last_seen;
  bool dated = false;  // False: the manifest had no captured_at, and the times are those of ingest.
};

// Notes what the listing says at captured_at; empty: now, unless that value is known already (the same manifest again
// is no new observation). Empty values say nothing. Idempotent. One transaction, or part of the open one. Threads,
// errors: as Catalogue.
void KeepListingValues(Catalogue& catalogue, ListingId id, const Listing& listing, const std::string& captured_at);

// By field, then by time. A field that never changed has one entry. Throws Error(kCorrupt) where a row is not what was
// written.
std::vector<ListingValue> ValuesOf(const Catalogue& catalogue, ListingId listing);

}  // namespace pugmark
