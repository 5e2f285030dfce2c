// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/pixels.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "index/base/error.h"

namespace pugmark {
namespace decode {

Size ShrunkSize(Size size, int max_side_px) {
  const int64_t long_side = std::max(size.width_px, size.height_px);
  if (long_side <= max_side_px) return size;
  const auto scaled = [&](int64_t side) {
    return static_cast<int>(std::max<int64_t>(1, (2 * side * max_side_px + long_side) / (2 * long_side)));
  };
  return {scaled(size.width_px), scaled(size.height_px)};
}

RowShrinker::RowShrinker(Size from, Size to, int channels) : from_(from), to_(to), channels_(channels) {
  PUGMARK_CHECK(to.width_px >= 1 && to.height_px >= 1 && to.width_px <= from.width_px &&
                to.height_px <= from.height_px && from.width_px <= 32767 && from.height_px <= 32767);
  PUGMARK_CHECK(channels == 1 || channels == 3);
  image_ = {to.width_px, to.height_px, channels, {}};
  image_.pixels.resize(static_cast<size_t>(to.width_px) * static_cast<size_t>(to.height_px) *
                       static_cast<size_t>(channels));
  if (from == to) return;
  column_sums_.resize(static_cast<size_t>(from.width_px) * static_cast<size_t>(channels));
  // In units of 1 / (from · to) of the width, input column i covers [i · to, (i + 1) · to) and output column j covers
  // [j · from, (j + 1) · from): all weights are integers.
  spans_.resize(static_cast<size_t>(to.width_px));
  for (int j = 0; j < to.width_px; ++j) {
    const int begin = j * from.width_px;
    const int end = begin + from.width_px;
    Span& span = spans_[static_cast<size_t>(j)];
    span.first = begin / to.width_px;
    span.last = (end - 1) / to.width_px;
    const int first_end = (span.first + 1) * to.width_px;
    span.first_weight = static_cast<uint32_t>(std::min(first_end, end) - begin);
    span.last_weight = span.last == span.first ? 0 : static_cast<uint32_t>(end - span.last * to.width_px);
  }
}

void RowShrinker::Accumulate(const uint8_t* row, uint32_t weight) {
  uint32_t* const sums = column_sums_.data();
  const size_t count = column_sums_.size();
  for (size_t i = 0; i < count; ++i) sums[i] += row[i] * weight;
}

template <int kChannels>
void RowShrinker::EmitRow() {
  const double scale = 1.0 / (static_cast<double>(from_.width_px) * from_.height_px);
  const auto full_weight = static_cast<uint64_t>(to_.width_px);
  uint8_t* out = image_.pixels.data() +
                 static_cast<size_t>(rows_out_) * static_cast<size_t>(to_.width_px) * static_cast<size_t>(kChannels);
  for (const Span& span : spans_) {
    const uint32_t* in = column_sums_.data() + static_cast<ptrdiff_t>(span.first) * kChannels;
    const uint32_t* const last = column_sums_.data() + static_cast<ptrdiff_t>(span.last) * kChannels;
    uint64_t sums[kChannels];
    uint64_t inner[kChannels] = {};
    for (int c = 0; c < kChannels; ++c) {
      sums[c] = static_cast<uint64_t>(in[c]) * span.first_weight + static_cast<uint64_t>(last[c]) * span.last_weight;
    }
    for (in += kChannels; in < last; in += kChannels) {
      for (int c = 0; c < kChannels; ++c) inner[c] += in[c];
    }
    for (int c = 0; c < kChannels; ++c) {
      // Exact in a double: at most 255 · 32767². Signed, because that conversion is one instruction.
      const auto sum = static_cast<int64_t>(sums[c] + inner[c] * full_weight);
      *out++ = static_cast<uint8_t>(static_cast<int>(static_cast<double>(sum) * scale + 0.5));
    }
  }
  ++rows_out_;
  std::fill(column_sums_.begin(), column_sums_.end(), 0u);
}

void RowShrinker::AddRow(const uint8_t* row) {
  PUGMARK_CHECK(rows_in_ < from_.height_px);
  if (from_ == to_) {
    const size_t row_bytes = static_cast<size_t>(from_.width_px) * static_cast<size_t>(channels_);
    std::memcpy(image_.pixels.data() + static_cast<size_t>(rows_in_++) * row_bytes, row, row_bytes);
    return;
  }
  // As with columns; no row spans more than two output rows, because nothing is enlarged.
  const int begin = rows_in_++ * to_.height_px;
  const int end = begin + to_.height_px;
  const int boundary = (rows_out_ + 1) * from_.height_px;
  Accumulate(row, static_cast<uint32_t>(std::min(end, boundary) - begin));
  if (end < boundary) return;
  channels_ == 1 ? EmitRow<1>() : EmitRow<3>();
  if (end > boundary) Accumulate(row, static_cast<uint32_t>(end - boundary));
}

Image RowShrinker::Take() {
  PUGMARK_CHECK(rows_in_ == from_.height_px);
  return std::move(image_);
}

Canvas::Canvas(Size photo, Size picture, int left_px, int top_px, int channels, int max_side_px)
    : photo_(photo),
      picture_(picture),
      left_px_(std::min(left_px, photo.width_px)),
      top_px_(std::min(top_px, photo.height_px)),
      channels_(static_cast<size_t>(channels)),
      shrinker_(photo, ShrunkSize(photo, max_side_px), channels),
      row_(static_cast<size_t>(photo.width_px) * channels_, uint8_t{255}) {
  AddWhiteRows(top_px_);
}

void Canvas::AddWhiteRows(int count) {
  std::fill(row_.begin(), row_.end(), uint8_t{255});
  for (int i = 0; i < count; ++i) shrinker_.AddRow(row_.data());
}

void Canvas::AddRow(const uint8_t* row) {
  PUGMARK_CHECK(rows_in_ < picture_.height_px);
  if (top_px_ + rows_in_++ >= photo_.height_px) return;
  if (row == nullptr) return AddWhiteRows(1);
  if (picture_.width_px == photo_.width_px && left_px_ == 0) return shrinker_.AddRow(row);
  const int visible_width = std::min(picture_.width_px, photo_.width_px - left_px_);
  std::fill(row_.begin(), row_.end(), uint8_t{255});
  std::copy_n(row, static_cast<size_t>(visible_width) * channels_,
              row_.data() + static_cast<size_t>(left_px_) * channels_);
  shrinker_.AddRow(row_.data());
}

Image Canvas::Take() {
  PUGMARK_CHECK(rows_in_ == picture_.height_px);
  AddWhiteRows(std::max(0, photo_.height_px - top_px_ - picture_.height_px));
  return shrinker_.Take();
}

void LayOnWhite(uint8_t* row, int width_px, int channels) {
  const uint8_t* in = row;
  for (int x = 0; x < width_px; ++x, in += channels + 1) {
    const uint8_t alpha = in[channels];
    for (int c = 0; c < channels; ++c) *row++ = OnWhite(in[c], alpha);
  }
}

Image TurnUpright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool swaps_sides = orientation >= 5;
  Image upright{swaps_sides ? image.height_px : image.width_px, swaps_sides ? image.width_px : image.height_px,
                image.channels, std::vector<uint8_t>(image.pixels.size())};
  const ptrdiff_t pixel = image.channels;
  const ptrdiff_t row = pixel * image.width_px;
  const ptrdiff_t right = pixel * (image.width_px - 1);
  const ptrdiff_t bottom = row * (image.height_px - 1);
  // Where the upright image's first pixel is stored, and how far a step right and a step down in it lead there.
  struct Walk {
    ptrdiff_t start, step_right, step_down;
  };
  const Walk walks[9] = {{0, pixel, row},
                         {0, pixel, row},
                         {right, -pixel, row},            // 2: mirrored
                         {right + bottom, -pixel, -row},  // 3: upside down
                         {bottom, pixel, -row},           // 4: 3 mirrored
                         {0, row, pixel},                 // 5: 6 mirrored
                         {bottom, -row, pixel},           // 6: to be turned clockwise
                         {right + bottom, -row, -pixel},  // 7: 8 mirrored
                         {right, row, -pixel}};           // 8: to be turned anticlockwise
  const Walk walk = walks[orientation];
  uint8_t* out = upright.pixels.data();
  for (int y = 0; y < upright.height_px; ++y) {
    const uint8_t* in = image.pixels.data() + walk.start + y * walk.step_down;
    for (int x = 0; x < upright.width_px; ++x, in += walk.step_right) {
      for (ptrdiff_t c = 0; c < pixel; ++c) *out++ = in[c];
    }
  }
  return upright;
}

}  // namespace decode

