// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/features/features.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

constexpr float kTwoPi = 2 * std::numbers::pi_v<float>;
constexpr float kPositionSteps = 32;
constexpr float kSmallestScale_px = 0.5f;
constexpr float kScaleStepsPerOctave = 16;

constexpr int kDescriptorStep = 16;
constexpr int kLargestCode = 255 / kDescriptorStep + 1;
// Higher levels find next to nothing more: there are no repetitions, only frequent and rare values.
constexpr int kZstdLevel = 1;

// n descriptors. Throws Error(kCorrupt).
std::vector<uint8_t> UnpackDescriptors(size_t n, std::span<const uint8_t> packed) {
  // Asked before allocating: the frame says how large it becomes, and that must be what the keypoints say.
  std::vector<uint8_t> values;
  bool sound = n == 0 ? packed.empty() : ZSTD_getFrameContentSize(packed.data(), packed.size()) == n * kDescriptorSize;
  if (sound && n > 0) {
    values.resize(n * kDescriptorSize);
    sound = ZSTD_decompress(values.data(), values.size(), packed.data(), packed.size()) == values.size() &&
            *std::max_element(values.begin(), values.end()) <= kLargestCode;
  }
  if (!sound) {
    throw Error(ErrorCode::kCorrupt, "Stored descriptors of a photo are damaged. Run 'pugmark check'.");
  }
  for (uint8_t& value : values) value = static_cast<uint8_t>(std::min(value * kDescriptorStep, 255));
  return values;
}

}  // namespace

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

std::vector<uint8_t> PackDescriptors(std::span<const uint8_t> descriptors) {
  if (descriptors.empty()) return {};
  std::vector<uint8_t> codes(descriptors.size());
  std::transform(descriptors.begin(), descriptors.end(), codes.begin(), [](uint8_t value) {
    return static_cast<uint8_t>((value + kDescriptorStep / 2) / kDescriptorStep);
  });
  std::vector<uint8_t> packed(ZSTD_compressBound(codes.size()));
  const size_t size = ZSTD_compress(packed.data(), packed.size(), codes.data(), codes.size(), kZstdLevel);
  if (ZSTD_isError(size) != 0) {
    throw Error(ErrorCode::kInternal, fmt::format("zstd could not pack descriptors: {}", ZSTD_getErrorName(size)));
  }
  packed.resize(size);
  return packed;
}

Features UnpackFeatures(int width_px, int height_px, std::span<const uint8_t> keypoints,
                        std::span<const uint8_t> descriptors) {
  const size_t n = keypoints.size() / kPackedKeypointBytes;
  if (width_px <= 0 || height_px <= 0 || keypoints.size() != n * kPackedKeypointBytes) {
    throw Error(ErrorCode::kCorrupt, "Stored features of a photo have inconsistent sizes. Run 'pugmark check'.");
  }
  Features features;
  features.width_px = width_px;
  features.height_px = height_px;
  features.keypoints.resize(n);
  features.descriptors = UnpackDescriptors(n, descriptors);
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
