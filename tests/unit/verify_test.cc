// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/verify.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/verify/agreement.h"
#include "engine/verify/matching.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

Features Extract(const cv::Mat& picture) { return ExtractFeatures(ToImage(picture), {}); }

cv::Point2d Apply(const Transform& t, double x, double y) {
  const double w = t[6] * x + t[7] * y + t[8];
  return {(t[0] * x + t[1] * y + t[2]) / w, (t[3] * x + t[4] * y + t[5]) / w};
}

// Tiles of 4 by 16 products, whole and cut off.
TEST(MatchingTest, InnerProductsAreExact) {
  for (const auto& [n, m] : {std::pair<size_t, size_t>(3, 2), {1, 1}, {4, 16}, {5, 17}, {37, 50}, {2, 0}, {0, 3}}) {
    std::vector<uint8_t> a(n * kDescriptorSize), b(m * kDescriptorSize, 255);
    for (size_t i = 0; i < a.size(); ++i) a[i] = i < kDescriptorSize ? 255 : static_cast<uint8_t>(i * 7);
    for (size_t i = kDescriptorSize; i < b.size(); ++i) b[i] = static_cast<uint8_t>(255 - i * 3);
    std::vector<int32_t> products;
    InnerProducts(a, b, &products);
    ASSERT_EQ(products.size(), n * m);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < m; ++j) {
        int32_t sum = 0;
        for (size_t k = 0; k < kDescriptorSize; ++k) sum += a[i * kDescriptorSize + k] * b[j * kDescriptorSize + k];
        EXPECT_EQ(products[i * m + j], sum) << n << " x " << m << ": " << i << ", " << j;
      }
    }
  }
}

TEST(MatchingTest, OfSeveralAsNearTheFirstIsTheNearest) {
  std::vector<uint8_t> a(3 * kDescriptorSize), b(4 * kDescriptorSize);
  const auto set = [](std::vector<uint8_t>* descriptors, std::initializer_list<uint8_t> firsts) {
    size_t i = 0;
    for (const uint8_t first : firsts) (*descriptors)[i++ * kDescriptorSize] = first;
  };
  set(&a, {10, 20, 10});
  set(&b, {12, 8, 21, 12});
  const Distances distances(a, b);
  const Nearest nearest = FindNearest(distances);
  EXPECT_EQ(nearest.of_a, (std::vector<int>{0, 2, 0}));
  EXPECT_EQ(nearest.of_b, (std::vector<int>{0, 0, 1, 0}));
  EXPECT_EQ(NumNearer(distances, 0, 4), 0) << "As near is not nearer.";
  EXPECT_EQ(NumNearer(distances, 0, 5), 3);
  EXPECT_EQ(NumNearer(distances, 1, 65), 3);
}

// A known homography is recovered to within a pixel or two over the whole picture, whatever made the edited copy.
TEST(VerifyTest, RecoversKnownTransforms) {
  const cv::Mat picture = MakePicture(11);
  const Features photo = Extract(picture);
  const double c = std::cos(0.5), s = std::sin(0.5);
  const std::vector<cv::Matx33d> photo_from_query = {
      {1, 0, 60, 0, 1, 40, 0, 0, 1},                     // crop
      {2, 0, 0, 0, 2, 0, 0, 0, 1},                       // half size
      {c, s, -40, -s, c, 120, 0, 0, 1},                  // rotation
      {1.1, 0.1, -10, 0.05, 1.0, 5, 0.0002, 0.0001, 1},  // perspective
  };
  for (const cv::Matx33d& truth : photo_from_query) {
    cv::Mat query;
    cv::warpPerspective(picture, query, truth, picture.size(), cv::INTER_AREA | cv::WARP_INVERSE_MAP);
    const Verification v = Verify({}, Extract(query), photo, 1000);
    ASSERT_GE(v.num_cells, 20);
    EXPECT_TRUE(v.tight);
    EXPECT_LT(v.log10_nfa, -30);
    for (const Match& m : v.inliers) {
      const Keypoint& p = photo.keypoints[static_cast<size_t>(m.photo)];
      // Back from the photo to the query by the truth, then forth by the estimate.
      const cv::Vec3d q = truth.inv() * cv::Vec3d(p.x_px, p.y_px, 1);
      const cv::Point2d found = Apply(v.photo_from_query, q[0] / q[2], q[1] / q[2]);
      EXPECT_LT(std::hypot(found.x - p.x_px, found.y - p.y_px), 2.5);
    }
  }
}

