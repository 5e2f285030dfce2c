// SPDX-License-Identifier: Apache-2.0
//
// What the steps of verification share: an affinity from query to photo, whether a match agrees with it, and the cells that
// matches occupy. Private to the room.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "engine/features/features.h"
#include "engine/verify/verify.h"

namespace pugmark {

// Keypoints nearer than this to each other are the same detail seen with another direction or scale.
inline constexpr float kSamePlace_px = 4;

// Maps pixels of the query's working image to the photo's.
struct Affine {
  float a = 1, b = 0, c = 0, d = 1, tx = 0, ty = 0;  // x' = a x + b y + tx, y' = c x + d y + ty.

  float X(const Keypoint& q) const { return a * q.x_px + b * q.y_px + tx; }
  float Y(const Keypoint& q) const { return c * q.x_px + d * q.y_px + ty; }
  float determinant() const { return a * d - b * c; }

  // The same linear part, moved so that it carries q onto p.
  Affine MovedOnto(const Keypoint& q, const Keypoint& p) const {
    Affine moved = *this;
    moved.tx = p.x_px - a * q.x_px - b * q.y_px;
    moved.ty = p.y_px - c * q.x_px - d * q.y_px;
    return moved;
  }
};

// Whether keypoints agree with a model in scale and direction: viewpoint changes both a little.
class Turn {
 public:
  explicit Turn(const Affine& model)
      : octaves_(0.5f * std::log2(std::max(std::fabs(model.determinant()), 1e-12f))),
        angle_rad_(std::atan2(model.c - model.b, model.a + model.d)) {}

  // slack: 1, or more to let more pass.
  bool Allows(const Keypoint& q, const Keypoint& p, float slack = 1) const {
    constexpr float kMaxAngle_rad = 0.45f;
    constexpr float kMaxOctaves = 0.7f;
    constexpr float kTwoPi = 2 * std::numbers::pi_v<float>;
    return std::fabs(std::remainder(p.angle_rad - q.angle_rad - angle_rad_, kTwoPi)) <= slack * kMaxAngle_rad &&
           std::fabs(std::log2(p.scale_px / q.scale_px) - octaves_) <= slack * kMaxOctaves;
  }

 private:
  float octaves_, angle_rad_;
};

inline float LongSide(const Features& f) { return static_cast<float>(std::max(f.width_px, f.height_px)); }

// Distinct cells of a grid on the long side of a photo.
class CellSet {
 public:
  CellSet(int cells_per_side, float long_side_px)
      : side_(cells_per_side),
        long_side_px_(long_side_px),
        cells_(static_cast<size_t>(cells_per_side) * static_cast<size_t>(cells_per_side)) {}

  void Add(const Keypoint& p) {
    const auto step = [this](float v) {
      return std::clamp(static_cast<int>(v / long_side_px_ * static_cast<float>(side_)), 0, side_ - 1);
    };
    const auto cell = static_cast<size_t>(step(p.y_px) * side_ + step(p.x_px));
    size_ += cells_[cell] ? 0 : 1;
    cells_[cell] = true;
  }
  int size() const { return size_; }

 private:
  int side_;
  float long_side_px_;
  int size_ = 0;
  std::vector<bool> cells_;
};

// Distinct cells that matches occupy in both photos, the smaller of both counts.
inline int NumCells(const VerifyOptions& options, const Features& query, const Features& photo,
                    const std::vector<Match>& matches) {
  CellSet in_query(options.cells_per_side, LongSide(query)), in_photo(options.cells_per_side, LongSide(photo));
  for (const Match& m : matches) {
    in_query.Add(query.keypoints[static_cast<size_t>(m.query)]);
    in_photo.Add(photo.keypoints[static_cast<size_t>(m.photo)]);
  }
  return std::min(in_query.size(), in_photo.size());
}

}  // namespace pugmark
