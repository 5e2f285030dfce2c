// SPDX-License-Identifier: Apache-2.0
//
// BMP: header check, then OpenCV.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "engine/decode/checks.h"
#include "engine/decode/opencv.h"

namespace pugmark::decode {
namespace {

constexpr uint32_t kOs2HeaderBytes = 12;  // Holds 16-bit sides; all later headers 32-bit ones.
constexpr uint64_t kDibHeader = 14;
constexpr uint32_t kV4HeaderBytes = 108;  // From here on the header names an alpha mask.

enum Compression : uint32_t { kNone = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3, kAlphaBitFields = 6 };

// True if red, green and blue are one byte each: OpenCV reads no others of 32-bit pixels, but does not say so.
bool HasByteMasks(const ByteReader& in) {
  for (uint64_t at = kDibHeader + 40; at < kDibHeader + 52; at += 4) {
    const uint32_t mask = in.U32(at);
    if (mask != 0xFF && mask != 0xFF00 && mask != 0xFF0000 && mask != 0xFF000000) return false;
  }
  return true;
}

}  // namespace

Failure DecodeBmp(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image) {
  const ByteReader in(data, ByteOrder::kLittle);
  const uint32_t header_bytes = in.U32(kDibHeader);
  const bool is_os2 = header_bytes == kOs2HeaderBytes;
  const int64_t width = is_os2 ? in.U16(kDibHeader + 4) : static_cast<int32_t>(in.U32(kDibHeader + 4));
  // Negative: stored from top to bottom.
  const int64_t height =
      std::abs(is_os2 ? int64_t{in.U16(kDibHeader + 6)} : int64_t{static_cast<int32_t>(in.U32(kDibHeader + 8))});
  const uint32_t bits = in.U16(kDibHeader + (is_os2 ? 10 : 14));
  const uint32_t compression = is_os2 ? uint32_t{kNone} : in.U32(kDibHeader + 16);
  if (auto failure = CheckSize(width, height, options, info)) return failure;
  if (compression > kBitFields && compression != kAlphaBitFields) {
    return Refuse(DecodeErrorCode::kUnsupported, fmt::format("Its BMP compression {} is not read.", compression));
  }
  constexpr uint32_t kDepths[] = {1, 4, 8, 15, 16, 24, 32};
  if (std::find(std::begin(kDepths), std::end(kDepths), bits) == std::end(kDepths)) {
    return Refuse(DecodeErrorCode::kUnsupported, fmt::format("Its {} bits per pixel are not read.", bits));
  }
  if (auto failure = CheckDecodedBytes(static_cast<uint64_t>(width * height) * 4, options)) return failure;
  if (bits == 32 && compression != kNone && !HasByteMasks(in)) {
    return Refuse(DecodeErrorCode::kUnsupported, "Its colour channels are not of 8 bits each, which is not read.");
  }
  // Without compression the rows' bytes are known beforehand, each row padded to 32 bits.
  const uint64_t row_bytes = (static_cast<uint64_t>(width) * bits + 31) / 32 * 4;
  if (compression != kRle4 && compression != kRle8 && !in.Has(in.U32(10), row_bytes * static_cast<uint64_t>(height))) {
    return Refuse(DecodeErrorCode::kCorrupt,
                  fmt::format("It ends early: {} x {} pixels do not fit its {} bytes.", width, height, data.size()));
  }
  Raster raster;
  raster.size = raster.photo = {info->width_px, info->height_px};
  raster.alpha = header_bytes >= kV4HeaderBytes && in.U32(kDibHeader + 52) != 0 ? Alpha::kStraight : Alpha::kNone;
  raster.has_palette = is_os2 && bits <= 8;
  return DecodeByOpenCv(data, PhotoFormat::kBmp, raster, options.max_side_px, image);
}

}  // namespace pugmark::decode
