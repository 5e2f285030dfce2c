// SPDX-License-Identifier: Apache-2.0
//
// Names as UUIDs of version 5 (RFC 4122, section 4.3): the same name always gives the same one. (OpenSSL's SHA-1, which
// serves as a name here and as a seal nowhere.)
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace pugmark {

using Uuid = std::array<uint8_t, 16>;

// Of `name` within a name space, which is a UUID itself: 36 characters, "00abedb4-aa42-466c-9c01-fed23315a9b7".
std::string NamedUuid(const Uuid& name_space, std::string_view name);

}  // namespace pugmark
