// SPDX-License-Identifier: Apache-2.0
//
// Furniture: details that stand in one place of many unrelated sellers' photos, such as the frame of an app, a
// platform's watermark or a border. They say where a photo was shown, not what it shows, and must not count as
// agreement.
//
// Learned from the index alone: entries of one word with nearly one signature, at nearly one place, scale and
// direction, in photos of several sellers, are one detail. A photo most of whose details are shared so is a copy of the
// others, and what copies share is just what is looked for: such photos neither vote nor lose anything.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "index/base/ids.h"
#include "index/vectors/part.h"

namespace pugmark {

struct FurnitureOptions {
  int min_sellers = 5;              // Who share a detail before it counts as furniture.
  float max_share = 0.7f;           // Of a photo's details that are shared: with more it is a copy.
  int max_signature_distance = 14;  // Bits of 64, between entries of one detail.
};

// Of a photo: who offered it, as a number of the caller's; nothing if nobody knows. Photos of a benign bank are known
// to be nobody's goods: what stands in them and at one place of somebody's photo is furniture, however few show it.
struct Seller {
  std::optional<int64_t> seller;
  bool is_benign = false;
};

// Ascending: entries as PackEntry makes them, so that those of one photo stand together.
class Furniture {
 public:
  Furniture() = default;
  explicit Furniture(std::vector<uint64_t> entries);  // Any order.

  // Throws Error(kCorrupt) if the file is none, is not as long as it says or not in order; Error(kIo).
  static Furniture Open(const std::filesystem::path& path);
  // Throws Error(kIo). Synced to disk when this returns.
  void Write(const std::filesystem::path& path) const;

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  std::span<const uint64_t> entries() const { return entries_; }
  std::span<const uint64_t> Of(PhotoId photo) const;

 private:
  std::vector<uint64_t> entries_;
};

// parts: of one codebook with num_words. seller_of: called once per photo. Deterministic. Threads: pure.
// progress: words done. What it throws ends the learning.
// Cost: reads the whole index once; memory: about 150 bytes a photo, the longest list, and what is shared.
Furniture LearnFurniture(std::span<const Part> parts, int num_words, const std::function<Seller(PhotoId)>& seller_of,
                         const std::function<void(int64_t done)>& progress = [](int64_t) {},
                         const FurnitureOptions& options = {});

}  // namespace pugmark
