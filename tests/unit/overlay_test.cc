// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/overlay.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "tests/pictures.h"

namespace pugmark {
namespace {

constexpr Transform kIdentity = {1, 0, 0, 0, 1, 0, 0, 0, 1};

cv::Mat MatOf(const Image& image) {
  return cv::Mat(image.height_px, image.width_px, CV_8UC(image.channels), const_cast<uint8_t*>(image.pixels.data()))
      .clone();
}

OverlaySide SideOf(const Image& image) { return {&image, image.width_px, image.height_px}; }

double MeanDifference(const Image& a, const Image& b, const cv::Rect& where) {
  cv::Mat difference;
  cv::absdiff(MatOf(a)(where), MatOf(b)(where), difference);
  const cv::Scalar mean = cv::mean(difference);
  return (mean[0] + mean[1] + mean[2]) / 3;
}

cv::Rect Inside(const Image& image, int border_px) {
  return {border_px, border_px, image.width_px - 2 * border_px, image.height_px - 2 * border_px};
}

TEST(Overlay, EqualPicturesLieExactlyOnEachOther) {
  const Image picture = ToImage(MakePicture(1));
  const auto overlay = LayOver(SideOf(picture), SideOf(picture), kIdentity, 800);
  ASSERT_TRUE(overlay);
  EXPECT_EQ(overlay->query.width_px, 480);
  EXPECT_EQ(overlay->query.height_px, 360);
  EXPECT_EQ(overlay->query.pixels, overlay->photo.pixels);
  EXPECT_LT(cv::mean(MatOf(overlay->difference))[2], 4) << "Black.";
}

// A crop, twice as large: the photo is cut to what it shows, and a little more.
TEST(Overlay, IsOfTheCommonPart) {
  const cv::Mat original = MakePicture(2);
  cv::Mat crop;
  cv::resize(original(cv::Rect(200, 100, 160, 120)), crop, cv::Size(320, 240), 0, 0, cv::INTER_CUBIC);
  const Image query = ToImage(crop), photo = ToImage(original);
  const auto overlay = LayOver(SideOf(query), SideOf(photo), {0.5, 0, 200, 0, 0.5, 100, 0, 0, 1}, 800);
  ASSERT_TRUE(overlay);
  // As fine as the finer of the two: 2 pixels per pixel of the photo; a margin of 4 % on each side.
  EXPECT_NEAR(overlay->photo.width_px, 320 * 1.08, 4);
  EXPECT_LT(MeanDifference(overlay->query, overlay->photo, Inside(overlay->photo, 24)), 6);
  EXPECT_EQ(MatOf(overlay->query).at<cv::Vec3b>(0, 0), cv::Vec3b(128, 128, 128)) << "The query shows nothing there.";
  EXPECT_EQ(MatOf(overlay->difference).at<cv::Vec3b>(0, 0), cv::Vec3b(128, 128, 128)) << "Not compared.";
  EXPECT_NE(MatOf(overlay->photo).at<cv::Vec3b>(0, 0), cv::Vec3b(128, 128, 128));
}

// A query turned by 45 degrees that reaches into the photo with one corner: not the whole height that it spans beside
// it.
TEST(Overlay, IsCutToWhatTheQueryCovers) {
  const Image query = ToImage(MakePicture(4, 400, 400)), photo = ToImage(MakePicture(5));
  const double c = std::sqrt(0.5);
  const auto overlay = LayOver(SideOf(query), SideOf(photo), {c, -c, 723, c, c, -103, 0, 0, 1}, 800);
  ASSERT_TRUE(overlay);
  EXPECT_NEAR(overlay->photo.width_px, 40 + 3,
              2);  // A margin of 4 % of 80 on each side that is not the photo's border.
  EXPECT_NEAR(overlay->photo.height_px, 80 + 6, 2);
}

// Half a pixel of error in the conventions would show as an edge everywhere.
TEST(Overlay, MirrorsTurnsAndShrinks) {
  const cv::Mat original = MakePicture(3);
  cv::Mat turned, small;
  cv::rotate(original, turned, cv::ROTATE_90_CLOCKWISE);
  cv::flip(turned, turned, 1);
  cv::resize(turned, small, cv::Size(), 0.5, 0.5, cv::INTER_AREA);
  const Image photo = ToImage(original), query = ToImage(small);
  // Turned clockwise and mirrored: (x, y) of the original is (y, x) there.
  const auto overlay = LayOver(SideOf(query), SideOf(photo), {0, 2, 0, 2, 0, 0, 0, 0, 1}, 240);
  ASSERT_TRUE(overlay);
  EXPECT_EQ(overlay->photo.width_px, 240);
  EXPECT_EQ(overlay->photo.height_px, 180);
  EXPECT_LT(MeanDifference(overlay->query, overlay->photo, Inside(overlay->photo, 4)), 4);
}

TEST(Overlay, TheTransformIsOfOriginalsWhateverTheSizeOfThePictures) {
  const Image large = ToImage(MakePicture(4, 480, 360));
  const Image small = Shrink(large, 240);
  const auto overlay = LayOver({&small, 480, 360}, {&large, 480, 360}, kIdentity, 240);
  ASSERT_TRUE(overlay);
  EXPECT_LT(MeanDifference(overlay->query, overlay->photo, Inside(overlay->photo, 4)), 4);
}

TEST(Overlay, BrightnessIsNoDifferenceAndWhatWasAddedIs) {
  const cv::Mat original = MakePicture(5);
  cv::Mat edited;
  original.convertTo(edited, CV_8U, 0.7, 30);
  cv::rectangle(edited, cv::Rect(300, 200, 80, 60), cv::Scalar(255, 255, 255), cv::FILLED);
  const Image query = ToImage(edited), photo = ToImage(original);
  const auto overlay = LayOver(SideOf(query), SideOf(photo), kIdentity, 800);
  ASSERT_TRUE(overlay);
  const cv::Mat difference = MatOf(overlay->difference);
  EXPECT_LT(cv::mean(difference(cv::Rect(20, 20, 200, 200)))[2], 40);
  EXPECT_GT(cv::mean(difference(cv::Rect(305, 205, 70, 50)))[2], 120);
}

TEST(Overlay, GreyPicturesAreLaidOverColouredOnes) {
  const Image photo = ToImage(MakePicture(6));
  cv::Mat grey;
  cv::cvtColor(MakePicture(6), grey, cv::COLOR_BGR2GRAY);
  const auto overlay = LayOver(SideOf(ToImage(grey)), SideOf(photo), kIdentity, 100);
  ASSERT_TRUE(overlay);
  EXPECT_EQ(overlay->query.channels, 3);
  EXPECT_EQ(overlay->query.width_px, 100);
}

TEST(Overlay, RefusesWhatCannotBeLaidOver) {
  const Image picture = ToImage(MakePicture(7));
  const OverlaySide side = SideOf(picture);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (const Transform& transform :
       {Transform{}, Transform{1, 0, 5000, 0, 1, 0, 0, 0, 1}, Transform{1e-3, 0, 0, 0, 1e-3, 0, 0, 0, 1},
        Transform{1, 0, 0, 0, 1, 0, -0.01, 0, 1}, Transform{1, 1, 0, 1, 1, 0, 0, 0, 1},
        Transform{kNan, 0, 0, 0, 1, 0, 0, 0, 1}, Transform{1, 0, 0, 0, 1, 0, 0, 0, 0}}) {
    EXPECT_FALSE(LayOver(side, side, transform, 800));
  }
  EXPECT_FALSE(LayOver({&picture, 0, 0}, side, kIdentity, 800));
}

}  // namespace
}  // namespace pugmark
