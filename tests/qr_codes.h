// SPDX-License-Identifier: Apache-2.0
//
// QR codes for tests, by ZXing's own writer; and what keeps its reader busy.
#pragma once

#define ZX_USE_UTF8 1
#include <ZXing/BitMatrix.h>
#include <ZXing/MultiFormatWriter.h>

#include <opencv2/imgproc.hpp>
#include <string>

namespace pugmark {

// Black on white, BGR, with a margin of two modules.
inline cv::Mat QrCode(const std::string& text, int side_px) {
  const ZXing::BitMatrix code =
      ZXing::MultiFormatWriter(ZXing::BarcodeFormat::QRCode).setMargin(2).encode(text, side_px, side_px);
  cv::Mat picture(code.height(), code.width(), CV_8UC3, cv::Scalar(255, 255, 255));
  for (int y = 0; y < code.height(); ++y) {
    for (int x = 0; x < code.width(); ++x) {
      if (code.get(x, y)) picture.at<cv::Vec3b>(y, x) = {0, 0, 0};
    }
  }
  return picture;
}

// Nothing but corners of codes, by threes of which a reader looks for a code: grey.
inline cv::Mat FinderPatterns(int side_px) {
  cv::Mat picture(side_px, side_px, CV_8UC1, cv::Scalar(255));
  for (int y = 1; y + 8 <= side_px; y += 8) {
    for (int x = 1; x + 8 <= side_px; x += 8) {
      picture(cv::Rect(x, y, 7, 7)).setTo(0);
      picture(cv::Rect(x + 1, y + 1, 5, 5)).setTo(255);
      picture(cv::Rect(x + 2, y + 2, 3, 3)).setTo(0);
    }
  }
  return picture;
}

}  // namespace pugmark
