// SPDX-License-Identifier: Apache-2.0
// The edits of the quality benchmark: if one of them did nothing, or not what its name says, so would the figures.
#include "benchmarks/quality/edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <set>

#include "benchmarks/quality/edit_steps.h"
#include "index/base/error.h"
#include "tests/pictures.h"

namespace pugmark::bench {
namespace {

constexpr uint64_t kNumSeeds = 40;

cv::Mat Photo(cv::Size size) {
  cv::Mat photo;
  cv::resize(MakePicture(7), photo, size, 0, 0, cv::INTER_AREA);
  return photo;
}

class EditsTest : public testing::Test {
 protected:
  EditsTest() : strangers_{MakePicture(1), MakePicture(2), MakePicture(3), Photo({300, 900})} {}

  const EditKind& Kind(const std::string& name) {
    const auto& kinds = EditKinds();
    return *std::find_if(kinds.begin(), kinds.end(), [&](const EditKind& kind) { return kind.name == name; });
  }
  cv::Mat Edit(const std::string& name, uint64_t seed, const cv::Mat& photo) {
    return cv::imdecode(ApplyEdit(Kind(name), seed, photo, {strangers_}), cv::IMREAD_COLOR);
  }

  std::vector<cv::Mat> strangers_;
};

TEST_F(EditsTest, KindsAreDistinctAndMarked) {
  std::set<std::string> names, families, hard;
  for (const EditKind& kind : EditKinds()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    families.insert(kind.family);
    EXPECT_EQ(kind.is_chain, kind.family == "chain") << kind.name;
    if (kind.hard) hard.insert(kind.name);
  }
  EXPECT_THAT(hard, testing::UnorderedElementsAre("crop-25", "stickers-30", "screen-mild", "screen-strong"));
  EXPECT_THAT(families, testing::IsSupersetOf({"platform", "jpeg", "crop", "rotation", "collage", "paste", "chain"}));
}

TEST_F(EditsTest, EveryKindWorksOnEveryShapeAndRepeats) {
  for (const cv::Size size : {cv::Size(60, 40), cv::Size(640, 480), cv::Size(3000, 200), cv::Size(61, 900)}) {
    const cv::Mat photo = Photo(size), before = photo.clone();
    for (const EditKind& kind : EditKinds()) {
      SCOPED_TRACE(kind.name + " of " + std::to_string(size.width) + " x " + std::to_string(size.height));
      const std::vector<uint8_t> bytes = ApplyEdit(kind, 5, photo, {strangers_});
      const cv::Mat edited = cv::imdecode(bytes, cv::IMREAD_COLOR);
      ASSERT_FALSE(edited.empty());
      EXPECT_GE(std::min(edited.cols, edited.rows), 10);
      EXPECT_LE(std::max(edited.cols, edited.rows), 2 * kMaxEditedSide);
      if (size.width < 1000) {
        EXPECT_EQ(bytes, ApplyEdit(kind, 5, photo, {strangers_}));
      }
    }
    EXPECT_EQ(cv::norm(photo, before, cv::NORM_INF), 0);
  }
}

TEST_F(EditsTest, SeedsDifferWhereSomethingIsDrawn) {
  const std::set<std::string> fixed = {"platform-600", "jpeg-15",   "shrink-third", "mirror",   "colour-sepia",
                                       "greyscale",    "gamma-0.6", "gamma-1.7",    "blur-1.5", "blur-3"};
  const cv::Mat photo = Photo({320, 240});
  for (const EditKind& kind : EditKinds()) {
    std::set<std::string> results;  // Some kinds draw from two or three values only.
    for (uint64_t seed = 0; seed < 12 && results.size() < 2; ++seed) {
      const std::vector<uint8_t> bytes = ApplyEdit(kind, seed, photo, {strangers_});
      results.emplace(bytes.begin(), bytes.end());
    }
    EXPECT_EQ(results.size() > 1, !fixed.contains(kind.name)) << kind.name;
  }
}

TEST_F(EditsTest, SizesAreAsPromised) {
  const cv::Mat photo = Photo({900, 675}), small = Photo({300, 225});
  EXPECT_EQ(Edit("platform-600", 0, photo).size(), cv::Size(600, 450));
  EXPECT_EQ(Edit("platform-600", 0, small).size(), small.size());
  EXPECT_EQ(Edit("shrink-third", 0, photo).size(), cv::Size(300, 225));
  EXPECT_EQ(Edit("jpeg-15", 0, Photo({4000, 1000})).size(), cv::Size(1600, 400));
  EXPECT_EQ(Edit("border-8", 0, photo).size(), cv::Size(900 + 144, 675 + 144));
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    const double area = static_cast<double>(photo.total());
    EXPECT_NEAR(static_cast<double>(Edit("crop-50", seed, photo).total()) / area, 0.5, 0.005);
    EXPECT_NEAR(static_cast<double>(Edit("crop-25", seed, photo).total()) / area, 0.25, 0.005);
    EXPECT_NEAR(static_cast<double>(Edit("padding-30", seed, small).total()) / static_cast<double>(small.total()),
                1 / 0.7, 0.01);
    const cv::Mat collage = Edit("collage-crop", seed, small);
    EXPECT_EQ(collage.cols, collage.rows);
    EXPECT_GE(collage.cols, 800);
    EXPECT_LE(collage.cols, 1280);
    const cv::Mat shot = Edit("screenshot-dark", seed, small);
    EXPECT_EQ(shot.cols, 720);
    EXPECT_GE(shot.rows, 1280);
  }
}

TEST_F(EditsTest, MirrorAndGammaChangeThePixelsAsSaid) {
  const cv::Mat photo = Photo({320, 240});
  cv::Mat mirrored;
  cv::flip(photo, mirrored, 1);
  EXPECT_LT(cv::norm(Edit("mirror", 0, photo), mirrored, cv::NORM_L1) / static_cast<double>(3 * photo.total()), 6);
  EXPECT_GT(cv::mean(Edit("gamma-0.6", 0, photo))[1], cv::mean(photo)[1] + 5);
  EXPECT_LT(cv::mean(Edit("gamma-1.7", 0, photo))[1], cv::mean(photo)[1] - 5);
}

TEST_F(EditsTest, StickersCoverThirtyPercentAndNotOnlyTheCorners) {
  for (const cv::Size size : {cv::Size(60, 60), cv::Size(640, 480), cv::Size(1600, 107)}) {
    const cv::Mat photo = Photo(size);
    int middles = 0;
    for (uint64_t seed = 1; seed <= kNumSeeds; ++seed) {
      cv::RNG random(seed * 7919);
      cv::Mat mask, changed;
      const cv::Mat edited = steps::Stickers(photo, 0.3, random, &mask);
      const double area = static_cast<double>(photo.total());
      EXPECT_GE(cv::countNonZero(mask) / area, 0.29) << size;
      EXPECT_LE(cv::countNonZero(mask) / area, 0.32) << size;
      // The mask is the truth: nothing else has changed.
      cv::absdiff(photo, edited, changed);
      changed.setTo(cv::Scalar::all(0), mask);
      EXPECT_EQ(cv::norm(changed, cv::NORM_INF), 0) << size;
      middles += mask.at<uint8_t>(mask.rows / 2, mask.cols / 2) != 0;
    }
    EXPECT_GE(middles, 6) << size;  // 0.3 of 40 expected.
  }
}

// Without corners: none of the filling colour may be left.
TEST_F(EditsTest, InscribedRotationShowsNoCorner) {
  const cv::Mat black(300, 400, CV_8UC3, cv::Scalar::all(0));
  for (const double degrees : {5.0, 25.0, -13.0}) {
    const cv::Mat rotated = steps::RotateInscribed(black, degrees);
    EXPECT_EQ(cv::norm(rotated, cv::NORM_INF), 0) << degrees;
    EXPECT_GT(rotated.total(), black.total() * 4 / 10) << degrees;
  }
}

// A black photo on white strangers can be measured.
TEST_F(EditsTest, PastedAndCollagedPhotosAreWholeAndAsLargeAsSaid) {
  strangers_ = {4, cv::Mat(700, 1000, CV_8UC3, cv::Scalar::all(255))};
  const cv::Mat black(300, 400, CV_8UC3, cv::Scalar::all(0));
  const auto box = [](const cv::Mat& picture) {
    cv::Mat grey;
    cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
    return cv::boundingRect(grey < 60);
  };
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    for (const auto& [name, least, most] :
         {std::tuple{"paste-small", 0.35, 0.48}, std::tuple{"paste-large", 0.48, 0.6}}) {
      const cv::Mat pasted = Edit(name, seed, black);
      const cv::Rect found = box(pasted);
      EXPECT_NEAR(found.width * 3.0, found.height * 4.0, 8);
      EXPECT_GE(found.width / static_cast<double>(pasted.cols), least - 0.005);
      EXPECT_LE(found.width / static_cast<double>(pasted.cols), most + 0.005);
    }
    cv::RNG random(seed + 1);
    const cv::Mat collage = steps::Collage(black, strangers_, true, random);
    const double share = cv::countNonZero(collage.reshape(1) == 0) / static_cast<double>(3 * collage.total());
    EXPECT_GE(share, 0.235);
    EXPECT_LE(share, 0.25 + 0.035);  // Gutters may be black as well.
  }
}

TEST_F(EditsTest, RefusesWhatItCannotUse) {
  const cv::Mat photo = Photo({64, 64});
  const auto code = [&](const std::string& name, const cv::Mat& picture, std::span<const cv::Mat> strangers) {
    try {
      ApplyEdit({name, "", false, false}, 0, picture, {strangers});
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  };
  const std::span<const cv::Mat> all(strangers_);
  EXPECT_EQ(code("no-such-edit", photo, all), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("mirror", cv::Mat(), all), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("mirror", cv::Mat(8, 8, CV_8U), all), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("collage-crop", photo, all.first(2)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("chain-collage-mirror-jpeg40", photo, all.first(2)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("paste-small", photo, {}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code("chain-paste-banner", photo, {}), ErrorCode::kInvalidArgument);
  const std::vector<cv::Mat> holes = {cv::Mat()};
  EXPECT_EQ(code("paste-small", photo, holes), ErrorCode::kInvalidArgument);
  EXPECT_FALSE(ApplyEdit(Kind("screenshot-light"), 0, photo, {}).empty());
  EXPECT_FALSE(ApplyEdit(Kind("screen-mild"), 0, photo, {}).empty());
}

}  // namespace
}  // namespace pugmark::bench
