// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <numbers>
#include <random>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/vectors/codebook.h"
#include "index/vectors/merge.h"
#include "index/vectors/part.h"
#include "index/vectors/shortlist.h"
#include "index/vectors/word_cells.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

std::vector<uint8_t> RandomDescriptors(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> d(n * kVectorSize);
  for (uint8_t& v : d) v = static_cast<uint8_t>(random() % 90);
  return d;
}

std::vector<uint8_t> Perturbed(std::vector<uint8_t> d, uint32_t seed) {
  std::mt19937 random(seed);
  for (uint8_t& v : d) v = static_cast<uint8_t>(std::clamp<int>(v + static_cast<int>(random() % 9) - 4, 0, 255));
  return d;
}

std::vector<EntryGeometry> RandomGeometry(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> unit(0, 0.999f);
  std::vector<EntryGeometry> g(n);
  for (EntryGeometry& e : g) e = {unit(random), unit(random), 1 + 3 * unit(random), 6.28f * unit(random)};
  return g;
}

std::vector<uint8_t> Bytes(const std::filesystem::path& file) { return ReadFile(file, 1 << 26); }

constexpr int kPhotos = 40;
constexpr size_t kPerPhoto = 60;

struct Collection {
  std::vector<std::vector<uint8_t>> descriptors;
  std::vector<std::vector<EntryGeometry>> geometry;
  Codebook codebook;
};

Collection MakeCollection() {
  std::vector<std::vector<uint8_t>> descriptors;
  std::vector<std::vector<EntryGeometry>> geometry;
  std::vector<uint8_t> all;
  for (uint32_t p = 0; p < kPhotos; ++p) {
    descriptors.push_back(RandomDescriptors(kPerPhoto, 100 + p));
    geometry.push_back(RandomGeometry(kPerPhoto, 500 + p));
    all.insert(all.end(), descriptors.back().begin(), descriptors.back().end());
  }
  CodebookOptions options;
  options.num_words = 16;
  return {descriptors, geometry, Codebook::Train(all, options)};
}

// Words that crowd around a few places, as words do.
std::vector<float> CrowdedWords(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise(0, 12);
  std::vector<float> centres(40 * kVectorSize), words(n * kVectorSize);
  for (float& v : centres) v = static_cast<float>(random() % 90);
  for (size_t i = 0; i < n; ++i) {
    const float* centre = &centres[random() % 40 * kVectorSize];
    for (size_t d = 0; d < kVectorSize; ++d) words[i * kVectorSize + d] = centre[d] + noise(random);
  }
  return words;
}

TEST(WordCellsTest, FindNearlyAllOfTheNearest) {
  constexpr size_t kWords = 4096, kQueries = 3000, kEach = 3;
  const std::vector<float> words = CrowdedWords(kWords, 1), queries = CrowdedWords(kQueries, 2);
  faiss::IndexFlatL2 all(kVectorSize);
  all.add(kWords, words.data());
  WordCells cells(kVectorSize, 1);
  cells.add(kWords, words.data());
  std::vector<float> expected_distances(kQueries * kEach), distances(kQueries * kEach);
  std::vector<faiss::Index::idx_t> expected(kQueries * kEach), found(kQueries * kEach);
  all.search(kQueries, queries.data(), kEach, expected_distances.data(), expected.data());
  cells.search(kQueries, queries.data(), kEach, distances.data(), found.data());
  size_t num_same = 0;
  for (size_t i = 0; i < kQueries * kEach; ++i) {
    if (found[i] != expected[i]) {
      EXPECT_GE(distances[i], expected_distances[i] - 0.5f);
      continue;
    }
    ++num_same;
    EXPECT_NEAR(distances[i], expected_distances[i], 0.5f);
  }
  EXPECT_GT(num_same, kQueries * kEach * 95 / 100);

  // The words themselves, one by one and all at once.
  std::vector<faiss::Index::idx_t> own(kWords), one(1);
  std::vector<float> own_distances(kWords), one_distance(1);
  cells.search(kWords, words.data(), 1, own_distances.data(), own.data());
  for (size_t i = 0; i < kWords; ++i) {
    EXPECT_EQ(own[i], static_cast<faiss::Index::idx_t>(i));
    if (i % 100 != 0) continue;
    cells.search(1, &words[i * kVectorSize], 1, one_distance.data(), one.data());
    EXPECT_EQ(one[0], own[i]);
  }

  cells.reset();
  cells.add(20, words.data());
  std::vector<faiss::Index::idx_t> many(25);
  std::vector<float> many_distances(25);
  cells.search(1, queries.data(), 25, many_distances.data(), many.data());
  EXPECT_TRUE(std::is_sorted(many_distances.begin(), many_distances.end()));
  EXPECT_EQ(std::count(many.begin(), many.end(), -1), 5) << "There are no more words.";
}

