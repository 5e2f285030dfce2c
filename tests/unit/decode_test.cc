// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/decode.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <random>

#include "index/base/files.h"
#include "tests/mutation.h"
#include "tests/unit/decode_samples.h"

namespace pugmark {
namespace {

using samples::File;

cv::Mat Mat(const Image& image) {
  return cv::Mat(image.height_px, image.width_px, image.channels == 1 ? CV_8UC1 : CV_8UC3,
                 const_cast<uint8_t*>(image.pixels.data()))
      .clone();
}

Image ToImage(const cv::Mat& mat) {
  const cv::Mat packed = mat.clone();
  return {mat.cols, mat.rows, mat.channels(), {packed.data, packed.data + packed.total() * packed.elemSize()}};
}

cv::Mat Grey(const cv::Mat& bgr) {
  cv::Mat grey;
  cv::transform(bgr, grey, cv::Matx13f(1 / 3.f, 1 / 3.f, 1 / 3.f));
  return grey;
}

// The promise of every result: an image within the limits, or an error with a sentence.
void ExpectImageXorError(const DecodeResult& result, const DecodeOptions& options) {
  if (!result.image) {
    EXPECT_FALSE(result.error.message.empty());
    EXPECT_EQ(result.error.message.find_first_of("\r\n\t\x1b"), std::string::npos) << result.error.message;
    return;
  }
  EXPECT_TRUE(result.error.message.empty()) << result.error.message;
  const Image& image = *result.image;
  EXPECT_GE(std::min(image.width_px, image.height_px), 1);
  EXPECT_LE(std::max(image.width_px, image.height_px), options.max_side_px);
  EXPECT_TRUE(image.channels == 1 || image.channels == 3);
  EXPECT_EQ(image.pixels.size(), static_cast<size_t>(image.width_px * image.height_px * image.channels));
  EXPECT_NE(result.info.format, PhotoFormat::kUnknown);
}

DecodeResult DecodeFile(const File& file, const DecodeOptions& options = {}) {
  DecodeResult result = Decode(file, options);
  ExpectImageXorError(result, options);
  return result;
}

// Decodes what must be readable and compares it with `expected`.
void ExpectPicture(const File& file, PhotoFormat format, const cv::Mat& expected, double min_psnr) {
  const DecodeResult result = DecodeFile(file);
  EXPECT_EQ(result.info.format, format) << PhotoFormatName(result.info.format);
  ASSERT_TRUE(result.image) << result.error.message;
  EXPECT_FALSE(result.info.truncated);
  EXPECT_EQ(result.info.width_px, expected.cols);
  EXPECT_EQ(result.info.height_px, expected.rows);
  const cv::Mat picture = Mat(*result.image);
  ASSERT_EQ(picture.size(), expected.size());
  ASSERT_EQ(picture.type(), expected.type());
  EXPECT_GE(cv::PSNR(picture, expected), min_psnr);
}

void ExpectRefused(const File& file, DecodeErrorCode code, const DecodeOptions& options = {}) {
  const DecodeResult result = DecodeFile(file, options);
  EXPECT_FALSE(result.image);
  EXPECT_EQ(DecodeErrorCodeName(result.error.code), DecodeErrorCodeName(code)) << result.error.message;
}

constexpr double kExact = 300;  // What cv::PSNR says of equal pictures is more.

// ---- Shrinking ----

// The mean of each output pixel's rectangle, straight from the definition.
cv::Mat ShrinkSlowly(const cv::Mat& in, cv::Size size) {
  cv::Mat out(size, in.type());
  const int channels = in.channels();
  const double step_x = static_cast<double>(in.cols) / size.width;
  const double step_y = static_cast<double>(in.rows) / size.height;
  const auto overlap = [](double begin, double end, int pixel) {
    return std::max(0.0, std::min(end, pixel + 1.0) - std::max(begin, static_cast<double>(pixel)));
  };
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      for (int c = 0; c < channels; ++c) {
        double sum = 0;
        for (int v = 0; v < in.rows; ++v) {
          for (int u = 0; u < in.cols; ++u) {
            sum += overlap(x * step_x, (x + 1) * step_x, u) * overlap(y * step_y, (y + 1) * step_y, v) *
                   in.ptr(v)[u * channels + c];
          }
        }
        out.ptr(y)[x * channels + c] = static_cast<uint8_t>(sum / (step_x * step_y) + 0.5);
      }
    }
  }
  return out;
}

