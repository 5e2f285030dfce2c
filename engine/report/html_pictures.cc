// SPDX-License-Identifier: Apache-2.0
#include "engine/report/html_pictures.h"

#include <cmath>

#include "index/base/base64.h"

namespace pugmark::html {
namespace {

constexpr int kLargeSide_px = 900, kLargeQuality = 82;
constexpr int kSmallSide_px = 320, kSmallQuality = 75;

}  // namespace

std::string PictureBudget::Encode(const Image& image, int max_side_px, int quality) {
  const std::vector<uint8_t> jpeg = EncodeThumbnail(image, max_side_px, quality);
  if (jpeg.size() > max_bytes_ - used_bytes_) return {};
  used_bytes_ += jpeg.size();
  return Base64(jpeg);
}

const Picture& PictureStore::Add(const std::string& id, const Image* image, const std::string& source, double width,
                                 double height, data* symbols) {
  Picture& picture = pictures_[id];
  picture.source = source;
  if (image == nullptr || image->pixels.empty()) {
    picture.missing = "no picture";
    return picture;
  }
  const bool is_large = budget_->is_generous();
  const std::string base64 =
      budget_->Encode(*image, is_large ? kLargeSide_px : kSmallSide_px, is_large ? kLargeQuality : kSmallQuality);
  if (base64.empty()) {
    ++budget_->num_left_out;
    picture.missing = "left out: the page is full";
    return picture;
  }
  if (!is_large) ++budget_->num_small;
  data symbol;
  symbol.set("picture", id);
  symbol.set("width", Number(width));
  symbol.set("height", Number(height));
  symbol.set("base64", base64);
  symbols->push_back(symbol);
  picture.id = id;
  return picture;
}

}  // namespace pugmark::html