TEST(CodebookTest, TheShippedOneServesAtOnce) {
  const Codebook codebook = Codebook::Default();
  EXPECT_EQ(codebook.num_words(), kNumDefaultWords);
  const std::vector<uint8_t> descriptors = RandomDescriptors(500, 8);
  const std::vector<WordAssignment> words = codebook.Assign(descriptors, 2);
  const Scratch scratch;
  codebook.Save(scratch / "codebook");
  const std::vector<WordAssignment> loaded = Codebook::Load(scratch / "codebook").Assign(descriptors, 2);
  for (size_t i = 0; i < words.size(); ++i) {
    EXPECT_NE(words[i].word, -1);
    EXPECT_EQ(words[i].word, loaded[i].word);
    EXPECT_EQ(words[i].signature, loaded[i].signature);
  }
}

TEST(CodebookTest, ManyWordsAreTheSameAfterLoading) {
  const Scratch scratch;
  const std::vector<uint8_t> descriptors = RandomDescriptors(6000, 7);
  const Codebook codebook = Codebook::Train(descriptors, {.num_words = 2048, .iterations = 2});
  codebook.Save(scratch / "codebook");
  const Codebook loaded = Codebook::Load(scratch / "codebook");
  const std::vector<WordAssignment> here = codebook.Assign(descriptors, 3), there = loaded.Assign(descriptors, 3);
  ASSERT_EQ(here.size(), there.size());
  for (size_t i = 0; i < here.size(); ++i) {
    EXPECT_EQ(here[i].word, there[i].word);
    EXPECT_EQ(here[i].signature, there[i].signature);
  }
}

Part BuildPart(const Collection& c, const std::filesystem::path& path, uint32_t begin, uint32_t end) {
  PartBuilder builder(c.codebook.num_words());
  for (uint32_t p = begin; p < end; ++p) {
    builder.Add(PhotoId{p + 1}, c.codebook.Assign(c.descriptors[p], 1), c.geometry[p]);
  }
  builder.Write(path);
  return Part::Open(path, c.codebook.num_words(), builder.num_entries());
}

TEST(EntryTest, PacksAndUnpacks) {
  const uint64_t e = PackEntry(PhotoId{0xFFFFFFFFll}, {1.0f, 0.5f, 2.6f, std::numbers::pi_v<float>});
  EXPECT_EQ(EntryPhoto(e), 0xFFFFFFFFu);
  EXPECT_EQ(EntryPlace(e), (1023u << 10) | 512u);
  EXPECT_EQ(EntryScaleStep(e), 10);
  EXPECT_EQ(EntryAngleStep(e), 64);
  EXPECT_EQ(EntryAngleStep(PackEntry(PhotoId{1}, {0, 0, 0, 6.2831f})), 0) << "A full turn is no turn.";
  EXPECT_THROW(PackEntry(PhotoId{0x100000000ll}, {}), Error);
  EXPECT_THROW(PackEntry(PhotoId{0}, {}), Error);
}

TEST(CodebookTest, SavesLoadsAndAssignsAlike) {
  const Scratch scratch;
  const Collection c = MakeCollection();
  c.codebook.Save(scratch / "codebook");
  const Codebook loaded = Codebook::Load(scratch / "codebook");
  EXPECT_EQ(loaded.num_words(), 16);
  const auto a = c.codebook.Assign(c.descriptors[3], 3), b = loaded.Assign(c.descriptors[3], 3);
  ASSERT_EQ(a.size(), kPerPhoto * 3);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].word, b[i].word);
    EXPECT_EQ(a[i].signature, b[i].signature);
  }
  for (size_t i = 0; i < a.size(); i += 3) EXPECT_NE(a[i].word, a[i + 1].word);
}

TEST(CodebookTest, TrainingIsDeterministic) {
  const Scratch scratch;
  MakeCollection().codebook.Save(scratch / "a");
  MakeCollection().codebook.Save(scratch / "b");
  std::ifstream a(scratch / "a", std::ios::binary), b(scratch / "b", std::ios::binary);
  EXPECT_TRUE(std::equal(std::istreambuf_iterator<char>(a), {}, std::istreambuf_iterator<char>(b), {}));
}