TEST(Shrink, IsTheMeanOfTheCoveredArea) {
  for (const auto& [size, max_side] : std::vector<std::pair<cv::Size, int>>{
           {{37, 23}, 36}, {{37, 23}, 19}, {{64, 48}, 32}, {{23, 37}, 5}, {{50, 1}, 7}, {{40, 40}, 1}}) {
    for (const cv::Mat& in :
         {samples::Picture(size.width, size.height), Grey(samples::Picture(size.width, size.height))}) {
      const cv::Mat out = Mat(Shrink(ToImage(in), max_side));
      EXPECT_EQ(std::max(out.cols, out.rows), max_side);
      // Not exactly equal: the slow way's rounding of a half depends on its summation.
      EXPECT_LE(cv::norm(out, ShrinkSlowly(in, out.size()), cv::NORM_INF), 1);
      EXPECT_GE(cv::PSNR(out, ShrinkSlowly(in, out.size())), 70);
    }
  }
}

TEST(Shrink, CommutesWithMirroringAndTurning) {
  const cv::Mat in = samples::Picture(101, 67);
  const cv::Mat out = Mat(Shrink(ToImage(in), 31));
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const cv::Mat turned = Mat(Shrink(ToImage(samples::StoredAs(in, orientation)), 31));
    EXPECT_EQ(cv::norm(turned, samples::StoredAs(out, orientation), cv::NORM_INF), 0);
  }
}

TEST(Shrink, NeverEnlarges) {
  const cv::Mat in = samples::Picture(20, 10);
  EXPECT_EQ(cv::norm(Mat(Shrink(ToImage(in), 640)), in, cv::NORM_INF), 0);
}

// ---- Formats ----

TEST(Decode, ReadsEveryKindOfJpeg) {
  using samples::JpegColors;
  const cv::Mat picture = samples::Picture(160, 120);
  for (bool progressive : {false, true}) {
    for (bool arithmetic : {false, true}) {
      for (JpegColors colors : {JpegColors::kGrey, JpegColors::kYcc, JpegColors::kRgb, JpegColors::kCmyk,
                                JpegColors::kYcck, JpegColors::kPlainCmyk}) {
        SCOPED_TRACE(testing::Message() << "colours " << static_cast<int>(colors)
                                        << (progressive ? ", progressive" : "") << (arithmetic ? ", arithmetic" : ""));
        samples::JpegKind kind;
        kind.colors = colors;
        kind.progressive = progressive;
        kind.arithmetic = arithmetic;
        ExpectPicture(samples::Jpeg(picture, kind), PhotoFormat::kJpeg,
                      colors == JpegColors::kGrey ? Grey(picture) : picture, 36);
      }
    }
  }
}

TEST(Decode, ScalesJpegInItsDecoderLikeAnExactShrink) {
  for (const cv::Size size : {cv::Size(1600, 1200), cv::Size(1000, 1499), cv::Size(5000, 700), cv::Size(645, 640)}) {
    SCOPED_TRACE(testing::Message() << size.width << " x " << size.height);
    const File file = samples::Jpeg(samples::Picture(size.width, size.height), {});
    const DecodeResult result = DecodeFile(file);
    ASSERT_TRUE(result.image) << result.error.message;
    const cv::Mat expected = Mat(Shrink(ToImage(cv::imdecode(file, cv::IMREAD_COLOR)), 640));
    ASSERT_EQ(Mat(*result.image).size(), expected.size());
    EXPECT_EQ(std::max(result.image->width_px, result.image->height_px), 640);
    EXPECT_EQ(result.info.width_px, size.width);
    EXPECT_GE(cv::PSNR(Mat(*result.image), expected), 40);
  }
}