TEST(VerifyTest, UnrelatedPicturesDoNotAgree) {
  for (uint64_t seed = 100; seed < 130; ++seed) {
    const Verification v = Verify({}, Extract(MakePicture(seed)), Extract(MakePicture(seed + 1000)), 1'000'000);
    EXPECT_GT(v.log10_nfa, -8) << seed << ": " << v.inliers.size() << " inliers";
  }
}

TEST(VerifyTest, IsSymmetric) {
  const cv::Mat picture = MakePicture(12);
  cv::Mat copy;
  cv::resize(picture(cv::Rect(80, 60, 300, 250)), copy, cv::Size(), 0.8, 0.8, cv::INTER_AREA);
  const Features a = Extract(picture), b = Extract(copy);
  const Verification ab = Verify({}, a, b, 1000), ba = Verify({}, b, a, 1000);
  EXPECT_GE(ab.num_cells, 20);
  EXPECT_NEAR(ab.num_cells, ba.num_cells, 0.2 * ab.num_cells);
  EXPECT_EQ(ab.tight, ba.tight);
}

// A logo repeated on two unrelated pictures has many inliers in few cells, and covers little of either.
TEST(VerifyTest, CountsCellsAndNotInliers) {
  cv::Mat logo(48, 96, CV_8UC3, cv::Scalar(255, 255, 255));
  cv::putText(logo, "ABC", {4, 38}, cv::FONT_HERSHEY_DUPLEX, 1.2, cv::Scalar(0, 0, 0), 2, cv::LINE_AA);
  cv::Mat one = MakePicture(13), two = MakePicture(14);
  logo.copyTo(one(cv::Rect(370, 300, 96, 48)));
  logo.copyTo(two(cv::Rect(370, 300, 96, 48)));
  const Verification v = Verify({}, Extract(one), Extract(two), 1000);
  ASSERT_FALSE(v.inliers.empty());
  EXPECT_LT(v.num_cells, static_cast<int>(v.inliers.size()));
  EXPECT_GT(v.query_region.x_px, 350);
}

TEST(VerifyTest, EmptyFeaturesAreNoError) {
  Features none;
  none.width_px = none.height_px = 100;
  const Features some = Extract(MakePicture(15));
  EXPECT_TRUE(Verify({}, none, some, 10).inliers.empty());
  EXPECT_TRUE(Verify({}, some, none, 10).inliers.empty());
}

TEST(VerifyTest, IsDeterministic) {
  const Features a = Extract(MakePicture(16)), b = Extract(MakePicture(16, 400, 300));
  const Verification first = Verify({}, a, b, 10), second = Verify({}, a, b, 10);
  EXPECT_EQ(first.photo_from_query, second.photo_from_query);
  EXPECT_EQ(first.inliers.size(), second.inliers.size());
}

TEST(AgreementTest, EditedCopyAgreesAndAnotherPictureDoesNot) {
  const cv::Mat picture = MakePicture(20);
  cv::Mat darker;
  picture(cv::Rect(60, 40, 360, 280)).convertTo(darker, -1, 0.6, 30);
  const Transform shift = {1, 0, 60, 0, 1, 40, 0, 0, 1};
  const Agreement same = CompareAligned(ToImage(darker), ToImage(picture), shift, 360, 280, 480, 360);
  EXPECT_GT(same.num_blocks, 30);
  EXPECT_GT(same.agreeing, 0.95f);
  EXPECT_NEAR(same.query_overlap, 1, 0.02);
  EXPECT_NEAR(same.photo_overlap, 360.0 * 280 / (480 * 360), 0.03);
  const Agreement other =
      CompareAligned(ToImage(MakePicture(21, 360, 280)), ToImage(picture), shift, 360, 280, 480, 360);
  EXPECT_LT(other.agreeing, 0.2f);
}

TEST(AgreementTest, WorksOnThumbnails) {
  const Image picture = ToImage(MakePicture(22, 640, 480));
  const Image thumbnail = Shrink(picture, 320);
  const Transform identity = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  EXPECT_GT(CompareAligned(picture, thumbnail, identity, 640, 480, 640, 480).agreeing, 0.95f);
}

}  // namespace
}  // namespace pugmark
