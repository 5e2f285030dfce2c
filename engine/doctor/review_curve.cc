// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "engine/doctor/doctor.h"

namespace pugmark {
namespace {

constexpr std::array<double, 7> kEdges = {0, 0.25, 0.5, 0.75, 0.9, 0.97, 1.0000001};
constexpr std::array<std::string_view, 6> kVerdicts = {"same-file", "same-photo", "same-object",
                                                       "same-scene", "look-alike", "none"};
constexpr int64_t kFewestAnswers = 10;  // Fewer decide nothing.

}  // namespace

bool ReviewBin::disagrees() const { return num_yes + num_no >= kFewestAnswers && (stated < low || stated > high); }

std::pair<double, double> WilsonInterval(int64_t num_yes, int64_t num_all) {
  if (num_all <= 0) return {0, 1};
  constexpr double z = 1.959964;
  const double n = static_cast<double>(num_all), p = static_cast<double>(num_yes) / n;
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

std::vector<ReviewBin> ReviewCurve(const std::vector<Review>& latest) {
  std::map<std::pair<size_t, size_t>, ReviewBin> bins;
  for (const Review& review : latest) {
    const auto verdict = std::find(kVerdicts.begin(), kVerdicts.end(), review.machine_verdict);
    if (review.answer == Answer::kUnsure || verdict == kVerdicts.end()) continue;
    size_t edge = 0;
    while (edge + 2 < kEdges.size() && review.machine_probability >= kEdges[edge + 1]) ++edge;
    ReviewBin& bin = bins[{static_cast<size_t>(verdict - kVerdicts.begin()), edge}];
    bin.verdict = review.machine_verdict;
    bin.from = kEdges[edge];
    bin.to = std::min(kEdges[edge + 1], 1.0);
    ++(review.answer == Answer::kYes ? bin.num_yes : bin.num_no);
    bin.stated += review.machine_probability;  // The sum, for now.
  }
  std::vector<ReviewBin> curve;
  for (auto& [key, bin] : bins) {
    const int64_t num_all = bin.num_yes + bin.num_no;
    bin.stated /= static_cast<double>(num_all);
    std::tie(bin.low, bin.high) = WilsonInterval(bin.num_yes, num_all);
    curve.push_back(bin);
  }
  return curve;
}

}  // namespace pugmark
