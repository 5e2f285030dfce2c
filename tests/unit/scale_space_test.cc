// SPDX-License-Identifier: Apache-2.0
#include "engine/features/scale_space.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>

#include "engine/features/features.h"
#include "engine/features/sift.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

// A Gaussian blob of height 150 on a ground of 60; the first pixel's centre is at (0.5, 0.5).
Image Blob(int width, int height, double x, double y, double sigma) {
  Image image{width, height, 1, {}};
  for (int v = 0; v < height; ++v) {
    for (int u = 0; u < width; ++u) {
      const double squared = std::pow(u + 0.5 - x, 2) + std::pow(v + 0.5 - y, 2);
      image.pixels.push_back(static_cast<uint8_t>(std::lround(60 + 150 * std::exp(-squared / (2 * sigma * sigma)))));
    }
  }
  return image;
}

struct Place {
  float x_px, y_px, sigma_px;
};
Place InImage(const ScaleSpace& space, const Extremum& e) {
  const Octave& octave = space.octaves[static_cast<size_t>(e.octave)];
  return {e.x * octave.pixel_px + octave.first_px, e.y * octave.pixel_px + octave.first_px, e.sigma * octave.pixel_px};
}

TEST(ScaleSpaceTest, FindsBlobsWhereTheyAreAndAsLargeAsTheyAre) {
  int num_blobs = 0, num_found = 0;
  for (const bool doubled : {true, false}) {
    for (const double sigma : {2.5, 4.0, 7.0, 11.0}) {
      for (const double offset : {0.0, 0.3, 0.5, 0.8}) {
        SCOPED_TRACE(testing::Message() << "doubled " << doubled << ", sigma " << sigma << ", offset " << offset);
        const double x = 70 + offset, y = 60 - offset / 2;
        const ScaleSpace space = FindExtrema(Blob(150, 131, x, y, sigma), doubled, 0.04f);
        ++num_blobs;
        if (space.extrema.empty()) continue;
        ++num_found;
        const auto strongest = std::max_element(
            space.extrema.begin(), space.extrema.end(),
            [](const Extremum& a, const Extremum& b) { return a.response < b.response; });
        const Place place = InImage(space, *strongest);
        EXPECT_NEAR(place.x_px, x, 0.05 + sigma / 100);
        EXPECT_NEAR(place.y_px, y, 0.05 + sigma / 100);
        // The difference of two Gaussians is greatest between their scales, 2^(1/3) apart.
        EXPECT_NEAR(std::log2(place.sigma_px / sigma), -1.0 / 6, 0.1);
      }
    }
  }
  // An extremum that lies half-way between two scales may be moved to and fro until it is given up.
  EXPECT_GE(num_found, num_blobs - 2);
}

// The reference: nearly all of OpenCV's keypoints, at their places, of their size and direction, described alike.
TEST(ScaleSpaceTest, AgreesWithOpenCv) {
  const cv::Mat picture = MakePicture(11, 640, 480);
  cv::Mat grey;
  cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
  std::vector<cv::KeyPoint> keypoints;
  cv::Mat descriptors;
  cv::SIFT::create(400, 3, 0.01)->detectAndCompute(grey, cv::noArray(), keypoints, descriptors);
  ASSERT_GT(keypoints.size(), 300u);
  const ScaleSpace space = FindExtrema(ToImage(picture), true, 0.01f);
  // OpenCV puts the first pixel's centre at (0, 0), and before 4.8 loses a quarter of a pixel when it doubles.
  const float centre = CV_VERSION_MAJOR * 100 + CV_VERSION_MINOR >= 408 ? 0.5f : 0.25f;
  int num_found = 0, num_directed = 0;
  double similarity = 0;
  for (size_t k = 0; k < keypoints.size(); ++k) {
    const cv::KeyPoint& theirs = keypoints[k];
    const auto twin = std::find_if(space.extrema.begin(), space.extrema.end(), [&](const Extremum& e) {
      const Place place = InImage(space, e);
      return std::hypot(place.x_px - theirs.pt.x - centre, place.y_px - theirs.pt.y - centre) < 0.5f &&
             std::fabs(std::log2(2 * place.sigma_px / theirs.size)) < 0.15f;
    });
    if (twin == space.extrema.end()) continue;
    ++num_found;
    const float angle = theirs.angle * kPi / 180;
    const std::vector<float> directions = DirectionsAt(space.PlaneOf(*twin), twin->x, twin->y, twin->sigma);
    if (std::none_of(directions.begin(), directions.end(),
                     [&](float ours) { return std::fabs(std::remainder(ours - angle, 2 * kPi)) < 0.1f; })) {
      continue;
    }
    ++num_directed;
    std::array<float, kDescriptorSize> ours;
    DescribeAt(space.PlaneOf(*twin), twin->x, twin->y, twin->sigma, angle, ours.data());
    double product = 0, our_sum = 0, their_sum = 0;
    for (int i = 0; i < kDescriptorSize; ++i) {
      const float theirs_i = descriptors.at<float>(static_cast<int>(k), i);
      product += std::sqrt(ours[static_cast<size_t>(i)] * theirs_i);
      our_sum += ours[static_cast<size_t>(i)];
      their_sum += theirs_i;
    }
    similarity += product / std::sqrt(our_sum * their_sum);
  }
  EXPECT_GT(num_found, static_cast<int>(0.95 * static_cast<double>(keypoints.size())));
  EXPECT_GT(num_directed, static_cast<int>(0.95 * num_found));
  EXPECT_GT(similarity / num_directed, 0.97);
}

// A slope has one direction, the way in which it becomes brighter; y points down.
TEST(ScaleSpaceTest, DirectionsPointToWhereItBecomesBrighter) {
  for (const float angle : {0.0f, 0.7f, 2.0f, 3.5f, 5.1f}) {
    Plane plane(64, 64);
    for (int y = 0; y < 64; ++y) {
      for (int x = 0; x < 64; ++x) {
        plane.row(y)[x] = 100 + std::cos(angle) * static_cast<float>(x) + std::sin(angle) * static_cast<float>(y);
      }
    }
    const std::vector<float> directions = DirectionsAt(plane, 32, 32, 2);
    ASSERT_EQ(directions.size(), 1u) << angle;
    EXPECT_NEAR(std::remainder(directions[0] - angle, 2 * kPi), 0, kPi / 36) << "Half a bin, since all gradients are equal.";
  }
}

TEST(ScaleSpaceTest, PicturesOfAnyShape) {
  for (const int width : {1, 2, 7, 11, 12, 31, 32, 33, 65}) {
    for (const int height : {1, 5, 11, 13, 40}) {
      for (const int channels : {1, 3}) {
        Image image{width, height, channels, {}};
        for (int i = 0; i < width * height * channels; ++i) image.pixels.push_back(static_cast<uint8_t>(i * 97 % 251));
        for (const bool doubled : {true, false}) {
          for (const Extremum& e : FindExtrema(image, doubled, 0).extrema) {
            EXPECT_TRUE(e.scale >= 0 && e.scale < kScalesPerOctave && e.sigma > 1 && e.sigma < 5);
          }
        }
      }
    }
  }
}

TEST(ScaleSpaceTest, FlatPicturesHaveNone) {
  EXPECT_TRUE(FindExtrema(Image{100, 80, 1, std::vector<uint8_t>(8000, 200)}, true, 0).extrema.empty());
}

}  // namespace
}  // namespace pugmark
