// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/canaries.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace pugmark {
namespace {

constexpr int kRecompressedQuality = 35;

size_t RowBytes(const Image& image) {
  return static_cast<size_t>(image.width_px) * static_cast<size_t>(image.channels);
}

Image Cropped(const Image& image) {
  const int left = image.width_px / 8, top = image.height_px / 8;
  Image part{image.width_px - 2 * left, image.height_px - 2 * top, image.channels, {}};
  part.pixels.reserve(RowBytes(part) * static_cast<size_t>(part.height_px));
  for (int y = 0; y < part.height_px; ++y) {
    const auto row = image.pixels.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(y + top) * RowBytes(image) +
                                                                        static_cast<size_t>(left * image.channels));
    part.pixels.insert(part.pixels.end(), row, row + static_cast<std::ptrdiff_t>(RowBytes(part)));
  }
  return part;
}

Image Mirrored(Image image) {
  const auto channels = static_cast<size_t>(image.channels);
  for (int y = 0; y < image.height_px; ++y) {
    uint8_t* row = image.pixels.data() + static_cast<size_t>(y) * RowBytes(image);
    for (int left = 0, right = image.width_px - 1; left < right; ++left, --right) {
      std::swap_ranges(row + static_cast<size_t>(left) * channels, row + static_cast<size_t>(left + 1) * channels,
                       row + static_cast<size_t>(right) * channels);
    }
  }
  return image;
}

}  // namespace

std::vector<CanaryCopy> MakeCanaryCopies(const Image& image) {
  std::vector<CanaryCopy> copies;
  copies.push_back({"crop", Cropped(image)});
  const int smaller_px = std::max(8, std::max(image.width_px, image.height_px) * 4 / 5);
  DecodeOptions decode;
  decode.min_side_px = 1;
  DecodeResult recompressed = Decode(EncodeThumbnail(image, smaller_px, kRecompressedQuality), decode);
  if (recompressed.image) copies.push_back({"recompressed", std::move(*recompressed.image)});
  copies.push_back({"mirrored", Mirrored(image)});
  return copies;
}

}  // namespace pugmark
