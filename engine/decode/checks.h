// SPDX-License-Identifier: Apache-2.0
//
// What every decoder asks before it allocates; internal to engine/decode. The limits themselves: budget.h.
#pragma once

#include <cstdint>
#include <string>

#include "engine/decode/codecs.h"

namespace pugmark::decode {

// The size by the header, after it was written to info->width_px and height_px. `width` and `height` are as read,
// before any narrowing. Errors: kCorrupt for a side of 0 or less, kTooLarge, kTooSmall.
Failure CheckSize(int64_t width, int64_t height, const DecodeOptions& options, PhotoInfo* info);

// Errors: kTooLarge if a decoder would have to hold `bytes`.
Failure CheckDecodedBytes(uint64_t bytes, const DecodeOptions& options);

// `message`: one sentence; texts from the file in it must be escaped already.
Failure Refuse(DecodeErrorCode code, std::string message);

}  // namespace pugmark::decode
