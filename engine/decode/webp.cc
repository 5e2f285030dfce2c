// SPDX-License-Identifier: Apache-2.0
//
// WebP: the first picture is lifted out of its container and wrapped alone, so that stills and animations take the same
// way and no metadata reaches libwebp.
// Container: https://developers.google.com/speed/webp/docs/riff_container
#include <fmt/format.h>
#include <webp/decode.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "engine/decode/budget.h"
#include "engine/decode/checks.h"
#include "engine/decode/exif.h"
#include "engine/decode/pixels.h"

namespace pugmark::decode {
namespace {

constexpr uint64_t kFirstChunk = 12;
constexpr uint64_t kChunkHeaderBytes = 8;
constexpr uint64_t kFrameHeaderBytes = 16;
constexpr uint8_t kAlphaFlag = 0x10;

struct Picture {
  Bytes alpha;   // ALPH chunk with its header, or empty.
  Bytes pixels;  // VP8 or VP8L chunk with its header, or empty.
};

struct Container {
  std::optional<Size> canvas;  // Only of the extended form.
  Picture picture;             // The still, or the first frame.
  int left_px = 0;             // Of the first frame on the canvas.
  int top_px = 0;
  Bytes exif;
};

// Calls visit(type, chunk with its header) for each chunk of `in`, until it returns false.
template <typename Visit>
void WalkChunks(Bytes data, uint64_t at, Visit visit) {
  const ByteReader in(data, ByteOrder::kLittle);
  for (int parts = 0; in.Has(at, kChunkHeaderBytes) && parts < kMaxContainerParts; ++parts) {
    const uint64_t length = in.U32(at + 4);
    // The last chunk may be cut short; libwebp decides what that means.
    const Bytes chunk = in.Slice(at, kChunkHeaderBytes + length);
    if (!visit(std::string_view(reinterpret_cast<const char*>(chunk.data()), 4), chunk)) return;
    at += kChunkHeaderBytes + length + (length & 1);
  }
}

// Takes `chunk` if it belongs to a picture that is not complete yet.
void AddToPicture(std::string_view type, Bytes chunk, Picture* picture) {
  if (!picture->pixels.empty()) return;
  if (type == "ALPH") picture->alpha = chunk;
  if (type == "VP8 " || type == "VP8L") picture->pixels = chunk;
}

Container ReadContainer(Bytes data) {
  Container container;
  WalkChunks(data, kFirstChunk, [&](std::string_view type, Bytes chunk) {
    const Bytes content = chunk.subspan(kChunkHeaderBytes);
    const ByteReader in(content, ByteOrder::kLittle);
    if (type == "VP8X" && !container.canvas && in.Has(0, 10)) {
      container.canvas = Size{static_cast<int>(in.U24(4) + 1), static_cast<int>(in.U24(7) + 1)};
    } else if (type == "EXIF" && container.exif.empty()) {
      container.exif = content;
    } else if (type == "ANMF" && container.picture.pixels.empty() && in.Has(0, kFrameHeaderBytes)) {
      container.left_px = static_cast<int>(in.U24(0) * 2);
      container.top_px = static_cast<int>(in.U24(3) * 2);
      WalkChunks(content, kFrameHeaderBytes, [&](std::string_view inner_type, Bytes inner) {
        AddToPicture(inner_type, inner, &container.picture);
        return true;
      });
    } else {
      AddToPicture(type, chunk, &container.picture);
    }
    return true;
  });
  return container;
}

// The size in the bitstream itself, which is what libwebp allocates by.
std::optional<Size> PictureSize(Bytes chunk) {
  const ByteReader in(chunk, ByteOrder::kLittle);
  const uint64_t content = kChunkHeaderBytes;
  if (in.Is(0, "VP8L")) {
    if (in.U8(content) != 0x2F || !in.Has(content, 5)) return std::nullopt;
    const uint32_t bits = in.U32(content + 1);
    return Size{static_cast<int>(bits & 0x3FFF) + 1, static_cast<int>(bits >> 14 & 0x3FFF) + 1};
  }
  if (!in.Is(content + 3, "\x9D\x01\x2A") || !in.Has(content, 10)) return std::nullopt;
  return Size{static_cast<int>(in.U16(content + 6) & 0x3FFF), static_cast<int>(in.U16(content + 8) & 0x3FFF)};
}

void Append(std::vector<uint8_t>* out, std::string_view text) { out->insert(out->end(), text.begin(), text.end()); }

std::vector<uint8_t> Wrap(const Picture& picture, Size size) {
  std::vector<uint8_t> file;
  Append(&file, "RIFF....WEBP");
  if (!picture.alpha.empty()) {
    Append(&file, "VP8X");
    AppendNumber(&file, 10, 4);
    AppendNumber(&file, kAlphaFlag, 4);
    AppendNumber(&file, static_cast<uint64_t>(size.width_px - 1), 3);
    AppendNumber(&file, static_cast<uint64_t>(size.height_px - 1), 3);
  }
  for (Bytes chunk : {picture.alpha, picture.pixels}) {
    file.insert(file.end(), chunk.begin(), chunk.end());
    if (file.size() % 2 != 0) file.push_back(0);
  }
  const uint64_t riff_bytes = file.size() - 8;
  std::vector<uint8_t> size_field;
  AppendNumber(&size_field, riff_bytes, 4);
  std::copy(size_field.begin(), size_field.end(), file.begin() + 4);
  return file;
}

}  // namespace

Failure DecodeWebp(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image) {
  const Container container = ReadContainer(data);
  ReadExif(container.exif, info);
  const Picture& picture = container.picture;
  const std::optional<Size> size = PictureSize(picture.pixels);
  if (container.canvas) {
    if (auto failure = CheckSize(container.canvas->width_px, container.canvas->height_px, options, info))
      return failure;
  }
  if (!size) return Refuse(DecodeErrorCode::kCorrupt, "It holds no WebP picture.");
  PhotoInfo picture_info;
  DecodeOptions picture_options = options;
  if (container.canvas) picture_options.min_side_px = 1;  // A small frame may lie on a large canvas.
  if (auto failure = CheckSize(size->width_px, size->height_px, picture_options, &picture_info)) return failure;
  if (!container.canvas) {
    info->width_px = size->width_px;
    info->height_px = size->height_px;
  }
  const std::vector<uint8_t> file = Wrap(picture, *size);
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(file.data(), file.size(), &features) != VP8_STATUS_OK || features.width != size->width_px ||
      features.height != size->height_px) {
    return Refuse(DecodeErrorCode::kCorrupt, "Its WebP header is damaged.");
  }
  const size_t channels = features.has_alpha ? 4 : 3;
  const size_t row_bytes = static_cast<size_t>(size->width_px) * channels;
  const size_t bytes = row_bytes * static_cast<size_t>(size->height_px);
  if (auto failure = CheckDecodedBytes(bytes, options)) return failure;
  std::vector<uint8_t> pixels(bytes);
  const auto decode = features.has_alpha ? WebPDecodeBGRAInto : WebPDecodeBGRInto;
  if (decode(file.data(), file.size(), pixels.data(), bytes, static_cast<int>(row_bytes)) == nullptr) {
    return Refuse(DecodeErrorCode::kCorrupt, "Its WebP data is damaged or ends early.");
  }

  Canvas canvas({info->width_px, info->height_px}, *size, container.left_px, container.top_px, 3, options.max_side_px);
  for (auto row = pixels.begin(); row != pixels.end(); row += static_cast<ptrdiff_t>(row_bytes)) {
    if (features.has_alpha) LayOnWhite(&*row, size->width_px, 3);
    canvas.AddRow(&*row);
  }
  *image = canvas.Take();
  return std::nullopt;
}

}  // namespace pugmark::decode
