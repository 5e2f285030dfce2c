// SPDX-License-Identifier: Apache-2.0
#include "engine/stats/mark_recapture.h"

#include <algorithm>
#include <cmath>

namespace pugmark {

std::optional<MarketEstimate> EstimateMarket(std::span<const int64_t> days_seen, int64_t num_days) {
  MarketEstimate estimate;
  estimate.num_days = num_days;
  estimate.num_seen = static_cast<int64_t>(days_seen.size());
  estimate.num_once = std::count(days_seen.begin(), days_seen.end(), 1);
  estimate.num_twice = std::count(days_seen.begin(), days_seen.end(), 2);
  if (num_days < 2 || estimate.num_once == estimate.num_seen) return std::nullopt;
  const auto once = static_cast<double>(estimate.num_once), twice = static_cast<double>(estimate.num_twice);
  const auto seen = static_cast<double>(estimate.num_seen), days = static_cast<double>(num_days);
  const double share = (days - 1) / days;
  const double unseen = share * once * (once - 1) / (2 * (twice + 1));
  estimate.estimate = estimate.low = estimate.high = seen + unseen;
  if (unseen <= 0) return estimate;
  const double squared = share * share;
  const double variance = twice > 0
                              ? share * once * (once - 1) / (2 * (twice + 1)) +
                                    squared * once * std::pow(2 * once - 1, 2) / (4 * std::pow(twice + 1, 2)) +
                                    squared * once * once * twice * std::pow(once - 1, 2) / (4 * std::pow(twice + 1, 4))
                              : share * once * (once - 1) / 2 + squared * once * std::pow(2 * once - 1, 2) / 4 -
                                    squared * std::pow(once, 4) / (4 * estimate.estimate);
  const double factor = std::exp(1.96 * std::sqrt(std::log1p(std::max(0.0, variance) / (unseen * unseen))));
  estimate.low = seen + unseen / factor;
  estimate.high = seen + unseen * factor;
  return estimate;
}

}  // namespace pugmark
