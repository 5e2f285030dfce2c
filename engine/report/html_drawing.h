// SPDX-License-Identifier: Apache-2.0
//
// Both photos of a hit side by side, with the matched regions outlined and lines between matching details. Private to
// the report room.
#pragma once

#include "engine/report/html_data.h"
#include "engine/report/html_pictures.h"
#include "engine/search/search.h"

namespace pugmark::html {

// Where a photo is drawn: its original's pixels scaled into a box, in units of the SVG.
struct Frame {
  double x = 0, y = 0, width = 0, height = 0, scale = 0;

  // Without known size: a box of a common shape, in which nothing can be marked (scale 0).
  static Frame Fitted(int width_px, int height_px);
  double X(double x_px) const;  // What lies outside of the photo is drawn at its border.
  double Y(double y_px) const;
};

// What of the query was not searched for, where it is drawn: paths to fill by even-odd. Empty if the whole query was.
data Unsearched(const QueryResult& result, const Frame& query);

// The keys layouts, has_lines, has_regions, line_label, query_name, photo_name of a hit. max_lines: evenly chosen.
void DrawPair(const QueryResult& result, const Hit& hit, const Picture& query_picture, const Picture& photo_picture,
              int max_lines, data* item);

}  // namespace pugmark::html
