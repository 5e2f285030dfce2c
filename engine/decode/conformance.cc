// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/conformance.h"

// jpeglib.h relies on cstdio.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <fmt/format.h>
#include <gif_lib.h>
#include <libheif/heif.h>
#include <png.h>
#include <tiffio.h>
#include <webp/decode.h>
#include <webp/encode.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <opencv2/core/utility.hpp>
#include <optional>

#include "engine/decode/bytes.h"

namespace pugmark {
namespace {

using File = std::vector<uint8_t>;

constexpr int kWidth_px = 96, kHeight_px = 64;
constexpr double kMaxMeanError = 6;   // Of lossy formats with halved colour; a swapped channel gives 30 and more.
constexpr double kMaxGreyError = 12;  // GIF: 32 grey levels.

// Little-endian, of `bytes` bytes each.
void Append(File* file, int bytes, std::initializer_list<uint32_t> numbers) {
  for (const uint32_t number : numbers) decode::AppendNumber(file, number, bytes);
}

std::optional<File> ByLibpng(const Image& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width_px);
  png.height = static_cast<png_uint_32>(image.height_px);
  png.format = PNG_FORMAT_BGR;
  png_alloc_size_t bytes = 0;
  if (png_image_write_to_memory(&png, nullptr, &bytes, 0, image.pixels.data(), 0, nullptr) == 0) return std::nullopt;
  File file(bytes);
  if (png_image_write_to_memory(&png, file.data(), &bytes, 0, image.pixels.data(), 0, nullptr) == 0)
    return std::nullopt;
  return file;
}

std::optional<File> ByLibwebp(const Image& image) {
  uint8_t* bytes = nullptr;
  const size_t count =
      WebPEncodeLosslessBGR(image.pixels.data(), image.width_px, image.height_px, 3 * image.width_px, &bytes);
  const std::unique_ptr<uint8_t, void (*)(void*)> owner(bytes, WebPFree);
  return count == 0 ? std::nullopt : std::optional(File(bytes, bytes + count));
}

// One strip of uncompressed red, green, blue.
File Tiff(const Image& image) {
  constexpr uint32_t kShort = 3, kLong = 4, kEntries = 9;
  constexpr uint32_t kBits = 8 + 2 + 12 * kEntries + 4, kPixels = kBits + 6;
  const auto width = static_cast<uint32_t>(image.width_px), height = static_cast<uint32_t>(image.height_px);
  File file = {'I', 'I', 42, 0};
  Append(&file, 4, {8});
  Append(&file, 2, {kEntries});
  const auto entry = [&](uint32_t tag, uint32_t type, uint32_t count, uint32_t value) {
    Append(&file, 2, {tag, type});
    Append(&file, 4, {count, value});
  };
  entry(TIFFTAG_IMAGEWIDTH, kLong, 1, width);
  entry(TIFFTAG_IMAGELENGTH, kLong, 1, height);
  entry(TIFFTAG_BITSPERSAMPLE, kShort, 3, kBits);
  entry(TIFFTAG_COMPRESSION, kShort, 1, COMPRESSION_NONE);
  entry(TIFFTAG_PHOTOMETRIC, kShort, 1, PHOTOMETRIC_RGB);
  entry(TIFFTAG_STRIPOFFSETS, kLong, 1, kPixels);
  entry(TIFFTAG_SAMPLESPERPIXEL, kShort, 1, 3);
  entry(TIFFTAG_ROWSPERSTRIP, kLong, 1, height);
  entry(TIFFTAG_STRIPBYTECOUNTS, kLong, 1, 3 * width * height);
  Append(&file, 4, {0});
  Append(&file, 2, {8, 8, 8});
  for (size_t at = 0; at < image.pixels.size(); at += 3) {
    for (size_t c = 3; c-- > 0;) file.push_back(image.pixels[at + c]);
  }
  return file;
}

// 24 bits a pixel, the last row first.
File Bmp(const Image& image) {
  static_assert(kWidth_px % 4 == 0, "Rows end at 32 bits.");
  constexpr uint32_t kPixels = 54, kInfoHeaderBytes = 40;
  const auto bytes = static_cast<uint32_t>(image.pixels.size());
  File file = {'B', 'M'};
  Append(&file, 4, {kPixels + bytes, 0, kPixels, kInfoHeaderBytes});
  Append(&file, 4, {static_cast<uint32_t>(image.width_px), static_cast<uint32_t>(image.height_px)});
  Append(&file, 2, {1, 24});
  Append(&file, 4, {0, bytes, 0, 0, 0, 0});
  const ptrdiff_t row_bytes = 3 * static_cast<ptrdiff_t>(image.width_px);
  for (auto row = image.pixels.end(); row != image.pixels.begin();) {
    row -= row_bytes;
    file.insert(file.end(), row, row + row_bytes);
  }
  return file;
}

uint8_t GreyOf(const Image& image, int x, int y) {
  const uint8_t* p = &image.pixels[3 * static_cast<size_t>(y * image.width_px + x)];
  return static_cast<uint8_t>((p[0] + p[1] + p[2]) / 3);
}

std::optional<File> ByGiflib(const Image& image) {
  constexpr int kLevels = 32;
  File file;
  int error = 0;
  GifFileType* gif = EGifOpen(
      &file,
      [](GifFileType* self, const GifByteType* data, int count) {
        auto* out = static_cast<File*>(self->UserData);
        out->insert(out->end(), data, data + count);
        return count;
      },
      &error);
  if (gif == nullptr) return std::nullopt;
  ColorMapObject* map = GifMakeMapObject(kLevels, nullptr);
  for (int i = 0; map != nullptr && i < kLevels; ++i) {
    const auto level = static_cast<uint8_t>(i * 8 + 4);
    map->Colors[i] = {level, level, level};
  }
  bool ok = map != nullptr && EGifPutScreenDesc(gif, image.width_px, image.height_px, 8, 0, map) == GIF_OK &&
            EGifPutImageDesc(gif, 0, 0, image.width_px, image.height_px, false, nullptr) == GIF_OK;
  for (int y = 0; ok && y < image.height_px; ++y) {
    File row;
    for (int x = 0; x < image.width_px; ++x) row.push_back(static_cast<uint8_t>(GreyOf(image, x, y) / 8));
    ok = EGifPutLine(gif, row.data(), image.width_px) == GIF_OK;
  }
  GifFreeMapObject(map);
  ok = EGifCloseFile(gif, &error) == GIF_OK && ok;
  return ok ? std::optional(file) : std::nullopt;
}

std::optional<File> ByLibheif(const Image& image, heif_compression_format format) {
  const std::unique_ptr<heif_context, void (*)(heif_context*)> context(heif_context_alloc(), heif_context_free);
  heif_encoder* found = nullptr;
  if (heif_context_get_encoder_for_format(context.get(), format, &found).code != heif_error_Ok) return std::nullopt;
  const std::unique_ptr<heif_encoder, void (*)(heif_encoder*)> encoder(found, heif_encoder_release);
  heif_encoder_set_lossy_quality(found, 90);
  heif_encoder_set_logging_level(found, 0);
  heif_image* made = nullptr;
  if (heif_image_create(image.width_px, image.height_px, heif_colorspace_RGB, heif_chroma_interleaved_RGB, &made)
          .code != heif_error_Ok) {
    return std::nullopt;
  }
  const std::unique_ptr<heif_image, void (*)(const heif_image*)> picture(made, heif_image_release);
  if (heif_image_add_plane(made, heif_channel_interleaved, image.width_px, image.height_px, 8).code != heif_error_Ok) {
    return std::nullopt;
  }
  int stride = 0;
  uint8_t* pixels = heif_image_get_plane(made, heif_channel_interleaved, &stride);
  for (int y = 0; y < image.height_px; ++y) {
    for (int x = 0; x < image.width_px; ++x) {
      for (int c = 0; c < 3; ++c) {
        pixels[y * stride + 3 * x + c] =
            image.pixels[3 * static_cast<size_t>(y * image.width_px + x) + 2 - static_cast<size_t>(c)];
      }
    }
  }
  if (heif_context_encode_image(context.get(), made, found, nullptr, nullptr).code != heif_error_Ok)
    return std::nullopt;
  File file;
  heif_writer writer{1, [](heif_context*, const void* data, size_t size, void* out) {
                       const auto* bytes = static_cast<const uint8_t*>(data);
                       static_cast<File*>(out)->assign(bytes, bytes + size);
                       return heif_error{heif_error_Ok, heif_suberror_Unspecified, nullptr};
                     }};
  if (heif_context_write(context.get(), &writer, &file).code != heif_error_Ok) return std::nullopt;
  return file;
}

// Pseudo-random values of [-0.5, 0.5] on a grid, smoothly joined: detail that is unlike any other, the same every time.
double SoftNoise(double x, double y) {
  const auto value = [](int64_t i, int64_t j) {
    uint64_t h = static_cast<uint64_t>(i) * 0x9E3779B97F4A7C15ull + static_cast<uint64_t>(j) * 0xC2B2AE3D27D4EB4Full;
    h = (h ^ (h >> 29)) * 0xBF58476D1CE4E5B9ull;
    return static_cast<double>((h ^ (h >> 32)) & 0xFFFF) / 65535.0 - 0.5;
  };
  const auto i = static_cast<int64_t>(std::floor(x)), j = static_cast<int64_t>(std::floor(y));
  const auto smooth = [](double t) { return t * t * (3 - 2 * t); };
  const double u = smooth(x - static_cast<double>(i)), v = smooth(y - static_cast<double>(j));
  return (value(i, j) * (1 - u) + value(i + 1, j) * u) * (1 - v) +
         (value(i, j + 1) * (1 - u) + value(i + 1, j + 1) * u) * v;
}

// Mean over pixels and channels of |difference|; a grey image counts for all three.
double MeanError(const Image& a, const Image& b, bool as_grey) {
  double sum = 0;
  for (int y = 0; y < a.height_px; ++y) {
    for (int x = 0; x < a.width_px; ++x) {
      for (int c = 0; c < 3; ++c) {
        const size_t at = static_cast<size_t>(y * b.width_px + x);
        const int value = b.channels == 1 ? b.pixels[at] : b.pixels[3 * at + static_cast<size_t>(c)];
        const int wanted =
            as_grey ? GreyOf(a, x, y) : a.pixels[3 * static_cast<size_t>(y * a.width_px + x) + static_cast<size_t>(c)];
        sum += std::abs(value - wanted);
      }
    }
  }
  return sum / (3.0 * a.width_px * a.height_px);
}

ConformanceResult Try(PhotoFormat format, const Image& image, const std::optional<File>& file) {
  ConformanceResult result;
  result.format = format;
  if (!file) {
    result.error = "no encoder for it is installed, so that it is decoded could not be shown";
    return result;
  }
  result.is_tried = true;
  const DecodeResult decoded = Decode(*file, {});
  if (!decoded.image) {
    result.error = decoded.error.message;
  } else if (decoded.info.format != format) {
    result.error = fmt::format("was taken for {}", PhotoFormatName(decoded.info.format));
  } else if (decoded.image->width_px != image.width_px || decoded.image->height_px != image.height_px) {
    result.error = fmt::format("decoded to {} × {} instead of {} × {} pixels", decoded.image->width_px,
                               decoded.image->height_px, image.width_px, image.height_px);
  } else {
    const bool is_gif = format == PhotoFormat::kGif;
    result.mean_error = MeanError(image, *decoded.image, is_gif);
    result.is_right = result.mean_error <= (is_gif ? kMaxGreyError : kMaxMeanError);
    if (!result.is_right) result.error = fmt::format("pixels differ by {:.1f} grey levels", result.mean_error);
  }
  return result;
}

}  // namespace

