// SPDX-License-Identifier: Apache-2.0
//
// PNG: only the chunks that hold pixels ever reach libpng; text, colour profiles and animation do not.
//
// libpng ends on errors by longjmp(), which must not pass an object with a destructor. So every call into it is in a
// member function of PngReader that has none on its stack, and says by its result whether it came back the long way.
#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <iterator>
#include <vector>

#include "engine/decode/budget.h"
#include "engine/decode/checks.h"
#include "engine/decode/exif.h"
#include "engine/decode/pixels.h"
#include "index/base/files.h"

namespace pugmark::decode {
namespace {

constexpr uint64_t kSignatureBytes = 8;
constexpr uint64_t kChunkOverheadBytes = 12;  // Length, type, checksum.
constexpr uint8_t kEnd[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};

enum ColorType : uint32_t { kGrey = 0, kGreyAlpha = 4 };

// What of a file libpng is to see.
struct PixelChunks {
  std::vector<uint8_t> file;
  uint64_t compressed_bytes = 0;
  Bytes exif;
};

PixelChunks ReadChunks(Bytes data) {
  const ByteReader in(data, ByteOrder::kBig);
  PixelChunks chunks;
  chunks.file.reserve(data.size() + sizeof(kEnd));
  chunks.file.assign(data.begin(), data.begin() + kSignatureBytes);
  int parts = 0;
  for (uint64_t at = kSignatureBytes; in.Has(at, kChunkOverheadBytes) && parts < kMaxContainerParts; ++parts) {
    const uint64_t length = in.U32(at);
    const uint64_t next = at + kChunkOverheadBytes + length;
    const bool is_data = in.Is(at + 4, "IDAT");
    if (is_data) chunks.compressed_bytes += in.Slice(at + 8, length).size();
    if (in.Is(at + 4, "eXIf")) chunks.exif = in.Slice(at + 8, length);
    if (is_data || in.Is(at + 4, "IHDR") || in.Is(at + 4, "PLTE") || in.Is(at + 4, "tRNS")) {
      const Bytes chunk = in.Slice(at, next - at);  // The last one may be cut short.
      chunks.file.insert(chunks.file.end(), chunk.begin(), chunk.end());
      if (chunk.size() < next - at) return chunks;
    }
    if (in.Is(at + 4, "IEND")) break;
    at = next;
  }
  chunks.file.insert(chunks.file.end(), std::begin(kEnd), std::end(kEnd));
  return chunks;
}

class PngReader {
 public:
  explicit PngReader(Bytes file) : rest_(file) {}
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  // Reads what comes before the pixels, which will be of 8 bits: grey or blue, green, red, and alpha if there is any.
  // Each returns false on an error that libpng cannot pass; then only Reason() may be asked.
  bool Start();
  // One row of one pass. What the pass does not bring of `row` stays.
  bool ReadRow(uint8_t* row);

  int num_passes() const { return num_passes_; }
  int channels() { return png_get_channels(png_, info_); }
  Failure Reason() const {
    return Refuse(DecodeErrorCode::kCorrupt, fmt::format("libpng: {}.", EscapeText(reason_.data())));
  }

 private:
  static void OnError(png_structp png, png_const_charp text);
  static void Read(png_structp png, png_bytep out, size_t count);

