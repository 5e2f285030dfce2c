// SPDX-License-Identifier: Apache-2.0
//
// A part of 16 words, read to its last entry.
#include "index/vectors/part.h"

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto path = pugmark::fuzz::Write("part.faiss", data, size);
  return pugmark::fuzz::Run([&] {
    // The number of entries that the manifest of this file would state, if it is a part.
    const auto num_entries = static_cast<int64_t>(size < 44 + 16 * 8 ? 0 : (size - 36 - 16 * 8) / 16);
    const pugmark::Part part = pugmark::Part::Open(path, 16, num_entries);
    uint64_t sum = 0;
    for (int word = 0; word < 16; ++word) {
      const pugmark::Part::List list = part.list(word);
      for (size_t i = 0; i < list.size; ++i) sum += list.entry(i) ^ list.signature(i);
    }
    asm volatile("" : : "r"(sum));
  });
}
