// SPDX-License-Identifier: Apache-2.0
#include "index/base/uuid.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "index/base/error.h"

namespace pugmark {

std::string NamedUuid(const Uuid& name_space, std::string_view name) {
  std::string bytes(name_space.begin(), name_space.end());
  bytes += name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  PUGMARK_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1 && size == 20);
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0F) | 0x50);  // Version 5.
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3F) | 0x80);  // Variant of the RFC.
  std::string text;
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", digest[i]);
  }
  return text;
}

}  // namespace pugmark
