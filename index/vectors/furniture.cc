// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/furniture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/vectors/checked_writer.h"

static_assert(std::endian::native == std::endian::little,
              "Furniture is written as the machine holds it: little-endian.");

namespace pugmark {
namespace {

constexpr std::array<char, 8> kMagic = {'P', 'M', 'F', 'U', 'R', 'N', '0', '1'};
constexpr uint64_t kMaxBytes = 16ull << 30;

// Two entries are at one place if they share a cell of either of two grids, the second shifted by half a cell.
constexpr int kPlaceCell = 8;   // Of 1024 on the long side.
constexpr int kScaleCell = 4;   // Quarter octaves.
constexpr int kAngleCell = 16;  // Of 128 steps a turn.
// Leaders of one cell that are compared with; more details do not fit into one place.
constexpr size_t kMaxLeaders = 64;

uint64_t CellOf(uint64_t entry, bool shifted) {
  const auto step = [shifted](uint32_t value, int cell) {
    return static_cast<uint64_t>((value + static_cast<uint32_t>(shifted ? cell / 2 : 0)) / static_cast<uint32_t>(cell));
  };
  const uint32_t place = EntryPlace(entry);
  const uint64_t angle =
      step(static_cast<uint32_t>(EntryAngleStep(entry)), kAngleCell) % (kAngleStepsInEntry / kAngleCell);
  return step(place >> 10, kPlaceCell) << 40 | step(place & 1023, kPlaceCell) << 24 |
         step(static_cast<uint32_t>(EntryScaleStep(entry)), kScaleCell) << 12 | angle;
}

struct Item {
  uint64_t entry, signature, cell;
};

class Learner {
 public:
  Learner(const std::function<Seller(PhotoId)>& seller_of, const FurnitureOptions& options)
      : seller_of_(seller_of), options_(options) {}

  void AddWord(std::span<const Part> parts, int word) {
    std::vector<Item> items;
    for (const Part& part : parts) {
      const Part::List list = part.list(word);
      for (size_t i = 0; i < list.size; ++i) items.push_back({list.entry(i), list.signature(i), 0});
    }
    for (const Item& item : items) ++photos_[EntryPhoto(item.entry)].num_entries;
    for (const bool shifted : {false, true}) {
      for (Item& item : items) item.cell = CellOf(item.entry, shifted);
      std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
        return std::tie(a.cell, a.entry, a.signature) < std::tie(b.cell, b.entry, b.signature);
      });
      for (size_t begin = 0; begin < items.size();) {
        size_t end = begin;
        while (end < items.size() && items[end].cell == items[begin].cell) ++end;
        if (end - begin > 1) AddCell(std::span(items).subspan(begin, end - begin));
        begin = end;
      }
    }
  }

  Furniture Result() {
    // An entry may be shared in both grids and must count once.
    std::unordered_set<uint64_t> shared;
    for (const std::vector<uint64_t>& detail : details_) shared.insert(detail.begin(), detail.end());
    for (const uint64_t entry : shared) ++photos_[EntryPhoto(entry)].num_shared;
    std::unordered_set<uint64_t> furniture;
    for (std::vector<uint64_t>& detail : details_) {
      std::erase_if(detail, [&](uint64_t entry) {
        const PhotoCounts& photo = photos_[EntryPhoto(entry)];
        return static_cast<float>(photo.num_shared) > options_.max_share * static_cast<float>(photo.num_entries);
      });
      if (IsShared(detail)) furniture.insert(detail.begin(), detail.end());
    }
    return Furniture({furniture.begin(), furniture.end()});
  }

 private:
  struct PhotoCounts {
    uint32_t num_entries = 0, num_shared = 0;
  };

