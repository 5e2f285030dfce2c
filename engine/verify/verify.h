// SPDX-License-Identifier: Apache-2.0
//
// Do two photos show the same surface? From their local features alone.
//
// Tentative matches are mutual nearest neighbours that pass Lowe's ratio test. One match between oriented, scaled
// keypoints is one similarity hypothesis [1], so every match is tried and nothing is drawn at random; the best are refined
// to an affinity by least squares on their inliers, and to a homography where enough agree. The model then says where every
// other detail should be, and those are matched again, guided by place (growing.h). What is counted is not matches but the
// distinct grid cells they occupy in both photos: a repeated pattern or a printed logo puts many matches into few cells. The
// count is judged a contrario [2]: how many pairs of unrelated photos in a collection of this size would agree that well by
// chance?
// [1] Philbin et al., Object Retrieval with Large Vocabularies and Fast Spatial Matching, CVPR 2007, section 4.
// [2] Moisan and Stival, A Probabilistic Criterion to Detect Rigid Point Matches ..., IJCV 2004, section 3.
// Departure from [2]: chance is that of a descriptor's rank at the place the model predicts, and k counts cells.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/features/features.h"
#include "engine/verify/matching.h"

namespace pugmark {

struct VerifyOptions {
  float max_ratio = 0.85f;         // Lowe's ratio, (0, 1]. Larger: more matches, more of them wrong.
  float loose_error = 0.022f;      // Largest reprojection error of an inlier, as a fraction of the long side: depth and
                                   // viewpoint move points of a re-photographed object.
  float tight_error = 0.006f;      // Of an inlier of the refined homography: a flat copy agrees this well.
  float epipolar_error = 0.002f;   // Of a detail of a rigid thing from its epipolar line, as a fraction of the long side.
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
  std::vector<Match> inliers;    // Of the affinity, all distinctive by themselves.
  int num_cells = 0;             // Distinct cells where something of the query is found again, guided by the model.
  float detail_share = 0;        // [0, 1]: cells whose detail is found again as the very best match, over the cells of the
                                 // query that the model carries into the photo. High: nearly everything is found again,
                                 // down to the scratches; low: a shared logo, or the same table under other goods.
  float distinctness = 0;        // [0, 1]: the same cells over num_cells. Low: the shape agrees but not the detail, as in
                                 // goods of one make.
  int num_confirmed_cells = 0;   // Of num_cells, those whose detail is clearly nearer than anything elsewhere in the photo,
                                 // displaced as its neighbours are, and moves with the rest as one rigid thing (epipolar.h):
                                 // what goods of one make hardly have.
  float confirmed_share = 0;     // [0, 1]: the same over the cells that the model carries into the photo.
  bool tight = false;            // Most inliers agree with a plane at tight_error.
  float median_error_px = 0;     // Of all guided matches against that plane if tight: half of them, and 80 % of them, lie
  float high_error_px = 0;       // within. In pixels of whichever photo shows the part smaller. An edited copy keeps to
                                 // about 0.2; another view of anything with depth does not.
  Transform photo_from_query{};  // Valid if there are inliers.
  Region query_region;           // Bounding box of the inliers.
  Region photo_region;
  double log10_nfa = 0;          // log10 of the expected number of unrelated photos, of num_photos, that agree so well.
};

// num_photos: size of the collection that `photo` was chosen from, both orientations counted by the caller's search.
// Returns no inliers and log10_nfa = 0 if nothing agrees; that is no error.
// Threads: pure. Deterministic. Cost: about 2 ms for 800 × 800 keypoints, most of it descriptor distances; 1 ms
// more if there are inliers.
Verification Verify(const VerifyOptions& options, const Features& query, const Features& photo, int64_t num_photos);

// Lowe's ratio of the match of keypoint i of the query with keypoint j of the photo, its nearest: how far it is over how far
// the nearest one away from j's place is, since a keypoint may have several directions.
float MatchRatio(const Features& photo, const Distances& distances, size_t i, size_t j);

// Mutual nearest neighbours passing the ratio test, best ratio first.
std::vector<Match> MatchDescriptors(const Features& query, const Features& photo, float max_ratio);
std::vector<Match> MatchDescriptors(const Features& query, const Features& photo, const Distances& distances,
                                    float max_ratio);

}  // namespace pugmark
