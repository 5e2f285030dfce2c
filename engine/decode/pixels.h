// SPDX-License-Identifier: Apache-2.0
//
// Exact area averaging row by row, EXIF orientation, alpha; internal to engine/decode.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/decode/decode.h"

namespace pugmark::decode {

struct Size {
  int width_px = 0;
  int height_px = 0;
  bool operator==(const Size&) const = default;
};

// `size` with its long side reduced to max_side_px (>= 1), the other side in proportion, rounded, at least 1. Never
// larger.
Size ShrunkSize(Size size, int max_side_px);

// Shrinks a picture while its rows arrive, so that a decoder never needs to hold the photo.
//
// Each output pixel is the mean of the rectangle it covers, partly covered pixels counting by their share. Sums are
// exact integers: the result does not depend on the machine, and shrinking commutes with turning and mirroring.
class RowShrinker {
 public:
  // from: sides of [1, 32767]. to: no side larger than that of `from`. channels: 1 or 3.
  RowShrinker(Size from, Size to, int channels);

  // The next row of from.width_px × channels values. Called from.height_px times.
  void AddRow(const uint8_t* row);

  // After the last row; leaves the shrinker empty.
  Image Take();

 private:
  // Source columns under one output column: [first, last], the outer two with their own weights.
  struct Span {
    int first = 0;
    int last = 0;
    uint32_t first_weight = 0;
    uint32_t last_weight = 0;
  };
  void Accumulate(const uint8_t* row, uint32_t weight);
  template <int kChannels>
  void EmitRow();

  Size from_;
  Size to_;
  int channels_;
  Image image_;
  int rows_in_ = 0;
  int rows_out_ = 0;
  std::vector<Span> spans_;            // One per output column.
  std::vector<uint32_t> column_sums_;  // from.width × channels; at most 255 · from.height each.
};

// A picture that lies somewhere on a white photo, shrunk while its rows arrive.
class Canvas {
 public:
  // photo: sides of [1, 32767]; the result has its sides reduced to max_side_px. picture: what AddRow() brings.
  // left_px, top_px (>= 0): where it lies; what hangs over the photo's edge is cut. channels: 1 or 3.
  Canvas(Size photo, Size picture, int left_px, int top_px, int channels, int max_side_px);
  // The picture is the photo.
  Canvas(Size photo, int channels, int max_side_px) : Canvas(photo, photo, 0, 0, channels, max_side_px) {}

  // The next row of the picture, of its width × channels values; white if null. Called as often as it has rows.
  void AddRow(const uint8_t* row);

  // After the last row; leaves the canvas empty.
  Image Take();

 private:
  void AddWhiteRows(int count);

  Size photo_;
  Size picture_;
  int left_px_;
  int top_px_;
  size_t channels_;
  RowShrinker shrinker_;
  int rows_in_ = 0;
  std::vector<uint8_t> row_;  // Of the photo.
};

// `image`, stored in EXIF orientation 1-8, turned upright.
Image TurnUpright(Image image, int orientation);

// Value of 8-bit `value` under 8-bit `alpha` on white; the second for a value that was multiplied by alpha already.
inline uint8_t OnWhite(unsigned value, unsigned alpha) {
  return static_cast<uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}
inline uint8_t PremultipliedOnWhite(unsigned value, unsigned alpha) {
  return static_cast<uint8_t>(value >= alpha ? 255 : value + 255 - alpha);
}

// Turns `width_px` pixels of `channels` (1 or 3) values and alpha into as many of `channels` values on white, in place.
void LayOnWhite(uint8_t* row, int width_px, int channels);

}  // namespace pugmark::decode
