// SPDX-License-Identifier: Apache-2.0
//
// PDQ: a hash of the whole picture, for copies that were only re-encoded, resized, blurred or written upon.
//
// Local features need detail; a small, blurred or badly compressed copy has little of it left, but its coarse tones stay.
// PDQ [1] averages the luminance down to 64 × 64, takes the 16 × 16 lowest frequencies of its cosine transform without the
// constant ones, and sets a bit for each that lies above their median. Agencies and platforms exchange such hashes.
// A crop, a border or a turned picture changes all of it: what PDQ does not find says nothing.
// [1] Facebook, The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm, 2019, section "PDQ".
// Departure from [1]: the two passes of its box ("Jarosz") filter and the sampling are one weighted sum, computed at the
// 64 × 64 places only: the same numbers, without filtering what is then thrown away.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/decode/decode.h"

namespace pugmark {

inline constexpr int kPdqBits = 256;
// Hashes of lower quality are of pictures with hardly any contrast, and resemble each other by chance [1].
inline constexpr int kReliablePdqQuality = 50;
// Published as the limit of a confident match [1]. Candidates that are verified afterwards may lie further away.
inline constexpr int kConfidentPdqDistance = 31;
inline constexpr size_t kPackedPdqBytes = 33;

struct PdqHash {
  std::array<uint64_t, 4> bits{};  // Frequency (row r, column c) is bit 16 r + c: bit (16 r + c) % 64 of word r / 4.
  int quality = 0;                 // [0, 100]: how much the picture's 64 × 64 tones differ from their neighbours'.
  bool operator==(const PdqHash&) const = default;
};

// The 16 × 16 frequencies before they become bits; of them the hashes of the turned and mirrored picture follow.
struct PdqTransform {
  std::array<float, kPdqBits> frequencies{};  // 16 × 16, row-major; rows are vertical frequencies 1 … 16.
  int quality = 0;
};

// image: any size, grey or colour; [1] advises at most 512 px, more gives nearly the same hash and costs time.
// Threads: pure. Cost: about 0.8 ms for 640 × 480 in colour.
PdqTransform TransformForPdq(const Image& image);

PdqHash HashOf(const PdqTransform& transform);

// The hashes that the picture would have if it were turned or mirrored. Bit 0 of the index: mirrored left-right; bit 1:
// mirrored top-bottom; bit 2: transposed (x and y exchanged) before those. [0] is the picture as it is. The picture's
// handedness is reversed where an odd number of the three bits is set (IsMirroredPdq).
std::array<PdqHash, 8> DihedralHashes(const PdqTransform& transform);
constexpr bool IsMirroredPdq(size_t dihedral) { return ((dihedral ^ dihedral >> 1 ^ dihedral >> 2) & 1) == 1; }

// Bits in which two hashes differ, [0, 256]; unrelated pictures differ in about 128.
int PdqDistance(const PdqHash& a, const PdqHash& b);

// 64 lower-case hexadecimal digits as published, bit 255 first; the quality is not part of it.
std::string PdqHex(const PdqHash& hash);
// Inverse; nothing unless it is 64 hexadecimal digits. The quality is unknown and set to 100.
std::optional<PdqHash> PdqFromHex(std::string_view hex);

// 33 bytes: the four words, little-endian, then the quality.
std::array<uint8_t, kPackedPdqBytes> PackPdq(const PdqHash& hash);
// Throws Error(kCorrupt) unless it is 33 bytes with a quality of at most 100.
PdqHash UnpackPdq(std::span<const uint8_t> packed);

}  // namespace pugmark
