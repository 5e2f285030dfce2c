// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/globals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <random>
#include <tuple>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/vectors/merge.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

HashBits RandomHash(std::mt19937_64& random) { return {random(), random(), random(), random()}; }

HashBits Flipped(HashBits hash, int num_bits) {
  for (int i = 0; i < num_bits; ++i) hash[static_cast<size_t>(i % 4)] ^= uint64_t{1} << (i / 4);
  return hash;
}

class GlobalsTest : public testing::Test {
 protected:
  // Photos first … first + n - 1.
  static GlobalsBuilder Random(int64_t first, int n, size_t dimension) {
    std::mt19937_64 random(static_cast<uint64_t>(first));
    GlobalsBuilder builder;
    for (int i = 0; i < n; ++i) {
      const PhotoId photo{first + i};
      builder.AddHash(photo, RandomHash(random), static_cast<uint8_t>(i % 101));
      std::vector<int8_t> vector(dimension);
      for (int8_t& v : vector) v = static_cast<int8_t>(static_cast<int>(random() % 255) - 127);
      if (dimension > 0) builder.AddVector(photo, vector);
    }
    return builder;
  }

  Globals WriteAndOpen(const GlobalsBuilder& builder) {
    const std::filesystem::path path = scratch_ / ("g" + std::to_string(num_files_++));
    builder.Write(path);
    return Globals::Open(path);
  }

  Scratch scratch_;
  int num_files_ = 0;
};

TEST_F(GlobalsTest, WhatWasWrittenIsRead) {
  std::mt19937_64 random(7);
  GlobalsBuilder builder;
  EXPECT_TRUE(builder.empty());
  const HashBits hash = RandomHash(random);
  builder.AddHash(PhotoId{3}, RandomHash(random), 12);
  builder.AddHash(PhotoId{9}, hash, 100);
  builder.AddVector(PhotoId{4}, std::vector<int8_t>{-127, 0, 127});
  const Globals globals = WriteAndOpen(builder);
  ASSERT_EQ(globals.hashes().size(), 2u);
  EXPECT_EQ(globals.hashes()[1], hash);
  EXPECT_EQ(globals.hash_photos()[1], 9u);
  EXPECT_EQ(globals.qualities()[0], 12);
  EXPECT_EQ(globals.dimension(), 3u);
  EXPECT_EQ(globals.vector_photos()[0], 4u);
  EXPECT_EQ(globals.vectors()[0], -127);
  EXPECT_EQ(globals.vectors()[2], 127);
  EXPECT_EQ(WriteAndOpen(GlobalsBuilder()).hashes().size(), 0u);
}

TEST_F(GlobalsTest, MergingKeepsWhatIsKept) {
  const Globals old = WriteAndOpen(Random(1, 10, 5));
  PhotoSet even;
  for (int64_t id = 2; id <= 10; id += 2) even.Add(PhotoId{id});
  const GlobalsSource source{&old, &even};
  ASSERT_TRUE(MergeGlobals(std::span(&source, 1), scratch_ / "merged"));
  const Globals globals = Globals::Open(scratch_ / "merged");
  ASSERT_EQ(globals.hashes().size(), 5u);
  ASSERT_EQ(globals.vector_photos().size(), 5u);
  EXPECT_EQ(globals.hashes()[2], old.hashes()[5]);
  EXPECT_TRUE(std::ranges::equal(globals.vectors().subspan(10, 5), old.vectors().subspan(25, 5)));
}

TEST_F(GlobalsTest, NearestHashesAreThoseOfASlowSearch) {
  std::vector<Globals> globals;
  globals.push_back(WriteAndOpen(Random(1, 400, 0)));
  globals.push_back(WriteAndOpen(Random(401, 300, 0)));
  std::mt19937_64 random(99);
  const std::vector<HashBits> queries = {RandomHash(random), RandomHash(random), Flipped(globals[1].hashes()[7], 20)};
  const HashSearchOptions options = {50, 125, 30};
  std::vector<std::tuple<int, int64_t, size_t>> expected;
  for (const Globals& g : globals) {
    for (size_t i = 0; i < g.hashes().size(); ++i) {
      if (g.qualities()[i] < options.min_quality) continue;
      std::tuple<int, size_t> best = {257, 0};
      for (size_t q = 0; q < queries.size(); ++q) {
        int bits = 0;
        for (size_t w = 0; w < 4; ++w) bits += std::popcount(g.hashes()[i][w] ^ queries[q][w]);
        best = std::min(best, std::tuple(bits, q));
      }
      if (std::get<0>(best) <= options.max_distance) {
        expected.emplace_back(std::get<0>(best), g.hash_photos()[i], std::get<1>(best));
      }
    }
  }
  std::sort(expected.begin(), expected.end());
  expected.resize(std::min<size_t>(expected.size(), 50));
  std::vector<std::tuple<int, int64_t, size_t>> found;
  for (const HashNeighbour& n : NearestHashes(globals, queries, options)) {
    found.emplace_back(n.distance, n.photo.value, n.query);
  }
  EXPECT_EQ(found, expected);
  EXPECT_GT(found.size(), 10u);
  EXPECT_TRUE(NearestHashes(globals, {}, options).empty());
}

