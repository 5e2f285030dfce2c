// SPDX-License-Identifier: Apache-2.0
#include "engine/features/parts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <tuple>

#include "engine/features/pixel_view.h"

namespace pugmark {
namespace {

// Standard deviation in grey levels below which a line is uniform: JPEG noise stays below, one letter in a row does
// not.
constexpr double kMaxDeviation = 4;
// Shares of the image's long side.
constexpr double kMinGutter = 0.003;
constexpr double kMinPartSide = 0.12;
// A part must have this share of the image's area.
constexpr double kMinPartArea = 0.04;
// Parts must have this share of what the cuts left over, but for what was drawn: if not, these are scattered things, not
// pictures in a page.
constexpr double kMinShareOfInk = 0.6;
// Letters are drawn: shorter on one side than this share of the long side. So are buttons and speech bubbles: so many of
// their pixels have nearly one grey level. Of what was photographed hardly anything has.
constexpr double kMaxLetterSide = 0.03;
constexpr double kMinDrawnShare = 0.6;
constexpr int kOneLevel = 8;  // As many grey levels count as one: JPEG disturbs them.
// Of the image: with more, a single part is the picture itself, a little trimmed ...
constexpr double kMaxSinglePart = 0.5, kMaxPartInPage = 0.85;
// ... unless other things, such as text lines, stand beside it, with at least this share of its area.
constexpr double kMinPage = 0.04;
constexpr int kMaxDepth = 8;

// Variance of any row or column segment in constant time.
class LineStatistics {
 public:
  explicit LineStatistics(const cv::Mat& grey) { cv::integral(grey, sums_, squares_, CV_32S, CV_64F); }

  bool IsUniform(const PixelRectangle& line) const {
    const double n = static_cast<double>(line.width) * line.height;
    const double mean = Over<int>(sums_, line) / n;
    return Over<double>(squares_, line) / n - mean * mean <= kMaxDeviation * kMaxDeviation;
  }

 private:
  template <typename T>
  static double Over(const cv::Mat& table, const PixelRectangle& r) {
    const auto at = [&](int y, int x) { return static_cast<double>(table.at<T>(y, x)); };
    return at(r.y + r.height, r.x + r.width) - at(r.y, r.x + r.width) - at(r.y + r.height, r.x) + at(r.y, r.x);
  }
  cv::Mat sums_, squares_;
};

class Cutter {
 public:
  Cutter(const cv::Mat& grey)
      : lines_(grey),
        min_gutter_(std::max(2, static_cast<int>(std::lround(kMinGutter * std::max(grey.cols, grey.rows))))) {}

  // Appends what the cuts leave of `region`.
  void Cut(const PixelRectangle& region, bool by_rows, int depth, bool other_way_failed,
           std::vector<PixelRectangle>* leaves) const {
    std::vector<PixelRectangle> bands = depth < kMaxDepth ? Bands(region, by_rows) : std::vector{region};
    const bool is_whole = bands.size() == 1 && bands[0] == region;
    if (is_whole && (other_way_failed || depth >= kMaxDepth)) {
      leaves->push_back(region);
      return;
    }
    for (const PixelRectangle& band : bands) Cut(band, !by_rows, depth + 1, is_whole, leaves);
  }

 private:
  // What lies between runs of uniform rows (or columns) that are as thick as a gutter.
  std::vector<PixelRectangle> Bands(const PixelRectangle& region, bool by_rows) const {
    const int length = by_rows ? region.height : region.width;
    const auto slice = [&](int from, int count) {
      return by_rows ? PixelRectangle{region.x, region.y + from, region.width, count}
                     : PixelRectangle{region.x + from, region.y, count, region.height};
    };
    std::vector<PixelRectangle> bands;
    int start = 0;  // Of the band; uniform lines too few for a gutter belong to it.
    int run = 0;    // Uniform lines up to here.
    for (int i = 0; i <= length; ++i) {
      if (i < length && lines_.IsUniform(slice(i, 1))) {
        ++run;
        continue;
      }
      const int end = i - run;
      if (run >= min_gutter_ || (run > 0 && (end == 0 || i == length))) {
        if (end > start) bands.push_back(slice(start, end - start));
        start = i;
      } else if (i == length && i > start) {
        bands.push_back(slice(start, i - start));
      }
      run = 0;
    }
    return bands;
  }

  LineStatistics lines_;
  int min_gutter_;
};

// Most of it has nearly one grey level.
bool IsDrawn(const cv::Mat& grey, const PixelRectangle& r) {
  std::array<int, 256> counts{};
  for (int y = r.y; y < r.y + r.height; ++y) {
    const uint8_t* row = grey.ptr<uint8_t>(y);
    for (int x = r.x; x < r.x + r.width; ++x) ++counts[row[x]];
  }
  int sum = std::accumulate(counts.begin(), counts.begin() + kOneLevel, 0), most = sum;
  for (size_t level = kOneLevel; level < 256; ++level) {
    sum += counts[level] - counts[level - kOneLevel];
    most = std::max(most, sum);
  }
  return most >= kMinDrawnShare * r.width * r.height;
}

double Area(const PixelRectangle& r) { return static_cast<double>(r.width) * r.height; }

}  // namespace

std::vector<PixelRectangle> FindParts(const Image& image) {
  const cv::Mat grey = GreyOf(image);
  std::vector<PixelRectangle> leaves;
  Cutter(grey).Cut({0, 0, image.width_px, image.height_px}, true, 0, false, &leaves);
  const double side = std::max(image.width_px, image.height_px);
  const double image_area = Area({0, 0, image.width_px, image.height_px});
  double beside = 0, scattered = 0, kept = 0;
  std::vector<PixelRectangle> parts;
  for (const PixelRectangle& leaf : leaves) {
    const int short_side = std::min(leaf.width, leaf.height);
    if (short_side < kMinPartSide * side || Area(leaf) < kMinPartArea * image_area) {
      beside += Area(leaf);
      if (short_side >= kMaxLetterSide * side && !IsDrawn(grey, leaf)) scattered += Area(leaf);
      continue;
    }
    kept += Area(leaf);
    parts.push_back(leaf);
  }
  if (parts.empty() || parts.size() > kMaxParts || kept < kMinShareOfInk * (kept + scattered)) return {};
  const bool is_in_page = beside >= kMinPage * kept;
  if (parts.size() == 1 && kept > (is_in_page ? kMaxPartInPage : kMaxSinglePart) * image_area) return {};
  std::sort(parts.begin(), parts.end(),
            [](const PixelRectangle& a, const PixelRectangle& b) { return std::tie(a.y, a.x) < std::tie(b.y, b.x); });
  return parts;
}

}  // namespace pugmark