  Bytes rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int num_passes_ = 1;
  jmp_buf escape_{};
  std::array<char, 200> reason_ = {"no memory"};
};

void PngReader::OnError(png_structp png, png_const_charp text) {
  auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
  std::strncpy(self->reason_.data(), text, self->reason_.size() - 1);
  std::longjmp(self->escape_, 1);
}

void PngReader::Read(png_structp png, png_bytep out, size_t count) {
  Bytes* rest = static_cast<Bytes*>(png_get_io_ptr(png));
  if (count > rest->size()) png_error(png, "it ends early");
  std::memcpy(out, rest->data(), count);
  *rest = rest->subspan(count);
}

bool PngReader::Start() {
  if (setjmp(escape_) != 0) return false;
  png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, OnError, [](png_structp, png_const_charp) {});
  if (png_ == nullptr) return false;
  info_ = png_create_info_struct(png_);
  if (info_ == nullptr) return false;
  png_set_user_limits(png_, kMaxSidePx, kMaxSidePx);
  png_set_read_fn(png_, &rest_, Read);
  png_read_info(png_, info_);
  png_set_expand(png_);
  png_set_scale_16(png_);
  png_set_bgr(png_);
  num_passes_ = png_set_interlace_handling(png_);
  png_read_update_info(png_, info_);
  return true;
}

bool PngReader::ReadRow(uint8_t* row) {
  if (setjmp(escape_) != 0) return false;
  png_read_row(png_, row, nullptr);
  return true;
}

}  // namespace

Failure DecodePng(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image) {
  const ByteReader in(data, ByteOrder::kBig);
  if (!in.Is(kSignatureBytes + 4, "IHDR") || !in.Has(kSignatureBytes + 8, 13)) {
    return Refuse(DecodeErrorCode::kCorrupt, "It does not begin with a PNG header.");
  }
  const uint64_t header = kSignatureBytes + 8;
  if (auto failure = CheckSize(in.U32(header), in.U32(header + 4), options, info)) return failure;
  const uint32_t color_type = in.U8(header + 9);
  const PixelChunks chunks = ReadChunks(data);
  ReadExif(chunks.exif, info);
  const Size photo{info->width_px, info->height_px};
  // Deflate gains at most 1032 : 1, and a pixel has at least a bit.
  const uint64_t pixels = static_cast<uint64_t>(photo.width_px) * static_cast<uint64_t>(photo.height_px);
  if (pixels / 8 > 1032 * chunks.compressed_bytes) {
    return Refuse(
        DecodeErrorCode::kCorrupt,
        fmt::format("Its header claims {} x {} pixels, more than its data can hold.", photo.width_px, photo.height_px));
  }

  PngReader reader(chunks.file);
  if (!reader.Start()) return reader.Reason();
  const size_t row_bytes = static_cast<size_t>(photo.width_px) * static_cast<size_t>(reader.channels());
  const bool has_alpha = reader.channels() % 2 == 0;
  const int channels = color_type == kGrey || color_type == kGreyAlpha ? 1 : 3;
  Canvas canvas(photo, channels, options.max_side_px);
  const auto add_row = [&](uint8_t* row) {
    if (has_alpha) LayOnWhite(row, photo.width_px, channels);
    canvas.AddRow(row);
  };
  if (reader.num_passes() > 1) {
    // The rows of an interlaced photo are complete only after the last pass.
    const size_t bytes = row_bytes * static_cast<size_t>(photo.height_px);
    if (auto failure = CheckDecodedBytes(bytes, options)) return failure;
    std::vector<uint8_t> all(bytes);
    const auto row_at = [&](int y) { return all.data() + static_cast<size_t>(y) * row_bytes; };
    for (int pass = 0; pass < reader.num_passes(); ++pass) {
      for (int y = 0; y < photo.height_px; ++y) {
        if (!reader.ReadRow(row_at(y))) return reader.Reason();
      }
    }
    for (int y = 0; y < photo.height_px; ++y) add_row(row_at(y));
  } else {
    std::vector<uint8_t> row(row_bytes);
    // As libjpeg fills what is missing.
    const std::vector<uint8_t> missing(static_cast<size_t>(photo.width_px) * static_cast<size_t>(channels),
                                       uint8_t{128});
    for (int y = 0; y < photo.height_px; ++y) {
      if (!info->truncated && !reader.ReadRow(row.data())) {
        if (y * kMinRowsShare < photo.height_px) return reader.Reason();
        info->truncated = true;
      }
      info->truncated ? canvas.AddRow(missing.data()) : add_row(row.data());
    }
  }
  *image = canvas.Take();
  return std::nullopt;
}

}  // namespace pugmark::decode
