// SPDX-License-Identifier: Apache-2.0
#include "engine/traces/traces.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

#include "index/base/files.h"
#include "index/base/sha256.h"

namespace pugmark {
namespace {

// The longest QR code has 2,953 bytes. What is cut off is still told apart, by a hash of all.
constexpr size_t kMaxValueBytes = 500;

std::string Bounded(const std::string& text) {
  if (text.size() <= kMaxValueBytes) return EscapeText(text);
  const Sha256 sha256 = Sha256::Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  return fmt::format("{} … sha256 {}", EscapeText(text.substr(0, kMaxValueBytes)), sha256.Hex().substr(0, 16));
}

// Whether many devices would say the same.
bool IsPlaceholder(const std::string& text) {
  std::string letters;
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0 || c >= 0x80) letters += static_cast<char>(std::tolower(c));
  }
  if (letters.size() < 4 || std::set<char>(letters.begin(), letters.end()).size() < 2) return true;
  constexpr std::array<std::string_view, 14> kSaid = {"unknown",  "none",       "null",          "default",  "owner",
                                                      "user",     "artist",     "author",        "camera",   "yourname",
                                                      "username", "unassigned", "notapplicable", "undefined"};
  return std::find(kSaid.begin(), kSaid.end(), letters) != kSaid.end();
}

}  // namespace

std::vector<FileTrace> FindTraces(const DecodeResult& decoded) {
  const PhotoInfo& info = decoded.info;
  std::vector<FileTrace> traces;
  const auto add = [&](TraceKind kind, const std::string& value) {
    FileTrace trace{kind, Bounded(value)};
    if (std::find(traces.begin(), traces.end(), trace) == traces.end()) traces.push_back(std::move(trace));
  };
  // Makers number their cameras without regard to each other.
  if (!IsPlaceholder(info.camera_serial)) {
    add(TraceKind::kCamera, fmt::format("{}, {}, {}", info.camera_make, info.camera_model, info.camera_serial));
  }
  if (!IsPlaceholder(info.lens_serial)) add(TraceKind::kLens, fmt::format("{}, {}", info.lens_model, info.lens_serial));
  if (!IsPlaceholder(info.owner)) add(TraceKind::kOwner, info.owner);
  if (!info.jpeg_tables.empty()) {
    add(TraceKind::kTables, fmt::format("{} {}x{}", info.jpeg_tables, info.width_px, info.height_px));
  }
  for (const std::string& text : decoded.qr_codes) {
    if (!text.empty()) add(TraceKind::kQr, text);
  }
  return traces;
}

}  // namespace pugmark
