// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/qr_codes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>

#include "tests/pictures.h"
#include "tests/qr_codes.h"

namespace pugmark {
namespace {

using testing::Contains;
using testing::UnorderedElementsAreArray;

const QrCodes kNone;

// A code in the middle of a picture, side_px without its margin, turned, its black and white being `dark` and `light`;
// then a JPEG.
Image PictureWith(const std::string& text, int side_px, double turn_deg, int dark, int light) {
  cv::Mat picture = MakePicture(3, 640, 480);
  cv::Mat code = QrCode(text, 2 * side_px), laid = picture.clone(), mask;
  code.convertTo(code, -1, (light - dark) / 255.0, dark);
  const cv::Point2f centre(static_cast<float>(code.cols) / 2, static_cast<float>(code.rows) / 2);
  cv::Mat turn = cv::getRotationMatrix2D(centre, turn_deg, 0.5);
  turn.at<double>(0, 2) += 320 - centre.x;
  turn.at<double>(1, 2) += 240 - centre.y;
  cv::warpAffine(code, laid, turn, picture.size(), cv::INTER_AREA);
  cv::warpAffine(cv::Mat(code.size(), CV_8UC1, cv::Scalar(255)), mask, turn, picture.size());
  laid.copyTo(picture, mask > 127);
  std::vector<uint8_t> jpeg;
  cv::imencode(".jpg", picture, jpeg, {cv::IMWRITE_JPEG_QUALITY, 80});
  return ToImage(cv::imdecode(jpeg, cv::IMREAD_COLOR));
}

TEST(ReadQrCodes, OfASixthOfThePictureAndMore) {
  int num_tried = 0, num_read = 0;
  for (const int side_px : {107, 160, 240, 320}) {
    for (const double turn_deg : {0, 7, 30, 45, 90, 137, 180}) {
      for (const auto& [dark, light] : {std::pair(0, 255), {30, 180}, {60, 140}}) {
        const std::string text = "https://chat.example/ndovu?x=" + std::to_string(++num_tried);
        const QrCodes codes = ReadQrCodes(PictureWith(text, side_px, turn_deg, dark, light));
        num_read += static_cast<int>(std::count(codes.begin(), codes.end(), text));
      }
    }
  }
  // ZXing 1.4 misses two or three that look like the others; which, the last bit of the rotated picture decides.
  EXPECT_GE(num_read, 79) << "of " << num_tried;
}

TEST(ReadQrCodes, ReadsFour) {
  cv::Mat picture(480, 640, CV_8UC3, cv::Scalar(255, 255, 255));
  std::vector<std::string> texts;
  for (int i = 0; i < 4; ++i) {
    texts.push_back("code " + std::to_string(i));
    QrCode(texts.back(), 150).copyTo(picture(cv::Rect(20 + 200 * (i % 3), 20 + 200 * (i / 3), 150, 150)));
  }
  EXPECT_THAT(ReadQrCodes(ToImage(picture)), UnorderedElementsAreArray(texts));
}

TEST(ReadQrCodes, ReadsTheLongestWhole) {
  // What a byte of an old code page becomes as UTF-8 is at most three.
  for (const std::string& longest : {std::string(7'089, '7'), std::string(2'953, 'x')}) {
    EXPECT_THAT(ReadQrCodes(ToImage(QrCode(longest, 800))), Contains(longest));
    EXPECT_LE(3 * 2'953u, decode::kMaxQrCodeBytes);
  }
}

TEST(ReadQrCodes, SurvivesNoise) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    cv::Mat noise(480, 640, CV_8UC1);
    cv::RNG rng(seed + 1);
    rng.fill(noise, cv::RNG::UNIFORM, 0, 256);
    EXPECT_EQ(ReadQrCodes(ToImage(noise)), kNone);
    // Modules like those of a code, with its corners.
    cv::Mat modules;
    cv::resize(noise(cv::Rect(0, 0, 60, 45)) > 127, modules, noise.size(), 0, 0, cv::INTER_NEAREST);
    cv::Mat corner;
    cv::cvtColor(QrCode("x", 210)(cv::Rect(0, 0, 90, 90)), corner, cv::COLOR_BGR2GRAY);
    for (const cv::Point at : {cv::Point(20, 20), cv::Point(300, 20), cv::Point(20, 300)}) {
      corner.copyTo(modules(cv::Rect(at, corner.size())));
    }
    EXPECT_EQ(ReadQrCodes(ToImage(modules)), kNone);
  }
  EXPECT_EQ(ReadQrCodes({1, 1, 1, {0}}), kNone);
  EXPECT_EQ(ReadQrCodes(ToImage(FinderPatterns(120))), kNone);
}

}  // namespace
}  // namespace pugmark
