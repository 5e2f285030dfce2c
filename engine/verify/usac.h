// SPDX-License-Identifier: Apache-2.0
//
// What OpenCV's robust estimators are called with. Private to the room.
#pragma once

#include <opencv2/calib3d.hpp>
#include <vector>

#include "engine/verify/verify.h"

namespace pugmark {

// MAGSAC++ [1]. Deterministic: its random stream is seeded by randomGeneratorState, which is 0.
// [1] Barath et al., MAGSAC++, a Fast, Reliable and Accurate Robust Estimator, CVPR 2020.
inline cv::UsacParams Magsac(float max_error_px) {
  cv::UsacParams usac;
  usac.threshold = max_error_px;
  usac.confidence = 0.999;
  usac.maxIterations = 2000;
  usac.sampler = cv::SAMPLING_UNIFORM;
  usac.score = cv::SCORE_METHOD_MAGSAC;
  usac.loMethod = cv::LOCAL_OPTIM_SIGMA;
  usac.loIterations = 10;
  usac.loSampleSize = 50;
  usac.isParallel = false;
  return usac;
}

// Where matches lie, pixels of the working images.
struct MatchedPoints {
  std::vector<cv::Point2f> query, photo;
};
inline MatchedPoints PointsOf(const std::vector<Match>& matches, const Features& query, const Features& photo) {
  MatchedPoints points;
  for (const Match& m : matches) {
    const Keypoint &q = query.keypoints[static_cast<size_t>(m.query)],
                   &p = photo.keypoints[static_cast<size_t>(m.photo)];
    points.query.emplace_back(q.x_px, q.y_px);
    points.photo.emplace_back(p.x_px, p.y_px);
  }
  return points;
}

}  // namespace pugmark