TEST_F(GlobalsTest, DistanceQualityAndTiesAreKeptTo) {
  std::mt19937_64 random(5);
  const HashBits hash = RandomHash(random);
  GlobalsBuilder builder;
  builder.AddHash(PhotoId{1}, Flipped(hash, 90), 100);
  builder.AddHash(PhotoId{2}, Flipped(hash, 91), 100);
  builder.AddHash(PhotoId{3}, hash, 49);
  builder.AddHash(PhotoId{4}, Flipped(hash, 256), 100);
  std::vector<Globals> globals;
  globals.push_back(WriteAndOpen(builder));
  GlobalsBuilder later;
  later.AddHash(PhotoId{8}, Flipped(hash, 90), 100);
  globals.push_back(WriteAndOpen(later));
  const std::vector<HashBits> queries = {hash, hash};
  const std::vector<HashNeighbour> found = NearestHashes(globals, queries, {10, 90, 50});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].photo, PhotoId{1});
  EXPECT_EQ(found[1].photo, PhotoId{8});
  EXPECT_EQ(found[0].distance, 90);
  EXPECT_EQ(found[0].query, 0u) << "The first of equal queries.";
  EXPECT_EQ(NearestHashes(globals, queries, {1, 256, 0})[0].photo, PhotoId{3});
}

TEST_F(GlobalsTest, NearestVectorsAreThoseOfASlowSearch) {
  std::vector<Globals> globals;
  globals.push_back(WriteAndOpen(Random(1, 200, 33)));
  globals.push_back(WriteAndOpen(Random(201, 50, 17)));  // Of another model: passed over.
  globals.push_back(WriteAndOpen(Random(301, 100, 33)));
  std::vector<int8_t> query(globals[2].vectors().begin(), globals[2].vectors().begin() + 33);
  query[3] = static_cast<int8_t>(-query[3]);
  std::vector<std::pair<double, int64_t>> expected;
  for (const size_t part : {0u, 2u}) {
    const Globals& g = globals[part];
    for (size_t i = 0; i < g.vector_photos().size(); ++i) {
      double dot = 0, norm = 0, own = 0;
      for (size_t j = 0; j < 33; ++j) {
        const double v = g.vectors()[i * 33 + j], q = query[j];
        dot += v * q;
        norm += v * v;
        own += q * q;
      }
      expected.emplace_back(-dot / std::sqrt(norm * own), g.vector_photos()[i]);
    }
  }
  std::sort(expected.begin(), expected.end());
  const std::vector<VectorNeighbour> found = NearestVectors(globals, query, 20);
  ASSERT_EQ(found.size(), 20u);
  EXPECT_EQ(found[0].photo, PhotoId{301});
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].photo.value, expected[i].second);
    EXPECT_NEAR(found[i].cosine, -expected[i].first, 1e-6);
  }
  EXPECT_TRUE(NearestVectors(globals, std::vector<int8_t>(33, 0), 20).empty()) << "No direction, no neighbours.";
  EXPECT_EQ(NearestVectors(globals, std::vector<int8_t>(17, 1), 100).size(), 50u);
}

TEST_F(GlobalsTest, DamagedFilesAreRefused) {
  const std::filesystem::path path = scratch_ / "g";
  Random(1, 10, 4).Write(path);
  const std::vector<uint8_t> sound = ReadFile(path, 1 << 20);
  ASSERT_EQ(sound.size(), 32u + 10 * 37 + 10 * 8);
  const auto refuse = [&](std::vector<uint8_t> bytes, const char* why) {
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()),
                                                static_cast<std::streamsize>(bytes.size()));
    EXPECT_THROW(Globals::Open(path), Error) << why;
  };
  for (const size_t size : {size_t{0}, size_t{31}, size_t{32}, sound.size() - 1}) {
    refuse({sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(size)}, "too short");
  }
  std::vector<uint8_t> longer = sound;
  longer.push_back(0);
  refuse(longer, "too long");
  for (size_t at = 0; at < 32; ++at) {
    std::vector<uint8_t> changed = sound;
    changed[at] ^= 0x80;
    refuse(changed, "a header that promises something else");
  }
  EXPECT_THROW(Globals::Open(scratch_ / "none"), Error);
}

TEST_F(GlobalsTest, StoredVectorsThatDoNotFitAreRefused) {
  GlobalsBuilder builder;
  builder.AddVector(PhotoId{1}, std::vector<int8_t>(8, 1));
  EXPECT_THROW(builder.AddVector(PhotoId{2}, std::vector<int8_t>(9, 1)), Error);
  EXPECT_THROW(builder.AddVector(PhotoId{2}, {}), Error);
  EXPECT_THROW(GlobalsBuilder().AddVector(PhotoId{1}, std::vector<int8_t>(kMaxVectorDimension + 1, 1)), Error);
  EXPECT_THROW(builder.AddHash(PhotoId{0}, {}, 0), Error);
  EXPECT_THROW(builder.AddHash(PhotoId{1ll << 32}, {}, 0), Error);
}

}  // namespace
}  // namespace pugmark
