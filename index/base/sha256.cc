// SPDX-License-Identifier: Apache-2.0
#include "index/base/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "index/base/error.h"

namespace pugmark {
namespace {

class Hasher {
 public:
  Hasher() : ctx_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    PUGMARK_CHECK(ctx_ && EVP_DigestInit_ex(ctx_.get(), EVP_sha256(), nullptr) == 1);
  }
  void Update(const void* data, size_t size) { PUGMARK_CHECK(EVP_DigestUpdate(ctx_.get(), data, size) == 1); }
  Sha256 Finish() {
    Sha256 sha;
    unsigned int size = 0;
    PUGMARK_CHECK(EVP_DigestFinal_ex(ctx_.get(), sha.bytes.data(), &size) == 1 && size == sha.bytes.size());
    return sha;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> ctx_;
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Sha256::Hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (uint8_t b : bytes) {
    hex.push_back(kDigits[b >> 4]);
    hex.push_back(kDigits[b & 15]);
  }
  return hex;
}

Sha256 Sha256::FromHex(std::string_view hex) {
  Sha256 sha;
  bool valid = hex.size() == 2 * sha.bytes.size();
  for (size_t i = 0; valid && i < sha.bytes.size(); ++i) {
    const int high = HexDigit(hex[2 * i]);
    const int low = HexDigit(hex[2 * i + 1]);
    valid = high >= 0 && low >= 0;
    if (valid) sha.bytes[i] = static_cast<uint8_t>(high * 16 + low);
  }
  if (!valid) throw Error(ErrorCode::kInvalidArgument, "A SHA-256 is written as 64 hexadecimal digits.");
  return sha;
}

Sha256 Sha256::Of(std::span<const uint8_t> data) {
  Hasher hasher;
  hasher.Update(data.data(), data.size());
  return hasher.Finish();
}

Sha256 Sha256::OfFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(ErrorCode::kIo, fmt::format("{}: cannot be opened: {}.", path.string(), std::strerror(errno)));
  Hasher hasher;
  std::vector<char> buffer(1 << 18);
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hasher.Update(buffer.data(), static_cast<size_t>(in.gcount()));
  }
  if (in.bad()) throw Error(ErrorCode::kIo, fmt::format("{}: reading failed.", path.string()));
  return hasher.Finish();
}

}  // namespace pugmark
