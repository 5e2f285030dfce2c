// SPDX-License-Identifier: Apache-2.0
//
// BMP, straight from the file's bytes.
// Format: Microsoft, "Bitmap storage" (BITMAPFILEHEADER, BITMAPINFOHEADER, BITMAPV4HEADER, bitmap compression).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <iterator>
#include <vector>

#include "engine/decode/checks.h"
#include "engine/decode/pixels.h"

namespace pugmark::decode {
namespace {

constexpr uint64_t kDibHeader = 14;
// Holds 16-bit sides and colours of 3 bytes; all later headers 32-bit ones and 4.
constexpr uint32_t kOs2HeaderBytes = 12;
constexpr uint32_t kInfoHeaderBytes = 40;
constexpr uint32_t kV4HeaderBytes = 108;  // From here on the header names an alpha mask.
constexpr uint64_t kMasks = kDibHeader + kInfoHeaderBytes;

enum Compression : uint32_t { kNone = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3, kAlphaBitFields = 6 };

struct Header {
  uint32_t header_bytes = 0;
  int width_px = 0;
  int height_px = 0;
  bool top_down = false;
  uint32_t bits = 0;  // Per pixel.
  uint32_t compression = kNone;
  uint64_t pixels_at = 0;

  bool is_run_length() const { return compression == kRle4 || compression == kRle8; }
  bool has_masks() const { return compression == kBitFields || compression == kAlphaBitFields; }
  // Of the rows that RowReader reads: as stored, or a byte a pixel once the runs are decoded.
  uint64_t row_bytes() const {
    const auto width = static_cast<uint64_t>(width_px);
    return is_run_length() ? width : (width * bits + 31) / 32 * 4;
  }
};

// Blue, green, red of each colour number; black for those that the palette lacks.
using Palette = std::array<std::array<uint8_t, 3>, 256>;

Palette ReadPalette(const ByteReader& in, const Header& header) {
  const bool is_os2 = header.header_bytes == kOs2HeaderBytes;
  const uint64_t named = is_os2 ? 0 : in.U32(kDibHeader + 32);
  const uint64_t count = std::min<uint64_t>(named == 0 ? 1u << header.bits : named, 256);
  uint64_t at = kDibHeader + header.header_bytes;
  Palette palette{};
  for (uint64_t i = 0; i < count; ++i, at += is_os2 ? 3 : 4) {
    for (uint64_t c = 0; c < 3; ++c) palette[i][c] = static_cast<uint8_t>(in.U8(at + c));
  }
  return palette;
}

// One channel of a pixel of 16, 24 or 32 bits.
class Channel {
 public:
  Channel() = default;
  explicit Channel(uint32_t mask)
      : mask_(mask), shift_(std::countr_zero(mask)), max_(mask >> (mask != 0 ? shift_ : 0)) {}
  bool exists() const { return mask_ != 0; }
  // Its value, stretched to 8 bits.
  uint8_t Of(uint32_t pixel) const {
    return max_ == 0 ? uint8_t{0} : static_cast<uint8_t>((uint64_t{(pixel & mask_) >> shift_} * 255 + max_ / 2) / max_);
  }

 private:
  uint32_t mask_ = 0;
  int shift_ = 0;
  uint32_t max_ = 0;
};

// Blue, green, red, and alpha where the header has a mask for it. Some writers name one for pixels without room for
// alpha.
std::array<Channel, 4> ReadChannels(const ByteReader& in, const Header& header) {
  std::array<Channel, 4> channels = {Channel(0xFF), Channel(0xFF00), Channel(0xFF0000)};
  if (header.has_masks()) {
    for (uint64_t c = 0; c < 3; ++c) channels[2 - c] = Channel(in.U32(kMasks + 4 * c));
  } else if (header.bits <= 16) {
    channels = {Channel(0x1F), Channel(0x3E0), Channel(0x7C00)};
  }
  const bool may_have_alpha = header.bits == 32 || (header.bits == 16 && header.has_masks());
  if (may_have_alpha && header.header_bytes >= kV4HeaderBytes) channels[3] = Channel(in.U32(kMasks + 12));
  return channels;
}

// The colour numbers of a run-length encoded picture, row by row as stored; 0 where the runs leave pixels out. Nothing
// if it ends early.
std::optional<std::vector<uint8_t>> DecodeRuns(Bytes runs, const Header& header) {
  const auto width = static_cast<size_t>(header.width_px), height = static_cast<size_t>(header.height_px);
  const bool is_4bit = header.compression == kRle4;
  std::vector<uint8_t> numbers(width * height);
  size_t x = 0, y = 0;
  const auto put = [&](uint8_t number) {
    if (x < width) numbers[y * width + x] = number;
    ++x;
  };
  const auto nibble = [](uint8_t byte, size_t i) { return static_cast<uint8_t>(i % 2 == 0 ? byte >> 4 : byte & 15); };
  for (size_t at = 0; y < height;) {
    if (at + 2 > runs.size()) return std::nullopt;
    const uint8_t count = runs[at], value = runs[at + 1];
    at += 2;
    if (count > 0) {
      for (size_t i = 0; i < count; ++i) put(is_4bit ? nibble(value, i) : value);
    } else if (value == 0) {  // End of a row.
      x = 0;
      ++y;
    } else if (value == 1) {  // End of the picture.
      break;
    } else if (value == 2) {  // A step to the right and down.
      if (at + 2 > runs.size()) return std::nullopt;
      x += runs[at];
      y += runs[at + 1];
      at += 2;
    } else {  // As many colour numbers as they are, in whole pairs of bytes.
      const size_t bytes = is_4bit ? (value + 1u) / 2 : value;
      if (at + bytes > runs.size()) return std::nullopt;
      for (size_t i = 0; i < value; ++i) put(is_4bit ? nibble(runs[at + i / 2], i) : runs[at + i]);
      at += bytes + bytes % 2;
    }
  }
  return numbers;
}

// Reads rows of pixels as stored, or of colour numbers of a byte each where they are run-length encoded.
class RowReader {
 public:
  RowReader(const ByteReader& in, const Header& header)
      : bits_(header.is_run_length() ? 8 : header.bits),
        palette_(bits_ <= 8 ? ReadPalette(in, header) : Palette{}),
        is_grey_(bits_ <= 8 &&
                 std::all_of(palette_.begin(), palette_.end(),
                             [](const auto& color) { return color[0] == color[1] && color[1] == color[2]; })),
        masks_(ReadChannels(in, header)) {}

