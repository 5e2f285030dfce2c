// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/quarantine_seal.h"

#include <fmt/format.h>

#include <span>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/sealed_files.h"

namespace pugmark {
namespace {

constexpr uint64_t kMaxQuarantineBytes = 1 << 30;
constexpr const char* kName = "quarantine.jsonl";

bool Holds(const FilePrefixSeal& seal, std::span<const uint8_t> bytes) {
  return bytes.size() >= seal.size_bytes && Sha256::Of(bytes.first(seal.size_bytes)) == seal.sha256;
}

}  // namespace

void ForgetLostQuarantine(Collection& collection) {
  if (std::filesystem::exists(collection.paths.quarantine())) return;
  SealedFiles seals(collection.catalogue);
  if (seals.Get(kName)) seals.Forget(kName);
}

void SealQuarantine(Collection& collection) {
  if (!std::filesystem::exists(collection.paths.quarantine())) return;
  SealedFiles seals(collection.catalogue);
  const std::optional<FilePrefixSeal> before = seals.Get(kName);
  const std::vector<uint8_t> bytes = ReadFile(collection.paths.quarantine(), kMaxQuarantineBytes);
  if (before && (before->size_bytes == bytes.size() || !Holds(*before, bytes))) return;
  seals.Set(kName, {bytes.size(), Sha256::Of(bytes)});
}

std::optional<std::string> QuarantineProblem(const Collection& collection) {
  constexpr const char* kMend = "Restore it from a backup, or move it away and ingest the same inputs again.";
  const std::optional<FilePrefixSeal> seal = SealedFiles(collection.catalogue).Get(kName);
  if (!seal) return std::nullopt;
  const std::string name = EscapeText(collection.paths.quarantine().string());
  try {
    const std::vector<uint8_t> bytes = ReadFile(collection.paths.quarantine(), kMaxQuarantineBytes);
    if (Holds(*seal, bytes)) return std::nullopt;
  } catch (const Error& e) {
    return fmt::format("{}: cannot be read: {} {}", name, e.what(), kMend);
  }
  return fmt::format("{}: its first {} bytes are not those that were written. {}", name, seal->size_bytes, kMend);
}

}  // namespace pugmark
