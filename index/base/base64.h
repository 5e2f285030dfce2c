// SPDX-License-Identifier: Apache-2.0
//
// Base64 of bytes (RFC 4648, with padding), for pictures inside of pages. (OpenSSL.)
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace pugmark {

// At most 1 GiB. Cost: a third more bytes than given.
std::string Base64(std::span<const uint8_t> bytes);

}  // namespace pugmark
