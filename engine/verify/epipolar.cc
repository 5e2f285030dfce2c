// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/epipolar.h"

#include <algorithm>
#include <iterator>

#include "engine/verify/geometry.h"
#include "engine/verify/usac.h"

namespace pugmark {
namespace {

// Seven fix a geometry; one more can contradict it.
constexpr size_t kFewestMatches = 8;

}  // namespace

std::vector<Match> WithoutIndependent(const std::vector<Match>& some, const std::vector<Match>& all,
                                      const Features& query, const Features& photo, float max_error) {
  if (all.size() < kFewestMatches) return some;
  const MatchedPoints points = PointsOf(all, query, photo);
  cv::Mat is_inlier;
  try {
    const cv::UsacParams usac = Magsac(max_error * LongSide(photo));
    if (cv::findFundamentalMat(points.query, points.photo, is_inlier, usac).empty() ||
        is_inlier.total() != all.size()) {
      return some;
    }
  } catch (const cv::Exception&) {
    return some;  // Degenerate points.
  }
  std::vector<bool> is_independent(query.size());
  for (size_t i = 0; i < all.size(); ++i) is_independent[static_cast<size_t>(all[i].query)] = is_inlier.data[i] == 0;
  std::vector<Match> kept;
  std::copy_if(some.begin(), some.end(), std::back_inserter(kept),
               [&](const Match& m) { return !is_independent[static_cast<size_t>(m.query)]; });
  return kept;
}

}  // namespace pugmark
