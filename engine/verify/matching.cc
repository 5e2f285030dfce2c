// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/matching.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <numeric>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "engine/features/features.h"
#include "index/base/clones.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

// Widened to 16 bit, the inner loop becomes one multiply-add instruction per vector register (pmaddwd).
PUGMARK_CLONES("default", "avx2")
void Products(const int16_t* __restrict a, size_t n, const int16_t* __restrict b, size_t m,
              int32_t* __restrict products) {
  for (size_t i = 0; i < n; ++i) {
    const int16_t* row = a + i * kDescriptorSize;
    for (size_t j = 0; j < m; ++j) {
      const int16_t* other = b + j * kDescriptorSize;
      int32_t sum = 0;
      for (int k = 0; k < kDescriptorSize; ++k) sum += static_cast<int32_t>(row[k]) * other[k];
      products[i * m + j] = sum;
    }
  }
}

#if defined(__x86_64__)
// One instruction takes four pairs of values: 16 products side by side, of 4 rows at once, so that their sums stay in
// registers.
constexpr size_t kRows = 4, kColumns = 16, kFour = 4;

// Descriptors 16 side by side, by fours of their values, less 128: the instruction takes signed values on one side.
std::vector<int8_t> Interleave(std::span<const uint8_t> descriptors) {
  const size_t num = descriptors.size() / kDescriptorSize;
  std::vector<int8_t> groups((num + kColumns - 1) / kColumns * kColumns * kDescriptorSize);
  for (size_t j = 0; j < num; ++j) {
    const uint8_t* from = &descriptors[j * kDescriptorSize];
    int8_t* to = &groups[j / kColumns * kColumns * kDescriptorSize + j % kColumns * kFour];
    for (size_t k = 0; k < kDescriptorSize; k += kFour, from += kFour, to += kColumns * kFour) {
      for (size_t v = 0; v < kFour; ++v) to[v] = static_cast<int8_t>(from[v] - 128);
    }
  }
  return groups;
}

[[gnu::target("avx512f,avx512vnni")]] void ProductsVnni(std::span<const uint8_t> a, std::span<const uint8_t> b,
                                                        int32_t* products) {
  const size_t n = a.size() / kDescriptorSize, m = b.size() / kDescriptorSize;
  std::vector<uint8_t> padded(a.begin(), a.end());
  padded.resize((n + kRows - 1) / kRows * kRows * kDescriptorSize);
  const std::vector<int8_t> groups = Interleave(b);
  for (size_t i = 0; i < n; i += kRows) {
    const uint8_t* rows = &padded[i * kDescriptorSize];
    std::array<int32_t, kRows> offsets;  // <a, b> = <a, b - 128> + 128 sum(a).
    for (size_t r = 0; r < kRows; ++r) {
      const uint8_t* row = rows + r * kDescriptorSize;
      offsets[r] = 128 * std::accumulate(row, row + kDescriptorSize, int32_t{0});
    }
    for (size_t j = 0; j < m; j += kColumns) {
      const int8_t* group = &groups[j * kDescriptorSize];
      __m512i sums[kRows];
#pragma GCC unroll 4
      for (size_t r = 0; r < kRows; ++r) sums[r] = _mm512_set1_epi32(offsets[r]);
      for (size_t k = 0; k < kDescriptorSize; k += kFour) {
        const __m512i fours = _mm512_loadu_si512(group + k * kColumns);
#pragma GCC unroll 4
        for (size_t r = 0; r < kRows; ++r) {
          int32_t four;
          std::memcpy(&four, rows + r * kDescriptorSize + k, sizeof four);
          sums[r] = _mm512_dpbusd_epi32(sums[r], _mm512_set1_epi32(four), fours);
        }
      }
      const auto here = static_cast<__mmask16>((1u << std::min(kColumns, m - j)) - 1);
#pragma GCC unroll 4
      for (size_t r = 0; r < kRows; ++r) {
        if (i + r < n) _mm512_mask_storeu_epi32(products + (i + r) * m + j, here, sums[r]);
      }
    }
  }
}

bool HasVnni() { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni"); }
#endif

}  // namespace

void InnerProducts(std::span<const uint8_t> a, std::span<const uint8_t> b, std::vector<int32_t>* products) {
  const size_t n = a.size() / kDescriptorSize;
  const size_t m = b.size() / kDescriptorSize;
  PUGMARK_CHECK(n * kDescriptorSize == a.size() && m * kDescriptorSize == b.size());
  products->resize(n * m);
#if defined(__x86_64__)
  static const bool has_vnni = HasVnni();
  if (has_vnni) return ProductsVnni(a, b, products->data());
#endif
  const std::vector<int16_t> wide_a(a.begin(), a.end());
  const std::vector<int16_t> wide_b(b.begin(), b.end());
  Products(wide_a.data(), n, wide_b.data(), m, products->data());
}

Distances::Distances(std::span<const uint8_t> a, std::span<const uint8_t> b)
    : num_a_(a.size() / kDescriptorSize), num_b_(b.size() / kDescriptorSize) {
  if (num_a_ == 0 || num_b_ == 0) return;
  InnerProducts(a, b, &distances_);
  const auto squared_norms = [](std::span<const uint8_t> descriptors, size_t count) {
    std::vector<int32_t> norms(count);
    for (size_t i = 0; i < count; ++i) {
      const auto d = descriptors.subspan(i * kDescriptorSize, kDescriptorSize);
      norms[i] = std::inner_product(d.begin(), d.end(), d.begin(), int32_t{0});
    }
    return norms;
  };
  const std::vector<int32_t> norms_a = squared_norms(a, num_a_), norms_b = squared_norms(b, num_b_);
  for (size_t i = 0; i < num_a_; ++i) {
    int32_t* row = &distances_[i * num_b_];
    for (size_t j = 0; j < num_b_; ++j) row[j] = norms_a[i] + norms_b[j] - 2 * row[j];
  }
}

PUGMARK_CLONES("default", "avx2")
Nearest FindNearest(const Distances& distances) {
  const size_t num_a = distances.num_a(), num_b = distances.num_b();
  Nearest nearest;
  nearest.of_a.resize(num_a);
  nearest.of_b.resize(num_b);
  std::vector<int32_t> least_of_b(num_b, std::numeric_limits<int32_t>::max());
  for (size_t i = 0; i < num_a; ++i) {
    const int32_t* row = distances.row(i);
    int32_t least = std::numeric_limits<int32_t>::max();
    for (size_t j = 0; j < num_b; ++j) least = std::min(least, row[j]);
    nearest.of_a[i] = static_cast<int>(std::find(row, row + num_b, least) - row);
    int32_t* least_of = least_of_b.data();
    int* of_b = nearest.of_b.data();
    for (size_t j = 0; j < num_b; ++j) {
      of_b[j] = row[j] < least_of[j] ? static_cast<int>(i) : of_b[j];
      least_of[j] = std::min(least_of[j], row[j]);
    }
  }
  return nearest;
}

PUGMARK_CLONES("default", "avx2")
int NumNearer(const Distances& distances, size_t i, int32_t than) {
  const int32_t* row = distances.row(i);
  int num = 0;
  for (size_t j = 0; j < distances.num_b(); ++j) num += row[j] < than ? 1 : 0;
  return num;
}

}  // namespace pugmark
