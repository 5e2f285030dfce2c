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
#include <opencv2/core/version.hpp>
#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>

#include "engine/features/pixel_view.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

constexpr float kTwoPi = 2 * std::numbers::pi_v<float>;
constexpr float kPositionSteps = 32;
constexpr float kSmallestScale_px = 0.5f;
constexpr float kScaleStepsPerOctave = 16;

// Which keypoints to keep when there are too many: the strongest, but the i-th strongest of one neighbourhood counts
// kCrowdingDiscount^i of its response, so that texture in one corner cannot take all places.
constexpr int kCellsPerSide = 8;
constexpr float kCrowdingDiscount = 0.97f;
constexpr float kOurCentre = (CV_VERSION_MAJOR * 100 + CV_VERSION_MINOR >= 408) ? 0.5f : 0.25f;
// Detected keypoints per kept one: what spreading may choose from. More costs 27 µs per extra descriptor.
constexpr float kOversampling = 1.5f;

std::vector<int> SelectSpread(const std::vector<cv::KeyPoint>& detected, int width_px, int height_px, int max_keypoints) {
  std::vector<int> order(detected.size());
  std::iota(order.begin(), order.end(), 0);
  // Ties are broken by place, so that the order never depends on how the detector ran.
  const auto stronger = [&](int a, int b) {
    const cv::KeyPoint &p = detected[static_cast<size_t>(a)], &q = detected[static_cast<size_t>(b)];
    return std::tie(q.response, p.pt.y, p.pt.x, p.size, p.angle) < std::tie(p.response, q.pt.y, q.pt.x, q.size, q.angle);
  };
  std::sort(order.begin(), order.end(), stronger);
  if (order.size() <= static_cast<size_t>(max_keypoints)) return order;

  const float cell_px = static_cast<float>(std::max(width_px, height_px)) / kCellsPerSide;
  std::array<float, kCellsPerSide * kCellsPerSide> discount;
  discount.fill(1);
  std::vector<float> worth(detected.size());
  for (const int i : order) {
    const cv::KeyPoint& p = detected[static_cast<size_t>(i)];
    const int cx = std::clamp(static_cast<int>(p.pt.x / cell_px), 0, kCellsPerSide - 1);
    const int cy = std::clamp(static_cast<int>(p.pt.y / cell_px), 0, kCellsPerSide - 1);
    float& factor = discount[static_cast<size_t>(cy * kCellsPerSide + cx)];
    worth[static_cast<size_t>(i)] = p.response * factor;
    factor *= kCrowdingDiscount;
  }
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return worth[static_cast<size_t>(a)] > worth[static_cast<size_t>(b)];
  });
  order.resize(static_cast<size_t>(max_keypoints));
  return order;
}

