// SPDX-License-Identifier: Apache-2.0
//
// One function per format, and what they share; internal to engine/decode.
//
// Each function checks the file's own header against the budgets before anything is allocated by its size, then
// decodes. It fills info->width_px, height_px (as stored, not yet upright), orientation (not yet applied), truncated
// and the camera fields as far as it gets, and gives an image already shrunk to options.max_side_px but not yet
// upright. Threads: pure, except that libpng, libwebp, libtiff, giflib and libheif are called. std::bad_alloc passes through.
#pragma once

#include <optional>

#include "engine/decode/bytes.h"
#include "engine/decode/decode.h"

namespace pugmark::decode {

// Why a photo was refused; nothing if it was not.
using Failure = std::optional<DecodeError>;

Failure DecodeJpeg(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image);
Failure DecodePng(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image);
Failure DecodeWebp(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image);
Failure DecodeTiff(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image);
Failure DecodeBmp(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image);
Failure DecodeGif(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image);
// HEIC and AVIF. libheif turns the image upright itself, so the size is already upright and info->orientation stays 1.
Failure DecodeHeif(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image);

}  // namespace pugmark::decode
