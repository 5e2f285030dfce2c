// SPDX-License-Identifier: Apache-2.0
//
// The head of a globals file; what follows it: docs/formats.md, "Globals file". For the room's own .cc files.
#pragma once

#include <array>
#include <cstdint>

namespace pugmark::internal {

// Everything that follows the header is aligned to its own size if hashes come first and bytes last.
struct GlobalsHeader {
  std::array<char, 8> magic;
  uint64_t num_hashes;
  uint64_t num_vectors;
  uint64_t dimension;
};
static_assert(sizeof(GlobalsHeader) == 32);
inline constexpr std::array<char, 8> kGlobalsMagic = {'P', 'M', 'G', 'L', 'O', 'B', '0', '1'};

}  // namespace pugmark::internal
