// SPDX-License-Identifier: Apache-2.0
// Edits that put a photo together with others: collages, and one photo pasted into another.
#include <algorithm>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "benchmarks/quality/edit_steps.h"

namespace pugmark::bench::steps {
namespace {

constexpr double kMaxSquash = 2;          // Longer cells are cut to this ratio first: nobody squashes a panorama.
constexpr double kBackgroundRatio = 1.5;  // Backgrounds are cut to this, so that 60 % of their long side always fits.

cv::Mat Square(const cv::Mat& picture, int side, bool squash) {
  if (squash) return Resized(CutToRatio(picture, kMaxSquash), {side, side});
  return Cover(picture, {side, side});
}

}  // namespace

std::vector<cv::Mat> Draw(Strangers strangers, size_t count, cv::RNG& random) {
  std::vector<cv::Mat> drawn;
  if (strangers.empty()) return drawn;
  std::vector<size_t> order(strangers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = 0; i < count; ++i) {
    const size_t at = i % order.size();
    const auto other = at + static_cast<size_t>(random.uniform(0, static_cast<int>(order.size() - at)));
    std::swap(order[at], order[other]);
    drawn.push_back(strangers[order[at]]);
  }
  return drawn;
}

cv::Mat Collage(const cv::Mat& photo, Strangers strangers, bool squash, cv::RNG& random) {
  const int gutter = random.uniform(0, 13);
  const int cell = random.uniform(400, 635);
  const int total = 2 * cell + gutter;  // 800..1280 px.
  std::vector<cv::Mat> cells = Draw(strangers, 3, random);
  const int place = random.uniform(0, 4);
  cells.insert(cells.begin() + place, photo);
  cv::Mat collage(total, total, CV_8UC3, cv::Scalar::all(random.uniform(0, 3) == 0 ? 0 : 255));
  for (int i = 0; i < 4; ++i) {
    Place(Square(cells[static_cast<size_t>(i)], cell, squash), (i % 2) * (total - cell), (i / 2) * (total - cell),
          collage);
  }
  return collage;
}

cv::Mat Paste(const cv::Mat& photo, Strangers strangers, double min_size, double max_size, cv::RNG& random) {
  const cv::Mat stranger = CutToRatio(Draw(strangers, 1, random).at(0), kBackgroundRatio);
  const int side = random.uniform(900, 1281);
  const double size = random.uniform(min_size, max_size);
  const bool framed = random.uniform(0, 2) == 0;
  cv::Mat canvas = Inside(stranger, {side, side});
  // The frame is part of what was pasted, so the photo alone is never smaller than promised.
  cv::Mat pasted = Inside(photo, {Pixels(size * side), Pixels(size * side)});
  const int frame = framed ? Pixels(0.008 * side) : 0;
  cv::copyMakeBorder(pasted, pasted, frame, frame, frame, frame, cv::BORDER_CONSTANT, cv::Scalar::all(255));
  const int x = random.uniform(0, std::max(0, canvas.cols - pasted.cols) + 1);
  const int y = random.uniform(0, std::max(0, canvas.rows - pasted.rows) + 1);
  Place(pasted, x, y, canvas);
  return canvas;
}

}  // namespace pugmark::bench::steps
