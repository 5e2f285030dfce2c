// SPDX-License-Identifier: Apache-2.0
//
// Pictures that tests make themselves: seeded, full of distinct detail, so that a picture is unlike every other.
#pragma once

#include <cstdint>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "engine/decode/decode.h"

namespace pugmark {

// Blobs and strokes of random place, size and tone on a soft ground; BGR.
inline cv::Mat MakePicture(uint64_t seed, int width_px = 480, int height_px = 360) {
  cv::RNG rng(seed * 0x9E3779B97F4A7C15ull + 12345);
  cv::Mat picture(height_px, width_px, CV_8UC3, cv::Scalar(rng.uniform(90, 170), rng.uniform(90, 170), rng.uniform(90, 170)));
  for (int i = 0; i < 160; ++i) {
    const cv::Point at(rng.uniform(0, width_px), rng.uniform(0, height_px));
    const cv::Scalar tone(rng.uniform(0, 256), rng.uniform(0, 256), rng.uniform(0, 256));
    if (i % 3 == 0) {
      cv::ellipse(picture, at, cv::Size(rng.uniform(3, 28), rng.uniform(3, 28)), rng.uniform(0, 180), 0, 360, tone,
                  cv::FILLED, cv::LINE_AA);
    } else {
      const cv::Point to(at.x + rng.uniform(-50, 50), at.y + rng.uniform(-50, 50));
      cv::line(picture, at, to, tone, rng.uniform(1, 7), cv::LINE_AA);
    }
  }
  cv::GaussianBlur(picture, picture, cv::Size(0, 0), 0.8);
  return picture;
}

inline Image ToImage(const cv::Mat& bgr) {
  Image image;
  image.width_px = bgr.cols;
  image.height_px = bgr.rows;
  image.channels = bgr.channels();
  const cv::Mat packed = bgr.isContinuous() ? bgr : bgr.clone();
  image.pixels.assign(packed.data, packed.data + packed.total() * packed.elemSize());
  return image;
}

inline void WriteJpeg(const std::string& path, const cv::Mat& bgr, int quality = 90) {
  cv::imwrite(path, bgr, {cv::IMWRITE_JPEG_QUALITY, quality});
}

}  // namespace pugmark
