// SPDX-License-Identifier: Apache-2.0
//
// Pictures within a picture: tiles of a collage, the photo in a screenshot, what letterbox bars leave.
//
// Recursive X-Y cut [1] along uniform rows and columns: gutters, margins and bars have one colour over their whole
// length. [1] Nagy and Seth, Hierarchical Representation of Optically Scanned Documents, ICPR 1984. Departure from [1]:
// "white" is any nearly uniform line, found by its variance, since gutters may have any colour and JPEG disturbs them.
#pragma once

#include <vector>

#include "engine/decode/decode.h"

namespace pugmark {

// Pixels of an image.
struct PixelRectangle {
  int x = 0, y = 0, width = 0, height = 0;
  bool operator==(const PixelRectangle&) const = default;
};

// The pictures that the image is made of, top to bottom, left to right; empty if it is one picture, as photos are. At
// most kMaxParts; text lines, buttons and speech bubbles beside them are none. An object on a plain ground is not cut out
// of it: half the picture must go, or there must be two parts. Threads: pure; deterministic. Cost: about 2 ms at 640 px.
inline constexpr size_t kMaxParts = 16;
std::vector<PixelRectangle> FindParts(const Image& image);

}  // namespace pugmark
