// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/whole/edits.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "index/base/error.h"

namespace pugmark::bench {
namespace {

constexpr int kQuality = 90;
constexpr double kAngleDegrees = 15;
constexpr double kBannerShare = 0.14;

cv::Mat Crop(const cv::Mat& photo, double area, cv::RNG& random) {
  const double side = std::sqrt(area);
  const int width = std::max(1, static_cast<int>(std::lround(photo.cols * side)));
  const int height = std::max(1, static_cast<int>(std::lround(photo.rows * side)));
  const int x = random.uniform(0, photo.cols - width + 1);
  const int y = random.uniform(0, photo.rows - height + 1);
  return photo(cv::Rect(x, y, width, height)).clone();
}

cv::Mat Rotate(const cv::Mat& photo, double degrees) {
  const double radians = degrees * CV_PI / 180;
  const double c = std::fabs(std::cos(radians)), s = std::fabs(std::sin(radians));
  const cv::Size size(static_cast<int>(std::ceil(photo.cols * c + photo.rows * s)),
                      static_cast<int>(std::ceil(photo.cols * s + photo.rows * c)));
  cv::Mat turn =
      cv::getRotationMatrix2D({static_cast<float>(photo.cols) / 2, static_cast<float>(photo.rows) / 2}, degrees, 1);
  turn.at<double>(0, 2) += (size.width - photo.cols) / 2.0;
  turn.at<double>(1, 2) += (size.height - photo.rows) / 2.0;
  cv::Mat rotated;
  cv::warpAffine(photo, rotated, turn, size, cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar::all(255));
  return rotated;
}

// Text as wide as `share` of the photo, its baseline at `y`.
void Write(cv::Mat& photo, const char* text, double share, int y, const cv::Scalar& colour) {
  constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
  int baseline = 0;
  const cv::Size unit = cv::getTextSize(text, kFont, 1, 2, &baseline);
  const double scale = share * photo.cols / unit.width;
  const int thickness = std::max(1, static_cast<int>(std::lround(2 * scale)));
  const int x = static_cast<int>((1 - share) / 2 * photo.cols);
  cv::putText(photo, text, {x, y}, kFont, scale, colour, thickness, cv::LINE_AA);
}

cv::Mat Banner(const cv::Mat& photo, cv::RNG& random) {
  cv::Mat edited = photo.clone();
  const int height = std::max(1, static_cast<int>(std::lround(photo.rows * kBannerShare)));
  const cv::Scalar bar(random.uniform(0, 256), random.uniform(0, 256), random.uniform(0, 256));
  edited(cv::Rect(0, photo.rows - height, photo.cols, height)).setTo(bar);
  Write(edited, "CALL 555-0142  ONLY SERIOUS", 0.7, photo.rows - height / 3, cv::Scalar::all(255));
  Write(edited, "best price", 0.4, photo.rows / 2, {0, 255, 255});
  return edited;
}

cv::Mat Gamma(const cv::Mat& photo, double gamma) {
  cv::Mat table(1, 256, CV_8U);
  for (int i = 0; i < 256; ++i) table.at<uint8_t>(0, i) = cv::saturate_cast<uint8_t>(255 * std::pow(i / 255.0, gamma));
  cv::Mat edited;
  cv::LUT(photo, table, edited);
  return edited;
}

}  // namespace

std::string_view EditName(Edit edit) {
  switch (edit) {
    case Edit::kJpeg30: return "jpeg-30";
    case Edit::kHalfSize: return "half-size";
    case Edit::kCrop50: return "crop-50";
    case Edit::kCrop25: return "crop-25";
    case Edit::kMirror: return "mirror";
    case Edit::kRotate15: return "rotate-15";
    case Edit::kBanner: return "banner";
    case Edit::kGamma: return "gamma";
  }
  return "";
}

cv::Mat Apply(Edit edit, uint64_t seed, const cv::Mat& photo) {
  // The state of cv::RNG must not be 0, and neighbouring seeds must not give neighbouring numbers.
  cv::RNG random((seed + 1) * 0x9E3779B97F4A7C15ull + static_cast<uint64_t>(edit));
  for (int i = 0; i < 8; ++i) random.next();
  cv::Mat edited;
  switch (edit) {
    case Edit::kJpeg30: return photo;
    case Edit::kHalfSize:
      cv::resize(photo, edited, {std::max(1, photo.cols / 2), std::max(1, photo.rows / 2)}, 0, 0, cv::INTER_AREA);
      return edited;
    case Edit::kCrop50: return Crop(photo, 0.5, random);
    case Edit::kCrop25: return Crop(photo, 0.25, random);
    case Edit::kMirror: cv::flip(photo, edited, 1); return edited;
    case Edit::kRotate15: return Rotate(photo, random.uniform(0, 2) == 0 ? kAngleDegrees : -kAngleDegrees);
    case Edit::kBanner: return Banner(photo, random);
    case Edit::kGamma: return Gamma(photo, random.uniform(0, 2) == 0 ? 0.6 : 1.7);
  }
  return photo;
}

void WriteEdited(Edit edit, uint64_t seed, const cv::Mat& photo, const std::filesystem::path& path) {
  const int quality = edit == Edit::kJpeg30 ? 30 : kQuality;
  if (!cv::imwrite(path.string(), Apply(edit, seed, photo), {cv::IMWRITE_JPEG_QUALITY, quality})) {
    throw Error(ErrorCode::kIo, path.string() + ": cannot be written.");
  }
}

}  // namespace pugmark::bench
