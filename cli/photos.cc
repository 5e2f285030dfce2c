// SPDX-License-Identifier: Apache-2.0
#include "cli/photos.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

constexpr size_t kHexDigits = 64;
constexpr uint64_t kMaxPhotoBytes = 1ull << 30;

}  // namespace

Sha256 PhotoNamed(const std::string& name) {
  const bool is_hex = name.size() == kHexDigits &&
                      std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (is_hex) return Sha256::FromHex(name);
  std::error_code error;
  if (!std::filesystem::exists(name, error)) {
    throw Error(ErrorCode::kNotFound,
                fmt::format("'{}' is neither a SHA-256 (64 hexadecimal digits) nor a file. Nothing was changed.",
                            EscapeText(name)));
  }
  return Sha256::Of(ReadFile(name, kMaxPhotoBytes));
}

PhotoId RequirePhoto(const Catalogue& catalogue, const std::string& name) {
  const Sha256 sha256 = PhotoNamed(name);
  if (const std::optional<PhotoId> photo = catalogue.FindPhoto(sha256)) return *photo;
  throw Error(ErrorCode::kNotFound,
              fmt::format("{}: the collection holds no photo with these bytes (SHA-256 {}). Nothing was changed.",
                          EscapeText(name), sha256.Hex()));
}

std::pair<std::string, std::string> OnPlatform(const std::string& text, const std::string& option,
                                               const std::string& what) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos || colon + 1 == text.size()) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} '{}': name it as {}.", option, EscapeText(text), what));
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace pugmark::cli