// A signature bit is the side of its word's median: over a word's descriptors each bit is set about half the time, and a
// slightly changed descriptor keeps most bits.
TEST(CodebookTest, SignaturesSplitWordsInHalfAndResistNoise) {
  const Collection c = MakeCollection();
  std::vector<uint8_t> all;
  for (const auto& d : c.descriptors) all.insert(all.end(), d.begin(), d.end());
  const auto words = c.codebook.Assign(all, 1), noisy = c.codebook.Assign(Perturbed(all, 5), 1);
  double bits_set = 0, bits_changed = 0, num_same_word = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    bits_set += std::popcount(words[i].signature);
    if (words[i].word != noisy[i].word) continue;
    ++num_same_word;
    bits_changed += std::popcount(words[i].signature ^ noisy[i].signature);
  }
  EXPECT_NEAR(bits_set / static_cast<double>(words.size()), 32, 3);
  EXPECT_LT(bits_changed / num_same_word, 8);
}

TEST(CodebookTest, FewDescriptorsGiveFewWords) {
  const Codebook codebook = Codebook::Train(RandomDescriptors(5, 1), {});
  EXPECT_EQ(codebook.num_words(), 5);
  EXPECT_EQ(codebook.Assign(RandomDescriptors(1, 2), 8).back().word, -1) << "Fewer words than asked for.";
}

TEST(CodebookTest, OtherFilesAreRefused) {
  const Scratch scratch;
  std::ofstream(scratch / "text") << "this is no codebook, and long enough to be read as one";
  EXPECT_THROW(Codebook::Load(scratch / "text"), Error);
  EXPECT_THROW(Codebook::Load(scratch / "none"), Error);
}

TEST(ShortlistTest, NoisyCopyComesFirstAndRotationDoesNotMatter) {
  const Scratch scratch;
  const Collection c = MakeCollection();
  std::vector<Part> parts;
  parts.push_back(BuildPart(c, scratch / "p", 0, kPhotos));
  for (uint32_t p : {0u, 7u, 39u}) {
    std::vector<EntryGeometry> turned = c.geometry[p];
    for (EntryGeometry& g : turned) g.angle_rad = std::fmod(g.angle_rad + 2.0f, 6.2831f);
    const auto found = Shortlist(c.codebook, parts, Perturbed(c.descriptors[p], p), turned, {});
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found[0].photo, PhotoId{p + 1});
    EXPECT_TRUE(found.size() == 1 || found[0].score > 3 * found[1].score);
  }
}

TEST(ShortlistTest, VotesThatDisagreeOnRotationCountLess) {
  const Scratch scratch;
  const Collection c = MakeCollection();
  std::vector<Part> parts;
  parts.push_back(BuildPart(c, scratch / "p", 0, kPhotos));
  std::vector<EntryGeometry> scrambled = c.geometry[7];
  for (size_t i = 0; i < scrambled.size(); ++i) scrambled[i].angle_rad = static_cast<float>(i) * 0.1f;
  const auto agreeing = Shortlist(c.codebook, parts, c.descriptors[7], c.geometry[7], {});
  const auto disagreeing = Shortlist(c.codebook, parts, c.descriptors[7], scrambled, {});
  ASSERT_EQ(agreeing[0].photo, PhotoId{8});
  ASSERT_EQ(disagreeing[0].photo, PhotoId{8});
  EXPECT_GT(agreeing[0].score, 2 * disagreeing[0].score);
}

// What is not scored could not have been among the best, whether the bounds were near the scores or, for a query turned piece by
// piece, far above.
TEST(ShortlistTest, AFewAreTheFirstOfAll) {
  const Scratch scratch;
  const Collection c = MakeCollection();
  std::vector<Part> parts;
  parts.push_back(BuildPart(c, scratch / "p", 0, kPhotos));
  ShortlistOptions all;
  all.max_bits = 32;  // Half of everything votes.
  all.max_candidates = 1000;
  for (uint32_t p = 0; p < kPhotos; ++p) {
    std::vector<EntryGeometry> geometry = c.geometry[p];
    if (p % 2 == 0) {
      for (size_t i = 0; i < geometry.size(); ++i) geometry[i].angle_rad = static_cast<float>(i) * 0.1f;
    }
    const auto expected = Shortlist(c.codebook, parts, Perturbed(c.descriptors[p], p), geometry, all);
    ASSERT_EQ(expected.size(), static_cast<size_t>(kPhotos));
    for (const int num : {1, 2, 5, 20, kPhotos}) {
      ShortlistOptions few = all;
      few.max_candidates = num;
      const auto found = Shortlist(c.codebook, parts, Perturbed(c.descriptors[p], p), geometry, few);
      ASSERT_EQ(found.size(), static_cast<size_t>(num));
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].photo, expected[i].photo) << p << ": " << num;
        EXPECT_EQ(found[i].score, expected[i].score) << p << ": " << num;
      }
    }
  }
}