Image Shrink(const Image& image, int max_side_px) {
  const decode::Size from{image.width_px, image.height_px};
  const decode::Size to = decode::ShrunkSize(from, max_side_px);
  if (from == to) return image;
  decode::RowShrinker shrinker(from, to, image.channels);
  const size_t row_bytes = static_cast<size_t>(image.width_px) * static_cast<size_t>(image.channels);
  for (int y = 0; y < image.height_px; ++y) shrinker.AddRow(image.pixels.data() + static_cast<size_t>(y) * row_bytes);
  return shrinker.Take();
}

Image CutOut(const Image& image, int x, int y, int width, int height) {
  Image part{width, height, image.channels, {}};
  const size_t row_bytes = static_cast<size_t>(width) * static_cast<size_t>(image.channels);
  part.pixels.reserve(row_bytes * static_cast<size_t>(height));
  for (int row = y; row < y + height; ++row) {
    const size_t from = (static_cast<size_t>(row) * static_cast<size_t>(image.width_px) + static_cast<size_t>(x)) *
                        static_cast<size_t>(image.channels);
    const auto begin = image.pixels.begin() + static_cast<std::ptrdiff_t>(from);
    part.pixels.insert(part.pixels.end(), begin, begin + static_cast<std::ptrdiff_t>(row_bytes));
  }
  return part;
}

}  // namespace pugmark
