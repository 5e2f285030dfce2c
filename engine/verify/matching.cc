// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/matching.h"

#include <numeric>

#include "engine/features/features.h"
#include "index/base/clones.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

// Widened to 16 bit, the inner loop becomes one multiply-add instruction per vector register (pmaddwd).
PUGMARK_CLONES("default", "avx2", "arch=skylake-avx512")
void Products(const int16_t* __restrict a, size_t n, const int16_t* __restrict b, size_t m, int32_t* __restrict products) {
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

}  // namespace

void InnerProducts(std::span<const uint8_t> a, std::span<const uint8_t> b, std::vector<int32_t>* products) {
  const size_t n = a.size() / kDescriptorSize;
  const size_t m = b.size() / kDescriptorSize;
  PUGMARK_CHECK(n * kDescriptorSize == a.size() && m * kDescriptorSize == b.size());
  const std::vector<int16_t> wide_a(a.begin(), a.end());
  const std::vector<int16_t> wide_b(b.begin(), b.end());
  products->resize(n * m);
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

}  // namespace pugmark