// The law of parts: however photos are spread over parts, and however parts are merged, the answer is the same.
TEST(ShortlistTest, MergedPartsAnswerAsThePartsDid) {
  const Scratch scratch;
  const Collection c = MakeCollection();
  std::vector<Part> one, several, merged;
  one.push_back(BuildPart(c, scratch / "one", 0, kPhotos));
  several.push_back(BuildPart(c, scratch / "a", 0, 11));
  several.push_back(BuildPart(c, scratch / "b", 11, 12));
  several.push_back(BuildPart(c, scratch / "c", 12, kPhotos));
  std::vector<PartSource> sources;
  for (const Part& part : several) sources.push_back({&part, nullptr});
  const int64_t num_entries = MergeParts(sources, c.codebook.num_words(), scratch / "merged", [](int64_t) {});
  merged.push_back(Part::Open(scratch / "merged", c.codebook.num_words(), num_entries));
  EXPECT_EQ(Bytes(scratch / "merged"), Bytes(scratch / "one")) << "As if all photos had been added at once.";
  EXPECT_EQ(merged[0].num_entries(), static_cast<int64_t>(kPhotos * kPerPhoto));
  for (uint32_t p = 0; p < kPhotos; p += 5) {
    const auto query = Perturbed(c.descriptors[p], p);
    const auto expected = Shortlist(c.codebook, one, query, c.geometry[p], {});
    for (const auto* parts : {&several, &merged}) {
      const auto found = Shortlist(c.codebook, *parts, query, c.geometry[p], {});
      ASSERT_EQ(found.size(), expected.size());
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].photo, expected[i].photo);
        EXPECT_EQ(found[i].score, expected[i].score);
      }
    }
  }
}

TEST(PartTest, DroppedPhotosAreGone) {
  const Scratch scratch;
  const Collection c = MakeCollection();
  const Part all = BuildPart(c, scratch / "all", 0, kPhotos);
  PhotoSet keep;
  for (int64_t id = 1; id <= kPhotos; ++id) keep.Add(PhotoId{id});
  keep.Remove(PhotoId{8});
  const PartSource source{&all, &keep};
  const int64_t num_entries = MergeParts(std::span(&source, 1), c.codebook.num_words(), scratch / "less", [](int64_t) {});
  std::vector<Part> parts;
  parts.push_back(Part::Open(scratch / "less", c.codebook.num_words(), num_entries));
  EXPECT_EQ(parts[0].num_entries(), static_cast<int64_t>((kPhotos - 1) * kPerPhoto));
  for (const Candidate& found : Shortlist(c.codebook, parts, c.descriptors[7], c.geometry[7], {})) {
    EXPECT_NE(found.photo, PhotoId{8});
  }
}

TEST(PartTest, OtherFilesAreRefused) {
  const Scratch scratch;
  const Collection c = MakeCollection();
  BuildPart(c, scratch / "p", 0, 3);
  constexpr int64_t kEntries = 3 * kPerPhoto;
  EXPECT_NO_THROW(Part::Open(scratch / "p", 16, kEntries));
  EXPECT_THROW(Part::Open(scratch / "p", 17, kEntries), Error) << "Another codebook's part.";
  EXPECT_THROW(Part::Open(scratch / "p", 16, kEntries + 1), Error) << "Another manifest's part.";
  std::ofstream(scratch / "text") << "no part";
  EXPECT_THROW(Part::Open(scratch / "text", 16, kEntries), Error);
  // List sizes that wrap around when FAISS adds up offsets: each grows by 2^60 entries of 16 bytes.
  std::fstream file(scratch / "p", std::ios::in | std::ios::out | std::ios::binary);
  for (int word = 0; word < 16; ++word) {
    file.seekp(32 + 8 * word + 7);
    file.put(0x10);
  }
  file.close();
  EXPECT_THROW(Part::Open(scratch / "p", 16, kEntries), Error);
  std::filesystem::resize_file(scratch / "p", 60);
  EXPECT_THROW(Part::Open(scratch / "p", 16, kEntries), Error);
}

TEST(ShortlistTest, RadiusTightensAsTheCollectionGrows) {
  int last = 64;
  for (const int64_t n : {1ll, 1'000'000ll, 10'000'000ll, 500'000'000ll, 5'000'000'000ll}) {
    EXPECT_LE(RecommendedMaxBits(n), last);
    last = RecommendedMaxBits(n);
  }
  EXPECT_EQ(last, 18);
}

}  // namespace
}  // namespace pugmark
