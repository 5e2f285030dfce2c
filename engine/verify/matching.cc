// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/matching.h"

#include "engine/features/features.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

// Widened to 16 bit, the inner loop becomes one multiply-add instruction per vector register (pmaddwd).
__attribute__((target_clones("default", "avx2", "arch=skylake-avx512"))) void Products(const int16_t* __restrict a,
                                                                                        size_t n,
                                                                                        const int16_t* __restrict b,
                                                                                        size_t m,
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

}  // namespace pugmark
