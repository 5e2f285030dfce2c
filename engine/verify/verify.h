// SPDX-License-Identifier: Apache-2.0
//
// Do two photos show the same surface? From their local features alone.
//
// Tentative matches are mutual nearest neighbours that pass Lowe's ratio test. One match between oriented, scaled
// keypoints is one similarity hypothesis [1], so every match is tried and nothing is drawn at random; the best are refined
// to an affinity by least squares on their inliers, and to a homography where enough agree. What is counted is not
// inliers but the distinct grid cells they occupy in both photos: a repeated pattern or a printed logo puts many inliers
// into few cells. The count is judged a contrario [2]: how many pairs of unrelated photos in a collection of this size
// would agree that well by chance?
// [1] Philbin et al., Object Retrieval with Large Vocabularies and Fast Spatial Matching, CVPR 2007, section 4.
// [2] Moisan and Stival, A Probabilistic Criterion to Detect Rigid Point Matches ..., IJCV 2004, section 3.
// Departure from [2]: the model is a similarity with scale and angle agreement, and k counts cells.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/features/features.h"

namespace pugmark {

struct VerifyOptions {
  float max_ratio = 0.85f;         // Lowe's ratio, (0, 1]. Larger: more matches, more of them wrong.
  float loose_error = 0.022f;      // Largest reprojection error of an inlier, as a fraction of the long side: depth and
                                   // viewpoint move points of a re-photographed object.
  float tight_error = 0.006f;      // Of an inlier of the refined homography: a flat copy agrees this well.
  int cells_per_side = 32;         // Grid on the long side of each photo within which inliers count once.
};

// A tentative match: indices of keypoints.
struct Match {
  int query = 0;
  int photo = 0;
};

// Row-major 3 × 3, maps query to photo in homogeneous pixels of the working images.
using Transform = std::array<double, 9>;

// Axis-aligned, pixels of a working image.
struct Region {
  float x_px = 0, y_px = 0, width_px = 0, height_px = 0;
};

struct Verification {
  int num_matches = 0;           // Tentative.
  std::vector<Match> inliers;    // Of the returned model.
  int num_cells = 0;             // Distinct cells that the inliers occupy, the smaller of both photos.
  bool tight = false;            // The inliers agree with a plane at tight_error: a flat copy, not another view.
  float density = 0;             // [0, 1]: inliers over the keypoints that lie in the matched region of that photo which
                                 // has fewer there. High: nearly everything there is found again, down to the scratches;
                                 // low: only the shape agrees, as in goods of one make.
  Transform photo_from_query{};  // Valid if there are inliers.
  Region query_region;           // Bounding box of the inliers.
  Region photo_region;
  double log10_nfa = 0;          // log10 of the expected number of unrelated photos, of num_photos, that agree so well.
};

// num_photos: size of the collection that `photo` was chosen from, both orientations counted by the caller's search.
// Returns no inliers and log10_nfa = 0 if nothing agrees; that is no error.
// Threads: pure. Deterministic. Cost: about 2 ms for 800 × 800 keypoints, nearly all of it descriptor distances.
Verification Verify(const VerifyOptions& options, const Features& query, const Features& photo, int64_t num_photos);

// Mutual nearest neighbours passing the ratio test, best ratio first. The second-best that counts is the best one away
// from the best one's place, since a keypoint may have several directions.
std::vector<Match> MatchDescriptors(const Features& query, const Features& photo, float max_ratio);

}  // namespace pugmark