TEST(Decode, ReadsLosslessFormatsExactly) {
  const cv::Mat picture = samples::Picture(61, 47);
  const std::map<std::string, PhotoFormat> formats = {{".png", PhotoFormat::kPng},
                                                      {".webp", PhotoFormat::kWebp},
                                                      {".bmp", PhotoFormat::kBmp},
                                                      {".tiff", PhotoFormat::kTiff}};
  for (const auto& [extension, format] : formats) {
    SCOPED_TRACE(extension);
    ExpectPicture(samples::ByOpenCv(picture, extension), format, picture, kExact);
    if (format == PhotoFormat::kWebp) continue;  // It has no grey.
    ExpectPicture(samples::ByOpenCv(Grey(picture), extension), format, Grey(picture), kExact);
  }
}

TEST(Decode, ReadsEveryKindOfBmp) {
  cv::Mat picture = samples::Picture(61, 47);
  picture({10, 5, 20, 10}).setTo(cv::Scalar::all(0));  // Run lengths step over it.
  const std::map<std::string, samples::BmpKind> kinds = {
      {"1 bit", {.bits = 1}},
      {"4 bits", {.bits = 4}},
      {"8 bits", {.bits = 8}},
      {"8 bits, OS/2", {.bits = 8, .header_bytes = 12}},
      {"8 bits, run lengths", {.bits = 8, .compression = 1}},
      {"4 bits, run lengths", {.bits = 4, .compression = 2}},
      {"5, 5, 5", {.bits = 16}},
      {"5, 6, 5", {.bits = 16, .compression = 3, .masks = {0xF800, 0x7E0, 0x1F, 0}}},
      {"24 bits, top down", {.top_down = true}},
      {"24 bits, OS/2", {.header_bytes = 12}},
      {"32 bits", {.bits = 32}},
      {"32 bits, red last", {.bits = 32, .compression = 3, .masks = {0xFF, 0xFF00, 0xFF0000, 0}}},
      {"10 bits each", {.bits = 32, .compression = 3, .masks = {0x3FF00000, 0xFFC00, 0x3FF, 0}}},
      {"24 bits, a mask for alpha", {.header_bytes = 108, .masks = {0xFF0000, 0xFF00, 0xFF, 0xFF000000}}},
      {"alpha", {.bits = 32, .compression = 3, .header_bytes = 108, .masks = {0xFF0000, 0xFF00, 0xFF, 0xFF000000}}},
  };
  for (const auto& [name, kind] : kinds) {
    SCOPED_TRACE(name);
    const samples::Bmp bmp = samples::MakeBmp(picture, kind);
    ExpectPicture(bmp.file, PhotoFormat::kBmp, bmp.shows, kExact);
    File half = bmp.file;
    half.resize(half.size() - half.size() / 3);
    ExpectRefused(half, DecodeErrorCode::kCorrupt);
  }
}

TEST(Decode, Converts16BitTo8) {
  const cv::Mat picture = samples::Picture(61, 47);
  cv::Mat deep;
  picture.convertTo(deep, CV_16U, 257);
  for (const char* extension : {".png", ".tiff"}) {
    ExpectPicture(samples::ByOpenCv(deep, extension), extension[1] == 'p' ? PhotoFormat::kPng : PhotoFormat::kTiff,
                  picture, kExact);
  }
}

TEST(Decode, LaysAlphaOnWhite) {
  const cv::Mat picture = samples::Picture(61, 47);
  cv::Mat with_alpha;
  cv::cvtColor(picture, with_alpha, cv::COLOR_BGR2BGRA);
  cv::Mat expected = picture.clone();
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const int alpha = x < 20 ? 0 : x < 40 ? 100 : 255;
      with_alpha.at<cv::Vec4b>(y, x)[3] = static_cast<uint8_t>(alpha);
      for (int c = 0; c < 3; ++c) {
        uint8_t& value = expected.at<cv::Vec3b>(y, x)[c];
        value = static_cast<uint8_t>(std::lround((value * alpha + 255.0 * (255 - alpha)) / 255));
      }
    }
  }
  ExpectPicture(samples::ByOpenCv(with_alpha, ".png"), PhotoFormat::kPng, expected, kExact);
  // Lossless WebP may change the colour of what is fully transparent, but that is white in any case.
  ExpectPicture(samples::ByOpenCv(with_alpha, ".webp"), PhotoFormat::kWebp, expected, kExact);
  cv::Mat deep;
  with_alpha.convertTo(deep, CV_16U, 257);
  ExpectPicture(samples::ByOpenCv(deep, ".png"), PhotoFormat::kPng, expected, 50);
}

