// SPDX-License-Identifier: Apache-2.0
//
// TIFF: the first directory is read here, for the budgets, the orientation and the camera; the pixels by OpenCV.
// Format: TIFF revision 6.0, section 2.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "engine/decode/budget.h"
#include "engine/decode/checks.h"
#include "engine/decode/opencv.h"

namespace pugmark::decode {
namespace {

enum Tag : uint32_t {
  kWidth = 256,
  kHeight = 257,
  kBitsPerSample = 258,
  kCompression = 259,
  kPhotometric = 262,
  kMake = 271,
  kModel = 272,
  kOrientation = 274,
  kSamplesPerPixel = 277,
  kRowsPerStrip = 278,
  kPlanarConfiguration = 284,
  kTileWidth = 322,
  kTileHeight = 323,
  kExtraSamples = 338,
  kExifDirectory = 34665,
  kTakenAt = 36867,
  kSerial = 42033,
};

enum Type : uint32_t { kByte = 1, kAscii = 2, kShort = 3, kLong = 4 };

// Not among them: old-style JPEG, JBIG, SGI logs, LERC and others that no photo uses and whose decoders have a history.
constexpr std::array<uint32_t, 9> kCompressions = {1, 2, 3, 4, 5, 7, 8, 32773, 32946};

// Bits per sample that OpenCV reads, beside 4 with a palette.
constexpr std::array<uint32_t, 5> kDepths = {1, 8, 16, 32, 64};
constexpr uint32_t kPaletteColor = 3;       // A photometric interpretation.
constexpr uint32_t kSeparatePlanes = 2;     // A planar configuration.
constexpr uint32_t kAssociatedAlpha = 1;    // An extra sample.
constexpr uint32_t kUnassociatedAlpha = 2;  // An extra sample.

class Directory {
 public:
  Directory(const ByteReader& in, uint64_t at) : in_(in), at_(at), count_(in.U16(at)) {}

  bool exists() const { return count_ > 0 && in_.Has(at_ + 2, 12ull * count_); }

  // The largest value that any entry of `tag` begins with: which of several counts is up to libtiff.
  std::optional<uint32_t> Number(uint32_t tag) const {
    std::optional<uint32_t> largest;
    ForEach(tag, [&](uint64_t entry) {
      const uint32_t type = in_.U16(entry + 2);
      const uint64_t value = ValueAt(entry, type == kShort ? 2 : type == kLong ? 4 : 1);
      const uint32_t number = type == kShort ? in_.U16(value) : type == kLong ? in_.U32(value) : in_.U8(value);
      largest = std::max(largest.value_or(0), number);
    });
    return largest;
  }

  std::string Text(uint32_t tag) const {
    std::string text;
    ForEach(tag, [&](uint64_t entry) {
      if (in_.U16(entry + 2) != kAscii) return;
      const Bytes bytes = in_.Slice(ValueAt(entry, 1), std::min<uint64_t>(in_.U32(entry + 4), kMaxExifTextBytes));
      text.assign(bytes.begin(), bytes.end());
      text.resize(std::min(text.find('\0'), text.size()));
      text.resize(text.find_last_not_of(" \t\r\n") + 1);
    });
    return text;
  }

  // Calls visit(offset of the 12-byte entry).
  template <typename Visit>
  void ForEach(uint32_t tag, Visit visit) const {
    for (uint64_t i = 0; i < count_; ++i) {
      const uint64_t entry = at_ + 2 + 12 * i;
      if (in_.Has(entry, 12) && in_.U16(entry) == tag) visit(entry);
    }
  }

 private:
  // Values of up to 4 bytes lie in the entry itself.
  uint64_t ValueAt(uint64_t entry, uint64_t value_bytes) const {
    return in_.U32(entry + 4) * value_bytes <= 4 ? entry + 8 : in_.U32(entry + 8);
  }

