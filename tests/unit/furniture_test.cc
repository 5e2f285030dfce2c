// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/furniture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

#include "index/base/error.h"
#include "index/vectors/codebook.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

constexpr size_t kOwn = 60, kFrame = 20;  // Details of each photo.

struct Details {
  std::vector<uint8_t> descriptors;
  std::vector<EntryGeometry> geometry;
};

Details RandomDetails(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> unit(0, 0.999f);
  Details d;
  for (size_t i = 0; i < n * kVectorSize; ++i) d.descriptors.push_back(static_cast<uint8_t>(random() % 90));
  for (size_t i = 0; i < n; ++i)
    d.geometry.push_back({unit(random), unit(random), 1 + 3 * unit(random), 6.28f * unit(random)});
  return d;
}

// The same details as another photo shows them: a little moved, and described a little differently.
Details SeenAgain(Details d, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> unit(-1, 1);
  for (uint8_t& v : d.descriptors) v = static_cast<uint8_t>(std::clamp(v + static_cast<int>(random() % 7) - 3, 0, 255));
  for (EntryGeometry& g : d.geometry) {
    g.x = std::clamp(g.x + 0.001f * unit(random), 0.0f, 0.999f);
    g.y = std::clamp(g.y + 0.001f * unit(random), 0.0f, 0.999f);
  }
  return d;
}

Details operator+(Details a, const Details& b) {
  a.descriptors.insert(a.descriptors.end(), b.descriptors.begin(), b.descriptors.end());
  a.geometry.insert(a.geometry.end(), b.geometry.begin(), b.geometry.end());
  return a;
}

// Photos 1, 2, ... in two parts, as ingests leave them.
class FurnitureTest : public ::testing::Test {
 protected:
  void Add(const Details& details) { photos_.push_back(details); }

  Furniture Learn(const std::function<Seller(PhotoId)>& seller_of) {
    std::vector<uint8_t> all;
    for (const Details& d : photos_) all.insert(all.end(), d.descriptors.begin(), d.descriptors.end());
    CodebookOptions options;
    options.num_words = 16;
    const Codebook codebook = Codebook::Train(all, options);
    std::vector<Part> parts;
    for (size_t half = 0; half < 2; ++half) {
      PartBuilder builder(codebook.num_words());
      for (size_t i = half * photos_.size() / 2; i < (half + 1) * photos_.size() / 2; ++i) {
        builder.Add(PhotoId{static_cast<int64_t>(i + 1)}, codebook.Assign(photos_[i].descriptors, 1),
                    photos_[i].geometry);
      }
      const auto path = scratch_.path() / std::to_string(half);
      builder.Write(path);
      parts.push_back(Part::Open(path, codebook.num_words(), builder.num_entries()));
    }
    return LearnFurniture(parts, codebook.num_words(), seller_of);
  }

  static Seller ByPhoto(PhotoId photo) { return {photo.value, false}; }

  // How many of the entries are of the details from `first` on in their photo; the others are of what is its own.
  size_t NumOf(const Furniture& furniture, size_t first) const {
    size_t found = 0;
    for (size_t i = 0; i < photos_.size(); ++i) {
      const PhotoId photo{static_cast<int64_t>(i + 1)};
      std::set<uint64_t> wanted;
      for (size_t k = first; k < photos_[i].geometry.size(); ++k)
        wanted.insert(PackEntry(photo, photos_[i].geometry[k]));
      for (const uint64_t entry : furniture.Of(photo)) found += wanted.contains(entry) ? 1 : 0;
    }
    return found;
  }

  Scratch scratch_;
  std::vector<Details> photos_;
};

TEST_F(FurnitureTest, FrameOfManySellersIsLearnedAndNothingElse) {
  const Details frame = RandomDetails(kFrame, 1);
  for (uint32_t i = 0; i < 8; ++i) Add(RandomDetails(kOwn, 100 + i) + SeenAgain(frame, 200 + i));
  for (uint32_t i = 8; i < 20; ++i) Add(RandomDetails(kOwn, 100 + i));
  const Furniture furniture = Learn(ByPhoto);
  EXPECT_GE(NumOf(furniture, kOwn), 8 * kFrame * 85 / 100);
  EXPECT_EQ(furniture.size(), NumOf(furniture, kOwn)) << "details of one photo only";
}

