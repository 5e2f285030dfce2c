// SPDX-License-Identifier: Apache-2.0
//
// The watch-list at work: what is new is matched against the watched banks, and what was newly put in a watched bank,
// or into a bank before it was watched, against everything that is there (retro-hunt).
//
// Photos are searched for by their stored features, all of them once: when they are new, and again when a watched bank
// gets them. A hit is an alert if its verdict is same-scene or better, one of the two is in a watched bank, none is in
// a bank with the role `benign`, and the pair was neither alerted before nor reviewed as different. A photo of a
// watched bank that is itself seen in another listing is an alert too. Each alert is kept in the catalogue
// (index/catalogue/alerts.h).
//
// Which alerts say something: two photos that were only ever seen under one seller's name, or in one listing, are kept
// apart (AlertRelation). A new photo that is also a copy of a benign one (a museum's photo that many sellers use) is
// marked with that bank, but not silenced: in a collage both may be true.
//
// Progress is committed with each photo: after a kill, the next run goes on and repeats at most one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "engine/search/search.h"
#include "index/catalogue/alerts.h"

namespace pugmark {

struct AlertOptions {
  std::string cause = "alerts";  // Recorded with the run: "ingest", "nightly".
  int num_threads = 1;
  SearchOptions search;  // filter, max_hits and regions are set here.
  double wait_seconds = 600;  // For another writer to end, each time something is to be written.
};

struct AlertReport {
  int64_t run = 0;  // 0: no bank is watched, or there was nothing to do.
  int64_t snapshot = 0;
  bool is_any_watched = false;
  int64_t num_new = 0;          // Photos that were new.
  int64_t num_banked = 0;       // Photos that a watched bank got since the last run, new ones included.
  int64_t num_searched = 0;     // Distinct photos.
  int64_t num_alerts = 0;       // Of the relation `news`.
  int64_t num_same_seller = 0;  // Kept apart: same seller or same listing.
  int64_t num_rejected = 0;     // Hits that a person had rejected.
  int64_t num_damaged = 0;      // Photos that could not be searched for, or candidates that could not be verified.
  int64_t num_unindexed = 0;    // New photos that are not in the index yet: the next run looks at them.
  std::map<std::string, int64_t> by_verdict;  // Of num_alerts.
  bool cancelled = false;
};

using AlertProgress = std::function<void(int64_t done, int64_t total)>;

// Does what is to be done since the last run. Nothing without a watched bank. Holds the collection's
// lock only while it writes. Throws as Searcher does, and Error(kLocked) if another writer does not end in time.
// Deterministic: the same catalogue and snapshot give the same alerts in the same order, whatever num_threads.
// Cost: a search per photo (docs/measuring.md).
AlertReport RunAlerts(const std::filesystem::path& collection, const AlertOptions& options, std::stop_token stop,
                      const AlertProgress& progress);

}  // namespace pugmark
