// SPDX-License-Identifier: Apache-2.0
//
// Which part of a query is searched for: a rectangle that the user marks, without others that hide it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/features/features.h"
#include "engine/verify/verify.h"

namespace pugmark {

// As the user gives it: pixels of the upright original, or percents of its width and height.
struct Rectangle {
  double x = 0, y = 0, width = 0, height = 0;
  bool in_percent = false;
};

struct QueryRegions {
  std::optional<Rectangle> roi;    // Only this part is searched for.
  std::vector<Rectangle> exclude;  // Keypoints in these are dropped: a watermark, a hand, a busy cloth.
};

// "x,y,width,height" in pixels, or each with a percent sign. Throws Error(kInvalidArgument) if it is something else, is
// empty, or begins left of or above the photo.
Rectangle ParseRectangle(std::string_view text);

// In pixels of a photo of this size. Throws Error(kInvalidArgument), which names the photo's size, if the rectangle
// reaches beyond it or is smaller than 8 px on a side.
Region PlaceOf(const Rectangle& rectangle, int width_px, int height_px);

// Without the keypoints whose centre lies in one of the regions, and at most max_keypoints of them, the strongest.
// place: of the described picture in the original, in whose pixels the regions are.
Features WithoutRegions(const Features& features, const Region& place, const std::vector<Region>& excluded,
                        int max_keypoints);

}  // namespace pugmark