Image ConformancePicture(int width_px, int height_px) {
  Image image{width_px, height_px, 3, {}};
  image.pixels.resize(3 * static_cast<size_t>(width_px) * static_cast<size_t>(height_px));
  size_t at = 0;
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      const double u = static_cast<double>(x) / width_px, v = static_cast<double>(y) / height_px;
      const double marks = 90 * SoftNoise(x / 14.0, y / 14.0) + 40 * SoftNoise(x / 5.0 + 1000, y / 5.0);
      const double values[3] = {60 + 110 * u + marks, 50 + 120 * v + marks,
                                120 + 60 * std::sin(7 * u * u + 5 * v) + marks};
      for (const double value : values)
        image.pixels[at++] = static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
    }
  }
  return image;
}

std::vector<ConformanceResult> TryDecoders() {
  const Image image = ConformancePicture(kWidth_px, kHeight_px);
  return {Try(PhotoFormat::kJpeg, image, EncodeThumbnail(image, kWidth_px, 95)),
          Try(PhotoFormat::kPng, image, ByLibpng(image)),
          Try(PhotoFormat::kWebp, image, ByLibwebp(image)),
          Try(PhotoFormat::kTiff, image, Tiff(image)),
          Try(PhotoFormat::kBmp, image, Bmp(image)),
          Try(PhotoFormat::kGif, image, ByGiflib(image)),
          Try(PhotoFormat::kHeic, image, ByLibheif(image, heif_compression_HEVC)),
          Try(PhotoFormat::kAvif, image, ByLibheif(image, heif_compression_AV1))};
}

Image Recompressed(const Image& image, int max_side_px, int quality) {
  DecodeResult decoded = Decode(EncodeThumbnail(image, max_side_px, quality), {});
  return decoded.image ? std::move(*decoded.image) : Image{};
}

std::string DecoderVersions() {
  // "LIBTIFF, Version 4.5.0" and lines of copyright.
  const std::string text = TIFFGetVersion();
  const size_t end = text.find('\n'), begin = text.rfind(' ', end) + 1;
  const std::string tiff = text.substr(begin, end - begin);
  const int webp = WebPGetDecoderVersion();
  return fmt::format(
      "libjpeg-turbo (libjpeg {}), libpng {}, libtiff {}, libwebp {}.{}.{}, libheif {}, giflib {}.{}.{}, OpenCV {}",
      JPEG_LIB_VERSION, png_get_libpng_ver(nullptr), tiff, webp >> 16, webp >> 8 & 255, webp & 255, heif_get_version(),
      GIFLIB_MAJOR, GIFLIB_MINOR, GIFLIB_RELEASE, cv::getVersionString());
}

}  // namespace pugmark
