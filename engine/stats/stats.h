// SPDX-License-Identifier: Apache-2.0
//
// What is on offer, in figures: listings by product, species, platform and period, the photos and objects behind them,
// and which object was seen on which day.
//
// A listing that names several products counts once for each of them and once in all: so INTERPOL counts ads (21 ads on
// the darknet between 2016-12 and 2017-04: 15 with rhino horn, 8 with ivory, 3 with tiger parts).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/stats/mark_recapture.h"
#include "index/catalogue/market.h"

namespace pugmark {

enum class Period { kYear, kMonth, kDay };

struct StatsOptions {
  std::vector<std::string> platforms;  // Only listings of these; empty: of all.
  std::string from, to;  // Only listings whose day lies between these, both included: YYYY-MM-DD. Empty: open.
  Period period = Period::kMonth;
  bool with_references = false;  // Also listings of which every photo is in a bank with the role benign or seizure.
};

// One line of a table.
struct StatsRow {
  std::string key;  // Empty: not known.
  int64_t num_listings = 0;
  int64_t num_sellers = 0;          // Handles; the unknown one of a platform counts for nothing.
  int64_t num_photos = 0;           // Distinct SHA-256.
  int64_t num_objects = 0;          // Distinct things, as far as they are linked; see Stats::has_objects.
  std::string first_day, last_day;  // Of its listings; empty: unknown.
};

// A thing, and the days on which it was seen: when its photos were captured, or, where that is unknown, posted.
struct CaptureHistory {
  Sha256 photo;  // The first of its photos, by id; its name in the matrix.
  int64_t num_photos = 0;
  std::vector<size_t> days;  // Places in Stats::days, ascending.
};

struct Stats {
  StatsRow all;
  std::vector<StatsRow> products, species, platforms, periods;  // By number of listings, periods by time.
  int64_t num_left_out = 0;                                     // Listings of references only.
  int64_t num_without_day = 0;  // Listings without any date; left out where from or to is given.
  int64_t num_sightings = 0;
  // copies[k]: photos that were seen in k listings; [0] is 0.
  std::vector<int64_t> copies;
  bool has_objects = false;       // False: photos were not linked; then every photo counts as a thing of its own.
  std::vector<std::string> days;  // On which anything was seen, ascending.
  std::vector<CaptureHistory> histories;  // By their first photo's id.
  std::optional<MarketEstimate> estimate;
};

// objects: photos that show one thing, each photo at most once; those that are not named are things of their own.
// Nothing: photos were not linked.
// Days are the first ten characters of times as they were written; times of several time zones are not reconciled.
// Deterministic. Cost: n log n in the number of sightings.
Stats ComputeStats(const Market& market, const std::optional<std::vector<std::vector<PhotoId>>>& objects,
                   const StatsOptions& options);

// A table as CSV: object (SHA-256 of its first photo), photos, and one column per day with 1 where it was seen and 0
// where it was not. Throws Error(kLimit) beyond 200 million cells.
std::string CaptureMatrixCsv(const Stats& stats);

}  // namespace pugmark
