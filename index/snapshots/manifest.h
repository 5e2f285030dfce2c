// SPDX-License-Identifier: Apache-2.0
//
// The manifest of a snapshot as a file, and the seals on the files it names. For the room's own .cc files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "index/snapshots/snapshots.h"

namespace pugmark::internal {

inline constexpr std::string_view kCodebookFile = "codebook.faiss";
inline constexpr std::string_view kManifestFile = "manifest.json";
inline constexpr std::string_view kStagingSuffix = ".tmp";

std::filesystem::path SnapshotDir(const CollectionPaths& paths, int64_t number);
// The number that a directory of this name, or the text of CURRENT, stands for.
std::optional<int64_t> ParseSnapshotNumber(std::string_view text);

// Throws Error(kCorrupt) that names the command which mends it.
[[noreturn]] void ThrowDamaged(const std::filesystem::path& what, std::string_view why);

FileSeal SealOf(const std::filesystem::path& file);
// A message, or empty if the file has the sealed size.
std::string VerifySize(const std::filesystem::path& dir, const FileSeal& seal);
// Hashes of files that snapshots share by hard links are computed once.
class HashCache {
 public:
  std::string HashOf(const std::filesystem::path& file);

 private:
  std::map<std::pair<uint64_t, uint64_t>, std::string> hashes_;  // Device and inode.
};

// Likewise for size and SHA-256.
std::string VerifyContent(const std::filesystem::path& dir, const FileSeal& seal, HashCache* cache);

// Throws Error(kCorrupt | kUnsupported).
SnapshotInfo ReadManifest(const CollectionPaths& paths, int64_t number);
// The text of the manifest, which ends with a seal on itself.
std::string ManifestText(const SnapshotInfo& info);

}  // namespace pugmark::internal
