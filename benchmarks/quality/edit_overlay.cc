// SPDX-License-Identifier: Apache-2.0
// Edits that cover parts of a photo: banners, watermarks, stickers.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "benchmarks/quality/edit_steps.h"

namespace pugmark::bench::steps {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_DUPLEX;
constexpr std::array kAdverts = {"CALL 555-0142",   "ONLY SERIOUS BUYERS", "WhatsApp 555 0199",
                                 "SHIPS WORLDWIDE", "best price, ask me",  "NEW STOCK - DM NOW"};
constexpr std::array kSlogans = {"FOR SALE", "SOLD OUT", "50% OFF", "ORIGINAL", "RESERVED"};
constexpr std::array kMarks = {"bazaarly.example", "(c) jadegarden", "SAMPLE", "ndovu trading"};
constexpr std::array kBadges = {"NEW", "WOW", "SALE", "HOT", "50%"};

template <size_t kCount>
std::string OneOf(const std::array<const char*, kCount>& texts, cv::RNG& random) {
  return texts[static_cast<size_t>(random.uniform(0, static_cast<int>(kCount)))];
}

bool IsBright(const cv::Scalar& colour) { return 0.11 * colour[0] + 0.59 * colour[1] + 0.3 * colour[2] > 128; }
cv::Scalar Contrast(const cv::Scalar& colour) { return cv::Scalar::all(IsBright(colour) ? 0 : 255); }

enum class Shape { kEllipse, kRectangle, kStar, kHeart, kFace, kBadge, kCount };

// The outline of a shape with about this area, turned by `radians`.
std::vector<cv::Point> Outline(Shape shape, cv::Point2d centre, double area, double stretch, double radians) {
  std::vector<cv::Point2d> unit;  // Around (0, 0).
  double unit_area = 0;
  switch (shape) {
    case Shape::kRectangle:
    case Shape::kBadge:
      unit = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};
      unit_area = 4;
      break;
    case Shape::kStar:
      for (int i = 0; i < 10; ++i) {
        const double radius = i % 2 == 0 ? 1 : 0.5, angle = i * CV_PI / 5;
        unit.emplace_back(radius * std::sin(angle), -radius * std::cos(angle));
      }
      unit_area = 1.47;  // 10 triangles of 0.5 · 1 · 0.5 · sin 36°.
      break;
    case Shape::kHeart:
      for (int i = 0; i < 48; ++i) {
        const double t = i * CV_PI / 24, s = std::sin(t);
        unit.emplace_back(s * s * s,
                          -(13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t)) / 16);
      }
      unit_area = 2.2;
      break;
    default:
      for (int i = 0; i < 48; ++i) unit.emplace_back(std::cos(i * CV_PI / 24), std::sin(i * CV_PI / 24));
      unit_area = CV_PI;
  }
  const double scale = std::sqrt(area / unit_area), c = std::cos(radians), s = std::sin(radians);
  std::vector<cv::Point> outline;
  for (const cv::Point2d& p : unit) {
    const double x = p.x * scale * stretch, y = p.y * scale / stretch;
    outline.emplace_back(cvRound(centre.x + c * x - s * y), cvRound(centre.y + s * x + c * y));
  }
  return outline;
}

// A smiling face, so that stickers have details of their own that may match other stickers.
void DrawFace(cv::Point2d centre, double radius, cv::Mat& canvas) {
  const cv::Scalar ink(20, 30, 60);
  for (const double side : {-0.35, 0.35}) {
    cv::circle(canvas, cv::Point2d(centre.x + side * radius, centre.y - 0.25 * radius), Pixels(0.13 * radius), ink,
               cv::FILLED, cv::LINE_AA);
  }
  cv::ellipse(canvas, cv::Point2d(centre.x, centre.y + 0.1 * radius), {Pixels(0.55 * radius), Pixels(0.45 * radius)}, 0,
              15, 165, ink, Pixels(0.1 * radius), cv::LINE_AA);
}

}  // namespace

void WriteInBox(const std::string& text, cv::Rect box, const cv::Scalar& colour, const cv::Scalar& outline,
                cv::Mat& canvas) {
  int below = 0;
  const cv::Size unit = cv::getTextSize(text, kFont, 1, 2, &below);
  const double scale = std::min(box.width / static_cast<double>(unit.width), box.height / (unit.height * 1.25));
  const int thickness = Pixels(2 * scale);
  const cv::Point at(box.x + cvRound((box.width - unit.width * scale) / 2),
                     box.y + cvRound((box.height + unit.height * scale) / 2));
  if (outline[0] >= 0) cv::putText(canvas, text, at, kFont, scale, outline, 3 * thickness, cv::LINE_AA);
  cv::putText(canvas, text, at, kFont, scale, colour, thickness, cv::LINE_AA);
}

