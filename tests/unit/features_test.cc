// SPDX-License-Identifier: Apache-2.0
#include "engine/features/features.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <thread>

#include "index/base/error.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

float SquaredDistance(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  float sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<float>((a[i] - b[i]) * (a[i] - b[i]));
  return sum;
}

TEST(FeaturesTest, KeepsToItsOptionsAndFrame) {
  FeatureOptions options;
  options.working_size_px = 320;
  options.max_keypoints = 150;
  const Features f = ExtractFeatures(ToImage(MakePicture(1, 640, 480)), options);
  EXPECT_EQ(f.width_px, 320);
  EXPECT_EQ(f.height_px, 240);
  EXPECT_EQ(f.size(), 150u);
  for (const Keypoint& p : f.keypoints) {
    EXPECT_TRUE(p.x_px >= 0 && p.x_px <= 320 && p.y_px >= 0 && p.y_px <= 240 && p.scale_px > 0);
    EXPECT_TRUE(p.angle_rad >= 0 && p.angle_rad < 6.2832f);
  }
  // RootSIFT has unit norm, 512 in our units.
  for (size_t i = 0; i < f.size(); ++i) {
    const auto d = f.descriptor(i);
    EXPECT_NEAR(std::sqrt(std::inner_product(d.begin(), d.end(), d.begin(), 0.0)), 512, 12);
  }
}

TEST(FeaturesTest, FlatPictureHasNone) {
  EXPECT_EQ(ExtractFeatures(ToImage(cv::Mat(200, 300, CV_8UC3, cv::Scalar(240, 240, 240))), {}).size(), 0u);
}

// A busy corner must not take all places: without spreading hardly a keypoint would be left for the faint half.
TEST(FeaturesTest, SpreadsKeypointsOverThePicture) {
  cv::Mat picture = MakePicture(3, 640, 480);
  cv::Mat faint = picture(cv::Rect(320, 0, 320, 480));
  faint.convertTo(faint, -1, 0.25, 100);
  FeatureOptions options;
  options.max_keypoints = 300;
  const Features f = ExtractFeatures(ToImage(picture), options);
  const auto right = std::count_if(f.keypoints.begin(), f.keypoints.end(), [](const Keypoint& p) { return p.x_px > 320; });
  EXPECT_GT(right, 40);
}

// The mirrored features must be those of the mirrored picture: most find their twin at the mirrored place, with nearly the
// same descriptor.
TEST(FeaturesTest, MirroringEqualsExtractingFromTheMirroredPicture) {
  const cv::Mat picture = MakePicture(4);
  cv::Mat flipped;
  cv::flip(picture, flipped, 1);
  const Features mirrored = MirrorFeatures(ExtractFeatures(ToImage(picture), {}));
  const Features expected = ExtractFeatures(ToImage(flipped), {});
  int num_twins = 0, num_alike = 0;
  for (size_t i = 0; i < mirrored.size(); ++i) {
    for (size_t j = 0; j < expected.size(); ++j) {
      const Keypoint &a = mirrored.keypoints[i], &b = expected.keypoints[j];
      if (std::hypot(a.x_px - b.x_px, a.y_px - b.y_px) > 1 || std::fabs(std::log2(a.scale_px / b.scale_px)) > 0.2) continue;
      if (std::fabs(std::remainder(a.angle_rad - b.angle_rad, 6.2832f)) > 0.2f) continue;
      ++num_twins;
      num_alike += SquaredDistance(mirrored.descriptor(i), expected.descriptor(j)) < 150 * 150 ? 1 : 0;
      break;
    }
  }
  EXPECT_GT(num_twins, static_cast<int>(0.8 * static_cast<double>(expected.size())));
  EXPECT_GT(num_alike, static_cast<int>(0.9 * num_twins));
}

TEST(FeaturesTest, MirroringTwiceChangesNothing) {
  const Features f = ExtractFeatures(ToImage(MakePicture(5)), {});
  const Features twice = MirrorFeatures(MirrorFeatures(f));
  EXPECT_EQ(twice.descriptors, f.descriptors);
  for (size_t i = 0; i < f.size(); ++i) EXPECT_NEAR(twice.keypoints[i].x_px, f.keypoints[i].x_px, 1e-3);
}

