// SPDX-License-Identifier: Apache-2.0
//
// A set of photos, one bit each: which of a million are catalogued, asked once per entry of an index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/base/ids.h"

namespace pugmark {

// Memory: one bit per id up to the largest.
class PhotoSet {
 public:
  void Add(PhotoId photo) {
    const auto at = static_cast<size_t>(photo.value);
    if (at >= bits_.size()) bits_.resize(at + 1 + at / 2);
    if (!bits_[at]) ++size_;
    bits_[at] = true;
  }
  void Remove(PhotoId photo) {
    if (!Contains(photo)) return;
    bits_[static_cast<size_t>(photo.value)] = false;
    --size_;
  }
  bool Contains(PhotoId photo) const {
    return photo.value >= 0 && static_cast<size_t>(photo.value) < bits_.size() &&
           bits_[static_cast<size_t>(photo.value)];
  }
  int64_t size() const { return size_; }

  // Ascending.
  std::vector<PhotoId> ToVector() const {
    std::vector<PhotoId> photos;
    photos.reserve(static_cast<size_t>(size_));
    for (size_t i = 0; i < bits_.size(); ++i) {
      if (bits_[i]) photos.push_back(PhotoId{static_cast<int64_t>(i)});
    }
    return photos;
  }

 private:
  std::vector<bool> bits_;
  int64_t size_ = 0;
};

}  // namespace pugmark