cv::Mat Banner(const cv::Mat& photo, bool text_across, cv::RNG& random) {
  cv::Mat edited = photo.clone();
  const int height = Pixels(random.uniform(0.12, 0.16) * photo.rows);
  const double places[] = {0, 0.65, 1, 1};  // At the bottom most often.
  const int y = cvRound(places[random.uniform(0, 4)] * (photo.rows - height));
  const cv::Scalar bar = RandomColour(random, 0, 255);
  const cv::Rect rect(0, y, photo.cols, height);
  edited(rect).setTo(bar);
  const std::string advert = OneOf(kAdverts, random);
  WriteInBox(advert, {photo.cols / 20, y + height / 8, photo.cols - photo.cols / 10, height - height / 4},
             Contrast(bar), cv::Scalar::all(-1), edited);
  if (!text_across) return edited;
  const std::string slogan = OneOf(kSlogans, random);
  const int text_height = Pixels(0.3 * photo.rows);
  const int text_y = cvRound(random.uniform(0.25, 0.45) * photo.rows);
  const cv::Scalar colour = RandomColour(random, 0, 255);
  WriteInBox(slogan, {photo.cols / 25, text_y, photo.cols - photo.cols * 2 / 25, text_height}, colour, Contrast(colour),
             edited);
  return edited;
}

cv::Mat Watermark(const cv::Mat& photo, double size, double opacity, cv::RNG& random) {
  // Written upright on a larger sheet, turned, and cut to the photo.
  const std::string mark = OneOf(kMarks, random);
  const double degrees = random.uniform(20.0, 40.0);
  const cv::Scalar colour = Contrast(cv::mean(photo));  // White on white would be no edit.
  const int side = Pixels(std::hypot(photo.cols, photo.rows)) + 2;
  const double scale = std::max(0.25, size * std::min(photo.cols, photo.rows) / 22);  // Capitals: 22 px at scale 1.
  int below = 0;
  const cv::Size unit = cv::getTextSize(mark, kFont, scale, Pixels(2 * scale), &below);
  const int step_x = unit.width + Pixels(1.5 * unit.height), step_y = Pixels(3.2 * unit.height);
  cv::Mat sheet = cv::Mat::zeros(side, side, CV_8U);
  const int start = random.uniform(0, step_x);
  for (int row = 0; row * step_y < side + step_y; ++row) {
    for (int x = -start - (row % 2) * step_x / 2; x < side; x += step_x) {
      cv::putText(sheet, mark, {x, row * step_y}, kFont, scale, cv::Scalar::all(255), Pixels(2 * scale), cv::LINE_AA);
    }
  }
  const auto middle = static_cast<float>(side) / 2;
  cv::warpAffine(sheet.clone(), sheet, cv::getRotationMatrix2D({middle, middle}, degrees, 1), sheet.size());
  const cv::Mat alpha = sheet(cv::Rect((side - photo.cols) / 2, (side - photo.rows) / 2, photo.cols, photo.rows));
  cv::Mat covered;
  cv::addWeighted(photo, 1 - opacity, cv::Mat(photo.size(), CV_8UC3, colour), opacity, 0, covered);
  cv::Mat marked = photo.clone();
  covered.copyTo(marked, alpha > 127);
  return marked;
}

cv::Mat Stickers(const cv::Mat& photo, double share, cv::RNG& random, cv::Mat* mask) {
  const double area = static_cast<double>(photo.total());
  cv::Mat edited = photo.clone(), covered = cv::Mat::zeros(photo.size(), CV_8U);
  double done = 0;
  // Sizes shrink with what is left, so that the last ones fill up to the share; overlaps only take more of them.
  for (int i = 0; i < 200 && done < share - 0.005; ++i) {
    const double part = std::min(random.uniform(0.03, 0.09), share - done + 0.005);
    const auto shape = static_cast<Shape>(random.uniform(0, static_cast<int>(Shape::kCount)));
    const double x = random.uniform(0.0, 1.0) * photo.cols;
    const double y = random.uniform(0.0, 1.0) * photo.rows;
    const double stretch = shape == Shape::kFace ? 1 : shape == Shape::kBadge ? 1.4 : random.uniform(0.75, 1.33);
    const double radians = shape == Shape::kBadge ? 0 : random.uniform(-0.6, 0.6);
    const cv::Scalar colour = shape == Shape::kFace ? cv::Scalar(40, 205, 250) : RandomColour(random, 0, 255);
    const std::string text = OneOf(kBadges, random);
    const std::vector<cv::Point> outline = Outline(shape, {x, y}, part * area, stretch, radians);
    cv::fillPoly(edited, std::vector{outline}, colour);
    cv::fillPoly(covered, std::vector{outline}, cv::Scalar::all(255));
    // Smoothed edges of these details that stick out of a tiny outline are cut off at the end, by the mask.
    if (shape == Shape::kFace) DrawFace({x, y}, std::sqrt(part * area / CV_PI), edited);
    if (shape == Shape::kBadge) {
      const cv::Rect box = cv::boundingRect(outline);
      WriteInBox(text, {box.x + box.width / 8, box.y + box.height / 8, box.width * 3 / 4, box.height * 3 / 4},
                 Contrast(colour), cv::Scalar::all(-1), edited);
    }
    done = cv::countNonZero(covered) / area;
  }
  cv::Mat stickered = photo.clone();
  edited.copyTo(stickered, covered);
  if (mask != nullptr) *mask = covered;
  return stickered;
}

}  // namespace pugmark::bench::steps
