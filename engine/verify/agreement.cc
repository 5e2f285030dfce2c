// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/agreement.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <vector>

#include "engine/features/pixel_view.h"

namespace pugmark {
namespace {

constexpr int kComparedSide_px = 256;
constexpr int kBlock_px = 16;
constexpr double kMinDeviation = 3;      // Grey levels; below, a block is flat and correlation is noise.
constexpr double kMinCorrelation = 0.6;

cv::Mat GreyAt(const Image& image, cv::Size size) {
  cv::Mat sized;
  cv::resize(GreyOf(image), sized, size, 0, 0, cv::INTER_AREA);
  cv::GaussianBlur(sized, sized, cv::Size(0, 0), 1.2);
  return sized;
}

cv::Size CompareSize(int width_px, int height_px) {
  const double scale = static_cast<double>(kComparedSide_px) / std::max(width_px, height_px);
  return {std::max(1, static_cast<int>(std::lround(width_px * scale))),
          std::max(1, static_cast<int>(std::lround(height_px * scale)))};
}

// Compared images have their first pixel's centre at (0, 0) for OpenCV, at (0.5, 0.5) for us.
cv::Matx33d CvFromOurs(double scale_x, double scale_y) {
  return {scale_x, 0, -0.5, 0, scale_y, -0.5, 0, 0, 1};
}

// By how much the content of one block lies elsewhere in the other, in pixels, by one step of Lucas and Kanade [1] after both
// were brought to equal mean and contrast. Nothing where the block's texture does not fix it in both directions.
// [1] Lucas and Kanade, An Iterative Image Registration Technique ..., IJCAI 1981.
// mean_fixed, mean_warped: grey levels. gain: the contrast of fixed over that of warped.
std::optional<float> Displacement(const cv::Mat& fixed, const cv::Mat& warped, const cv::Rect& block, double mean_fixed,
                                  double mean_warped, double gain) {
  constexpr double kMinTexture = 6;  // Smaller eigenvalue of the mean gradient tensor, squared grey levels per pixel.
  double xx = 0, xy = 0, yy = 0, xr = 0, yr = 0;
  for (int y = block.y; y < block.y + block.height; ++y) {
    for (int x = block.x; x < block.x + block.width; ++x) {
      if (x == 0 || y == 0 || x + 1 == fixed.cols || y + 1 == fixed.rows) continue;
      const double gx = (fixed.at<uint8_t>(y, x + 1) - fixed.at<uint8_t>(y, x - 1)) / 2.0;
      const double gy = (fixed.at<uint8_t>(y + 1, x) - fixed.at<uint8_t>(y - 1, x)) / 2.0;
      const double r = (warped.at<uint8_t>(y, x) - mean_warped) * gain - (fixed.at<uint8_t>(y, x) - mean_fixed);
      xx += gx * gx;
      xy += gx * gy;
      yy += gy * gy;
      xr += gx * r;
      yr += gy * r;
    }
  }
  const double area = block.area();
  const double smaller = ((xx + yy) - std::sqrt((xx - yy) * (xx - yy) + 4 * xy * xy)) / 2 / area;
  if (smaller < kMinTexture) return std::nullopt;
  const double determinant = xx * yy - xy * xy;
  return static_cast<float>(std::hypot(yy * xr - xy * yr, xx * yr - xy * xr) / determinant);
}

Agreement Compare(const Image& query, const Image& photo, const Transform& photo_from_query, int query_width_px,
                  int query_height_px, int photo_width_px, int photo_height_px) {
  const cv::Size query_size = CompareSize(query_width_px, query_height_px);
  const cv::Size photo_size = CompareSize(photo_width_px, photo_height_px);
  const cv::Matx33d transform(photo_from_query.data());
  const cv::Matx33d query_cv = CvFromOurs(static_cast<double>(query_size.width) / query_width_px,
                                          static_cast<double>(query_size.height) / query_height_px);
  const cv::Matx33d photo_cv = CvFromOurs(static_cast<double>(photo_size.width) / photo_width_px,
                                          static_cast<double>(photo_size.height) / photo_height_px);
  const cv::Matx33d warp = photo_cv * transform * query_cv.inv();

  // Compared on the grid of whichever shows the common part larger, so that neither a small tile of a collage nor a
  // small part of the photo is judged by a handful of pixels.
  const double zoom = std::sqrt(std::fabs(warp(0, 0) * warp(1, 1) - warp(0, 1) * warp(1, 0)));
  const bool on_query_grid = zoom < 1;
  cv::Mat fixed = GreyAt(on_query_grid ? query : photo, on_query_grid ? query_size : photo_size);
  cv::Mat moving = GreyAt(on_query_grid ? photo : query, on_query_grid ? photo_size : query_size);
  const cv::Matx33d fixed_from_moving = on_query_grid ? warp.inv() : warp;

  cv::Mat warped, covered;
  cv::warpPerspective(moving, warped, fixed_from_moving, fixed.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, 0);
  cv::warpPerspective(cv::Mat(moving.size(), CV_8U, cv::Scalar(255)), covered, fixed_from_moving, fixed.size(),
                      cv::INTER_NEAREST, cv::BORDER_CONSTANT, 0);
  // The other photo's coverage: where its pixels come from inside the fixed image.
  cv::Mat covered_moving;
  cv::warpPerspective(cv::Mat(fixed.size(), CV_8U, cv::Scalar(255)), covered_moving, fixed_from_moving.inv(),
                      moving.size(), cv::INTER_NEAREST, cv::BORDER_CONSTANT, 0);

  Agreement agreement;
  const auto share = [](const cv::Mat& mask) {
    return static_cast<float>(cv::countNonZero(mask)) / static_cast<float>(mask.total());
  };
  (on_query_grid ? agreement.query_overlap : agreement.photo_overlap) = share(covered);
  (on_query_grid ? agreement.photo_overlap : agreement.query_overlap) = share(covered_moving);

  int num_agreeing = 0;
  std::vector<float> displacements;
  for (int y = 0; y + kBlock_px <= fixed.rows; y += kBlock_px) {
    for (int x = 0; x + kBlock_px <= fixed.cols; x += kBlock_px) {
      const cv::Rect block(x, y, kBlock_px, kBlock_px);
      if (cv::countNonZero(covered(block)) < kBlock_px * kBlock_px) continue;
      cv::Scalar mean_a, mean_b, deviation_a, deviation_b;
      cv::meanStdDev(fixed(block), mean_a, deviation_a);
      cv::meanStdDev(warped(block), mean_b, deviation_b);
      if (std::max(deviation_a[0], deviation_b[0]) < kMinDeviation) continue;
      ++agreement.num_blocks;
      cv::Mat product;
      cv::multiply(fixed(block), warped(block), product, 1, CV_64F);
      const double covariance = cv::mean(product)[0] - mean_a[0] * mean_b[0];
      if (covariance < kMinCorrelation * std::max(deviation_a[0] * deviation_b[0], 1e-6)) continue;
      ++num_agreeing;
      const double gain = deviation_a[0] / std::max(deviation_b[0], 1e-6);
      if (const auto d = Displacement(fixed, warped, block, mean_a[0], mean_b[0], gain)) displacements.push_back(*d);
    }
  }
  if (agreement.num_blocks > 0) {
    agreement.agreeing = static_cast<float>(num_agreeing) / static_cast<float>(agreement.num_blocks);
  }
  if (!displacements.empty()) {
    std::sort(displacements.begin(), displacements.end());
    agreement.num_textured = static_cast<int>(displacements.size());
    agreement.high_displacement_px = displacements[displacements.size() * 4 / 5];
  }
  return agreement;
}

}  // namespace

Agreement CompareAligned(const Image& query, const Image& photo, const Transform& photo_from_query, int query_width_px,
                         int query_height_px, int photo_width_px, int photo_height_px) {
  try {
    return Compare(query, photo, photo_from_query, query_width_px, query_height_px, photo_width_px, photo_height_px);
  } catch (const cv::Exception&) {
    return {};  // A transform too degenerate to warp by: nothing was compared, which is what the result says.
  }
}

}  // namespace pugmark
