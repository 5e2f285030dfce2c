// SPDX-License-Identifier: Apache-2.0
//
// Edited copies of catalogued photos, made from their thumbnails: what thieves of pictures do to them, on a small
// scale.
#pragma once

#include <string>
#include <vector>

#include "engine/decode/decode.h"

namespace pugmark {

struct CanaryCopy {
  std::string edit;  // "crop": the middle, three quarters wide and high; "recompressed": smaller, JPEG of quality 35;
                     // "mirrored".
  Image image;
};

// Every edit once. Threads: pure. Deterministic.
std::vector<CanaryCopy> MakeCanaryCopies(const Image& image);

}  // namespace pugmark
