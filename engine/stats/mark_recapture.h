// SPDX-License-Identifier: Apache-2.0
//
// How many things are on the market, seen or not: a lower bound from how often those that were seen were seen again.
//
// Method: Chao2, the estimator for capture histories over days on which something was looked at [1], in its
// bias-corrected form, with its variance as in [2] and the log-normal interval of [1]. [1] Chao, Estimating the
// Population Size for Capture-Recapture Data with Unequal Catchability, Biometrics 43, 1987. [2] Colwell, EstimateS 9
// User's Guide, appendix B, 2013.
//
// It assumes: nothing comes to the market or leaves it between the first and the last day; a thing's being seen on one
// day says nothing about the next; each thing is told from all others without mistake; each day was looked at with like
// effort. Unequal chances of being seen are allowed for, which is why it is in theory a lower bound. Markets break the
// first assumption (what is sold is gone), collections made by following links the second, and whoever takes two photos
// of one thing for two things the third, which makes the figure too high: it is one to compare, not to count on.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace pugmark {

struct MarketEstimate {
  int64_t num_days = 0;      // On which anything was seen.
  int64_t num_seen = 0;      // Things that were seen at all.
  int64_t num_once = 0;      // Of these, on one day only,
  int64_t num_twice = 0;     // and on two.
  double estimate = 0;       // Chao2: how many there are at least, if the assumptions hold.
  double low = 0, high = 0;  // Its 95 % interval; equal to the estimate if nothing was seen on one day only.
};

// days_seen: per thing, the number of days on which it was seen, at least 1. Nothing if there are fewer than two days,
// or nothing was seen a second time: there is nothing to go by.
std::optional<MarketEstimate> EstimateMarket(std::span<const int64_t> days_seen, int64_t num_days);

}  // namespace pugmark
