// SPDX-License-Identifier: Apache-2.0
//
// Do the aligned pixels of two photos agree? That separates one photo, edited, from the same object photographed again.
#pragma once

#include "engine/decode/decode.h"
#include "engine/verify/verify.h"

namespace pugmark {

struct Agreement {
  float agreeing = 0;       // [0, 1]: share of the compared blocks whose structure agrees. 0 if none could be compared.
  int num_blocks = 0;       // Blocks with enough structure to be compared.
  float query_overlap = 0;  // [0, 1]: share of the query's area that the photo covers under the transform.
  float photo_overlap = 0;  // [0, 1]: share of the photo's area that the query covers.
  int num_textured = 0;            // Agreeing blocks whose texture tells how well they are aligned;
  float high_displacement_px = 0;  // 80 % of them are displaced by no more than this, at 256 px on the long side.
};

// Warps the query onto the photo and compares blocks of 1/16 of the long side by normalised cross-correlation of their
// grey values, which brightness and contrast do not change. A block agrees at 0.6 or more (after a small blur, so that
// compression noise and half a pixel of misalignment do not decide); flat blocks are left out.
//
// photo_from_query refers to images of (query_width_px × query_height_px) and (photo_width_px × photo_height_px), the
// working images; `query` and `photo` may be smaller copies of them, such as thumbnails.
// Threads: pure. Cost: about 1 ms at 320 px.
Agreement CompareAligned(const Image& query, const Image& photo, const Transform& photo_from_query, int query_width_px,
                         int query_height_px, int photo_width_px, int photo_height_px);

}  // namespace pugmark