  // Grey, or blue, green, red.
  int channels() const { return is_grey_ ? 1 : 3; }

  // row: the bytes of width_px pixels. out: as many times channels().
  void Read(const uint8_t* row, int width_px, uint8_t* out) const {
    for (size_t x = 0; x < static_cast<size_t>(width_px); ++x, out += channels()) {
      if (bits_ <= 8) {
        const size_t bit = x * bits_;
        const auto number = static_cast<size_t>(row[bit / 8] >> (8 - bits_ - bit % 8)) & ((1u << bits_) - 1);
        std::copy_n(palette_[number].begin(), channels(), out);
        continue;
      }
      const size_t pixel_bytes = (bits_ + 7) / 8;
      uint32_t pixel = 0;
      for (size_t i = 0; i < pixel_bytes; ++i) pixel |= static_cast<uint32_t>(row[x * pixel_bytes + i]) << (8 * i);
      for (size_t c = 0; c < 3; ++c) out[c] = masks_[c].Of(pixel);
      if (!masks_[3].exists()) continue;
      const uint8_t alpha = masks_[3].Of(pixel);
      for (size_t c = 0; c < 3; ++c) out[c] = OnWhite(out[c], alpha);
    }
  }

 private:
  uint32_t bits_;
  Palette palette_;
  bool is_grey_;
  std::array<Channel, 4> masks_;
};

}  // namespace

Failure DecodeBmp(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image) {
  const ByteReader in(data, ByteOrder::kLittle);
  Header header;
  header.header_bytes = in.U32(kDibHeader);
  const bool is_os2 = header.header_bytes == kOs2HeaderBytes;
  const int64_t width = is_os2 ? in.U16(kDibHeader + 4) : static_cast<int32_t>(in.U32(kDibHeader + 4));
  const int64_t height = is_os2 ? in.U16(kDibHeader + 6) : int64_t{static_cast<int32_t>(in.U32(kDibHeader + 8))};
  header.top_down = height < 0;
  header.bits = in.U16(kDibHeader + (is_os2 ? 10 : 14));
  header.compression = is_os2 ? uint32_t{kNone} : in.U32(kDibHeader + 16);
  header.pixels_at = in.U32(10);
  if (auto failure = CheckSize(width, std::abs(height), options, info)) return failure;
  header.width_px = info->width_px;
  header.height_px = info->height_px;
  if (header.compression > kBitFields && header.compression != kAlphaBitFields) {
    return Refuse(DecodeErrorCode::kUnsupported,
                  fmt::format("Its BMP compression {} is not read.", header.compression));
  }
  constexpr uint32_t kDepths[] = {1, 4, 8, 15, 16, 24, 32};
  if (std::find(std::begin(kDepths), std::end(kDepths), header.bits) == std::end(kDepths) ||
      (header.is_run_length() && header.bits != (header.compression == kRle4 ? 4u : 8u))) {
    return Refuse(DecodeErrorCode::kUnsupported, fmt::format("Its {} bits per pixel are not read with compression {}.",
                                                             header.bits, header.compression));
  }
  if (header.bits == 15) header.bits = 16;  // The bit left over belongs to no colour.

  const auto rows = static_cast<uint64_t>(header.height_px);
  Bytes pixels = in.Slice(header.pixels_at, data.size());
  std::vector<uint8_t> numbers;
  const uint64_t row_bytes = header.row_bytes();
  if (header.is_run_length()) {
    if (auto failure = CheckDecodedBytes(row_bytes * rows, options)) return failure;
    auto decoded = DecodeRuns(pixels, header);
    if (!decoded) return Refuse(DecodeErrorCode::kCorrupt, "Its run-length encoded data ends early.");
    numbers = *std::move(decoded);
    pixels = numbers;
  }
  if (pixels.size() < row_bytes * rows) {
    return Refuse(DecodeErrorCode::kCorrupt, fmt::format("It ends early: {} x {} pixels do not fit its {} bytes.",
                                                         header.width_px, header.height_px, data.size()));
  }
  const RowReader reader(in, header);
  Canvas canvas({header.width_px, header.height_px}, reader.channels(), options.max_side_px);
  std::vector<uint8_t> row(static_cast<size_t>(header.width_px) * static_cast<size_t>(reader.channels()));
  for (uint64_t y = 0; y < rows; ++y) {
    reader.Read(pixels.data() + (header.top_down ? y : rows - 1 - y) * row_bytes, header.width_px, row.data());
    canvas.AddRow(row.data());
  }
  *image = canvas.Take();
  return std::nullopt;
}

}  // namespace pugmark::decode
