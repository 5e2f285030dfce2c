// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/decode/budget.h"

namespace pugmark::decode {

Failure Refuse(DecodeErrorCode code, std::string message) { return DecodeError{code, std::move(message)}; }

Failure CheckSize(int64_t width, int64_t height, const DecodeOptions& options, PhotoInfo* info) {
  if (width <= 0 || height <= 0) {
    return Refuse(DecodeErrorCode::kCorrupt, fmt::format("Its header claims {} x {} pixels.", width, height));
  }
  // Saturated, so that even a refused size is shown as nearly as it fits.
  info->width_px = static_cast<int>(std::min<int64_t>(width, INT32_MAX));
  info->height_px = static_cast<int>(std::min<int64_t>(height, INT32_MAX));
  const int64_t side = std::max(width, height);
  const int max_side = std::min(options.max_photo_side_px, kMaxSidePx);
  if (side > max_side) {
    return Refuse(
        DecodeErrorCode::kTooLarge,
        fmt::format("Its header claims {} x {} pixels; at most {} on a side are decoded.", width, height, max_side));
  }
  if (width * height > options.max_photo_pixels) {
    return Refuse(DecodeErrorCode::kTooLarge,
                  fmt::format("Its header claims {} x {} pixels; at most {} in all are decoded.", width, height,
                              options.max_photo_pixels));
  }
  if (std::min(width, height) < options.min_side_px) {
    return Refuse(DecodeErrorCode::kTooSmall,
                  fmt::format("It has {} x {} pixels; with fewer than {} on a side there is nothing to match.", width,
                              height, options.min_side_px));
  }
  return std::nullopt;
}

Failure CheckDecodedBytes(uint64_t bytes, const DecodeOptions& options) {
  if (bytes <= options.max_decoded_bytes) return std::nullopt;
  return Refuse(DecodeErrorCode::kTooLarge, fmt::format("Decoding it would take {} bytes of memory; the limit is {}.",
                                                        bytes, options.max_decoded_bytes));
}

}  // namespace pugmark::decode