  // Entries of one word at one place: those with nearly one signature are one detail. The first of each is its leader.
  void AddCell(std::span<const Item> items) {
    std::vector<uint64_t> leaders;
    std::vector<std::vector<uint64_t>> details;
    for (const Item& item : items) {
      const auto leader = std::find_if(leaders.begin(), leaders.end(), [&](uint64_t signature) {
        return std::popcount(signature ^ item.signature) <= options_.max_signature_distance;
      });
      if (leader != leaders.end()) {
        details[static_cast<size_t>(leader - leaders.begin())].push_back(item.entry);
      } else if (leaders.size() < kMaxLeaders) {
        leaders.push_back(item.signature);
        details.push_back({item.entry});
      }
    }
    for (std::vector<uint64_t>& detail : details) {
      if (detail.size() > 1 && IsShared(detail)) details_.push_back(std::move(detail));
    }
  }

  // Whether so many sellers, or somebody and a benign bank, show it.
  bool IsShared(std::span<const uint64_t> detail) {
    std::unordered_set<int64_t> sellers;
    std::unordered_set<uint32_t> photos;
    bool is_benign = false;
    for (const uint64_t entry : detail) {
      const uint32_t photo = EntryPhoto(entry);
      photos.insert(photo);
      const auto [place, is_new] = sellers_.try_emplace(photo);
      if (is_new) place->second = seller_of_(PhotoId{photo});
      is_benign = is_benign || place->second.is_benign;
      if (place->second.seller) sellers.insert(*place->second.seller);
    }
    return sellers.size() >= static_cast<size_t>(options_.min_sellers) || (is_benign && photos.size() > 1);
  }

  const std::function<Seller(PhotoId)>& seller_of_;
  const FurnitureOptions& options_;
  std::unordered_map<uint32_t, PhotoCounts> photos_;
  std::unordered_map<uint32_t, Seller> sellers_;
  std::vector<std::vector<uint64_t>> details_;  // Shared ones, from both grids.
};

[[noreturn]] void ThrowDamaged(const std::filesystem::path& path) {
  throw Error(ErrorCode::kCorrupt,
              fmt::format("{}: is no list of furniture. Nothing was changed. Run 'pugmark reindex --full' "
                          "to learn it again.",
                          path.string()));
}

}  // namespace

Furniture::Furniture(std::vector<uint64_t> entries) : entries_(std::move(entries)) {
  std::sort(entries_.begin(), entries_.end());
}

Furniture Furniture::Open(const std::filesystem::path& path) {
  const std::vector<uint8_t> bytes = ReadFile(path, kMaxBytes);
  if (bytes.size() < kMagic.size() || bytes.size() % sizeof(uint64_t) != 0 ||
      std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    ThrowDamaged(path);
  }
  Furniture furniture;
  furniture.entries_.resize(bytes.size() / sizeof(uint64_t) - 1);
  if (furniture.entries_.empty()) return furniture;
  std::memcpy(furniture.entries_.data(), bytes.data() + kMagic.size(), bytes.size() - kMagic.size());
  if (!std::is_sorted(furniture.entries_.begin(), furniture.entries_.end())) ThrowDamaged(path);
  return furniture;
}

void Furniture::Write(const std::filesystem::path& path) const {
  CheckedWriter writer(path);
  writer(kMagic.data(), 1, kMagic.size());
  writer(entries_.data(), sizeof(uint64_t), entries_.size());
  writer.Close();
}

std::span<const uint64_t> Furniture::Of(PhotoId photo) const {
  const uint64_t first = static_cast<uint64_t>(PhotoNumber(photo)) << 32;
  const auto begin = std::lower_bound(entries_.begin(), entries_.end(), first);
  const auto end = std::upper_bound(begin, entries_.end(), first | 0xFFFFFFFF);
  return std::span(entries_).subspan(static_cast<size_t>(begin - entries_.begin()), static_cast<size_t>(end - begin));
}

Furniture LearnFurniture(std::span<const Part> parts, int num_words, const std::function<Seller(PhotoId)>& seller_of,
                         const std::function<void(int64_t)>& progress, const FurnitureOptions& options) {
  Learner learner(seller_of, options);
  for (int word = 0; word < num_words; ++word) {
    learner.AddWord(parts, word);
    progress(word + 1);
  }
  return learner.Result();
}

}  // namespace pugmark
