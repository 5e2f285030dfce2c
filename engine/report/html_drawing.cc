// SPDX-License-Identifier: Apache-2.0
#include "engine/report/html_drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/report/wording.h"

namespace pugmark::html {
namespace {

constexpr int kNumLineColours = 6;
// Each photo of a pair is fitted into a box, in units of the SVG.
constexpr double kBoxWidth = 600, kBoxHeight = 520, kPairGap = 16;
constexpr int kMaxLines = 1000;

// Both photos side by side, or one above the other where the page is narrow.
struct Layout {
  const char* name;
  Frame query, photo;
  double width, height;
};

Layout Wide(Frame query, Frame photo) {
  const double height = std::max(query.height, photo.height);
  query.y = (height - query.height) / 2;
  photo.x = query.width + kPairGap;
  photo.y = (height - photo.height) / 2;
  return {"wide", query, photo, photo.x + photo.width, height};
}

Layout Tall(Frame query, Frame photo) {
  const double width = std::max(query.width, photo.width);
  query.x = (width - query.width) / 2;
  photo.x = (width - photo.width) / 2;
  photo.y = query.height + kPairGap;
  return {"tall", query, photo, width, photo.y + photo.height};
}

bool IsFinite(const InlierPair& p) {
  return std::isfinite(p.query_x_px) && std::isfinite(p.query_y_px) && std::isfinite(p.photo_x_px) &&
         std::isfinite(p.photo_y_px);
}

// At most max_lines of the inliers, evenly chosen.
std::vector<InlierPair> ChosenLines(const std::vector<InlierPair>& inliers, int max_lines) {
  std::vector<InlierPair> chosen;
  const size_t num_lines = std::min(inliers.size(), static_cast<size_t>(std::clamp(max_lines, 0, kMaxLines)));
  for (size_t i = 0; i < num_lines; ++i) {
    const InlierPair& pair = inliers[i * inliers.size() / num_lines];
    if (IsFinite(pair)) chosen.push_back(pair);
  }
  return chosen;
}

data Rectangle(double x, double y, double width, double height) {
  data item;
  item.set("x", Number(x));
  item.set("y", Number(y));
  item.set("w", Number(width));
  item.set("h", Number(height));
  return item;
}

bool IsDrawable(const Region& r) {
  return std::isfinite(r.x_px) && std::isfinite(r.y_px) && r.width_px > 0 && r.height_px > 0 &&
         std::isfinite(r.width_px) && std::isfinite(r.height_px);
}

data RegionIn(const Frame& frame, const Region& region) {
  const double left = frame.X(region.x_px), top = frame.Y(region.y_px);
  return Rectangle(left, top, frame.X(region.x_px + region.width_px) - left,
                   frame.Y(region.y_px + region.height_px) - top);
}

// As an outline of a path.
std::string Outline(double left, double top, double right, double bottom) {
  return fmt::format("M{:.1f} {:.1f}H{:.1f}V{:.1f}H{:.1f}Z", left, top, right, bottom, left);
}

std::string Outline(const Frame& frame, const Region& r) {
  return Outline(frame.X(r.x_px), frame.Y(r.y_px), frame.X(r.x_px + r.width_px), frame.Y(r.y_px + r.height_px));
}

data Side(const Frame& frame, const Picture& picture) {
  data side = Rectangle(frame.x, frame.y, frame.width, frame.height);
  side.set("picture", Optional(picture.id));
  side.set("missing", picture.missing);
  side.set("middle_x", Number(frame.x + frame.width / 2));
  side.set("middle_y", Number(frame.y + frame.height / 2));
  return side;
}

}  // namespace

Frame Frame::Fitted(int width_px, int height_px) {
  if (width_px <= 0 || height_px <= 0) return {0, 0, kBoxWidth, kBoxWidth * 3 / 4, 0};
  const double fitted = std::min(kBoxWidth / width_px, kBoxHeight / height_px);
  return {0, 0, width_px * fitted, height_px * fitted, fitted};
}

double Frame::X(double x_px) const { return x + std::clamp(x_px * scale, 0.0, width); }

double Frame::Y(double y_px) const { return y + std::clamp(y_px * scale, 0.0, height); }

data Unsearched(const QueryResult& result, const Frame& query) {
  std::vector<std::string> paths;
  if (query.scale > 0) {
    if (result.roi && IsDrawable(*result.roi)) {
      paths.push_back(Outline(query.x, query.y, query.x + query.width, query.y + query.height) +
                      Outline(query, *result.roi));
    }
    for (const Region& excluded : result.excluded) {
      if (IsDrawable(excluded)) paths.push_back(Outline(query, excluded));
    }
  }
  return Texts(paths);
}

void DrawPair(const QueryResult& result, const Hit& hit, const Picture& query_picture, const Picture& photo_picture,
              int max_lines, data* item) {
  const Frame query = Frame::Fitted(result.width_px, result.height_px);
  const Frame photo = Frame::Fitted(hit.photo.width_px, hit.photo.height_px);
  const bool has_scale = query.scale > 0 && photo.scale > 0;
  const bool has_regions = has_scale && IsDrawable(hit.query_region) && IsDrawable(hit.photo_region);
  const std::vector<InlierPair> chosen = has_scale ? ChosenLines(hit.inliers, max_lines) : std::vector<InlierPair>();
  std::string label = Counted(static_cast<int64_t>(chosen.size()), "inlier line");
  if (chosen.size() < hit.inliers.size()) label += fmt::format(" of {}", hit.inliers.size());
  const std::string query_name = Safe(FileName(result.path.native()));
  const std::string photo_name = Safe(FileName(hit.photo.path));

  data layouts(data::type::list);
  for (const Layout& layout : {Wide(query, photo), Tall(query, photo)}) {
    data sides(data::type::list);
    sides.push_back(Side(layout.query, query_picture));
    sides.push_back(Side(layout.photo, photo_picture));
    data lines(data::type::list);
    for (size_t i = 0; i < chosen.size(); ++i) {
      data line;
      line.set("colour", std::to_string(i % kNumLineColours));
      line.set("x1", Number(layout.query.X(chosen[i].query_x_px)));
      line.set("y1", Number(layout.query.Y(chosen[i].query_y_px)));
      line.set("x2", Number(layout.photo.X(chosen[i].photo_x_px)));
      line.set("y2", Number(layout.photo.Y(chosen[i].photo_y_px)));
      lines.push_back(line);
    }
    data regions(data::type::list);
    if (has_regions) {
      regions.push_back(RegionIn(layout.query, hit.query_region));
      regions.push_back(RegionIn(layout.photo, hit.photo_region));
    }
    data drawing;
    drawing.set("layout", layout.name);
    drawing.set("width", Number(layout.width));
    drawing.set("height", Number(layout.height));
    drawing.set("alt", fmt::format("Query photo {} and known photo {}, {} between matching details.", query_name,
                                   photo_name, label));
    drawing.set("sides", sides);
    drawing.set("unsearched", Unsearched(result, layout.query));
    drawing.set("lines", lines);
    drawing.set("regions", regions);
    layouts.push_back(drawing);
  }
  item->set("layouts", layouts);
  item->set("has_unsearched", has_scale && (result.roi || !result.excluded.empty()));
  item->set("has_lines", !chosen.empty());
  item->set("has_regions", has_regions);
  item->set("line_label", label);
  item->set("query_name", query_name);
  item->set("photo_name", photo_name);
}

}  // namespace pugmark::html
