// SPDX-License-Identifier: Apache-2.0
// A photo of a screen that shows the photo.
//
// The screen's pixels are drawn three by three, as red, green and blue stripes with a dark row, and then seen through a
// tilted camera whose own pixels are of about the same size: the sampling gives true moire. Slow waves of colour are
// added on top, because a real sensor's colour filter interferes as well.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "benchmarks/quality/edit_steps.h"

namespace pugmark::bench::steps {
namespace {

constexpr int kScreenSide = 720;   // px of the screen, long side.
constexpr int kCameraSide = 1280;  // px of the camera's picture, long side.
constexpr double kMaxScreenRatio = 16.0 / 9;

// What the screen shows: the photo as large as it fits, or a little smaller, on a page of one colour.
cv::Mat ScreenContent(const cv::Mat& photo, cv::RNG& random) {
  const double ratio = std::clamp(static_cast<double>(photo.cols) / photo.rows, 1 / kMaxScreenRatio, kMaxScreenRatio);
  const cv::Size size = ratio >= 1 ? cv::Size(kScreenSide, Pixels(kScreenSide / ratio))
                                   : cv::Size(Pixels(kScreenSide * ratio), kScreenSide);
  cv::Mat screen(size, CV_8UC3, cv::Scalar::all(random.uniform(0, 2) == 0 ? 20 : 240));
  const double filled = random.uniform(0.88, 1.0);
  const cv::Mat shown = Inside(photo, {Pixels(size.width * filled), Pixels(size.height * filled)});
  Place(shown, (size.width - shown.cols) / 2, (size.height - shown.rows) / 2, screen);
  return screen;
}

cv::Mat PixelGrid(const cv::Mat& screen, double blur_px) {
  cv::Mat grid;
  cv::resize(screen, grid, {}, 3, 3, cv::INTER_NEAREST);
  constexpr float kOff = 0.4f, kGap = 0.6f;
  constexpr float kGain = 1 / ((1 + 2 * kOff) / 3 * (2 + kGap) / 3);  // The mean stays.
  for (int y = 0; y < grid.rows; ++y) {
    auto* row = grid.ptr<cv::Vec3b>(y);
    const float gap = y % 3 == 2 ? kGap * kGain : kGain;
    for (int x = 0; x < grid.cols; ++x) {
      for (int c = 0; c < 3; ++c)
        row[x][c] = cv::saturate_cast<uint8_t>(static_cast<float>(row[x][c]) * gap * (2 - x % 3 == c ? 1 : kOff));
    }
  }
  cv::GaussianBlur(grid, grid, {}, blur_px);
  return grid;
}

// The corners of the screen in the camera's picture: tilted, turned by up to 4 degrees, filling 86..93 % of it.
std::array<cv::Point2f, 4> CornersInCamera(cv::Size screen, cv::Size camera, double tilt, cv::RNG& random) {
  std::array<cv::Point2f, 4> corners = TiltedCorners(screen, tilt, random);
  const double radians = random.uniform(-4.0, 4.0) * CV_PI / 180;
  const double filled = random.uniform(0.86, 0.93);
  const auto c = static_cast<float>(std::cos(radians)), s = static_cast<float>(std::sin(radians));
  for (cv::Point2f& p : corners) p = {c * p.x - s * p.y, s * p.x + c * p.y};
  float left = corners[0].x, right = left, top = corners[0].y, bottom = top;
  for (const cv::Point2f& p : corners) {
    left = std::min(left, p.x), right = std::max(right, p.x), top = std::min(top, p.y), bottom = std::max(bottom, p.y);
  }
  const auto scale = static_cast<float>(filled * std::min(static_cast<double>(camera.width) / (right - left),
                                                          static_cast<double>(camera.height) / (bottom - top)));
  const cv::Point2f middle((left + right) / 2, (top + bottom) / 2);
  const cv::Point2f centre(static_cast<float>(camera.width) / 2, static_cast<float>(camera.height) / 2);
  for (cv::Point2f& p : corners) p = (p - middle) * scale + centre;
  return corners;
}

// A desk, or whatever stands behind the screen, out of focus.
cv::Mat Background(cv::Size size, Strangers strangers, cv::RNG& random) {
  const std::vector<cv::Mat> stranger = Draw(strangers, 1, random);
  const cv::Scalar colour = RandomColour(random, 60, 190);
  cv::Mat background(size, CV_8UC3, colour);
  if (!stranger.empty()) cv::GaussianBlur(Cover(stranger[0], size), background, {}, 12);
  return background;
}

struct Wave {
  double x, y, bend;             // Angle: x · column + y · row + bend · column · row.
  double in_phase[3], ahead[3];  // Amplitudes of its sine and cosine in each channel.
};

// Multiplies what the mask covers by two slow waves, each channel with a phase of its own.
void Interfere(double amplitude, const cv::Mat& mask, cv::RNG& random, cv::Mat& picture) {
  Wave waves[2];
  for (Wave& wave : waves) {
    const double angle = random.uniform(0.0, CV_PI);
    const double length_px = random.uniform(9.0, 40.0);
    wave.x = 2 * CV_PI / length_px * std::cos(angle);
    wave.y = 2 * CV_PI / length_px * std::sin(angle);
    wave.bend = random.uniform(-1.0, 1.0) * 2e-5;
    for (int c = 0; c < 3; ++c) {
      const double phase = random.uniform(0.0, 2.0);
      wave.in_phase[c] = amplitude / 2 * std::cos(phase);
      wave.ahead[c] = amplitude / 2 * std::sin(phase);
    }
  }
  for (int y = 0; y < picture.rows; ++y) {
    auto* row = picture.ptr<cv::Vec3b>(y);
    const uint8_t* covered = mask.ptr<uint8_t>(y);
    for (int x = 0; x < picture.cols; ++x) {
      if (covered[x] == 0) continue;
      double factors[3] = {1, 1, 1};
      for (const Wave& wave : waves) {
        const double angle = wave.x * x + wave.y * y + wave.bend * x * y;
        const double sine = std::sin(angle), cosine = std::cos(angle);
        for (int c = 0; c < 3; ++c) factors[c] += sine * wave.in_phase[c] + cosine * wave.ahead[c];
      }
      for (int c = 0; c < 3; ++c) row[x][c] = cv::saturate_cast<uint8_t>(row[x][c] * factors[c]);
    }
  }
}

// A brighter spot, as from a window behind the photographer.
void Glare(cv::RNG& random, cv::Mat& picture) {
  cv::Mat spot = cv::Mat::zeros(picture.size(), CV_8UC3);
  const int x = random.uniform(0, picture.cols);
  const int y = random.uniform(0, picture.rows);
  const double strength = random.uniform(20.0, 60.0);
  const int side = std::max(picture.cols, picture.rows);
  cv::circle(spot, {x, y}, side / 5, cv::Scalar::all(strength), cv::FILLED);
  cv::Mat small;
  cv::resize(spot, small, {}, 0.125, 0.125, cv::INTER_AREA);  // As smooth as this, an eighth is enough.
  cv::GaussianBlur(small, small, {}, side / 80.0);
  cv::resize(small, spot, spot.size(), 0, 0, cv::INTER_LINEAR);
  picture += spot;
}

}  // namespace

cv::Mat PhotoOfScreen(const cv::Mat& photo, Strangers strangers, double min_tilt, double max_tilt, double moire,
                      cv::RNG& random) {
  const cv::Mat content = ScreenContent(photo, random);
  const cv::Mat grid = PixelGrid(content, random.uniform(0.8, 1.1));
  const int bezel = Pixels(random.uniform(0.02, 0.05) * grid.cols);
  cv::Mat screen;
  cv::copyMakeBorder(grid, screen, bezel, bezel, bezel, bezel, cv::BORDER_CONSTANT,
                     cv::Scalar::all(random.uniform(10, 50)));

  const cv::Size camera = screen.cols >= screen.rows ? cv::Size(kCameraSide, kCameraSide * 3 / 4)
                                                     : cv::Size(kCameraSide * 3 / 4, kCameraSide);
  const double tilt = random.uniform(min_tilt, max_tilt);
  const std::array<cv::Point2f, 4> to = CornersInCamera(screen.size(), camera, tilt, random);
  const auto width = static_cast<float>(screen.cols), height = static_cast<float>(screen.rows);
  const std::array<cv::Point2f, 4> from = {{{0, 0}, {width, 0}, {width, height}, {0, height}}};
  const cv::Mat camera_from_screen = cv::getPerspectiveTransform(from.data(), to.data());
  cv::Mat seen = Background(camera, strangers, random), mask;
  cv::warpPerspective(screen, seen, camera_from_screen, camera, cv::INTER_LINEAR, cv::BORDER_TRANSPARENT);
  cv::Mat lit = cv::Mat::zeros(screen.size(), CV_8U);  // All but the bezel.
  lit(cv::Rect({bezel, bezel}, grid.size())).setTo(255);
  cv::warpPerspective(lit, mask, camera_from_screen, camera);

  Interfere(moire, mask, random, seen);
  const cv::Scalar light = RandomColour(random, 78, 108);  // Percent: the white balance is off.
  cv::multiply(seen, light / 100, seen);
  Glare(random, seen);
  cv::GaussianBlur(seen, seen, {}, random.uniform(0.7, 1.3));
  return Noise(seen, random.uniform(3.0, 7.0), random);
}

}  // namespace pugmark::bench::steps
