// SPDX-License-Identifier: Apache-2.0
//
// TIFF: the first directory is read here, for the budgets, the orientation and the camera; the pixels by libtiff.
// Format: TIFF revision 6.0, section 2.
#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "engine/decode/budget.h"
#include "engine/decode/checks.h"
#include "engine/decode/pixels.h"
#include "index/base/files.h"

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

enum Photometric : uint32_t { kWhiteIsZero = 0, kBlackIsZero = 1 };
enum ExtraSample : uint32_t { kAssociatedAlpha = 1, kUnassociatedAlpha = 2 };

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

// libtiff's view of a file in memory, and the last thing it complained of.
class TiffReader {
 public:
  TiffReader(Bytes file, uint64_t max_bytes) : file_(file) {
    const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                               TIFFOpenOptionsFree);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), static_cast<tmsize_t>(max_bytes));
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), OnError, this);
    TIFFOpenOptionsSetWarningHandlerExtR(
        options.get(), [](TIFF*, void*, const char*, const char*, va_list) { return 1; }, nullptr);
    // "m": not by mapping, which the file in memory would have to imitate.
    tiff_ = TIFFClientOpenExt(
        "photo", "rm", this, Read, Write, Seek, [](thandle_t) { return 0; }, Size, nullptr, nullptr, options.get());
  }
  ~TiffReader() {
    if (tiff_ != nullptr) TIFFClose(tiff_);
  }
  TiffReader(const TiffReader&) = delete;
  TiffReader& operator=(const TiffReader&) = delete;

  TIFF* get() const { return tiff_; }
  Failure Reason(DecodeErrorCode code) const {
    return Refuse(code,
                  fmt::format("libtiff: {}.", EscapeText(reason_[0] != 0 ? reason_.data() : "its data is damaged")));
  }

 private:
  static TiffReader* Self(thandle_t handle) { return static_cast<TiffReader*>(handle); }
  static int OnError(TIFF*, void* handle, const char*, const char* format, va_list values) {
    TiffReader* self = Self(handle);
    std::vsnprintf(self->reason_.data(), self->reason_.size(), format, values);
    return 1;
  }
  static tmsize_t Read(thandle_t handle, void* out, tmsize_t count) {
    TiffReader* self = Self(handle);
    if (count <= 0 || self->at_ >= self->file_.size()) return 0;
    const size_t n = std::min(static_cast<size_t>(count), self->file_.size() - self->at_);
    std::memcpy(out, self->file_.data() + self->at_, n);
    self->at_ += n;
    return static_cast<tmsize_t>(n);
  }
  static tmsize_t Write(thandle_t, void*, tmsize_t) { return 0; }
  static toff_t Seek(thandle_t handle, toff_t offset, int from) {
    TiffReader* self = Self(handle);
    self->at_ = offset + (from == SEEK_CUR ? self->at_ : from == SEEK_END ? self->file_.size() : 0);
    return self->at_;
  }
  static toff_t Size(thandle_t handle) { return Self(handle)->file_.size(); }

  Bytes file_;
  uint64_t at_ = 0;
  TIFF* tiff_ = nullptr;
  std::array<char, 200> reason_{};
};

// Pixels of any kind as 8-bit red, green, blue and alpha, the colours multiplied by alpha.
struct RgbaImage : TIFFRGBAImage {
  ~RgbaImage() { TIFFRGBAImageEnd(this); }
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
  const uint64_t sample_bytes = (directory.Number(kBitsPerSample).value_or(1) + 7) / 8;
  const Size photo{info->width_px, info->height_px};
  const auto width = static_cast<uint64_t>(photo.width_px);
  const uint64_t strip_pixels = width * std::min(height, directory.Number(kRowsPerStrip).value_or(height));
  const uint64_t tile_pixels =
      static_cast<uint64_t>(directory.Number(kTileWidth).value_or(0)) * directory.Number(kTileHeight).value_or(0);
  const uint64_t raster_bytes = width * height * sizeof(uint32_t);
  if (auto failure =
          CheckDecodedBytes(raster_bytes + std::max(strip_pixels, tile_pixels) * samples * sample_bytes, options)) {
    return failure;
  }

  const TiffReader reader(data, options.max_decoded_bytes);
  if (reader.get() == nullptr) return reader.Reason(DecodeErrorCode::kCorrupt);
  RgbaImage rgba{};
  char reason[1024] = "";
  if (TIFFRGBAImageOK(reader.get(), reason) == 0) {
    return Refuse(DecodeErrorCode::kUnsupported, fmt::format("libtiff: {}.", EscapeText(reason)));
  }
  if (TIFFRGBAImageBegin(&rgba, reader.get(), /*stop=*/1, reason) == 0) {
    return Refuse(DecodeErrorCode::kCorrupt, fmt::format("libtiff: {}.", EscapeText(reason)));
  }
  if (rgba.width != static_cast<uint32_t>(photo.width_px) || rgba.height != height) {
    return Refuse(DecodeErrorCode::kCorrupt, fmt::format("It claims {} x {} pixels, and elsewhere {} x {}.",
                                                         photo.width_px, photo.height_px, rgba.width, rgba.height));
  }
  rgba.req_orientation = rgba.orientation;  // As stored: whoever calls turns it.
  std::vector<uint32_t> raster(width * height);
  if (TIFFRGBAImageGet(&rgba, raster.data(), rgba.width, rgba.height) == 0)
    return reader.Reason(DecodeErrorCode::kCorrupt);

  // An extra sample of unknown meaning is no alpha.
  const uint32_t extra = directory.Number(kExtraSamples).value_or(0);
  const bool has_alpha = extra == kAssociatedAlpha || extra == kUnassociatedAlpha;
  const int channels = samples == 1 && (rgba.photometric == kWhiteIsZero || rgba.photometric == kBlackIsZero) ? 1 : 3;
  const auto on_white = [&](uint32_t pixel, uint32_t value) {
    return has_alpha ? PremultipliedOnWhite(value, TIFFGetA(pixel)) : static_cast<uint8_t>(value);
  };
  Canvas canvas(photo, channels, options.max_side_px);
  std::vector<uint8_t> row;
  for (auto pixel = raster.begin(); pixel != raster.end();) {
    row.clear();
    for (int x = 0; x < photo.width_px; ++x, ++pixel) {
      row.push_back(on_white(*pixel, TIFFGetB(*pixel)));
      if (channels == 1) continue;
      row.push_back(on_white(*pixel, TIFFGetG(*pixel)));
      row.push_back(on_white(*pixel, TIFFGetR(*pixel)));
    }
    canvas.AddRow(row.data());
  }
  *image = canvas.Take();
  return std::nullopt;
}

}  // namespace pugmark::decode
