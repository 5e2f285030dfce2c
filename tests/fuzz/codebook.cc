// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/codebook.h"

#include <vector>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto path = pugmark::fuzz::Write("codebook.faiss", data, size);
  return pugmark::fuzz::Run([&] {
    const pugmark::Codebook codebook = pugmark::Codebook::Load(path);
    const std::vector<uint8_t> descriptors(3 * pugmark::kVectorSize, 7);
    for (const pugmark::WordAssignment& a : codebook.Assign(descriptors, 2)) {
      if (a.word >= codebook.num_words()) __builtin_trap();
    }
  });
}
