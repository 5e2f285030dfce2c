// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/merge.h"

#include <gtest/gtest.h>

#include <random>

#include "index/base/files.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

constexpr int kWords = 40;

class MergeTest : public testing::Test {
 protected:
  static std::vector<uint8_t> Bytes(const std::filesystem::path& file) { return ReadFile(file, 1 << 24); }

  // Entries in words below `num_used`.
  static void AddPhoto(PartBuilder& part, int64_t photo, int num_entries, int num_used) {
    std::mt19937 random(static_cast<uint32_t>(photo));
    std::vector<WordAssignment> words;
    for (int i = 0; i < num_entries; ++i) {
      words.push_back({static_cast<int32_t>(random() % static_cast<uint32_t>(num_used)), random()});
    }
    part.Add(PhotoId{photo}, words, std::vector<EntryGeometry>(words.size(), {0.5f, 0.25f, 2, 1}));
  }

  Part Written(const PartBuilder& part, const std::string& name) const {
    part.Write(scratch_ / name);
    return Part::Open(scratch_ / name, kWords, part.num_entries());
  }

  Scratch scratch_;
};

// FAISS writes the sizes of all lists, or only of the filled ones; both forms must come out as from FAISS, to the byte.
TEST_F(MergeTest, TheMergedFileIsTheOneThatFaissWouldHaveWritten) {
  for (const int num_used : {1, 3, 20, 21, kWords}) {
    PartBuilder whole(kWords), first(kWords), second(kWords);
    for (int64_t photo = 1; photo <= 9; ++photo) {
      AddPhoto(whole, photo, 70, num_used);
      AddPhoto(photo <= 4 ? first : second, photo, 70, num_used);
    }
    const std::string n = std::to_string(num_used);
    const Part a = Written(first, "a" + n), b = Written(second, "b" + n);
    whole.Write(scratch_ / "whole");
    const std::vector<PartSource> sources = {{&a, nullptr}, {&b, nullptr}};
    int64_t last = 0;
    EXPECT_EQ(MergeParts(sources, kWords, scratch_ / "merged", [&](int64_t done) { last = done; }), 9 * 70);
    EXPECT_EQ(Bytes(scratch_ / "merged"), Bytes(scratch_ / "whole")) << num_used << " words in use";
    EXPECT_EQ(last, kWords);
  }
}

TEST_F(MergeTest, LeavingOutIsAsIfTheyHadNeverBeenAdded) {
  PartBuilder all(kWords), some(kWords);
  PhotoSet keep;
  for (int64_t photo = 1; photo <= 9; ++photo) {
    AddPhoto(all, photo, 50, kWords);
    if (photo % 3 == 0) continue;
    AddPhoto(some, photo, 50, kWords);
    keep.Add(PhotoId{photo});
  }
  const Part part = Written(all, "all");
  some.Write(scratch_ / "some");
  const PartSource source{&part, &keep};
  EXPECT_EQ(MergeParts(std::span(&source, 1), kWords, scratch_ / "merged", [](int64_t) {}), 6 * 50);
  EXPECT_EQ(Bytes(scratch_ / "merged"), Bytes(scratch_ / "some"));

  const PhotoSet nobody;
  const PartSource nothing{&part, &nobody};
  EXPECT_EQ(MergeParts(std::span(&nothing, 1), kWords, scratch_ / "empty", [](int64_t) {}), 0);
  PartBuilder(kWords).Write(scratch_ / "none");
  EXPECT_EQ(Bytes(scratch_ / "empty"), Bytes(scratch_ / "none"));
}

TEST_F(MergeTest, AnExceptionOfTheProgressEndsIt) {
  PartBuilder builder(kWords);
  AddPhoto(builder, 1, 50, kWords);
  const Part part = Written(builder, "a");
  const PartSource source{&part, nullptr};
  int64_t num_lists = 0;
  const auto stop_at_ten = [&](int64_t done) {
    num_lists = done;
    if (done == 10) throw std::runtime_error("stop");
  };
  EXPECT_THROW(MergeParts(std::span(&source, 1), kWords, scratch_ / "merged", stop_at_ten), std::runtime_error);
  EXPECT_EQ(num_lists, 10);
}

TEST_F(MergeTest, ReleasedPagesAreReadAgain) {
  PartBuilder builder(kWords);
  for (int64_t photo = 1; photo <= 200; ++photo) AddPhoto(builder, photo, 100, kWords);
  const Part part = Written(builder, "a");
  const auto sum = [&] {
    uint64_t s = 0;
    for (int word = 0; word < kWords; ++word) {
      const Part::List list = part.list(word);
      for (size_t i = 0; i < list.size; ++i) s += list.entry(i) * 31 + list.signature(i);
    }
    return s;
  };
  const uint64_t before = sum();
  part.ReleasePages();
  EXPECT_EQ(sum(), before);
}

TEST_F(MergeTest, GlobalsComeOutInOrderOfPhoto) {
  const auto add = [](GlobalsBuilder& builder, int64_t photo) {
    const auto value = static_cast<uint64_t>(photo);
    builder.AddHash(PhotoId{photo}, {value, value + 1, value + 2, value + 3}, static_cast<uint8_t>(photo % 101));
    const std::vector<int8_t> vector = {static_cast<int8_t>(photo), 2, 3};
    if (photo % 2 == 0) builder.AddVector(PhotoId{photo}, vector);
  };
  GlobalsBuilder whole, odd, rest;
  PhotoSet keep;
  for (int64_t photo = 1; photo <= 20; ++photo) {
    add(photo % 3 == 0 ? odd : rest, photo);
    if (photo == 7 || photo == 8) continue;
    keep.Add(PhotoId{photo});
    add(whole, photo);
  }
  odd.Write(scratch_ / "odd");
  rest.Write(scratch_ / "rest");
  whole.Write(scratch_ / "whole");
  const Globals a = Globals::Open(scratch_ / "odd"), b = Globals::Open(scratch_ / "rest");
  const std::vector<GlobalsSource> sources = {{&a, nullptr}, {&b, &keep}};
  ASSERT_TRUE(MergeGlobals(sources, scratch_ / "merged"));
  EXPECT_EQ(Bytes(scratch_ / "merged"), Bytes(scratch_ / "whole"));
  const PhotoSet nobody;
  const GlobalsSource nothing{&a, &nobody};
  EXPECT_FALSE(MergeGlobals(std::span(&nothing, 1), scratch_ / "no"));
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "no"));
}

TEST(PhotoSetTest, KnowsWhatIsInIt) {
  PhotoSet set;
  EXPECT_FALSE(set.Contains(PhotoId{0}));
  for (const int64_t id : {5, 1, 900, 5}) set.Add(PhotoId{id});
  set.Remove(PhotoId{1});
  set.Remove(PhotoId{7000});
  EXPECT_EQ(set.size(), 2);
  EXPECT_TRUE(set.Contains(PhotoId{900}));
  EXPECT_FALSE(set.Contains(PhotoId{901}));
  EXPECT_FALSE(set.Contains(PhotoId{-1}));
  EXPECT_EQ(set.ToVector(), (std::vector<PhotoId>{PhotoId{5}, PhotoId{900}}));
}

}  // namespace
}  // namespace pugmark
