// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 of bytes and files: the identity of a photo and the seal on every file of a snapshot. (OpenSSL.)
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace pugmark {

struct Sha256 {
  std::array<uint8_t, 32> bytes{};

  auto operator<=>(const Sha256&) const = default;
  // 64 lower-case hexadecimal digits.
  std::string Hex() const;
  // Throws Error(kInvalidArgument) unless `hex` is 64 hexadecimal digits.
  static Sha256 FromHex(std::string_view hex);
  static Sha256 Of(std::span<const uint8_t> data);
  // Reads the file in pieces. Throws Error(kIo) if it cannot be read.
  static Sha256 OfFile(const std::filesystem::path& path);
};

}  // namespace pugmark

template <>
struct std::hash<pugmark::Sha256> {
  size_t operator()(const pugmark::Sha256& sha) const noexcept {
    size_t h = 0;
    for (size_t i = 0; i < sizeof(h); ++i) h = (h << 8) | sha.bytes[i];
    return h;
  }
};