TEST(Decode, ReadsTheFirstFrameOfGifOnItsScreen) {
  cv::Mat grey = Grey(samples::Picture(60, 40));
  cv::Mat expected(50, 80, CV_8UC3, cv::Scalar::all(255));
  for (int y = 0; y < grey.rows; ++y) {
    for (int x = 0; x < grey.cols; ++x) {
      const int color = grey.at<uint8_t>(y, x) / 32;
      if (color != 3) expected.at<cv::Vec3b>(y + 5, x + 12) = cv::Vec3b::all(static_cast<uint8_t>(color * 32));
    }
  }
  for (bool interlaced : {false, true}) {
    ExpectPicture(samples::Gif(grey, {80, 50}, 12, 5, 3, interlaced), PhotoFormat::kGif, expected, kExact);
  }
  // A frame over the edge of its screen is cut there.
  ExpectPicture(samples::Gif(grey, {50, 40}, 12, 5, 3, false), PhotoFormat::kGif, expected({0, 0, 50, 40}), kExact);
}

TEST(Decode, ReadsTheFirstFrameOfAnimatedWebp) {
  const cv::Mat picture = samples::Picture(60, 40);
  cv::Mat expected(50, 80, CV_8UC3, cv::Scalar::all(255));
  picture.copyTo(expected({12, 6, 60, 40}));
  const File still = samples::ByOpenCv(picture, ".webp");
  ExpectPicture(samples::WebpAnimation(still, picture.size(), {80, 50}, 12, 6), PhotoFormat::kWebp, expected, kExact);
}

TEST(Decode, ReadsHeicAndAvif) {
  const cv::Mat upright = samples::Picture(160, 120);
  for (bool avif : {false, true}) {
    for (int orientation : {1, 3, 6, 8}) {
      SCOPED_TRACE(testing::Message() << (avif ? "avif" : "heic") << ", orientation " << orientation);
      // Whoever turns by EXIF again, turns twice.
      const File exif = samples::ExifBlock({6, "Make", "Model", "Serial", "2016:12:05 14:03:11"});
      const auto file = samples::Heif(samples::StoredAs(upright, orientation), avif, orientation, exif);
      if (!file) GTEST_SKIP() << "libheif was built without an encoder for " << (avif ? "AVIF" : "HEIC");
      ExpectPicture(*file, avif ? PhotoFormat::kAvif : PhotoFormat::kHeic, upright, 30);
      const PhotoInfo info = Decode(*file, {}).info;
      EXPECT_EQ(info.orientation, 1);
      EXPECT_EQ(info.camera_model, "Model");
    }
  }
}

// ---- EXIF ----

TEST(Decode, TurnsAllOrientationsUpright) {
  const cv::Mat upright = samples::Picture(96, 64);
  DecodeOptions options;
  options.max_side_px = 50;
  const cv::Mat shrunk = Mat(Shrink(ToImage(upright), 50));
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const cv::Mat stored = samples::StoredAs(upright, orientation);
    const File exif = samples::ExifBlock({orientation, "", "", "", ""});
    samples::JpegKind kind;
    kind.exif = {orientation, "", "", "", ""};
    ExpectPicture(samples::Jpeg(stored, kind), PhotoFormat::kJpeg, upright, 38);
    const File png = samples::PngWithExif(samples::ByOpenCv(stored, ".png"), exif);
    ExpectPicture(png, PhotoFormat::kPng, upright, kExact);
    EXPECT_EQ(cv::norm(Mat(*DecodeFile(png, options).image), shrunk, cv::NORM_INF), 0);
    ExpectPicture(samples::WebpWithExif(samples::ByOpenCv(stored, ".webp"), stored.size(), exif), PhotoFormat::kWebp,
                  upright, kExact);
    for (bool big_endian : {false, true}) {
      const auto [width, height] = std::pair(static_cast<uint32_t>(stored.cols), static_cast<uint32_t>(stored.rows));
      const File tiff = samples::Tiff(Grey(stored), big_endian, orientation, width, height);
      ExpectPicture(tiff, PhotoFormat::kTiff, Grey(upright), kExact);
      EXPECT_EQ(Decode(tiff, {}).info.orientation, orientation);
    }
  }
}

