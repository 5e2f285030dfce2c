// SPDX-License-Identifier: Apache-2.0
//
// Does this installation decode what it should? One small picture of our own in every format, encoded at run time, decoded
// and compared with what went in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/decode/decode.h"

namespace pugmark {

struct ConformanceResult {
  PhotoFormat format = PhotoFormat::kUnknown;
  bool is_tried = false;      // False: no encoder for it is installed; that it is decoded could not be shown.
  bool is_right = false;      // Decoded, of the right size, and nearly the picture that was encoded.
  double mean_error = 0;      // Grey levels per channel, if it was decoded.
  std::string error;          // Why it is not right or was not tried; empty if it is right.
};

// A smooth picture with marks, without any symmetry: a wrong turn, mirror or channel order shows.
Image ConformancePicture(int width_px, int height_px);

// One result per format that Pugmark reads, in the order of PhotoFormat. Threads: safe. Cost: some 10 ms.
std::vector<ConformanceResult> TryDecoders();

// The picture as a JPEG of this quality, as a seller's site would hand it on, decoded again.
Image Recompressed(const Image& image, int max_side_px, int quality);

// "libjpeg-turbo (libjpeg 62), libpng 1.6.39, ...": what is linked.
std::string DecoderVersions();

}  // namespace pugmark
