// SPDX-License-Identifier: Apache-2.0
#include "engine/features/parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "engine/features/describe.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// As it arrives: JPEG disturbs what is uniform.
cv::Mat ThroughJpeg(const cv::Mat& picture, std::vector<uint8_t>* bytes = nullptr) {
  std::vector<uint8_t> jpeg;
  cv::imencode(".jpg", picture, jpeg, {cv::IMWRITE_JPEG_QUALITY, 75});
  if (bytes) *bytes = jpeg;
  return cv::imdecode(jpeg, cv::IMREAD_COLOR);
}

cv::Mat Page(int width_px, int height_px, double grey = 250) {
  return cv::Mat(height_px, width_px, CV_8UC3, cv::Scalar::all(grey));
}

void Put(const cv::Mat& picture, int x, int y, cv::Mat* page) {
  picture.copyTo((*page)(cv::Rect(x, y, picture.cols, picture.rows)));
}

void WriteText(int x, int y, cv::Mat* page) {
  cv::putText(*page, "very good condition, pick up only", {x, y}, cv::FONT_HERSHEY_SIMPLEX, 0.5, cv::Scalar::all(20), 1,
              cv::LINE_AA);
}

// Each side to within `slack` pixels.
MATCHER_P2(IsNear, r, slack, "") {
  return std::abs(arg.x - r.x) <= slack && std::abs(arg.y - r.y) <= slack &&
         std::abs(arg.width - r.width) <= 2 * slack && std::abs(arg.height - r.height) <= 2 * slack;
}
auto Near(int x, int y, int width, int height) { return IsNear(PixelRectangle{x, y, width, height}, 3); }

TEST(PartsTest, PhotoIsOnePicture) {
  for (uint64_t seed = 0; seed < 10; ++seed) EXPECT_THAT(FindParts(ToImage(ThroughJpeg(MakePicture(seed)))), IsEmpty());
  EXPECT_THAT(FindParts(ToImage(Page(300, 200))), IsEmpty()) << "nothing in it";
  EXPECT_THAT(FindParts(ToImage(Page(1, 1))), IsEmpty());
}

TEST(PartsTest, CollageIsCutAlongGuttersOfAnyColour) {
  for (const double grey : {0.0, 130.0, 255.0}) {
    cv::Mat page = Page(610, 410, grey);
    Put(MakePicture(1, 300, 200), 0, 0, &page);
    Put(MakePicture(2, 300, 200), 310, 0, &page);
    Put(MakePicture(3, 610, 200), 0, 210, &page);
    EXPECT_THAT(FindParts(ToImage(ThroughJpeg(page))),
                ElementsAre(Near(0, 0, 300, 200), Near(310, 0, 300, 200), Near(0, 210, 610, 200)))
        << grey;
  }
}

TEST(PartsTest, GreyPicturesAreCutAlike) {
  cv::Mat page = Page(610, 300);
  Put(MakePicture(1, 300, 300), 0, 0, &page);
  Put(MakePicture(2, 300, 300), 310, 0, &page);
  cv::Mat grey;
  cv::cvtColor(page, grey, cv::COLOR_BGR2GRAY);
  EXPECT_EQ(FindParts(ToImage(grey)).size(), 2u);
}

TEST(PartsTest, ScreenshotIsThePhotoInIt) {
  cv::Mat page = Page(360, 640);
  WriteText(20, 40, &page);
  Put(MakePicture(4, 320, 240), 20, 80, &page);
  for (int line = 0; line < 6; ++line) WriteText(20, 360 + 30 * line, &page);
  EXPECT_THAT(FindParts(ToImage(ThroughJpeg(page))), ElementsAre(Near(20, 80, 320, 240)));
}

// Speech bubbles and bars have more area than the photo.
TEST(PartsTest, AChatAroundAWidePhotoIsCutAway) {
  cv::Mat page = Page(360, 800);
  cv::rectangle(page, cv::Rect(0, 0, 360, 80), cv::Scalar(130, 60, 80), cv::FILLED);
  WriteText(20, 50, &page);
  Put(MakePicture(4, 300, 150), 30, 210, &page);
  for (const int y : {90, 130, 170, 390, 430, 470, 510, 550, 590, 630, 670, 710}) {
    cv::rectangle(page, cv::Rect(10 + 30 * (y % 3), y, 290, 32), cv::Scalar::all(y % 20 == 10 ? 225 : 120), cv::FILLED);
    WriteText(20 + 30 * (y % 3), y + 21, &page);
  }
  EXPECT_THAT(FindParts(ToImage(ThroughJpeg(page))), ElementsAre(Near(30, 210, 300, 150)));
}