TEST(Decode, ReadsTheCamera) {
  const samples::Exif exif = {1, "NIKON  ", std::string(1000, 'm'), "3001234", "2016:12:05 14:03:11"};
  samples::JpegKind kind;
  kind.exif = exif;
  const cv::Mat picture = samples::Picture(40, 30);
  for (const File& file :
       {samples::Jpeg(picture, kind),
        samples::PngWithExif(samples::ByOpenCv(picture, ".png"), samples::ExifBlock(exif)),
        samples::WebpWithExif(samples::ByOpenCv(picture, ".webp"), picture.size(), samples::ExifBlock(exif))}) {
    const PhotoInfo info = DecodeFile(file).info;
    EXPECT_EQ(info.camera_make, "NIKON");
    EXPECT_EQ(info.camera_model, std::string(256, 'm'));
    EXPECT_EQ(info.camera_serial, "3001234");
    EXPECT_EQ(info.taken_at, "2016:12:05 14:03:11");
  }
}

// ---- What is refused ----

TEST(Decode, RefusesWhatIsNoImage) {
  ExpectRefused({}, DecodeErrorCode::kEmpty);
  for (const std::string& text :
       {std::string("G"), std::string("Bring the tusks on Monday."), std::string("BM it is a text."),
        std::string("<html>"), std::string(10'000, '\0'), std::string("RIFF....WAVE")}) {
    ExpectRefused({text.begin(), text.end()}, DecodeErrorCode::kNotAnImage);
  }
}

TEST(Decode, RefusesTinyPhotos) {
  for (const char* extension : {".png", ".jpg", ".webp", ".bmp", ".tiff"}) {
    ExpectRefused(samples::ByOpenCv(samples::Picture(40, 7), extension), DecodeErrorCode::kTooSmall);
  }
  DecodeOptions options;
  options.min_side_px = 7;
  EXPECT_TRUE(DecodeFile(samples::ByOpenCv(samples::Picture(40, 7), ".png"), options).image);
}

TEST(Decode, KeepsTheTopOfATruncatedJpeg) {
  const cv::Mat picture = samples::Picture(640, 480);
  for (bool progressive : {false, true}) {
    for (int restart_interval : {0, 20}) {
      SCOPED_TRACE(testing::Message() << progressive << restart_interval);
      samples::JpegKind kind;
      kind.progressive = progressive;
      kind.restart_interval = restart_interval;
      const File whole = samples::Jpeg(picture, kind);
      const File half(whole.begin(), whole.begin() + std::ssize(whole) / 2);
      const DecodeResult result = DecodeFile(half);
      ASSERT_TRUE(result.image) << result.error.message;
      EXPECT_TRUE(result.info.truncated);
      const cv::Rect top(0, 0, 640, 120);
      EXPECT_GE(cv::PSNR(Mat(*result.image)(top), picture(top)), 25);
      const uint8_t scan[] = {0xFF, 0xDA};
      const ptrdiff_t header = std::search(whole.begin(), whole.end(), scan, scan + 2) - whole.begin();
      // In a progressive file, a few hundred bytes already hold a coarse tenth of the picture.
      const File start(whole.begin(), whole.begin() + header + (progressive ? 200 : std::ssize(whole) / 50));
      ExpectRefused(start, DecodeErrorCode::kCorrupt);
      EXPECT_TRUE(Decode(start, {}).info.truncated);
    }
  }
}

TEST(Decode, KeepsTheTopOfATruncatedPng) {
  const cv::Mat picture = samples::Picture(640, 480);
  cv::Mat with_alpha;
  cv::cvtColor(picture, with_alpha, cv::COLOR_BGR2BGRA);
  for (const cv::Mat& in : {picture, with_alpha}) {
    const File whole = samples::ByOpenCv(in, ".png");
    const DecodeResult result = DecodeFile({whole.begin(), whole.begin() + std::ssize(whole) / 2});
    ASSERT_TRUE(result.image) << result.error.message;
    EXPECT_TRUE(result.info.truncated);
    const cv::Rect top(0, 0, 640, 120), bottom(0, 400, 640, 80);
    EXPECT_GE(cv::PSNR(Mat(*result.image)(top), picture(top)), kExact);
    EXPECT_GE(cv::PSNR(Mat(*result.image)(bottom), cv::Mat(80, 640, CV_8UC3, cv::Scalar::all(128))), kExact);
    ExpectRefused({whole.begin(), whole.begin() + std::ssize(whole) / 50}, DecodeErrorCode::kCorrupt);
    // A damaged byte ends it as well: libpng does not go on after it.
    File damaged = whole;
    damaged[damaged.size() / 2] ^= 0x55;
    EXPECT_TRUE(DecodeFile(damaged).info.truncated);
  }
}

TEST(Decode, CountsRowsWhenAFileIsCutAndEndedProperly) {
  File file = samples::Jpeg(samples::Picture(640, 480), {});
  file.resize(file.size() / 20);
  file.insert(file.end(), {0xFF, 0xD9});
  ExpectRefused(file, DecodeErrorCode::kCorrupt);
}

TEST(Decode, RefusesAProgressiveBomb) {
  samples::JpegKind kind;
  kind.every_coefficient_alone = true;
  ExpectRefused(samples::Jpeg(samples::Picture(64, 64), kind), DecodeErrorCode::kTooLarge);
}

// Each claims 60000 x 60000 pixels: 3.6 GB at a byte per pixel.
TEST(Decode, RefusesHeaderBombsWithoutAllocating) {
  const cv::Mat picture = samples::Picture(32, 32);
  const auto patched = [&](const char* extension, size_t at, const std::vector<uint8_t>& bytes) {
    File file = samples::ByOpenCv(picture, extension);
    std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<ptrdiff_t>(at));
    return file;
  };
  File jpeg = samples::Jpeg(picture, {});
  for (size_t i = 0; i + 9 < jpeg.size(); ++i) {
    if (jpeg[i] == 0xFF && jpeg[i + 1] == 0xC0) {
      jpeg[i + 5] = jpeg[i + 7] = 0xEA;
      jpeg[i + 6] = jpeg[i + 8] = 0x60;
      break;
    }
  }
  const std::map<std::string, File> bombs = {
      {"jpeg", jpeg},
      {"png", patched(".png", 16, {0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60})},
      {"bmp", patched(".bmp", 18, {0x60, 0xEA, 0, 0, 0x60, 0xEA, 0, 0})},
      {"tiff", samples::Tiff(Grey(picture), false, 1, 60000, 60000)},
      {"tiff, big-endian", samples::Tiff(Grey(picture), true, 1, 60000, 60000)},
      {"gif screen", samples::Gif(Grey(picture), {60000, 60000}, 0, 0, -1, false)},
      {"webp canvas",
       samples::WebpAnimation(samples::ByOpenCv(picture, ".webp"), picture.size(), {60000, 60000}, 0, 0)},
  };
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  for (const auto& [name, file] : bombs) {
    SCOPED_TRACE(name);
    ASSERT_LT(file.size(), 8000u);
    ExpectRefused(file, DecodeErrorCode::kTooLarge);
    const PhotoInfo info = Decode(file, {}).info;
    EXPECT_EQ(info.width_px, 60000);
    EXPECT_EQ(info.height_px, 60000);
  }
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 8 << 10) << "KiB";
}