// RootSIFT [2]: the square root of the L1-normalised SIFT vector has unit L2 norm, and Euclidean distance between such
// vectors is the Hellinger distance of the histograms.
void RootSift(const float* sift, uint8_t* root) {
  const float sum = std::accumulate(sift, sift + kDescriptorSize, 0.0f);
  const float scale = sum > 0 ? 1 / sum : 0;
  for (int i = 0; i < kDescriptorSize; ++i) {
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
  try {
    const cv::Mat grey = GreyOf(working);
    const int num_detected = static_cast<int>(kOversampling * static_cast<float>(options.max_keypoints));
    const auto sift = cv::SIFT::create(num_detected, 3, options.contrast_threshold);
    std::vector<cv::KeyPoint> detected;
    cv::Mat descriptors;  // detected × 128, float.
    sift->detectAndCompute(grey, cv::noArray(), detected, descriptors);

    const std::vector<int> kept = SelectSpread(detected, working.width_px, working.height_px, options.max_keypoints);
    features.keypoints.reserve(kept.size());
    features.descriptors.resize(kept.size() * kDescriptorSize);
    for (size_t k = 0; k < kept.size(); ++k) {
      const cv::KeyPoint& p = detected[static_cast<size_t>(kept[k])];
      // OpenCV puts the first pixel's centre at (0, 0), we at (0.5, 0.5); but SIFT before OpenCV 4.8 loses a quarter of a
      // pixel when it doubles the picture (measured on blobs at known places: +0.24).
      const float x = std::clamp(p.pt.x + kOurCentre, 0.0f, static_cast<float>(working.width_px));
      const float y = std::clamp(p.pt.y + kOurCentre, 0.0f, static_cast<float>(working.height_px));
      features.keypoints.push_back({x, y, p.size, WrapAngle(p.angle * kTwoPi / 360)});
      RootSift(descriptors.ptr<float>(kept[k]), &features.descriptors[k * kDescriptorSize]);
    }
  } catch (const cv::Exception& e) {
    throw Error(ErrorCode::kInternal, fmt::format("OpenCV could not describe a {} × {} image: {}", working.width_px,
                                                  working.height_px, e.what()));
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
  return fmt::format("rootsift-2/size={}/keypoints={}/contrast={:.4f}", options.working_size_px, options.max_keypoints,
                     options.contrast_threshold);
}

std::vector<uint8_t> PackKeypoints(std::span<const Keypoint> keypoints) {
  std::vector<uint8_t> packed;
  packed.reserve(keypoints.size() * kPackedKeypointBytes);
  const auto put16 = [&](float value) {
    const auto v = static_cast<uint16_t>(std::clamp(std::round(value), 0.0f, 65535.0f));
    packed.push_back(static_cast<uint8_t>(v & 0xFF));
    packed.push_back(static_cast<uint8_t>(v >> 8));
  };
  for (const Keypoint& p : keypoints) {
    put16(p.x_px * kPositionSteps);
    put16(p.y_px * kPositionSteps);
    const float octaves = std::log2(std::max(p.scale_px, kSmallestScale_px) / kSmallestScale_px);
    packed.push_back(static_cast<uint8_t>(std::clamp(std::round(octaves * kScaleStepsPerOctave), 0.0f, 255.0f)));
    packed.push_back(static_cast<uint8_t>(static_cast<int>(std::round(p.angle_rad * 256 / kTwoPi)) & 0xFF));
  }
  return packed;
}

Features UnpackFeatures(int width_px, int height_px, std::span<const uint8_t> keypoints,
                        std::span<const uint8_t> descriptors) {
  const size_t n = keypoints.size() / kPackedKeypointBytes;
  if (width_px <= 0 || height_px <= 0 || keypoints.size() != n * kPackedKeypointBytes ||
      descriptors.size() != n * kDescriptorSize) {
    throw Error(ErrorCode::kCorrupt, "Stored features of a photo have inconsistent sizes. Run 'pugmark check'.");
  }
  Features features;
  features.width_px = width_px;
  features.height_px = height_px;
  features.keypoints.resize(n);
  features.descriptors.assign(descriptors.begin(), descriptors.end());
  for (size_t k = 0; k < n; ++k) {
    const uint8_t* b = &keypoints[k * kPackedKeypointBytes];
    Keypoint& p = features.keypoints[k];
    p.x_px = static_cast<float>(b[0] | (b[1] << 8)) / kPositionSteps;
    p.y_px = static_cast<float>(b[2] | (b[3] << 8)) / kPositionSteps;
    p.scale_px = kSmallestScale_px * std::exp2(static_cast<float>(b[4]) / kScaleStepsPerOctave);
    p.angle_rad = static_cast<float>(b[5]) * kTwoPi / 256;
    if (p.x_px > static_cast<float>(width_px) || p.y_px > static_cast<float>(height_px)) {
      throw Error(ErrorCode::kCorrupt, "Stored features of a photo lie outside its picture. Run 'pugmark check'.");
    }
  }
  return features;
}

}  // namespace pugmark
