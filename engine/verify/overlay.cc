// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/overlay.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace pugmark {
namespace {

constexpr float kMargin = 0.04f;  // Of the common part, around it: what lies beside it helps to see where it is.
constexpr float kMinSide_px = 8;  // Of the photo's original.
const cv::Scalar kNothing(128, 128, 128);

// Three channels, shrunk to `scale` if that is less than 1: warping takes four pixels, and would skip those between.
cv::Mat ColourAt(const Image& image, double scale) {
  const cv::Mat pixels(image.height_px, image.width_px, CV_8UC(image.channels),
                       const_cast<uint8_t*>(image.pixels.data()));
  cv::Mat colour;
  if (image.channels == 3) {
    colour = pixels;
  } else {
    cv::cvtColor(pixels, colour, cv::COLOR_GRAY2BGR);
  }
  if (scale >= 1) return colour;
  const cv::Size size(std::max(1, static_cast<int>(std::lround(colour.cols * scale))),
                      std::max(1, static_cast<int>(std::lround(colour.rows * scale))));
  cv::Mat shrunk;
  cv::resize(colour, shrunk, size, 0, 0, cv::INTER_AREA);
  return shrunk;
}

Image ToImage(const cv::Mat& bgr) {
  Image image{bgr.cols, bgr.rows, 3, {}};
  const cv::Mat packed = bgr.isContinuous() ? bgr : bgr.clone();
  image.pixels.assign(packed.data, packed.data + packed.total() * packed.elemSize());
  return image;
}

// The box around what the query's outline covers of the photo, with a margin within the photo. nullopt if that is next
// to nothing, or if a corner lies at or behind the horizon, where the outline is no quadrilateral.
std::optional<cv::Rect2d> CommonBox(const OverlaySide& query, const OverlaySide& photo,
                                    const cv::Matx33d& photo_from_query) {
  const auto width = static_cast<float>(photo.width_px), height = static_cast<float>(photo.height_px);
  const std::vector<cv::Point2f> frame = {{0, 0}, {width, 0}, {width, height}, {0, height}};
  std::vector<cv::Point2f> outline, common;
  const cv::Vec3d middle = photo_from_query * cv::Vec3d(query.width_px / 2.0, query.height_px / 2.0, 1);
  for (const auto& [x, y] : {std::pair(0, 0), std::pair(1, 0), std::pair(1, 1), std::pair(0, 1)}) {
    const cv::Vec3d corner = photo_from_query * cv::Vec3d(x * query.width_px, y * query.height_px, 1);
    if (!(corner[2] * middle[2] > 1e-3 * middle[2] * middle[2])) return std::nullopt;
    outline.emplace_back(static_cast<float>(corner[0] / corner[2]), static_cast<float>(corner[1] / corner[2]));
    if (!std::isfinite(outline.back().x) || !std::isfinite(outline.back().y)) return std::nullopt;
  }
  if (cv::intersectConvexConvex(outline, frame, common) <= 0 || common.empty()) return std::nullopt;
  const auto [left, right] =
      std::minmax_element(common.begin(), common.end(), [](auto a, auto b) { return a.x < b.x; });
  const auto [top, bottom] =
      std::minmax_element(common.begin(), common.end(), [](auto a, auto b) { return a.y < b.y; });
  const float margin = kMargin * std::max(right->x - left->x, bottom->y - top->y);
  const cv::Point2f from(std::max(0.f, left->x - margin), std::max(0.f, top->y - margin));
  const cv::Point2f to(std::min(width, right->x + margin), std::min(height, bottom->y + margin));
  if (to.x - from.x < kMinSide_px || to.y - from.y < kMinSide_px) return std::nullopt;
  return cv::Rect2d(from, to);
}

// By how much the map stretches lengths around the middle of the query.
double ScaleOf(const cv::Matx33d& m, double x, double y) {
  const double w = m(2, 0) * x + m(2, 1) * y + m(2, 2);
  return std::sqrt(std::fabs(cv::determinant(m)) / std::fabs(w * w * w));
}

// OpenCV has the first pixel's centre at (0, 0), we at (0.5, 0.5).
cv::Matx33d CvFromOurs(const cv::Matx33d& target_from_source) {
  return cv::Matx33d(1, 0, -0.5, 0, 1, -0.5, 0, 0, 1) * target_from_source * cv::Matx33d(1, 0, 0.5, 0, 1, 0.5, 0, 0, 1);
}

// The picture on the overlay's grid, and where it is. target_from_original: in pixels of the upright original.
cv::Mat Warped(const OverlaySide& side, const cv::Matx33d& target_from_original, double scale, cv::Size size,
               cv::Mat* covered) {
  const cv::Mat colour = ColourAt(*side.image, scale * side.width_px / side.image->width_px);
  const cv::Matx33d original_from_picture(static_cast<double>(side.width_px) / colour.cols, 0, 0, 0,
                                          static_cast<double>(side.height_px) / colour.rows, 0, 0, 0, 1);
  const cv::Matx33d warp = CvFromOurs(target_from_original * original_from_picture);
  cv::Mat picture;
  cv::warpPerspective(colour, picture, warp, size, cv::INTER_CUBIC, cv::BORDER_REPLICATE);
  cv::warpPerspective(cv::Mat(colour.size(), CV_8U, cv::Scalar(255)), *covered, warp, size, cv::INTER_NEAREST,
                      cv::BORDER_CONSTANT, 0);
  picture.setTo(kNothing, *covered == 0);
  return picture;
}

cv::Mat DifferenceOf(const cv::Mat& query, const cv::Mat& photo, const cv::Mat& common) {
  cv::Mat even;  // The query with the photo's brightness and contrast, channel by channel.
  cv::Scalar query_mean, query_deviation, photo_mean, photo_deviation;
  cv::meanStdDev(query, query_mean, query_deviation, common);
  cv::meanStdDev(photo, photo_mean, photo_deviation, common);
  std::vector<cv::Mat> channels;
  cv::split(query, channels);
  for (int i = 0; i < 3; ++i) {
    // A bounded gain: noise of a flat picture must not become a pattern.
    const double gain = std::clamp(photo_deviation[i] / std::max(query_deviation[i], 1e-6), 0.25, 4.0);
    cv::Mat& channel = channels[static_cast<size_t>(i)];
    channel.convertTo(channel, CV_8U, gain, photo_mean[i] - gain * query_mean[i]);
  }
  cv::merge(channels, even);
  cv::Mat difference, grey, map;
  cv::absdiff(even, photo, difference);
  cv::cvtColor(difference, grey, cv::COLOR_BGR2GRAY);
  cv::GaussianBlur(grey, grey, cv::Size(0, 0), 1.0);  // Compression noise and half a pixel are no difference.
  grey.convertTo(grey, CV_8U, 255.0 / kFullDifference);
  cv::applyColorMap(grey, map, cv::COLORMAP_INFERNO);
  map.setTo(kNothing, common == 0);
  return map;
}

}  // namespace

