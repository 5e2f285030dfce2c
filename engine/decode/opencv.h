// SPDX-License-Identifier: Apache-2.0
//
// PNG, WebP, TIFF and BMP by cv::imdecode, after their headers were checked; internal to engine/decode.
#pragma once

#include "engine/decode/codecs.h"
#include "engine/decode/pixels.h"

namespace pugmark::decode {

// What the fourth channel means, as OpenCV hands it over.
enum class Alpha { kNone, kStraight, kPremultiplied };

// What the format's own header reader found, and what becomes of the picture.
struct Raster {
  Size size;        // Of the picture in the file; anything else from OpenCV is refused.
  Size photo;       // Of the photo, at least that of the picture unless shifted over its edge.
  int left_px = 0;  // Where the picture lies on the photo; the rest is white.
  int top_px = 0;
  Alpha alpha = Alpha::kStraight;
  bool grey = false;         // The colour channels are equal.
  bool has_palette = false;  // Tells OpenCV to look the colours up where it would not by itself; then alpha is lost.
  std::optional<unsigned> transparent_grey;  // A grey value, at the file's depth, that means transparent.
};

// Decodes `file`, converts to 8 bits of 1 or 3 channels on white, shrinks to max_side_px.
// format: of `file`, for messages. Errors: kCorrupt, kUnsupported, kTooLarge.
// Departure from "a library never prints": libpng and OpenCV 4.6 write a line to stderr for some damaged files.
Failure DecodeByOpenCv(Bytes file, PhotoFormat format, const Raster& raster, int max_side_px, Image* image);

}  // namespace pugmark::decode