TEST(FeaturesTest, PackingLosesNextToNothing) {
  const Features f = ExtractFeatures(ToImage(MakePicture(6)), {});
  const Features u = UnpackFeatures(f.width_px, f.height_px, PackKeypoints(f.keypoints), PackDescriptors(f.descriptors));
  ASSERT_EQ(u.size(), f.size());
  for (size_t i = 0; i < f.size(); ++i) {
    EXPECT_NEAR(u.keypoints[i].x_px, f.keypoints[i].x_px, 1 / 64.0 + 1e-4);
    EXPECT_NEAR(u.keypoints[i].y_px, f.keypoints[i].y_px, 1 / 64.0 + 1e-4);
    EXPECT_NEAR(std::log2(u.keypoints[i].scale_px / f.keypoints[i].scale_px), 0, 1 / 32.0 + 1e-4);
    EXPECT_NEAR(std::remainder(u.keypoints[i].angle_rad - f.keypoints[i].angle_rad, 6.28318f), 0, 0.0124);
  }
  EXPECT_EQ(PackKeypoints(u.keypoints), PackKeypoints(f.keypoints)) << "Packing is idempotent.";

  ASSERT_EQ(u.descriptors.size(), f.descriptors.size());
  for (size_t i = 0; i < f.descriptors.size(); ++i) EXPECT_LE(std::abs(u.descriptors[i] - f.descriptors[i]), 8);
  EXPECT_EQ(PackDescriptors(u.descriptors), PackDescriptors(f.descriptors));
  EXPECT_LT(PackDescriptors(f.descriptors).size(), f.size() * 56);
}

TEST(FeaturesTest, DamagedBlobsAreRefused) {
  const std::vector<uint8_t> keypoint = {0, 0, 0, 0, 0, 0}, outside = {0xFF, 0xFF, 0, 0, 0, 0};
  const auto packed = [](size_t n) { return PackDescriptors(std::vector<uint8_t>(n * kDescriptorSize, 40)); };
  EXPECT_NO_THROW(UnpackFeatures(10, 10, keypoint, packed(1)));
  EXPECT_NO_THROW(UnpackFeatures(10, 10, {}, {}));
  EXPECT_THROW(UnpackFeatures(10, 10, keypoint, packed(2)), Error);
  EXPECT_THROW(UnpackFeatures(10, 10, keypoint, {}), Error);
  EXPECT_THROW(UnpackFeatures(10, 10, {}, packed(1)), Error);
  EXPECT_THROW(UnpackFeatures(10, 10, std::span(keypoint).first(5), {}), Error);
  EXPECT_THROW(UnpackFeatures(10, 10, outside, packed(1)), Error);
  EXPECT_THROW(UnpackFeatures(0, 10, keypoint, packed(1)), Error);
}

// Whatever a stranger's catalogue holds: an error, or descriptors of the right size.
TEST(FeaturesTest, ChangedBytesOfDescriptorsDoNoHarm) {
  const Features f = ExtractFeatures(ToImage(MakePicture(8, 160, 120)), {});
  const std::vector<uint8_t> keypoints = PackKeypoints(f.keypoints), sound = PackDescriptors(f.descriptors);
  int num_refused = 0;
  for (size_t i = 0; i < sound.size(); i += i < 64 ? 1 : 37) {
    for (const int change : {0x01, 0x80, 0xFF}) {
      std::vector<uint8_t> damaged = sound;
      damaged[i] = static_cast<uint8_t>(damaged[i] ^ change);
      try {
        EXPECT_EQ(UnpackFeatures(f.width_px, f.height_px, keypoints, damaged).descriptors.size(), f.descriptors.size());
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), ErrorCode::kCorrupt);
        ++num_refused;
      }
    }
  }
  EXPECT_GT(num_refused, 20);
  std::vector<uint8_t> cut = sound;
  cut.resize(sound.size() / 2);
  EXPECT_THROW(UnpackFeatures(f.width_px, f.height_px, keypoints, cut), Error);
}

TEST(FeaturesTest, SameFromAnyNumberOfThreads) {
  const Image image = ToImage(MakePicture(7));
  const Features alone = ExtractFeatures(image, {});
  std::vector<Features> results(4);
  std::vector<std::thread> threads;
  for (Features& r : results) threads.emplace_back([&] { r = ExtractFeatures(image, {}); });
  for (std::thread& t : threads) t.join();
  for (const Features& r : results) {
    EXPECT_EQ(r.descriptors, alone.descriptors);
    EXPECT_EQ(PackKeypoints(r.keypoints), PackKeypoints(alone.keypoints));
  }
}

}  // namespace
}  // namespace pugmark
