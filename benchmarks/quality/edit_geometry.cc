// SPDX-License-Identifier: Apache-2.0
// Edits that move pixels: crops, rotations, perspective, frames.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "benchmarks/quality/edit_steps.h"

namespace pugmark::bench::steps {
namespace {

// The largest upright rectangle inside a w x h picture that was rotated: either two of its corners lie on the long
// sides only (long, thin pictures), or each corner on a side of its own.
cv::Size2d InscribedSize(cv::Size2d size, double radians) {
  const double s = std::fabs(std::sin(radians)), c = std::fabs(std::cos(radians));
  const double longer = std::max(size.width, size.height), shorter = std::min(size.width, size.height);
  if (shorter <= 2 * s * c * longer || std::fabs(s - c) < 1e-9) {
    const double half = shorter / 2;
    return size.width >= size.height ? cv::Size2d(half / s, half / c) : cv::Size2d(half / c, half / s);
  }
  const double cos_twice = c * c - s * s;
  return {(size.width * c - size.height * s) / cos_twice, (size.height * c - size.width * s) / cos_twice};
}

cv::Mat Middle(const cv::Mat& picture, cv::Size size) {
  const int width = std::clamp(size.width, 1, picture.cols), height = std::clamp(size.height, 1, picture.rows);
  return picture(cv::Rect((picture.cols - width) / 2, (picture.rows - height) / 2, width, height));
}

}  // namespace

int Pixels(double length) { return std::max(1, static_cast<int>(std::lround(length))); }

cv::Mat Resized(const cv::Mat& picture, cv::Size size) {
  const bool smaller = size.area() < picture.size().area();
  cv::Mat resized;
  cv::resize(picture, resized, size, 0, 0, smaller ? cv::INTER_AREA : cv::INTER_CUBIC);
  return resized;
}

cv::Mat FitLongSide(const cv::Mat& picture, int side_px) {
  const double scale = static_cast<double>(side_px) / std::max(picture.cols, picture.rows);
  if (scale >= 1) return picture.clone();
  return Resized(picture, {Pixels(picture.cols * scale), Pixels(picture.rows * scale)});
}

cv::Mat Inside(const cv::Mat& picture, cv::Size box) {
  const double scale =
      std::min(static_cast<double>(box.width) / picture.cols, static_cast<double>(box.height) / picture.rows);
  return Resized(picture, {Pixels(picture.cols * scale), Pixels(picture.rows * scale)});
}

cv::Mat CutToRatio(const cv::Mat& picture, double ratio) {
  return Middle(picture, {std::min(picture.cols, Pixels(picture.rows * ratio)),
                          std::min(picture.rows, Pixels(picture.cols * ratio))});
}

cv::Mat Cover(const cv::Mat& picture, cv::Size size) {
  const double scale =
      std::min(static_cast<double>(picture.cols) / size.width, static_cast<double>(picture.rows) / size.height);
  return Resized(Middle(picture, {Pixels(size.width * scale), Pixels(size.height * scale)}), size);
}

void Place(const cv::Mat& top, int x, int y, cv::Mat& canvas) {
  const cv::Rect target = cv::Rect({x, y}, top.size()) & cv::Rect({0, 0}, canvas.size());
  if (target.empty()) return;
  top(target - cv::Point(x, y)).copyTo(canvas(target));
}

cv::Mat Crop(const cv::Mat& photo, double area, cv::RNG& random) {
  const double side = std::sqrt(area);
  const double wider = std::exp(random.uniform(-std::log(1.25), std::log(1.25)) / 2);  // Shape: wider².
  const int width = std::min(photo.cols, Pixels(photo.cols * side * wider));
  // The height makes up for the rounding of the width, so that the share holds for thin photos as well.
  const int height = std::min(photo.rows, Pixels(area * photo.cols * photo.rows / width));
  const int x = random.uniform(0, photo.cols - width + 1);
  const int y = random.uniform(0, photo.rows - height + 1);
  return photo(cv::Rect(x, y, width, height)).clone();
}

cv::Mat Rotate(const cv::Mat& photo, double degrees, const cv::Scalar& corners) {
  const double radians = degrees * CV_PI / 180;
  const double c = std::fabs(std::cos(radians)), s = std::fabs(std::sin(radians));
  const cv::Size size(static_cast<int>(std::ceil(photo.cols * c + photo.rows * s)),
                      static_cast<int>(std::ceil(photo.cols * s + photo.rows * c)));
  const cv::Point2f centre(static_cast<float>(photo.cols - 1) / 2, static_cast<float>(photo.rows - 1) / 2);
  cv::Mat turn = cv::getRotationMatrix2D(centre, degrees, 1);
  turn.at<double>(0, 2) += (size.width - photo.cols) / 2.0;
  turn.at<double>(1, 2) += (size.height - photo.rows) / 2.0;
  cv::Mat rotated;
  cv::warpAffine(photo, rotated, turn, size, cv::INTER_LINEAR, cv::BORDER_CONSTANT, corners);
  return rotated;
}

cv::Mat RotateInscribed(const cv::Mat& photo, double degrees) {
  const cv::Size2d inscribed = InscribedSize(photo.size(), degrees * CV_PI / 180);
  // Two pixels less, because the outermost ones are mixed with the filling.
  const cv::Size size(static_cast<int>(inscribed.width) - 2, static_cast<int>(inscribed.height) - 2);
  return Middle(Rotate(photo, degrees, cv::Scalar::all(255)), size).clone();
}

double SmallAngle(cv::RNG& random) {
  const double degrees = random.uniform(5.0, 25.0);
  return random.uniform(0, 2) == 0 ? degrees : -degrees;
}

cv::Mat RotateByQuarters(const cv::Mat& photo, cv::RNG& random) {
  constexpr std::array kQuarters = {cv::ROTATE_90_CLOCKWISE, cv::ROTATE_180, cv::ROTATE_90_COUNTERCLOCKWISE};
  cv::Mat rotated;
  cv::rotate(photo, rotated, kQuarters[static_cast<size_t>(random.uniform(0, 3))]);
  return rotated;
}

cv::Mat Mirror(const cv::Mat& photo) {
  cv::Mat mirrored;
  cv::flip(photo, mirrored, 1);
  return mirrored;
}

std::array<cv::Point2f, 4> TiltedCorners(cv::Size size, double tilt, cv::RNG& random) {
  const auto width = static_cast<float>(size.width), height = static_cast<float>(size.height);
  const std::array<cv::Point2f, 4> corners = {{{0, 0}, {width, 0}, {width, height}, {0, height}}};
  const auto far = static_cast<size_t>(random.uniform(0, 4));  // The side from this corner to the next.
  const double uneven = random.uniform(0.25, 0.75);
  const cv::Point2f along = corners[(far + 1) % 4] - corners[far];
  const cv::Point2f inwards = corners[(far + 3) % 4] - corners[far];
  std::array<cv::Point2f, 4> tilted = corners;
  tilted[far] += along * (tilt * uneven) + inwards * (tilt / 2);
  tilted[(far + 1) % 4] += -along * (tilt * (1 - uneven)) + inwards * (tilt / 2);
  return tilted;
}

cv::Mat Perspective(const cv::Mat& photo, double min_tilt, double max_tilt, cv::RNG& random) {
  const double tilt = random.uniform(min_tilt, max_tilt);
  std::array<cv::Point2f, 4> to = TiltedCorners(photo.size(), tilt, random);
  const cv::Scalar filling = random.uniform(0, 2) == 0 ? cv::Scalar::all(255) : RandomColour(random, 0, 255);
  cv::Point2f least = to[0], most = to[0];
  for (const cv::Point2f& p : to) {
    least = {std::min(least.x, p.x), std::min(least.y, p.y)};
    most = {std::max(most.x, p.x), std::max(most.y, p.y)};
  }
  for (cv::Point2f& p : to) p -= least;
  const auto width = static_cast<float>(photo.cols), height = static_cast<float>(photo.rows);
  const std::array<cv::Point2f, 4> from = {{{0, 0}, {width, 0}, {width, height}, {0, height}}};
  cv::Mat seen;
  cv::warpPerspective(photo, seen, cv::getPerspectiveTransform(from.data(), to.data()),
                      {Pixels(most.x - least.x), Pixels(most.y - least.y)}, cv::INTER_LINEAR, cv::BORDER_CONSTANT,
                      filling);
  return seen;
}

cv::Mat Border(const cv::Mat& photo, double share, cv::RNG& random) {
  const int width = Pixels(share * std::max(photo.cols, photo.rows));
  cv::Mat framed;
  cv::copyMakeBorder(photo, framed, width, width, width, width, cv::BORDER_CONSTANT, RandomColour(random, 0, 255));
  return framed;
}

cv::Mat Padding(const cv::Mat& photo, double share, cv::RNG& random) {
  const bool above = random.uniform(0, 2) == 0;
  const int style = random.uniform(0, 3);
  const cv::Size size(above ? photo.cols : Pixels(photo.cols / (1 - share)),
                      above ? Pixels(photo.rows / (1 - share)) : photo.rows);
  cv::Mat padded(size, CV_8UC3, cv::Scalar::all(style == 0 ? 0 : 255));
  if (style == 2)
    cv::GaussianBlur(Cover(photo, size), padded, {}, std::max(2.0, 0.03 * std::max(size.width, size.height)));
  Place(photo, (size.width - photo.cols) / 2, (size.height - photo.rows) / 2, padded);
  return padded;
}

}  // namespace pugmark::bench::steps
