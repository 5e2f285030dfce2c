// SPDX-License-Identifier: Apache-2.0
//
// How commands name what is in the collection: a photo by SHA-256 or by a file of the same bytes, a listing or a seller
// as PLATFORM:NAME.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "index/base/sha256.h"
#include "index/catalogue/catalogue.h"

namespace pugmark::cli {

// `name` is 64 hexadecimal digits, or a file, whose bytes are hashed. Throws Error(kNotFound) if it is neither, kIo if
// the file cannot be read.
Sha256 PhotoNamed(const std::string& name);

// As PhotoNamed, and throws Error(kNotFound) if the collection holds no such photo.
PhotoId RequirePhoto(const Catalogue& catalogue, const std::string& name);

// "bazaar:12:345" → {"bazaar", "12:345"}: a name may hold a colon, a platform not; ":7" is of the platform without a
// name. option, what: for the message, such as "--seller" and "PLATFORM:HANDLE". Throws Error(kInvalidArgument).
std::pair<std::string, std::string> OnPlatform(const std::string& text, const std::string& option,
                                               const std::string& what);

}  // namespace pugmark::cli