std::optional<Overlay> LayOver(const OverlaySide& query, const OverlaySide& photo, const Transform& photo_from_query,
                               int max_side_px) {
  const cv::Matx33d transform(photo_from_query.data());
  if (query.width_px <= 0 || query.height_px <= 0 || photo.width_px <= 0 || photo.height_px <= 0) return std::nullopt;
  if (!std::all_of(photo_from_query.begin(), photo_from_query.end(), [](double v) { return std::isfinite(v); }) ||
      std::fabs(cv::determinant(transform)) < 1e-12) {
    return std::nullopt;
  }
  try {
    const std::optional<cv::Rect2d> box = CommonBox(query, photo, transform);
    if (!box) return std::nullopt;
    const double query_zoom =
        ScaleOf(transform, query.width_px / 2.0, query.height_px / 2.0);  // Photo pixels per query pixel.
    const double photo_detail = static_cast<double>(photo.image->width_px) / photo.width_px;
    const double query_detail = static_cast<double>(query.image->width_px) / query.width_px / query_zoom;
    const double scale = std::min(std::max(photo_detail, query_detail),
                                  std::clamp(max_side_px, 16, 4096) / std::max(box->width, box->height));
    const cv::Size size(std::max(1, static_cast<int>(std::lround(box->width * scale))),
                        std::max(1, static_cast<int>(std::lround(box->height * scale))));
    const cv::Matx33d overlay_from_photo(scale, 0, -box->x * scale, 0, scale, -box->y * scale, 0, 0, 1);
    cv::Mat query_covered, photo_covered;
    const cv::Mat query_picture =
        Warped(query, overlay_from_photo * transform, scale * query_zoom, size, &query_covered);
    const cv::Mat photo_picture = Warped(photo, overlay_from_photo, scale, size, &photo_covered);
    const cv::Mat common = query_covered & photo_covered;
    if (cv::countNonZero(common) == 0) return std::nullopt;
    return Overlay{ToImage(query_picture), ToImage(photo_picture),
                   ToImage(DifferenceOf(query_picture, photo_picture, common))};
  } catch (const cv::Exception&) {
    return std::nullopt;  // A transform too degenerate to warp by.
  }
}

}  // namespace pugmark