TEST(Decode, HonoursItsBudgets) {
  const cv::Mat picture = samples::Picture(64, 48);
  samples::JpegKind progressive;
  progressive.progressive = true;
  const std::vector<File> files = {
      samples::Jpeg(picture, progressive), samples::ByOpenCv(picture, ".png"),
      samples::ByOpenCv(picture, ".webp"), samples::ByOpenCv(picture, ".bmp"),
      samples::ByOpenCv(picture, ".tiff"), samples::Gif(Grey(picture), picture.size(), 0, 0, -1, false)};
  for (const File& file : files) {
    SCOPED_TRACE(PhotoFormatName(Decode(file, {}).info.format));
    DecodeOptions pixels, side, bytes;
    pixels.max_photo_pixels = 64 * 48 - 1;
    side.max_photo_side_px = 63;
    bytes.max_decoded_bytes = 64 * 48 - 1;
    for (const DecodeOptions& options : {pixels, side}) ExpectRefused(file, DecodeErrorCode::kTooLarge, options);
    // PNG and BMP pass through row by row.
    const PhotoFormat format = Decode(file, {}).info.format;
    if (format == PhotoFormat::kPng || format == PhotoFormat::kBmp) continue;
    ExpectRefused(file, DecodeErrorCode::kTooLarge, bytes);
  }
}

