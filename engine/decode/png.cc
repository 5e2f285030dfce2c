// SPDX-License-Identifier: Apache-2.0
//
// PNG: only the chunks that hold pixels ever reach libpng; text, colour profiles and animation do not.
#include <fmt/format.h>

#include <iterator>
#include <vector>

#include "engine/decode/budget.h"
#include "engine/decode/checks.h"
#include "engine/decode/exif.h"
#include "engine/decode/opencv.h"

namespace pugmark::decode {
namespace {

constexpr uint64_t kSignatureBytes = 8;
constexpr uint64_t kChunkOverheadBytes = 12;  // Length, type, checksum.
constexpr uint8_t kEnd[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};

enum ColorType : uint32_t { kGrey = 0, kRgb = 2, kPalette = 3, kGreyAlpha = 4, kRgbAlpha = 6 };

}  // namespace

Failure DecodePng(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image) {
  const ByteReader in(data, ByteOrder::kBig);
  if (!in.Is(kSignatureBytes + 4, "IHDR") || !in.Has(kSignatureBytes + 8, 13)) {
    return Refuse(DecodeErrorCode::kCorrupt, "It does not begin with a PNG header.");
  }
  const uint64_t header = kSignatureBytes + 8;
  if (auto failure = CheckSize(in.U32(header), in.U32(header + 4), options, info)) return failure;
  const uint32_t bit_depth = in.U8(header + 8);
  const uint32_t color_type = in.U8(header + 9);

  std::vector<uint8_t> pixel_chunks;
  pixel_chunks.reserve(data.size() + sizeof(kEnd));
  pixel_chunks.assign(data.begin(), data.begin() + kSignatureBytes);
  uint64_t compressed_bytes = 0;
  Bytes transparency;
  int parts = 0;
  for (uint64_t at = kSignatureBytes; in.Has(at, kChunkOverheadBytes) && parts < kMaxContainerParts; ++parts) {
    const uint64_t length = in.U32(at);
    const uint64_t next = at + kChunkOverheadBytes + length;
    if (!in.Has(at, next - at)) break;
    const Bytes content = in.Slice(at + 8, length);
    const bool is_data = in.Is(at + 4, "IDAT");
    if (is_data) compressed_bytes += length;
    if (in.Is(at + 4, "tRNS")) transparency = content;
    if (in.Is(at + 4, "eXIf")) ReadExif(content, info);
    if (is_data || in.Is(at + 4, "IHDR") || in.Is(at + 4, "PLTE") || in.Is(at + 4, "tRNS")) {
      const Bytes chunk = in.Slice(at, next - at);
      pixel_chunks.insert(pixel_chunks.end(), chunk.begin(), chunk.end());
    }
    if (in.Is(at + 4, "IEND")) break;
    at = next;
  }
  // Always ended properly: a photo whose pixels are complete is not lost for the chunks after them.
  pixel_chunks.insert(pixel_chunks.end(), std::begin(kEnd), std::end(kEnd));

  const uint64_t pixels = static_cast<uint64_t>(info->width_px) * static_cast<uint64_t>(info->height_px);
  const uint64_t decoded_channels = color_type == kGrey ? 1 : 4;
  if (auto failure = CheckDecodedBytes(pixels * decoded_channels * (bit_depth == 16 ? 2 : 1), options)) return failure;
  // Deflate gains at most 1032 : 1, and a pixel has at least a bit.
  if (pixels / 8 > 1032 * compressed_bytes) {
    return Refuse(
        DecodeErrorCode::kCorrupt,
        fmt::format("Its header claims {} x {} pixels, more than its data can hold.", info->width_px, info->height_px));
  }
  Raster raster;
  raster.size = raster.photo = {info->width_px, info->height_px};
  raster.grey = color_type == kGrey || color_type == kGreyAlpha;
  if (color_type == kGrey && transparency.size() >= 2 && bit_depth >= 1 && bit_depth <= 16) {
    const unsigned value = ByteReader(transparency, ByteOrder::kBig).U16(0);
    // libpng stretches fewer than 8 bits to 8; 16 stay 16.
    raster.transparent_grey = bit_depth < 8 ? value * 255 / ((1u << bit_depth) - 1) : value;
  }
  return DecodeByOpenCv(pixel_chunks, PhotoFormat::kPng, raster, options.max_side_px, image);
}

}  // namespace pugmark::decode
