// SPDX-License-Identifier: Apache-2.0
//
// Damages files as chance and malice do: the same way for the same seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace pugmark {

// Flips, overwrites, cuts, repeats and swaps bytes of `file`, as the stream of `random` has it.
inline std::vector<uint8_t> Mutate(std::vector<uint8_t> file, std::mt19937_64* random) {
  const auto below = [&](size_t n) { return static_cast<ptrdiff_t>((*random)() % std::max<size_t>(n, 1)); };
  for (auto edits = below(6) + 1; edits > 0 && !file.empty(); --edits) {
    // Half of all edits hit the headers.
    const ptrdiff_t at = below(below(2) == 0 ? std::min<size_t>(file.size(), 200) : file.size());
    switch (below(6)) {
      case 0: file[static_cast<size_t>(at)] ^= static_cast<uint8_t>(1u << below(8)); break;
      case 1: file[static_cast<size_t>(at)] = static_cast<uint8_t>(below(256)); break;
      case 2: std::fill_n(file.begin() + at, std::min<ptrdiff_t>(4, std::ssize(file) - at), uint8_t{0xFF}); break;
      case 3: file.resize(static_cast<size_t>(at)); break;
      case 4: file.erase(file.begin() + at, file.begin() + at + std::min(below(16), std::ssize(file) - at)); break;
      default: {
        const std::vector<uint8_t> copy(file.begin() + at,
                                        file.begin() + at + std::min(below(64), std::ssize(file) - at));
        file.insert(file.begin() + below(file.size()), copy.begin(), copy.end());
      }
    }
  }
  return file;
}

}  // namespace pugmark
