// SPDX-License-Identifier: Apache-2.0
// Edits that change values and leave every pixel in its place: colours, blur, noise.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "benchmarks/quality/edit_steps.h"

namespace pugmark::bench::steps {
namespace {

constexpr double kReferenceSide = 640;  // px; blur is stated at this long side.

// The photo moved towards (amount < 1) or away from (amount > 1) its own grey.
cv::Mat Saturated(const cv::Mat& photo, double amount) {
  cv::Mat saturated;
  cv::addWeighted(photo, amount, Greyscale(photo), 1 - amount, 0, saturated);
  return saturated;
}

}  // namespace

cv::Scalar RandomColour(cv::RNG& random, int min, int max) {
  cv::Scalar colour;
  for (int i = 0; i < 3; ++i) colour[i] = random.uniform(min, max + 1);
  return colour;
}

cv::Mat Tint(const cv::Mat& photo, cv::RNG& random) {
  const cv::Scalar colour = RandomColour(random, 0, 255);
  const double opacity = random.uniform(0.15, 0.3);
  cv::Mat tinted;
  cv::addWeighted(photo, 1 - opacity, cv::Mat(photo.size(), CV_8UC3, colour), opacity, 0, tinted);
  return tinted;
}

cv::Mat Sepia(const cv::Mat& photo) {
  // The usual matrix, for blue, green and red in this order.
  const cv::Matx33f sepia(0.131f, 0.534f, 0.272f, 0.168f, 0.686f, 0.349f, 0.189f, 0.769f, 0.393f);
  cv::Mat toned;
  cv::transform(photo, toned, sepia);
  return toned;
}

cv::Mat Saturation(const cv::Mat& photo, cv::RNG& random) {
  return Saturated(photo, random.uniform(0, 2) == 0 ? 0.35 : 1.9);
}

cv::Mat ColourFilter(const cv::Mat& photo, cv::RNG& random) {
  switch (random.uniform(0, 3)) {
    case 0: return Tint(photo, random);
    case 1: return Sepia(photo);
    default: return Saturation(photo, random);
  }
}

cv::Mat Greyscale(const cv::Mat& photo) {
  cv::Mat grey, edited;
  cv::cvtColor(photo, grey, cv::COLOR_BGR2GRAY);
  cv::cvtColor(grey, edited, cv::COLOR_GRAY2BGR);
  return edited;
}

cv::Mat Gamma(const cv::Mat& photo, double gamma) {
  cv::Mat table(1, 256, CV_8U);
  for (int i = 0; i < 256; ++i) table.at<uint8_t>(0, i) = cv::saturate_cast<uint8_t>(255 * std::pow(i / 255.0, gamma));
  cv::Mat edited;
  cv::LUT(photo, table, edited);
  return edited;
}

cv::Mat Blur(const cv::Mat& photo, double sigma_at_640) {
  cv::Mat blurred;
  cv::GaussianBlur(photo, blurred, {}, sigma_at_640 * std::max(photo.cols, photo.rows) / kReferenceSide);
  return blurred;
}

cv::Mat Noise(const cv::Mat& photo, double sigma, cv::RNG& random) {
  cv::Mat noise(photo.size(), CV_16SC3), noisy;
  random.fill(noise, cv::RNG::NORMAL, cv::Scalar::all(0), cv::Scalar::all(sigma));
  cv::add(photo, noise, noisy, cv::noArray(), CV_8U);
  return noisy;
}

}  // namespace pugmark::bench::steps
