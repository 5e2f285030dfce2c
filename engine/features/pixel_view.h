// SPDX-License-Identifier: Apache-2.0
//
// Our images as OpenCV sees them. For the .cc files of the rooms that use OpenCV.
#pragma once

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "engine/decode/decode.h"

namespace pugmark {

// A view of the image's pixels, not to be written to, valid as long as they are.
inline cv::Mat PixelsOf(const Image& image) {
  return {image.height_px, image.width_px, CV_8UC(image.channels), const_cast<uint8_t*>(image.pixels.data())};
}

// A view if the image is grey already, otherwise a copy.
inline cv::Mat GreyOf(const Image& image) {
  if (image.channels == 1) return PixelsOf(image);
  cv::Mat grey;
  cv::cvtColor(PixelsOf(image), grey, cv::COLOR_BGR2GRAY);
  return grey;
}

}  // namespace pugmark
