// SPDX-License-Identifier: Apache-2.0
#include "engine/features/features.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <opencv2/core/utility.hpp>
#include <tuple>

#include "engine/features/scale_space.h"
#include "engine/features/sift.h"

namespace pugmark {
namespace {

constexpr float kTwoPi = 2 * std::numbers::pi_v<float>;

// Which keypoints to keep when there are too many: the strongest, but the i-th strongest of one neighbourhood counts
// kCrowdingDiscount^i of its response, so that texture in one corner cannot take all places.
constexpr int kCellsPerSide = 8;
constexpr float kCrowdingDiscount = 0.97f;
constexpr float kLargestShare = 0.2f;
// Detected keypoints per kept one: what spreading may choose from.
constexpr float kOversampling = 1.5f;

float InImage(const Octave& octave, float place) { return place * octave.pixel_px + octave.first_px; }

// Indices of the extrema to keep, best first.
std::vector<int> SelectSpread(const ScaleSpace& space, int width_px, int height_px, int max_keypoints) {
  std::vector<int> order(space.extrema.size());
  std::iota(order.begin(), order.end(), 0);
  const auto extremum = [&](int i) -> const Extremum& { return space.extrema[static_cast<size_t>(i)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return extremum(a).response > extremum(b).response; });
  const auto choice = static_cast<size_t>(kOversampling * static_cast<float>(max_keypoints));
  if (order.size() > choice) order.resize(choice);
  if (order.size() <= static_cast<size_t>(max_keypoints)) return order;

  const float cell_px = static_cast<float>(std::max(width_px, height_px)) / kCellsPerSide;
  const auto cell = [&](float place_px) { return std::clamp(static_cast<int>(place_px / cell_px), 0, kCellsPerSide - 1); };
  std::array<float, kCellsPerSide * kCellsPerSide> discount;
  discount.fill(1);
  std::vector<float> worth(space.extrema.size());
  for (const int i : order) {
    const Octave& octave = space.octaves[static_cast<size_t>(extremum(i).octave)];
    const int cx = cell(InImage(octave, extremum(i).x)), cy = cell(InImage(octave, extremum(i).y));
    float& factor = discount[static_cast<size_t>(cy * kCellsPerSide + cx)];
    worth[static_cast<size_t>(i)] = extremum(i).response * factor;
    factor *= kCrowdingDiscount;
  }
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return worth[static_cast<size_t>(a)] > worth[static_cast<size_t>(b)];
  });
  order.resize(static_cast<size_t>(max_keypoints));
  return order;
}

// A keypoint is an extremum and one of its directions.
struct Directed {
  int extremum = 0;
  float angle_rad = 0;
};

// Those of the `kept` extrema, best first. They are looked at in the order in which they lie in memory: photos are larger
// than the nearest cache.
std::vector<Directed> FindDirections(const ScaleSpace& space, const std::vector<int>& kept, size_t max_keypoints) {
  std::vector<size_t> order(kept.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return kept[a] < kept[b]; });
  std::vector<std::vector<float>> angles(kept.size());
  for (const size_t k : order) {
    const Extremum& e = space.extrema[static_cast<size_t>(kept[k])];
    angles[k] = DirectionsAt(space.PlaneOf(e), e.x, e.y, e.sigma);
  }
  std::vector<Directed> directed;
  for (size_t k = 0; k < kept.size() && directed.size() < max_keypoints; ++k) {
    for (const float angle : angles[k]) directed.push_back({kept[k], angle});
  }
  if (directed.size() > max_keypoints) directed.resize(max_keypoints);
  return directed;
}

// RootSIFT [2]: the square root of the L1-normalised SIFT vector has unit L2 norm, and Euclidean distance between such
// vectors is the Hellinger distance of the histograms. Before, no value may be more than a fifth of the length [1].
void RootSift(std::array<float, kDescriptorSize> sift, uint8_t* root) {
  const float length = std::sqrt(std::inner_product(sift.begin(), sift.end(), sift.begin(), 0.0f));
  for (float& value : sift) value = std::min(value, kLargestShare * length);
  const float sum = std::accumulate(sift.begin(), sift.end(), 0.0f);
  const float scale = sum > 0 ? 1 / sum : 0;
  for (size_t i = 0; i < sift.size(); ++i) {
    root[i] = static_cast<uint8_t>(std::min(255.0f, std::round(512 * std::sqrt(sift[i] * scale))));
  }
}

