// SPDX-License-Identifier: Apache-2.0
//
// Numbers out of untrusted bytes, and into bytes of our own; internal to engine/decode.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace pugmark::decode {

using Bytes = std::span<const uint8_t>;

enum class ByteOrder { kLittle, kBig };

// What lies outside the data reads as 0, so that a header can be walked without a check at every step; where a zero
// would mislead, ask Has() first. Offsets are 64-bit: sums of 32-bit fields cannot wrap.
class ByteReader {
 public:
  // Borrows `data`, which must outlive the reader.
  ByteReader(Bytes data, ByteOrder order) : data_(data), order_(order) {}

  bool Has(uint64_t at, uint64_t count) const { return count <= data_.size() && at <= data_.size() - count; }
  uint32_t U8(uint64_t at) const { return Has(at, 1) ? data_[at] : 0; }
  uint32_t U16(uint64_t at) const { return Number(at, 2); }
  uint32_t U24(uint64_t at) const { return Number(at, 3); }
  uint32_t U32(uint64_t at) const { return Number(at, 4); }

  // True if the bytes at `at` are those of `text`.
  bool Is(uint64_t at, std::string_view text) const {
    return Has(at, text.size()) && std::memcmp(data_.data() + at, text.data(), text.size()) == 0;
  }

  // The part of [at, at + count) that exists.
  Bytes Slice(uint64_t at, uint64_t count) const {
    if (at >= data_.size()) return {};
    return data_.subspan(at, count < data_.size() - at ? count : data_.size() - at);
  }

 private:
  uint32_t Number(uint64_t at, unsigned size) const {
    if (!Has(at, size)) return 0;
    uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i) {
      value = value << 8 | data_[at + (order_ == ByteOrder::kBig ? i : size - 1 - i)];
    }
    return value;
  }

  Bytes data_;
  ByteOrder order_;
};

// Appends `value` as `size` bytes, the lowest first.
inline void AppendNumber(std::vector<uint8_t>* out, uint64_t value, int size) {
  for (int i = 0; i < size; ++i) out->push_back(static_cast<uint8_t>(value >> (8 * i)));
}

}  // namespace pugmark::decode