// Scattered small things are not pictures in a page: none of them may be lost.
TEST(PartsTest, ManySmallThingsOnAPlainGroundStayTogether) {
  cv::Mat page = Page(640, 480);
  for (int i = 0; i < 30; ++i)
    Put(MakePicture(10 + static_cast<uint64_t>(i), 40, 40), 20 + 100 * (i % 6), 15 + 95 * (i / 6), &page);
  EXPECT_THAT(FindParts(ToImage(ThroughJpeg(page))), IsEmpty());
}

TEST(PartsTest, AThinMarginIsNoFrame) {
  cv::Mat page = Page(520, 400);
  Put(MakePicture(5, 480, 360), 20, 20, &page);
  EXPECT_THAT(FindParts(ToImage(ThroughJpeg(page))), IsEmpty());
}

TEST(DescribePhotoTest, PartsAreDescribedAsLargeAsThePhotoAllows) {
  FeatureOptions options;
  options.working_size_px = 400;
  options.max_keypoints = 200;
  cv::Mat page = Page(820, 820);
  const cv::Mat tile = MakePicture(6, 400, 400);
  Put(tile, 420, 420, &page);
  for (int i = 0; i < 3; ++i)
    Put(MakePicture(20 + static_cast<uint64_t>(i), 400, 400), 420 * (i % 2), 420 * (i / 2), &page);
  std::vector<uint8_t> bytes;
  ThroughJpeg(page, &bytes);
  DecodeOptions decode;
  decode.max_side_px = 400;
  const DecodeResult decoded = Decode(bytes, decode);
  const Features f = DescribePhoto(bytes, decode, decoded.info, *decoded.image, options);
  EXPECT_EQ(f.width_px, 400);
  EXPECT_EQ(f.height_px, 400);
  EXPECT_TRUE(f.pdq.has_value());
  EXPECT_LE(f.size(), static_cast<size_t>(MostKeypointsOfPhoto(options)));

  // Most keypoints of the tile, described by itself, have their twin in it: at its place, its scale and with its
  // descriptor.
  options.max_keypoints = 100;
  const Features alone = ExtractFeatures(ToImage(tile), options);
  const float scale = 400.0f / 820;
  size_t num_twins = 0;
  for (size_t i = 0; i < alone.size(); ++i) {
    const Keypoint& p = alone.keypoints[i];
    for (size_t k = 0; k < f.size(); ++k) {
      const Keypoint& q = f.keypoints[k];
      int distance = 0;
      for (int d = 0; d < kDescriptorSize; ++d) {
        const int difference = alone.descriptor(i)[static_cast<size_t>(d)] - f.descriptor(k)[static_cast<size_t>(d)];
        distance += difference * difference;
      }
      if (std::hypot((p.x_px + 420) * scale - q.x_px, (p.y_px + 420) * scale - q.y_px) < 1 &&
          std::fabs(std::log2(p.scale_px * scale / q.scale_px)) < 0.2f && distance < 150 * 150) {
        ++num_twins;
        break;
      }
    }
  }
  EXPECT_GE(num_twins, 60u) << "of " << alone.size();
}

TEST(DescribePhotoTest, WhatStandsBesideThePartsGivesNoKeypoints) {
  cv::Mat page = Page(360, 640);
  WriteText(20, 40, &page);
  Put(MakePicture(7, 320, 240), 20, 80, &page);
  for (int line = 0; line < 6; ++line) WriteText(20, 360 + 30 * line, &page);
  std::vector<uint8_t> bytes;
  const Image image = ToImage(ThroughJpeg(page, &bytes));
  const Features f = DescribePhoto(bytes, {}, Decode(bytes, {}).info, image, {});
  EXPECT_GT(f.size(), 100u);
  for (const Keypoint& p : f.keypoints) {
    EXPECT_TRUE(p.x_px >= 17 && p.x_px <= 343 && p.y_px >= 77 && p.y_px <= 323) << p.x_px << " " << p.y_px;
  }
}

TEST(DescribePhotoTest, APhotoIsDescribedAsItIs) {
  std::vector<uint8_t> bytes;
  const Image image = ToImage(ThroughJpeg(MakePicture(8), &bytes));
  const Features f = DescribePhoto(bytes, {}, Decode(bytes, {}).info, image, {}), expected = ExtractFeatures(image, {});
  EXPECT_EQ(f.descriptors, expected.descriptors);
}

}  // namespace
}  // namespace pugmark
