// SPDX-License-Identifier: Apache-2.0
//
// What sellers do to a photo before they post it again, one edit at a time, repeatable by a seed.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <string_view>

namespace pugmark::bench {

enum class Edit { kJpeg30, kHalfSize, kCrop50, kCrop25, kMirror, kRotate15, kBanner, kGamma };
inline constexpr std::array kEdits = {Edit::kJpeg30, Edit::kHalfSize, Edit::kCrop50, Edit::kCrop25,
                                      Edit::kMirror, Edit::kRotate15, Edit::kBanner, Edit::kGamma};

std::string_view EditName(Edit edit);  // "jpeg-30", ...

// A copy of `photo` (8-bit, 3 channels):
//   jpeg-30    re-encoded at quality 30 (all others: 90)
//   half-size  both sides halved by area averaging
//   crop-50    a rectangle of the photo's shape with 50 % of its area, at a random place; crop-25: 25 %
//   mirror     left and right swapped
//   rotate-15  by 15 degrees to a random side, nothing cut off, corners white
//   banner     a filled bar with text over the lowest 14 %, and a line of text across the middle
//   gamma      0.6 (brighter) or 1.7 (darker)
// Deterministic for (edit, seed, photo).
cv::Mat Apply(Edit edit, uint64_t seed, const cv::Mat& photo);

// Applies the edit and writes a JPEG. Throws Error(kIo).
void WriteEdited(Edit edit, uint64_t seed, const cv::Mat& photo, const std::filesystem::path& path);

}  // namespace pugmark::bench
