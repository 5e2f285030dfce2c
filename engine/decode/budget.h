// SPDX-License-Identifier: Apache-2.0
//
// What one hostile photo may cost; internal to engine/decode.
//
// The adjustable limits are in DecodeOptions, the fixed ones here, and every decoder asks the functions below before it
// allocates. A limit is fixed where no honest photo comes near it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/decode/codecs.h"

namespace pugmark::decode {

// What RowShrinker's 32-bit sums hold; DecodeOptions can only set it lower.
inline constexpr int kMaxSidePx = 32'767;
// EXIF of a camera fits one JPEG segment (64 KiB); what is longer is not read, the photo itself still is.
inline constexpr size_t kMaxExifBytes = 64 << 10;
// One EXIF text (DecodeOptions promises 256).
inline constexpr size_t kMaxExifTextBytes = 256;
// Chunks, blocks or directory entries of a container. Photos have tens; large PNGs one IDAT per 8 KiB.
inline constexpr int kMaxContainerParts = 200'000;
// Scans of a progressive JPEG: encoders write 10, exotic ones up to about 100. A scan of a few bytes still costs a pass
// over all blocks, so scans x pixels is what a bomb inflates; the product is bounded too (10 scans at 128 megapixels).
inline constexpr int kMaxJpegScans = 200;
inline constexpr int64_t kMaxJpegScanPixels = 1'280'000'000;
// A truncated photo is kept if at least 1/kMinRowsShare of its rows were there.
inline constexpr int kMinRowsShare = 10;

// The size by the header, after it was written to info->width_px and height_px. `width` and `height` are as read,
// before any narrowing. Errors: kCorrupt for a side of 0 or less, kTooLarge, kTooSmall.
Failure CheckSize(int64_t width, int64_t height, const DecodeOptions& options, PhotoInfo* info);

// Errors: kTooLarge if a decoder would have to hold `bytes`.
Failure CheckDecodedBytes(uint64_t bytes, const DecodeOptions& options);

// `message`: one sentence; texts from the file in it must be escaped already.
Failure Refuse(DecodeErrorCode code, std::string message);

}  // namespace pugmark::decode
