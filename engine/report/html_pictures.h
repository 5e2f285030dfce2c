// SPDX-License-Identifier: Apache-2.0
//
// The pictures of a page, each in it once, within a budget. For the rooms that write pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "engine/decode/decode.h"
#include "engine/report/html_data.h"

namespace pugmark::html {

// A picture that is in the page, or why it is not.
struct Picture {
  std::string id;       // Of an SVG symbol. Empty: it is not in the page.
  std::string missing;  // Why, in two or three words.
  std::string source;   // For the caption; safe.
};

class PictureBudget {
 public:
  explicit PictureBudget(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Three quarters are for large pictures and overlays; the rest shows the hits after them small.
  bool is_generous() const { return used_bytes_ < max_bytes_ / 4 * 3; }

  // The image as base64 of a JPEG, at most max_side_px large. Empty if it does not fit the budget.
  std::string Encode(const Image& image, int max_side_px, int quality);

  int num_small = 0, num_left_out = 0, num_overlays_left_out = 0;  // What the page says at its end.

 private:
  size_t max_bytes_, used_bytes_ = 0;
};

// Pictures by id. The first that asks for an id puts it into `symbols`, to be drawn in a frame of that size.
class PictureStore {
 public:
  explicit PictureStore(PictureBudget* budget) : budget_(budget) {}
  bool Has(const std::string& id) const { return pictures_.contains(id); }
  const Picture& Get(const std::string& id) const { return pictures_.at(id); }
  // image: null if there is none. source: safe, or empty.
  const Picture& Add(const std::string& id, const Image* image, const std::string& source, double width, double height,
                     data* symbols);

 private:
  PictureBudget* budget_;
  std::unordered_map<std::string, Picture> pictures_;
};

}  // namespace pugmark::html