  ByteReader in_;
  uint64_t at_;
  uint32_t count_;
};

}  // namespace

Failure DecodeTiff(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image) {
  const ByteOrder order = data[0] == 'I' ? ByteOrder::kLittle : ByteOrder::kBig;
  const ByteReader in(data, order);
  if (in.U16(2) == 43) return Refuse(DecodeErrorCode::kUnsupported, "It is a BigTIFF, which is not read.");
  const Directory directory(in, in.U32(4));
  if (!directory.exists()) return Refuse(DecodeErrorCode::kCorrupt, "Its first directory is damaged or missing.");

  const uint32_t orientation = directory.Number(kOrientation).value_or(1);
  if (orientation >= 1 && orientation <= 8) info->orientation = static_cast<int>(orientation);
  info->camera_make = directory.Text(kMake);
  info->camera_model = directory.Text(kModel);
  if (const auto exif_at = directory.Number(kExifDirectory)) {
    const Directory exif(in, *exif_at);
    info->taken_at = exif.Text(kTakenAt);
    info->camera_serial = exif.Text(kSerial);
  }
  const uint32_t height = directory.Number(kHeight).value_or(0);
  if (auto failure = CheckSize(directory.Number(kWidth).value_or(0), height, options, info)) return failure;
  const uint32_t compression = directory.Number(kCompression).value_or(1);
  if (std::find(kCompressions.begin(), kCompressions.end(), compression) == kCompressions.end()) {
    return Refuse(DecodeErrorCode::kUnsupported, fmt::format("Its TIFF compression {} is not read.", compression));
  }
  const uint64_t samples = directory.Number(kSamplesPerPixel).value_or(1);
  const uint32_t bits = directory.Number(kBitsPerSample).value_or(1);
  const bool is_palette = directory.Number(kPhotometric) == kPaletteColor;
  if (std::find(kDepths.begin(), kDepths.end(), bits) == kDepths.end() && !(bits == 4 && is_palette)) {
    return Refuse(DecodeErrorCode::kUnsupported, fmt::format("Its {} bits per sample are not read.", bits));
  }
  if (bits > 8 && samples > 1 && directory.Number(kPlanarConfiguration) == kSeparatePlanes) {
    // OpenCV would take them for interleaved.
    return Refuse(DecodeErrorCode::kUnsupported, "Its colour channels are stored apart with more than 8 bits.");
  }
  const uint64_t sample_bytes = (bits + 7) / 8;
  const uint64_t pixel_bytes = std::max<uint64_t>(4, samples * sample_bytes);
  const uint64_t tile_pixels =
      static_cast<uint64_t>(directory.Number(kTileWidth).value_or(0)) * directory.Number(kTileHeight).value_or(0);
  const uint64_t pixels = static_cast<uint64_t>(info->width_px) * height;
  if (auto failure = CheckDecodedBytes(std::max(pixels, tile_pixels) * pixel_bytes, options)) return failure;

  // OpenCV applies the orientation for some kinds of pixels and not for others; we do, for all. And its buffer for a
  // strip has as many rows as are claimed, even beyond the picture.
  std::vector<uint8_t> patched(data.begin(), data.end());
  const auto set_number = [&](uint32_t tag, uint32_t above, uint32_t value) {
    directory.ForEach(tag, [&](uint64_t entry) {
      if (*directory.Number(tag) <= above) return;
      const uint8_t bytes[4] = {static_cast<uint8_t>(value >> 24), static_cast<uint8_t>(value >> 16),
                                static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
      // Type LONG, count 1, and the value.
      const uint8_t big[10] = {0, kLong, 0, 0, 0, 1, bytes[0], bytes[1], bytes[2], bytes[3]};
      const uint8_t little[10] = {kLong, 0, 1, 0, 0, 0, bytes[3], bytes[2], bytes[1], bytes[0]};
      std::copy_n(order == ByteOrder::kBig ? big : little, 10, patched.begin() + static_cast<ptrdiff_t>(entry) + 2);
    });
  };
  set_number(kOrientation, 1, 1);
  set_number(kRowsPerStrip, height, height);

  Raster raster;
  raster.size = raster.photo = {info->width_px, info->height_px};
  // libtiff multiplies 8-bit colours by their alpha; deeper ones OpenCV reads as they are.
  const uint32_t extra = directory.Number(kExtraSamples).value_or(0);
  if (extra == kAssociatedAlpha || (extra == kUnassociatedAlpha && bits <= 8)) {
    raster.alpha = Alpha::kPremultiplied;
  } else if (extra != kUnassociatedAlpha) {
    raster.alpha = Alpha::kNone;
  }
  raster.has_palette = is_palette;
  return DecodeByOpenCv(patched, PhotoFormat::kTiff, raster, options.max_side_px, image);
}

}  // namespace pugmark::decode
