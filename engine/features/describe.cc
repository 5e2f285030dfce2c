// SPDX-License-Identifier: Apache-2.0
#include "engine/features/describe.h"

#include <algorithm>
#include <cmath>

#include "engine/features/parts.h"

namespace pugmark {
namespace {

// A part is described at no more than this many times the image's scale: a larger picture would cost more memory and
// time than it gives detail.
constexpr double kMaxEnlargement = 2;
// Keypoints of a tile of a large collage.
constexpr int kFewestKeypointsOfPart = 150;

// `part` of an image in one that is `factor` times as large.
PixelRectangle Enlarged(const PixelRectangle& part, double x_factor, double y_factor, const Image& larger) {
  const int left = std::clamp(static_cast<int>(std::floor(part.x * x_factor)), 0, larger.width_px - 1);
  const int top = std::clamp(static_cast<int>(std::floor(part.y * y_factor)), 0, larger.height_px - 1);
  const int right =
      std::clamp(static_cast<int>(std::ceil((part.x + part.width) * x_factor)), left + 1, larger.width_px);
  const int bottom =
      std::clamp(static_cast<int>(std::ceil((part.y + part.height) * y_factor)), top + 1, larger.height_px);
  return {left, top, right - left, bottom - top};
}

// Appends the features of `part`, an area of `larger`, to those of `image`.
void AddPart(const Image& larger, const PixelRectangle& part, const FeatureOptions& options, Features* features) {
  const Features own = ExtractKeypoints(CutOut(larger, part.x, part.y, part.width, part.height), options);
  const auto width = static_cast<float>(features->width_px), height = static_cast<float>(features->height_px);
  const float x_to_image = width / static_cast<float>(larger.width_px);
  const float y_to_image = height / static_cast<float>(larger.height_px);
  const float x_to_larger = static_cast<float>(part.width) / static_cast<float>(own.width_px);
  const float y_to_larger = static_cast<float>(part.height) / static_cast<float>(own.height_px);
  const float scale = std::sqrt(x_to_image * y_to_image * x_to_larger * y_to_larger);
  for (Keypoint p : own.keypoints) {
    p.x_px = std::clamp((static_cast<float>(part.x) + p.x_px * x_to_larger) * x_to_image, 0.0f, width);
    p.y_px = std::clamp((static_cast<float>(part.y) + p.y_px * y_to_larger) * y_to_image, 0.0f, height);
    p.scale_px *= scale;
    features->keypoints.push_back(p);
  }
  features->descriptors.insert(features->descriptors.end(), own.descriptors.begin(), own.descriptors.end());
}

int KeypointsOfPart(const FeatureOptions& options, int num_parts) {
  return std::min(options.max_keypoints, std::max(2 * options.max_keypoints / num_parts, kFewestKeypointsOfPart));
}

}  // namespace

int MostKeypointsOfPhoto(const FeatureOptions& options) {
  int most = 0;
  for (int n = 1; n <= static_cast<int>(kMaxParts); ++n) most = std::max(most, n * KeypointsOfPart(options, n));
  return most;
}

Features DescribePhoto(std::span<const uint8_t> bytes, const DecodeOptions& decode, const PhotoInfo& info,
                       const Image& image, const FeatureOptions& options) {
  const std::vector<PixelRectangle> parts = FindParts(image);
  if (parts.empty()) return ExtractFeatures(image, options);

  const int image_side_px = std::max(image.width_px, image.height_px);
  int smallest_px = image_side_px;
  for (const PixelRectangle& part : parts) smallest_px = std::min(smallest_px, std::max(part.width, part.height));
  const double wanted = std::min(kMaxEnlargement, static_cast<double>(image_side_px) / smallest_px) * image_side_px;
  DecodeOptions large = decode;
  large.read_qr_codes = false;
  large.max_side_px =
      std::min({static_cast<int>(std::lround(wanted)), std::max(info.width_px, info.height_px), kMaxWorkingSize_px});
  DecodeResult decoded;
  if (large.max_side_px > image_side_px) decoded = Decode(bytes, large);
  const Image& larger = decoded.image ? *decoded.image : image;

  Features features;
  features.width_px = image.width_px;
  features.height_px = image.height_px;
  features.pdq = HashOf(TransformForPdq(image));
  FeatureOptions of_part = options;
  of_part.max_keypoints = KeypointsOfPart(options, static_cast<int>(parts.size()));
  const double x_factor = static_cast<double>(larger.width_px) / image.width_px;
  const double y_factor = static_cast<double>(larger.height_px) / image.height_px;
  for (const PixelRectangle& part : parts)
    AddPart(larger, Enlarged(part, x_factor, y_factor, larger), of_part, &features);
  return features;
}

}  // namespace pugmark
