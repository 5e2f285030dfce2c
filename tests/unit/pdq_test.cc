// SPDX-License-Identifier: Apache-2.0
#include "engine/features/pdq.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "index/base/error.h"
#include "index/base/files.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

PdqHash Hash(const cv::Mat& picture) { return HashOf(TransformForPdq(ToImage(picture))); }

// The picture as DihedralHashes numbers it.
cv::Mat Turned(const cv::Mat& picture, size_t dihedral) {
  cv::Mat turned = picture.clone();
  if ((dihedral & 4) != 0) cv::transpose(turned, turned);
  if ((dihedral & 1) != 0) cv::flip(turned, turned, 1);
  if ((dihedral & 2) != 0) cv::flip(turned, turned, 0);
  return turned;
}

TEST(PdqTest, HalfOfTheBitsAreSet) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const PdqHash hash = Hash(MakePicture(seed));
    int num_set = 0;
    for (const uint64_t word : hash.bits) num_set += std::popcount(word);
    EXPECT_EQ(num_set, 128);
  }
}

TEST(PdqTest, TurnedAndMirroredHashesAreThoseOfTheTurnedPicture) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    for (const cv::Size size : {cv::Size(480, 360), cv::Size(512, 512), cv::Size(333, 640)}) {
      const cv::Mat picture = MakePicture(seed, size.width, size.height);
      const std::array<PdqHash, 8> hashes = DihedralHashes(TransformForPdq(ToImage(picture)));
      EXPECT_EQ(hashes[0], Hash(picture));
      for (size_t d = 0; d < 8; ++d) {
        // Not exactly the same: a box of even width and the sampling are not symmetrical.
        EXPECT_LE(PdqDistance(hashes[d], Hash(Turned(picture, d))), 24) << "dihedral " << d << " at " << size;
        for (size_t other = 0; other < d; ++other) EXPECT_GT(PdqDistance(hashes[d], hashes[other]), 70);
      }
    }
  }
  EXPECT_FALSE(IsMirroredPdq(0));
  EXPECT_TRUE(IsMirroredPdq(1));
  EXPECT_FALSE(IsMirroredPdq(3)) << "Half a turn.";
  EXPECT_FALSE(IsMirroredPdq(5)) << "A quarter turn.";
  EXPECT_TRUE(IsMirroredPdq(7));
}

TEST(PdqTest, CopiesAreNearAndStrangersFar) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const cv::Mat picture = MakePicture(seed, 640, 480);
    const PdqHash hash = Hash(picture);
    EXPECT_GE(hash.quality, kReliablePdqQuality);
    for (const double scale : {0.3, 0.5, 0.77, 1.6}) {
      cv::Mat resized;
      cv::resize(picture, resized, {}, scale, scale, scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
      EXPECT_LE(PdqDistance(hash, Hash(resized)), 20) << scale;
    }
    cv::Mat blurred;
    cv::GaussianBlur(picture, blurred, {}, 3);
    EXPECT_LE(PdqDistance(hash, Hash(blurred)), 20);
    cv::Mat grey;
    cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
    EXPECT_LE(PdqDistance(hash, Hash(grey)), 2);
    EXPECT_GT(PdqDistance(hash, Hash(MakePicture(seed + 100, 640, 480))), 90);
  }
}

TEST(PdqTest, AnySizeHasAHash) {
  for (const cv::Size size : {cv::Size(1, 1), cv::Size(8, 8), cv::Size(63, 65), cv::Size(2000, 9), cv::Size(129, 127)}) {
    const cv::Mat flat(size, CV_8UC3, cv::Scalar(120, 120, 120));
    EXPECT_LT(Hash(flat).quality, kReliablePdqQuality) << size;
  }
}

TEST(PdqTest, WrittenFormsRoundTrip) {
  const PdqHash hash = Hash(MakePicture(3));
  const std::string hex = PdqHex(hash);
  ASSERT_EQ(hex.size(), 64u);
  EXPECT_EQ(PdqFromHex(hex)->bits, hash.bits);
  EXPECT_EQ(hex.substr(60), PdqHex(PdqHash{{hash.bits[0] & 0xFFFF, 0, 0, 0}, 0}).substr(60)) << "Row 0 comes last.";
  EXPECT_FALSE(PdqFromHex(hex.substr(1)));
  EXPECT_FALSE(PdqFromHex(hex.substr(1) + "g"));
  EXPECT_FALSE(PdqFromHex(hex.substr(1) + " "));
  const auto packed = PackPdq(hash);
  EXPECT_EQ(UnpackPdq(packed), hash);
  EXPECT_THROW(UnpackPdq(std::span(packed).first(32)), Error);
  auto damaged = packed;
  damaged[32] = 101;
  EXPECT_THROW(UnpackPdq(damaged), Error);
}

// The published pictures, and the hashes that the published programs state for them. They differ among themselves by up
// to 10 bits, because they decode and resize differently; the nearest of them counts, and the farthest is printed.
TEST(PdqTest, ConformsToThePublishedHashes) {
  const char* data = std::getenv("PUGMARK_DATA");
  const std::filesystem::path folder = std::filesystem::path(data == nullptr ? "" : data) / "copytest";
  if (data == nullptr || !std::filesystem::exists(folder / "expected_pdq_hashes.csv")) {
    GTEST_SKIP() << "Set PUGMARK_DATA to the folder that holds copytest/expected_pdq_hashes.csv: NOT TESTED.";
  }
  std::map<std::string, std::vector<std::pair<PdqHash, std::string>>> expected;
  std::ifstream csv(folder / "expected_pdq_hashes.csv");
  std::string line;
  std::getline(csv, line);
  while (std::getline(csv, line)) {
    const size_t comma = line.find(',');
    std::string name = line.substr(0, comma);
    std::replace(name.begin(), name.end(), '/', '_');
    const std::optional<PdqHash> hash = PdqFromHex(line.substr(comma + 1, 64));
    ASSERT_TRUE(hash) << line;
    expected[name].emplace_back(*hash, line.substr(comma + 66, line.find(',', comma + 66) - comma - 66));
  }
  int num_compared = 0, sum = 0;
  for (const auto& [name, hashes] : expected) {
    const std::filesystem::path file = folder / "pdq" / ("pdq_data_" + name);
    if (!std::filesystem::exists(file)) continue;
    const DecodeResult decoded = Decode(ReadFile(file, 1 << 28), {});
    ASSERT_TRUE(decoded.image) << name;
    const PdqHash ours = HashOf(TransformForPdq(*decoded.image));
    int nearest = kPdqBits, farthest = 0;
    for (const auto& [hash, who] : hashes) {
      nearest = std::min(nearest, PdqDistance(ours, hash));
      farthest = std::max(farthest, PdqDistance(ours, hash));
    }
    std::cout << name << ": quality " << ours.quality << ", nearest " << nearest << ", farthest " << farthest << "\n";
    if (ours.quality >= 80) {
      EXPECT_LE(nearest, 10) << name << ": " << PdqHex(ours);
      sum += nearest;
      ++num_compared;
    }
  }
  EXPECT_GE(num_compared, 20);
  std::cout << num_compared << " pictures of quality 80 or more: " << static_cast<double>(sum) / num_compared
            << " bits from the nearest published hash on average\n";
}

}  // namespace
}  // namespace pugmark
