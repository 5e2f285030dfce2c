// SPDX-License-Identifier: Apache-2.0
#include "engine/search/regions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

constexpr double kMinSide_px = 8;       // As DecodeOptions::min_side_px: less has nothing to match.
constexpr double kTolerance_px = 0.51;  // "33.4%,0%,66.6%,100%" may be off by rounding.

bool Contains(const Region& r, float x_px, float y_px) {
  return x_px >= r.x_px && y_px >= r.y_px && x_px < r.x_px + r.width_px && y_px < r.y_px + r.height_px;
}

// One of the four; whether it ends in a percent sign.
std::optional<double> Number(std::string_view text, bool* is_percent) {
  *is_percent = text.ends_with('%');
  if (*is_percent) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

Rectangle ParseRectangle(std::string_view text) {
  const auto fail = [&](std::string_view why) -> Rectangle {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("'{}' {}", EscapeText(text), why));
  };
  constexpr std::string_view kForm =
      "is no rectangle: give x,y,width,height in pixels (120,80,300,200), or all four in "
      "percent (10%,20%,50%,50%).";
  std::array<double, 4> values{};
  int num_percents = 0;
  size_t start = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t end = std::min(text.find(',', start), text.size());
    const bool is_last = i + 1 == values.size();
    if (is_last != (end == text.size())) return fail(kForm);
    bool is_percent = false;
    const std::optional<double> value = Number(text.substr(start, end - start), &is_percent);
    if (!value) return fail(kForm);
    values[i] = *value;
    num_percents += is_percent ? 1 : 0;
    start = end + 1;
  }
  if (num_percents != 0 && num_percents != 4) return fail(kForm);
  if (values[2] <= 0 || values[3] <= 0) return fail("is an empty rectangle: width and height must be more than 0.");
  if (values[0] < 0 || values[1] < 0) return fail("begins outside of the photo: x and y must not be negative.");
  return {values[0], values[1], values[2], values[3], num_percents == 4};
}

Region PlaceOf(const Rectangle& r, int width_px, int height_px) {
  const double x_unit = r.in_percent ? width_px / 100.0 : 1, y_unit = r.in_percent ? height_px / 100.0 : 1;
  const double left = r.x * x_unit, top = r.y * y_unit;
  const double right = left + r.width * x_unit, bottom = top + r.height * y_unit;
  const auto name = [&] {
    return r.in_percent ? fmt::format("{:g}%,{:g}%,{:g}%,{:g}%", r.x, r.y, r.width, r.height)
                        : fmt::format("{:g},{:g},{:g},{:g}", r.x, r.y, r.width, r.height);
  };
  if (right > width_px + kTolerance_px || bottom > height_px + kTolerance_px) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("The rectangle {} reaches beyond the photo, which has {} × {} pixels.", name(), width_px,
                            height_px));
  }
  if (right - left < kMinSide_px || bottom - top < kMinSide_px) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("The rectangle {} is too small: {:g} × {:g} pixels, at least {} × {} are needed.", name(),
                            right - left, bottom - top, kMinSide_px, kMinSide_px));
  }
  return {static_cast<float>(left), static_cast<float>(top),
          static_cast<float>(std::min<double>(right, width_px) - left),
          static_cast<float>(std::min<double>(bottom, height_px) - top)};
}

Features WithoutRegions(const Features& features, const Region& place, const std::vector<Region>& excluded,
                        int max_keypoints) {
  const float x_scale = place.width_px / static_cast<float>(features.width_px);
  const float y_scale = place.height_px / static_cast<float>(features.height_px);
  Features kept;
  kept.width_px = features.width_px;
  kept.height_px = features.height_px;
  for (size_t i = 0; i < features.size() && kept.size() < static_cast<size_t>(max_keypoints); ++i) {
    const float x_px = features.keypoints[i].x_px * x_scale + place.x_px;
    const float y_px = features.keypoints[i].y_px * y_scale + place.y_px;
    if (std::any_of(excluded.begin(), excluded.end(), [&](const Region& r) { return Contains(r, x_px, y_px); }))
      continue;
    kept.keypoints.push_back(features.keypoints[i]);
    const std::span<const uint8_t> descriptor = features.descriptor(i);
    kept.descriptors.insert(kept.descriptors.end(), descriptor.begin(), descriptor.end());
  }
  return kept;
}

}  // namespace pugmark