float WrapAngle(float angle_rad) {
  const float wrapped = std::fmod(angle_rad, kTwoPi);
  const float positive = wrapped < 0 ? wrapped + kTwoPi : wrapped;
  return positive >= kTwoPi ? 0 : positive;
}

}  // namespace

void PrepareProcess() {
  cv::setNumThreads(0);
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

Features ExtractKeypoints(const Image& image, const FeatureOptions& options) {
  const Image working = Shrink(image, options.working_size_px);
  Features features;
  features.width_px = working.width_px;
  features.height_px = working.height_px;
  const ScaleSpace space = FindExtrema(working, /*doubled=*/true, options.contrast_threshold);
  const std::vector<int> kept = SelectSpread(space, working.width_px, working.height_px, options.max_keypoints);
  const std::vector<Directed> directed = FindDirections(space, kept, static_cast<size_t>(options.max_keypoints));

  features.keypoints.resize(directed.size());
  features.descriptors.resize(directed.size() * kDescriptorSize);
  std::vector<size_t> order(directed.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::tie(directed[a].extremum, a) < std::tie(directed[b].extremum, b);
  });
  for (const size_t k : order) {
    const auto& [index, angle_rad] = directed[k];
    const Extremum& e = space.extrema[static_cast<size_t>(index)];
    const Octave& octave = space.octaves[static_cast<size_t>(e.octave)];
    std::array<float, kDescriptorSize> sift;
    DescribeAt(space.PlaneOf(e), e.x, e.y, e.sigma, angle_rad, sift.data());
    RootSift(sift, &features.descriptors[k * kDescriptorSize]);
    features.keypoints[k] = {std::clamp(InImage(octave, e.x), 0.0f, static_cast<float>(working.width_px)),
                             std::clamp(InImage(octave, e.y), 0.0f, static_cast<float>(working.height_px)),
                             2 * e.sigma * octave.pixel_px, WrapAngle(angle_rad)};
  }
  return features;
}

Features ExtractFeatures(const Image& image, const FeatureOptions& options) {
  const Image working = Shrink(image, options.working_size_px);
  Features features = ExtractKeypoints(working, options);
  features.pdq = HashOf(TransformForPdq(working));
  return features;
}

Features MirrorFeatures(const Features& features) {
  Features mirrored = features;
  mirrored.pdq.reset();
  mirrored.global_descriptor.clear();
  for (size_t k = 0; k < features.size(); ++k) {
    Keypoint& p = mirrored.keypoints[k];
    p.x_px = static_cast<float>(features.width_px) - p.x_px;
    p.angle_rad = WrapAngle(std::numbers::pi_v<float> - p.angle_rad);
    // A SIFT vector is [4 rows][4 columns][8 orientations]; columns run along the keypoint's direction, which the mirror
    // keeps, rows across it, which the mirror reverses.
    const uint8_t* from = &features.descriptors[k * kDescriptorSize];
    uint8_t* to = &mirrored.descriptors[k * kDescriptorSize];
    for (int row = 0; row < 4; ++row) {
      for (int column = 0; column < 4; ++column) {
        for (int bin = 0; bin < 8; ++bin) {
          to[(row * 4 + column) * 8 + bin] = from[((3 - row) * 4 + column) * 8 + (8 - bin) % 8];
        }
      }
    }
  }
  return mirrored;
}

std::string ExtractorName(const FeatureOptions& options) {
  return fmt::format("rootsift-3/size={}/keypoints={}/contrast={:.4f}", options.working_size_px, options.max_keypoints,
                     options.contrast_threshold);
}

}  // namespace pugmark
