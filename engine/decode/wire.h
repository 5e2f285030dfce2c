// SPDX-License-Identifier: Apache-2.0
//
// What the program and its decode workers say to each other; internal to engine/decode.
//
// A message is a Frame, then `num_fields_bytes` of fields, then `num_bulk_bytes` that are taken as they are: the
// photo's bytes one way, pixels the other. The answer to a photo is its reply and then, if it decoded and they were
// asked for, a second message with its QR codes: a picture that keeps their reader busy has arrived by then. Both ends
// are the same program, so nothing is versioned. Each structure lists its fields once, for both directions, by a
// structured binding: a field that is added and forgotten here does not compile.
//
// A worker may have been taken over by what it decoded. Its reader therefore trusts nothing: see FieldReader.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "engine/decode/decode.h"

namespace pugmark::decode {

struct Frame {
  uint64_t num_fields_bytes = 0;
  uint64_t num_bulk_bytes = 0;
};

class FieldWriter {
 public:
  template <typename... T>
  void operator()(const T&... fields) {
    (Put(fields), ...);
  }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  template <typename T>
  void Put(const T& value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    const auto* begin = reinterpret_cast<const uint8_t*>(&value);
    bytes_.insert(bytes_.end(), begin, begin + sizeof(T));
  }
  void Put(const std::string& text) {
    Put(static_cast<uint64_t>(text.size()));
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }

  std::vector<uint8_t> bytes_;
};

// Reads nothing beyond its bytes, whatever they claim; truth values are 0 or 1, enumerators are checked by the caller.
class FieldReader {
 public:
  explicit FieldReader(std::span<const uint8_t> bytes) : rest_(bytes) {}

  template <typename... T>
  void operator()(T&... fields) {
    (Get(&fields), ...);
  }
  // All was there, and nothing was left.
  bool Done() const { return ok_ && rest_.empty(); }

 private:
  template <typename T>
  void Get(T* value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    ok_ = ok_ && rest_.size() >= sizeof(T);
    if (!ok_) return;
    if constexpr (std::is_same_v<T, bool>) {
      *value = rest_[0] != 0;
    } else {
      std::memcpy(value, rest_.data(), sizeof(T));
    }
    rest_ = rest_.subspan(sizeof(T));
  }
  void Get(std::string* text) {
    uint64_t size = 0;
    Get(&size);
    ok_ = ok_ && size <= rest_.size();
    text->clear();
    if (!ok_) return;
    text->assign(reinterpret_cast<const char*>(rest_.data()), size);
    rest_ = rest_.subspan(size);
  }

  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

template <typename Wire, typename Options>
void PassOptions(Wire& wire, Options& options) {
  auto& [max_side, min_side, max_pixels, max_photo_side, max_decoded, read_qr_codes] = options;
  wire(max_side, min_side, max_pixels, max_photo_side, max_decoded, read_qr_codes);
}

template <typename Wire, typename Info>
void PassInfo(Wire& wire, Info& info) {
  auto& [format, width, height, orientation, truncated, make, model, serial, taken_at, owner, lens, lens_serial,
         tables] = info;
  wire(format, width, height, orientation, truncated, make, model, serial, taken_at, owner, lens, lens_serial, tables);
}

// The reply's fields: info, error, and the image without its pixels, of 0 x 0 if there is none.
template <typename Wire, typename Info, typename Error, typename Number>
void PassReply(Wire& wire, Info& info, Error& error, Number& width, Number& height, Number& channels) {
  PassInfo(wire, info);
  auto& [code, message] = error;
  wire(code, message, width, height, channels);
}

template <typename Wire, typename Codes>
void PassQrCodes(Wire& wire, Codes& codes) {
  std::apply(wire, codes);
}

}  // namespace pugmark::decode
