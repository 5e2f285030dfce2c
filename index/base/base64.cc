// SPDX-License-Identifier: Apache-2.0
#include "index/base/base64.h"

#include <openssl/evp.h>

#include "index/base/error.h"

namespace pugmark {

std::string Base64(std::span<const uint8_t> bytes) {
  PUGMARK_CHECK(bytes.size() <= size_t{1} << 30);
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero.
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

}  // namespace pugmark