TEST_F(FurnitureTest, FewSellersAreNotMany) {
  const Details frame = RandomDetails(kFrame, 1);
  for (uint32_t i = 0; i < 12; ++i) Add(RandomDetails(kOwn, 100 + i) + SeenAgain(frame, 200 + i));
  EXPECT_TRUE(Learn([](PhotoId photo) { return Seller{photo.value % 4, false}; }).empty());
  EXPECT_TRUE(Learn([](PhotoId) { return Seller{}; }).empty()) << "nobody knows who offers them";
}

// Twenty sellers with one stolen photo: it must stay findable by all of its details.
TEST_F(FurnitureTest, CopiesAreNotFurniture) {
  const Details photo = RandomDetails(kOwn, 1);
  for (uint32_t i = 0; i < 20; ++i) Add(SeenAgain(photo, 200 + i));
  EXPECT_TRUE(Learn(ByPhoto).empty());
}

TEST_F(FurnitureTest, AnotherPlaceIsAnotherDetail) {
  const Details logo = RandomDetails(kFrame, 1);
  for (uint32_t i = 0; i < 8; ++i) {
    Details moved = SeenAgain(logo, 200 + i);
    for (EntryGeometry& g : moved.geometry) g.x = std::fmod(g.x + 0.11f * static_cast<float>(i), 0.999f);
    Add(RandomDetails(kOwn, 100 + i) + moved);
  }
  EXPECT_TRUE(Learn(ByPhoto).empty());
}

TEST_F(FurnitureTest, OneBenignPhotoTeachesItsFrame) {
  const Details frame = RandomDetails(kFrame, 1);
  for (uint32_t i = 0; i < 2; ++i) Add(RandomDetails(kOwn, 100 + i) + SeenAgain(frame, 200 + i));
  for (uint32_t i = 2; i < 6; ++i) Add(RandomDetails(kOwn, 100 + i));
  EXPECT_TRUE(Learn(ByPhoto).empty());
  const Furniture furniture = Learn([](PhotoId photo) { return Seller{{}, photo.value == 1}; });
  EXPECT_GE(NumOf(furniture, kOwn), 2 * kFrame * 80 / 100);
  EXPECT_EQ(furniture.size(), NumOf(furniture, kOwn));
}

TEST_F(FurnitureTest, ComesBackFromItsFile) {
  const Furniture furniture({PackEntry(PhotoId{7}, {0.5f, 0.5f, 1, 1}), PackEntry(PhotoId{3}, {0.1f, 0.2f, 2, 3}),
                             PackEntry(PhotoId{7}, {0.1f, 0.5f, 1, 1})});
  const auto path = scratch_.path() / "furniture";
  furniture.Write(path);
  const Furniture again = Furniture::Open(path);
  EXPECT_TRUE(std::ranges::equal(again.entries(), furniture.entries()));
  EXPECT_EQ(again.Of(PhotoId{7}).size(), 2u);
  EXPECT_EQ(again.Of(PhotoId{3}).size(), 1u);
  EXPECT_TRUE(again.Of(PhotoId{4}).empty());
  Furniture().Write(path);
  EXPECT_TRUE(Furniture::Open(path).empty());
}

TEST_F(FurnitureTest, DamagedFilesAreRefused) {
  const auto path = scratch_.path() / "furniture";
  for (const std::string& bytes :
       {std::string(), std::string("PMFURN0"), std::string("PMFURN02"), std::string("PMFURN01abc"),
        std::string("PMFURN01") + std::string(8, '\x02') + std::string(8, '\x01')}) {
    std::ofstream(path, std::ios::binary) << bytes;
    EXPECT_THROW(Furniture::Open(path), Error) << bytes.size();
  }
}

}  // namespace
}  // namespace pugmark
