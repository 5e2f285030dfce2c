// SPDX-License-Identifier: Apache-2.0
#include "engine/features/sift.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "index/base/clones.h"

namespace pugmark {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

// [1], section 5.
constexpr int kDirectionBins = 36;
constexpr size_t kBinsAndFirstAgain = 37;  // What is rounded up to a whole turn.
constexpr float kDirectionSigmas = 1.5f,
                kDirectionReach = 3;  // Of the window, in sigmas of the keypoint; where it ends.
constexpr float kNextBest = 0.8f;
constexpr size_t kMostDirections = 4;
constexpr int kMaxRadius = 24;  // Of the window; sigma is at most 4 pixels.

// [1], section 6.1.
constexpr int kCells = 4, kCellDirections = 8;
constexpr float kCellSigmas = 3;  // Side of a cell in sigmas of the keypoint.
constexpr int kSamplesPerCell = 4;
// Samples half a cell outside still count towards the outermost cells.
constexpr int kSide = (kCells + 1) * kSamplesPerCell;
constexpr float kWindowCells = kCells / 2.0f;  // Standard deviation of the window.

// atan2 in turns, [0, 1); wrong by 0.00002 at most. Not std::atan2, which differs among processors and costs ten times
// as much. The polynomial is a minimax fit of atan on [0, 1].
[[gnu::always_inline]] inline float Turns(float y, float x) {
  const float ax = std::fabs(x), ay = std::fabs(y);
  const float ratio = std::min(ax, ay) / (std::max(ax, ay) + 1e-20f);
  const float s = ratio * ratio;
  float a =
      (((((-0.0117212f * s + 0.05265332f) * s - 0.11643287f) * s + 0.19354346f) * s - 0.33262347f) * s + 0.99997726f) *
      ratio * (0.5f / kPi);
  a = ay > ax ? 0.25f - a : a;
  a = x < 0 ? 0.5f - a : a;
  a = y < 0 ? 1 - a : a;
  return a >= 1 ? 0 : a;
}

// Of a row or column of samples: it counts towards the cell i / kSamplesPerCell, with one more before the first, and
// the next.
struct Spread {
  std::array<float, kSide> to_next;  // Its share; the rest goes to the former.
  std::array<float, kSide> window;   // One factor of the Gaussian.
};
const Spread& Spreads() {
  static const Spread spread = [] {
    Spread s{};
    for (size_t i = 0; i < kSide; ++i) {
      const float from_middle = (static_cast<float>(i) - (kSide - 1) / 2.0f) / kSamplesPerCell;
      const float place = from_middle + kCells / 2.0f - 0.5f;
      s.to_next[i] = place - std::floor(place);
      s.window[i] = static_cast<float>(std::exp(-0.5 * from_middle * from_middle / (kWindowCells * kWindowCells)));
    }
    return s;
  }();
  return spread;
}

}  // namespace

