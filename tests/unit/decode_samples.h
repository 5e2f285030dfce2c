// SPDX-License-Identifier: Apache-2.0
//
// Photos of every format for the tests of engine/decode, made when the tests run.
#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

namespace pugmark::samples {

using File = std::vector<uint8_t>;

// A smooth colour picture without any symmetry: a wrong turn, mirror or channel order shows.
cv::Mat Picture(int width, int height);

// `upright` as a camera with EXIF `orientation` would have stored it.
cv::Mat StoredAs(const cv::Mat& upright, int orientation);

struct Exif {
  int orientation = 1;
  std::string make, model, serial, taken_at;
  std::string artist = "", owner = "", lens_model = "", lens_serial = "";
};
// A TIFF structure, little-endian, without "Exif\0\0".
File ExifBlock(const Exif& exif);

enum class JpegColors { kGrey, kYcc, kRgb, kCmyk, kYcck, kPlainCmyk };  // kPlainCmyk: not inverted, no Adobe marker.
struct JpegKind {
  JpegColors colors = JpegColors::kYcc;
  bool progressive = false;
  bool arithmetic = false;
  bool every_coefficient_alone = false;  // A progressive bomb: 379 scans.
  int restart_interval = 0;
  int quality = 97;
  std::optional<Exif> exif;
};
// Without chroma subsampling, so that colours can be compared.
File Jpeg(const cv::Mat& bgr, const JpegKind& kind);

// By OpenCV: ".png", ".webp" (lossless), ".bmp", ".tiff".
File ByOpenCv(const cv::Mat& picture, const std::string& extension);
// `png` with an eXIf chunk. Its checksum is wrong, which no reader of metadata minds.
File PngWithExif(const File& png, const File& exif);
// A still `webp` as the extended form with an EXIF chunk.
File WebpWithExif(const File& webp, cv::Size size, const File& exif);
// `webp` as the first frame of an animation, at (left, top), both even, of a canvas.
File WebpAnimation(const File& webp, cv::Size frame, cv::Size canvas, int left, int top);

// Grey levels / 32 as palette; `transparent` colour number or -1. The frame lies at (left, top) of the screen.
File Gif(const cv::Mat& grey, cv::Size screen, int left, int top, int transparent, bool interlaced);

struct BmpKind {
  uint32_t bits = 24;  // 1, 4, 8 with a colourful palette; 16, 24, 32.
  uint32_t compression = 0;  // 0: none, 1: run lengths of 8 bits, 2: of 4 bits, 3: by the masks.
  uint32_t header_bytes = 40;  // 12: OS/2; 108: V4, with an alpha mask if there is one.
  bool top_down = false;
  std::array<uint32_t, 4> masks = {};  // Red, green, blue, alpha; 0: as the format has them. Alpha falls from left to right.
};
struct Bmp {
  File file;
  cv::Mat shows;  // Blue, green, red on white.
};
Bmp MakeBmp(const cv::Mat& bgr, const BmpKind& kind);

// An uncompressed 8-bit grey TIFF. The header may claim another size than `grey` has.
File Tiff(const cv::Mat& grey, bool big_endian, int orientation, uint32_t claimed_width, uint32_t claimed_height);

// HEIC or AVIF with an EXIF block; nothing if libheif has no encoder for it. orientation: as in EXIF, but asked for by
// the container's own irot and imir.
std::optional<File> Heif(const cv::Mat& bgr, bool avif, int orientation, const File& exif);

}  // namespace pugmark::samples
