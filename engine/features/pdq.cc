// SPDX-License-Identifier: Apache-2.0
#include "engine/features/pdq.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <numbers>
#include <vector>

#include "index/base/error.h"

namespace pugmark {
namespace {

constexpr int kSide = 64;         // Of the averaged picture.
constexpr int kFrequencies = 16;  // Kept in each direction.
// Published constants of the quality: a gradient counts in whole percent of the tone range, 90 of them make one point.
constexpr float kToneRange = 255;
constexpr int kGradientsPerPoint = 90;

// One of the 64 averages along one direction: a weighted sum of `weights.size()` pixels from `first` on.
struct Average {
  int first = 0;
  std::vector<float> weights;
};

// Two passes of a box of ceil(n / 128) pixels, cut at the borders, sampled in the middle of each 64th. A box of even
// width reaches one pixel further to the right.
std::vector<Average> AveragesAlong(int n) {
  const int width = (n + 2 * kSide - 1) / (2 * kSide);
  const int right = width / 2, left = width - 1 - right;
  struct Span {
    int first, last;
  };
  const auto box = [&](int at) { return Span{std::max(at - left, 0), std::min(at + right, n - 1)}; };
  std::vector<Average> averages(kSide);
  for (int k = 0; k < kSide; ++k) {
    const Span outer = box((2 * k + 1) * n / (2 * kSide));
    Average& average = averages[static_cast<size_t>(k)];
    average.first = box(outer.first).first;
    average.weights.assign(static_cast<size_t>(box(outer.last).last - average.first + 1), 0);
    for (int i = outer.first; i <= outer.last; ++i) {
      const Span inner = box(i);
      const float weight = 1.0f / static_cast<float>((outer.last - outer.first + 1) * (inner.last - inner.first + 1));
      for (int j = inner.first; j <= inner.last; ++j) average.weights[static_cast<size_t>(j - average.first)] += weight;
    }
  }
  return averages;
}

using Tones = std::array<float, kSide * kSide>;  // Row-major.

// grey: height × width, row-major. Averaged across row by row, then down.
Tones AverageTones(const uint8_t* grey, int width_px, int height_px) {
  const std::vector<Average> across = AveragesAlong(width_px), down = AveragesAlong(height_px);
  std::vector<float> rows(static_cast<size_t>(height_px) * kSide);
  for (size_t y = 0; y < static_cast<size_t>(height_px); ++y) {
    const uint8_t* pixels = grey + y * static_cast<size_t>(width_px);
    for (size_t k = 0; k < kSide; ++k) {
      const uint8_t* first = pixels + across[k].first;
      float sum = 0;
      for (size_t j = 0; j < across[k].weights.size(); ++j) sum += across[k].weights[j] * static_cast<float>(first[j]);
      rows[y * kSide + k] = sum;
    }
  }
  Tones tones{};
  for (size_t k = 0; k < kSide; ++k) {
    for (size_t j = 0; j < down[k].weights.size(); ++j) {
      const float* row = &rows[(static_cast<size_t>(down[k].first) + j) * kSide];
      for (size_t x = 0; x < kSide; ++x) tones[k * kSide + x] += down[k].weights[j] * row[x];
    }
  }
  return tones;
}

int QualityOf(const Tones& tones) {
  int sum = 0;
  const auto add = [&](float a, float b) { sum += std::abs(static_cast<int>((a - b) * 100 / kToneRange)); };
  for (size_t y = 0; y < kSide; ++y) {
    for (size_t x = 0; x < kSide; ++x) {
      if (y + 1 < kSide) add(tones[y * kSide + x], tones[(y + 1) * kSide + x]);
      if (x + 1 < kSide) add(tones[y * kSide + x], tones[y * kSide + x + 1]);
    }
  }
  return std::min(sum / kGradientsPerPoint, 100);
}

// Rows 1 … 16 of the orthonormal DCT-II of 64 points: 16 × 64, row-major.
const std::array<float, kFrequencies * kSide>& CosineRows() {
  static const auto rows = [] {
    std::array<float, kFrequencies * kSide> r{};
    for (int f = 0; f < kFrequencies; ++f) {
      for (int k = 0; k < kSide; ++k) {
        const double angle = std::numbers::pi / (2 * kSide) * (f + 1) * (2 * k + 1);
        r[static_cast<size_t>(f * kSide + k)] = static_cast<float>(std::sqrt(2.0 / kSide) * std::cos(angle));
      }
    }
    return r;
  }();
  return rows;
}

PdqTransform Transform(const Tones& tones) {
  const auto& cosines = CosineRows();
  PdqTransform transform;
  transform.quality = QualityOf(tones);
  std::array<float, kFrequencies * kSide> half{};  // Transformed downwards.
  for (size_t f = 0; f < kFrequencies; ++f) {
    for (size_t k = 0; k < kSide; ++k) {
      for (size_t x = 0; x < kSide; ++x) half[f * kSide + x] += cosines[f * kSide + k] * tones[k * kSide + x];
    }
  }
  for (size_t r = 0; r < kFrequencies; ++r) {
    for (size_t c = 0; c < kFrequencies; ++c) {
      float sum = 0;
      for (size_t x = 0; x < kSide; ++x) sum += half[r * kSide + x] * cosines[c * kSide + x];
      transform.frequencies[r * kFrequencies + c] = sum;
    }
  }
  return transform;
}

}  // namespace

PdqTransform TransformForPdq(const Image& image) {
  PUGMARK_CHECK(image.width_px > 0 && image.height_px > 0);
  if (image.channels == 1) return Transform(AverageTones(image.pixels.data(), image.width_px, image.height_px));
  std::vector<uint8_t> grey(static_cast<size_t>(image.width_px) * static_cast<size_t>(image.height_px));
  for (size_t i = 0; i < grey.size(); ++i) {
    const uint8_t* bgr = &image.pixels[3 * i];
    grey[i] = static_cast<uint8_t>((299 * bgr[2] + 587 * bgr[1] + 114 * bgr[0] + 500) / 1000);
  }
  return Transform(AverageTones(grey.data(), image.width_px, image.height_px));
}

PdqHash HashOf(const PdqTransform& transform) {
  PdqHash hash;
  hash.quality = transform.quality;
  std::array<float, kPdqBits> sorted = transform.frequencies;
  const auto middle = sorted.begin() + kPdqBits / 2 - 1;  // The lower median: half of the bits are set.
  std::nth_element(sorted.begin(), middle, sorted.end());
  for (size_t i = 0; i < kPdqBits; ++i) {
    if (transform.frequencies[i] > *middle) hash.bits[i / 64] |= uint64_t{1} << (i % 64);
  }
  return hash;
}

std::array<PdqHash, 8> DihedralHashes(const PdqTransform& transform) {
  // Mirroring reverses the sign of the odd cosines, which are those at even indices: ours begin at frequency 1.
  std::array<PdqHash, 8> hashes;
  for (size_t d = 0; d < hashes.size(); ++d) {
    PdqTransform turned;
    turned.quality = transform.quality;
    for (size_t r = 0; r < kFrequencies; ++r) {
      for (size_t c = 0; c < kFrequencies; ++c) {
        const float value = transform.frequencies[(d & 4) != 0 ? c * kFrequencies + r : r * kFrequencies + c];
        const bool negate = ((d & 1) != 0 && c % 2 == 0) != ((d & 2) != 0 && r % 2 == 0);
        turned.frequencies[r * kFrequencies + c] = negate ? -value : value;
      }
    }
    hashes[d] = HashOf(turned);
  }
  return hashes;
}

int PdqDistance(const PdqHash& a, const PdqHash& b) {
  int distance = 0;
  for (size_t i = 0; i < a.bits.size(); ++i) distance += std::popcount(a.bits[i] ^ b.bits[i]);
  return distance;
}

std::string PdqHex(const PdqHash& hash) {
  return fmt::format("{:016x}{:016x}{:016x}{:016x}", hash.bits[3], hash.bits[2], hash.bits[1], hash.bits[0]);
}

std::optional<PdqHash> PdqFromHex(std::string_view hex) {
  if (hex.size() != kPdqBits / 4) return std::nullopt;
  PdqHash hash;
  hash.quality = 100;
  for (size_t i = 0; i < 4; ++i) {
    const char* first = hex.data() + 16 * i;
    const auto [end, error] = std::from_chars(first, first + 16, hash.bits[3 - i], 16);
    if (error != std::errc() || end != first + 16) return std::nullopt;
  }
  return hash;
}

std::array<uint8_t, kPackedPdqBytes> PackPdq(const PdqHash& hash) {
  std::array<uint8_t, kPackedPdqBytes> packed{};
  for (size_t i = 0; i < 32; ++i) packed[i] = static_cast<uint8_t>(hash.bits[i / 8] >> (8 * (i % 8)));
  packed[32] = static_cast<uint8_t>(hash.quality);
  return packed;
}

PdqHash UnpackPdq(std::span<const uint8_t> packed) {
  if (packed.size() != kPackedPdqBytes || packed[32] > 100) {
    throw Error(ErrorCode::kCorrupt, "A photo's stored PDQ hash has the wrong size or quality. Run 'pugmark check'.");
  }
  PdqHash hash;
  for (size_t i = 0; i < 32; ++i) hash.bits[i / 8] |= static_cast<uint64_t>(packed[i]) << (8 * (i % 8));
  hash.quality = packed[32];
  return hash;
}

}  // namespace pugmark
