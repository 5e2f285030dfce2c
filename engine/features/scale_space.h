// SPDX-License-Identifier: Apache-2.0
//
// Where the detail of a picture is: extrema of differences of Gaussians, in place and scale.
//
// Lowe's detector [1], sections 3 to 4.1. Ours and not OpenCV's because detection was two thirds of what a photo cost:
// rows are blurred in vectors, differences are taken on the way, and nothing is described that is not kept.
// [1] Lowe, Distinctive Image Features from Scale-Invariant Keypoints, IJCV 2004.
// Departure from [1]: kernels end at 3.5 standard deviations.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/decode/decode.h"

namespace pugmark {

inline constexpr int kScalesPerOctave = 3;

// Grey values, row-major; rows are padded to whole vectors.
class Plane {
 public:
  Plane() = default;
  Plane(int width, int height);
  int width() const { return width_; }
  int height() const { return height_; }
  size_t stride() const { return stride_; }
  float* row(int y) { return values_.get() + static_cast<size_t>(y) * stride_; }
  const float* row(int y) const { return values_.get() + static_cast<size_t>(y) * stride_; }

 private:
  int width_ = 0, height_ = 0;
  size_t stride_ = 0;
  std::unique_ptr<float[]> values_;
};

// A picture at three scales, 2^(1/3) apart, and its pixels' size.
struct Octave {
  float pixel_px = 1;     // Side of a pixel of the planes, in pixels of the image.
  float first_px = 0.5f;  // Where the centre of the planes' first pixel lies in the image, in x as in y.
  Plane scales[kScalesPerOctave];
};

// A place where a difference of Gaussians is larger or smaller than all around it in place and scale.
struct Extremum {
  int octave = 0;
  int scale = 0;       // [0, 3): the plane of the octave to describe it by.
  float x = 0, y = 0;  // In pixels of that plane; the first pixel's centre is (0, 0).
  float sigma = 0;     // Standard deviation of the blur that it stands out at, in pixels of that plane.
  float response = 0;  // Contrast, in parts of the range from black to white.
};

struct ScaleSpace {
  std::vector<Octave> octaves;
  std::vector<Extremum> extrema;  // In the order octave, scale, y, x of where they were first seen.
  const Plane& PlaneOf(const Extremum& e) const { return octaves[static_cast<size_t>(e.octave)].scales[e.scale]; }
};

// image: grey or colour. doubled: begin at twice the image's size, which finds the smallest detail at four times the
// cost. contrast_threshold: as FeatureOptions. Threads: pure. The same on every processor. Cost: docs/measuring.md.
ScaleSpace FindExtrema(const Image& image, bool doubled, float contrast_threshold);

}  // namespace pugmark