// ---- Thumbnails ----

TEST(EncodeThumbnail, GivesASmallJpeg) {
  const cv::Mat picture = samples::Picture(640, 480);
  for (const cv::Mat& in : {picture, Grey(picture)}) {
    const std::vector<uint8_t> jpeg = EncodeThumbnail(ToImage(in), 256, 85);
    EXPECT_LT(jpeg.size(), 20'000u);
    ExpectPicture(jpeg, PhotoFormat::kJpeg, Mat(Shrink(ToImage(in), 256)), 34);
  }
  EXPECT_EQ(DecodeFile(EncodeThumbnail(ToImage(samples::Picture(30, 20)), 256, 85)).info.width_px, 30);
}

// ---- Hostile input ----

TEST(Decode, SurvivesMutatedFiles) {
  const cv::Mat picture = samples::Picture(64, 48);
  const samples::Exif exif = {6, "Make", "Model", "Serial", "2016:12:05 14:03:11"};
  samples::JpegKind baseline, progressive, arithmetic, cmyk;
  baseline.exif = exif;
  baseline.restart_interval = 3;
  progressive.progressive = true;
  arithmetic.arithmetic = true;
  cmyk.colors = samples::JpegColors::kYcck;
  cv::Mat with_alpha, deep;
  cv::cvtColor(picture, with_alpha, cv::COLOR_BGR2BGRA);
  picture.convertTo(deep, CV_16U, 257);
  std::vector<File> seeds = {
      samples::Jpeg(picture, baseline),
      samples::Jpeg(picture, progressive),
      samples::Jpeg(picture, arithmetic),
      samples::Jpeg(picture, cmyk),
      samples::PngWithExif(samples::ByOpenCv(picture, ".png"), samples::ExifBlock(exif)),
      samples::ByOpenCv(deep, ".png"),
      samples::ByOpenCv(with_alpha, ".webp"),
      samples::WebpWithExif(samples::ByOpenCv(picture, ".webp"), picture.size(), samples::ExifBlock(exif)),
      samples::WebpAnimation(samples::ByOpenCv(picture, ".webp"), picture.size(), {80, 60}, 4, 4),
      samples::ByOpenCv(picture, ".bmp"),
      samples::ByOpenCv(with_alpha, ".bmp"),
      samples::ByOpenCv(picture, ".tiff"),
      samples::Tiff(Grey(picture), true, 5, 64, 48),
      samples::Gif(Grey(picture), {80, 60}, 4, 4, 3, true)};
  for (bool avif : {false, true}) {
    if (auto file = samples::Heif(picture, avif, 6, samples::ExifBlock(exif))) seeds.push_back(*std::move(file));
  }
  DecodeOptions options;
  options.max_photo_pixels = 4'000'000;
  std::mt19937_64 random(20261124);
  for (const File& seed : seeds) {
    const bool is_heif = Decode(seed, {}).info.format >= PhotoFormat::kHeic;
    for (int i = 0; i < (is_heif ? 100 : 1000); ++i)
      ExpectImageXorError(Decode(Mutate(seed, &random), options), options);
  }
}

TEST(Decode, SurvivesTheHostileSet) {
  const char* data = std::getenv("PUGMARK_DATA");
  if (data == nullptr || !std::filesystem::is_directory(std::filesystem::path(data) / "hostile")) {
    GTEST_SKIP() << "NOT TESTED against hostile files: set PUGMARK_DATA to a directory that holds hostile/.";
  }
  int files = 0, images = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::filesystem::path(data) / "hostile")) {
    if (!entry.is_regular_file()) continue;
    SCOPED_TRACE(EscapeText(entry.path().string()));
    const auto start = std::chrono::steady_clock::now();
    images += DecodeFile(ReadFile(entry.path(), 1 << 30)).image.has_value();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    ++files;
  }
  EXPECT_GT(files, 0);
  RecordProperty("files", files);
  RecordProperty("images", images);
}

}  // namespace
}  // namespace pugmark
