// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/opencv.h"

#include <fmt/format.h>

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <vector>

#include "engine/decode/checks.h"
#include "index/base/files.h"

namespace pugmark::decode {
namespace {

// The 8 most significant bits, rounded; floating point counts from 0 to 1.
uint8_t To8Bit(uint8_t value) { return value; }
uint8_t To8Bit(uint16_t value) { return static_cast<uint8_t>((value * 255u + 32767u) / 65535u); }
uint8_t To8Bit(double value) { return static_cast<uint8_t>(value > 0 ? std::min(value, 1.0) * 255.0 + 0.5 : 0.0); }

// Writes `width` pixels of 1 or 3 channels.
template <typename T>
void ConvertRow(const T* in, int width, int in_channels, const Raster& raster, uint8_t* out) {
  const int out_channels = in_channels == 1 || raster.grey ? 1 : 3;
  const Alpha alpha = in_channels == 4 ? raster.alpha : Alpha::kNone;
  for (int x = 0; x < width; ++x, in += in_channels, out += out_channels) {
    for (int c = 0; c < out_channels; ++c) out[c] = To8Bit(in[c]);
    if (alpha == Alpha::kStraight) {
      for (int c = 0; c < out_channels; ++c) out[c] = OnWhite(out[c], To8Bit(in[3]));
    } else if (alpha == Alpha::kPremultiplied) {
      for (int c = 0; c < out_channels; ++c) out[c] = PremultipliedOnWhite(out[c], To8Bit(in[3]));
    } else if (raster.transparent_grey && in_channels == 1 && static_cast<double>(in[0]) == *raster.transparent_grey) {
      out[0] = 255;
    }
  }
}

void ConvertRow(const cv::Mat& picture, int y, int width, const Raster& raster, uint8_t* out) {
  switch (picture.depth()) {
    case CV_8U: return ConvertRow(picture.ptr<uint8_t>(y), width, picture.channels(), raster, out);
    case CV_16U: return ConvertRow(picture.ptr<uint16_t>(y), width, picture.channels(), raster, out);
    case CV_32F: return ConvertRow(picture.ptr<float>(y), width, picture.channels(), raster, out);
    default: return ConvertRow(picture.ptr<double>(y), width, picture.channels(), raster, out);
  }
}

}  // namespace

Failure DecodeByOpenCv(Bytes file, PhotoFormat format, const Raster& raster, int max_side_px, Image* image) {
  static const auto silent = cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  static_cast<void>(silent);
  cv::Mat picture;
  try {
    // OpenCV takes no const input, but only reads it.
    const cv::Mat input(1, static_cast<int>(file.size()), CV_8UC1, const_cast<uint8_t*>(file.data()));
    picture = cv::imdecode(
        input, raster.has_palette ? cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION : cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception& e) {
    return Refuse(e.code == cv::Error::StsNoMem ? DecodeErrorCode::kTooLarge : DecodeErrorCode::kCorrupt,
                  fmt::format("OpenCV: {}.", EscapeText(e.err)));
  }
  if (picture.empty()) {
    return Refuse(
        DecodeErrorCode::kCorrupt,
        fmt::format("Its {} data is damaged, ends early or is of a kind that is not read.", PhotoFormatName(format)));
  }
  if (Size{picture.cols, picture.rows} != raster.size) {
    return Refuse(DecodeErrorCode::kCorrupt,
                  fmt::format("Its header claims {} x {} pixels, but it holds {} x {}.", raster.size.width_px,
                              raster.size.height_px, picture.cols, picture.rows));
  }
  const int depth = picture.depth();
  const int in_channels = picture.channels();
  if ((depth != CV_8U && depth != CV_16U && depth != CV_32F && depth != CV_64F) ||
      (in_channels != 1 && in_channels != 3 && in_channels != 4)) {
    return Refuse(
        DecodeErrorCode::kUnsupported,
        fmt::format("Its pixels are of a kind that is not read ({} channels of OpenCV depth {}).", in_channels, depth));
  }

  const int channels = in_channels == 1 || raster.grey ? 1 : 3;
  RowShrinker shrinker(raster.photo, ShrunkSize(raster.photo, max_side_px), channels);
  const int visible_width = std::min(picture.cols, raster.photo.width_px - raster.left_px);
  std::vector<uint8_t> row(static_cast<size_t>(raster.photo.width_px) * static_cast<size_t>(channels));
  for (int y = 0; y < raster.photo.height_px; ++y) {
    std::fill(row.begin(), row.end(), uint8_t{255});
    const int picture_y = y - raster.top_px;
    if (picture_y >= 0 && picture_y < picture.rows && visible_width > 0) {
      ConvertRow(picture, picture_y, visible_width, raster,
                 row.data() + static_cast<ptrdiff_t>(raster.left_px) * channels);
    }
    shrinker.AddRow(row.data());
  }
  *image = shrinker.Take();
  return std::nullopt;
}

}  // namespace pugmark::decode
