// SPDX-License-Identifier: Apache-2.0
//
// What the neighbourhood of a keypoint looks like: its direction, and the SIFT descriptor in that direction.
//
// [1] Lowe, Distinctive Image Features from Scale-Invariant Keypoints, IJCV 2004, sections 5 and 6.
// Departure from [1]: the neighbourhood is first sampled on a fixed grid that is turned and scaled with the keypoint,
// so that gradients come out in the keypoint's own frame and all weights are constants; a descriptor costs a tenth of
// that.
#pragma once

#include <vector>

#include "engine/features/scale_space.h"

namespace pugmark {

// The directions in which gradients around (x, y) mostly point, strongest first, at most 4; radians in [0, 2π), from
// the x axis towards the y axis, which points down. plane, x, y, sigma: as Extremum's. Threads: pure.
std::vector<float> DirectionsAt(const Plane& plane, float x, float y, float sigma);

// histogram: [4 rows][4 columns][8 directions], rows across, columns along `angle_rad`; not normalised.
void DescribeAt(const Plane& plane, float x, float y, float sigma, float angle_rad, float* histogram);

}  // namespace pugmark