PUGMARK_CLONES("default", "arch=x86-64-v3", "arch=x86-64-v4")
std::vector<float> DirectionsAt(const Plane& plane, float x, float y, float sigma) {
  const int cx = static_cast<int>(std::lround(x)), cy = static_cast<int>(std::lround(y));
  const float window = kDirectionSigmas * sigma;
  const int radius = std::min(static_cast<int>(std::lround(kDirectionReach * window)), kMaxRadius);
  std::array<float, kBinsAndFirstAgain> bins{};
  float weights[2 * kMaxRadius + 1] = {}, magnitude[2 * kMaxRadius + 1];
  int bin_of[2 * kMaxRadius + 1];
  // In double precision, which all processors round to the same float.
  for (int i = 0; i <= radius; ++i) {
    weights[radius - i] = weights[radius + i] = static_cast<float>(std::exp(-0.5 * i * i / (window * window)));
  }
  const int left = std::max(cx - radius, 1), right = std::min(cx + radius, plane.width() - 2);
  const int length = right - left + 1, first = left - (cx - radius);
  for (int v = std::max(cy - radius, 1); v <= std::min(cy + radius, plane.height() - 2); ++v) {
    const float *up = plane.row(v - 1), *here = plane.row(v), *down = plane.row(v + 1);
    const float row_weight = weights[v - cy + radius];
    for (int i = 0; i < length; ++i) {
      const int u = left + i;
      const float gx = here[u + 1] - here[u - 1], gy = down[u] - up[u];
      magnitude[i] = row_weight * weights[first + i] * std::sqrt(gx * gx + gy * gy);
      bin_of[i] = static_cast<int>(Turns(gy, gx) * kDirectionBins + 0.5f);
    }
    for (int i = 0; i < length; ++i) bins[static_cast<size_t>(bin_of[i])] += magnitude[i];
  }
  bins[0] += bins[kDirectionBins];
  std::array<float, kDirectionBins> smooth;
  const auto at = [&](int i) { return bins[static_cast<size_t>((i + kDirectionBins) % kDirectionBins)]; };
  for (int i = 0; i < kDirectionBins; ++i) {
    smooth[static_cast<size_t>(i)] = (at(i - 2) + at(i + 2)) / 16 + (at(i - 1) + at(i + 1)) / 4 + at(i) * 6 / 16;
  }
  const float enough = kNextBest * *std::max_element(smooth.begin(), smooth.end());
  std::vector<std::pair<float, float>> peaks;  // Height, angle.
  for (int i = 0; i < kDirectionBins; ++i) {
    const float here = smooth[static_cast<size_t>(i)];
    const float before = smooth[static_cast<size_t>((i + kDirectionBins - 1) % kDirectionBins)];
    const float after = smooth[static_cast<size_t>((i + 1) % kDirectionBins)];
    if (here <= before || here <= after || here < enough) continue;
    const float peak = static_cast<float>(i) + (before - after) / (2 * (before - 2 * here + after));
    const float turns = peak / kDirectionBins;
    peaks.emplace_back(here, 2 * kPi * (turns < 0 ? turns + 1 : turns));
  }
  std::stable_sort(peaks.begin(), peaks.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  if (peaks.size() > kMostDirections) peaks.resize(kMostDirections);
  std::vector<float> angles;
  for (const auto& [height, angle] : peaks) angles.push_back(angle);
  return angles;
}

PUGMARK_CLONES("default", "arch=x86-64-v3", "arch=x86-64-v4")
void DescribeAt(const Plane& plane, float x, float y, float sigma, float angle_rad, float* histogram) {
  constexpr int kPatch = kSide + 2;
  const Spread& spread = Spreads();
  const float step = kCellSigmas * sigma / kSamplesPerCell;
  const float along_x = static_cast<float>(std::cos(static_cast<double>(angle_rad))) * step;
  const float along_y = static_cast<float>(std::sin(static_cast<double>(angle_rad))) * step;
  const auto last_x = static_cast<float>(plane.width() - 1), last_y = static_cast<float>(plane.height() - 1);
  const size_t stride = plane.stride();
  float patch[kPatch][kPatch];
  for (int j = 0; j < kPatch; ++j) {
    const float v = static_cast<float>(j) - (kPatch - 1) / 2.0f;
    for (int i = 0; i < kPatch; ++i) {
      const float u = static_cast<float>(i) - (kPatch - 1) / 2.0f;
      // Just short of the last pixel, so that the pixel after it need not be asked for.
      const float px = std::clamp(x + u * along_x - v * along_y, 0.0f, last_x - 1e-3f);
      const float py = std::clamp(y + u * along_y + v * along_x, 0.0f, last_y - 1e-3f);
      const int ix = static_cast<int>(px), iy = static_cast<int>(py);
      const float fx = px - static_cast<float>(ix), fy = py - static_cast<float>(iy);
      const float* p = plane.row(iy) + ix;
      const float top = p[0] + fx * (p[1] - p[0]), bottom = p[stride] + fx * (p[stride + 1] - p[stride]);
      patch[j][i] = top + fy * (bottom - top);
    }
  }
  float cells[kCells + 2][kCells + 2][kCellDirections] = {};
  for (int j = 0; j < kSide; ++j) {
    float magnitude[kSide], direction[kSide], left_low[kSide], left_high[kSide], right_low[kSide], right_high[kSide];
    int low_bin[kSide];
    for (int i = 0; i < kSide; ++i) {
      const float gu = patch[j + 1][i + 2] - patch[j + 1][i], gv = patch[j][i + 1] - patch[j + 2][i + 1];
      magnitude[i] = std::sqrt(gu * gu + gv * gv) * spread.window[static_cast<size_t>(i)];
      direction[i] = Turns(gv, gu) * kCellDirections;
    }
    float row[kCells + 2][kCellDirections + 1] = {};  // The last direction is the first again.
    for (int i = 0; i < kSide; ++i) {
      low_bin[i] = static_cast<int>(direction[i]);
      const float to_next = direction[i] - static_cast<float>(low_bin[i]);
      const float right = magnitude[i] * spread.to_next[static_cast<size_t>(i)], left = magnitude[i] - right;
      left_high[i] = left * to_next;
      left_low[i] = left - left_high[i];
      right_high[i] = right * to_next;
      right_low[i] = right - right_high[i];
    }
    for (int i = 0; i < kSide; ++i) {
      float* c = row[i / kSamplesPerCell];
      float* next = c + kCellDirections + 1;
      c[low_bin[i]] += left_low[i];
      c[low_bin[i] + 1] += left_high[i];
      next[low_bin[i]] += right_low[i];
      next[low_bin[i] + 1] += right_high[i];
    }
    for (auto& cell : row) cell[0] += cell[kCellDirections];
    const int c = j / kSamplesPerCell;
    const float window = spread.window[static_cast<size_t>(j)];
    const float lower = window * spread.to_next[static_cast<size_t>(j)], upper = window - lower;
    for (size_t k = 0; k < kCells + 2; ++k) {
      for (size_t b = 0; b < kCellDirections; ++b) {
        cells[c][k][b] += upper * row[k][b];
        cells[c + 1][k][b] += lower * row[k][b];
      }
    }
  }
  for (size_t r = 0; r < kCells; ++r) {
    for (size_t c = 0; c < kCells; ++c)
      std::copy_n(cells[r + 1][c + 1], kCellDirections, histogram + (r * kCells + c) * kCellDirections);
  }
}

}  // namespace pugmark
