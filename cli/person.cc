// SPDX-License-Identifier: Apache-2.0
#include "cli/person.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>

namespace pugmark::cli {

std::string LoginName() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr &&
      *found->pw_name != 0) {
    return found->pw_name;
  }
  return fmt::format("uid {}", ::getuid());
}

}  // namespace pugmark::cli
