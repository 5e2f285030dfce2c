// SPDX-License-Identifier: Apache-2.0
#include "index/snapshots/snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "index/base/error.h"
#include "index/base/fault.h"
#include "index/base/files.h"
#include "index/base/sha256.h"
#include "index/snapshots/manifest.h"

namespace pugmark {

namespace fs = std::filesystem;
using namespace internal;  // Of this room.

namespace {

// What CURRENT holds: the number and the first 4 bytes of its SHA-256, so that a flipped bit cannot name another snapshot.
std::string TextOfCurrent(std::string_view digits) {
  const Sha256 sha = Sha256::Of({reinterpret_cast<const uint8_t*>(digits.data()), digits.size()});
  return fmt::format("{} {}\n", digits, sha.Hex().substr(0, 8));
}

}  // namespace

std::optional<int64_t> CurrentSnapshot(const CollectionPaths& paths) {
  if (!fs::exists(paths.current())) return std::nullopt;
  const std::vector<uint8_t> bytes = ReadFile(paths.current(), 64);
  const std::string text(bytes.begin(), bytes.end());
  // "000042 1a2b3c4d\n", or, as it was before there was a checksum, "000042\n". Without the line feed it is cut off.
  const std::string_view digits = std::string_view(text).substr(0, text.find_first_of(" \n"));
  const std::optional<int64_t> number = ParseSnapshotNumber(digits);
  if (!number || (text != TextOfCurrent(digits) && text != fmt::format("{}\n", digits))) {
    ThrowDamaged(paths.current(), "does not name a snapshot");
  }
  return number;
}

std::vector<int64_t> ListSnapshots(const CollectionPaths& paths) {
  std::vector<int64_t> numbers;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(paths.snapshots(), error)) {
    if (const auto number = ParseSnapshotNumber(entry.path().filename().string())) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

SnapshotInfo ReadSnapshotInfo(const CollectionPaths& paths, int64_t number) { return ReadManifest(paths, number); }

static Snapshot OpenFiles(const CollectionPaths& paths, int64_t number) {
  const fs::path dir = SnapshotDir(paths, number);
  const SnapshotInfo info = ReadManifest(paths, number);
  HashCache cache;
  for (const FileSeal& seal : info.files) {
    const std::string finding = seal.file == kCodebookFile ? VerifyContent(dir, seal, &cache) : VerifySize(dir, seal);
    if (!finding.empty()) ThrowDamaged(dir, finding);
  }
  Snapshot snapshot{info, Codebook::Load(dir / kCodebookFile), {}, {}, {}};
  if (snapshot.codebook.num_words() != info.num_words) ThrowDamaged(dir, "its codebook is another one's");
  for (const PartInfo& part : info.parts) {
    snapshot.parts.push_back(Part::Open(dir / part.file, info.num_words, part.num_entries));
    if (!part.globals.empty()) snapshot.globals.push_back(Globals::Open(dir / part.globals));
  }
  if (!info.furniture.empty()) snapshot.furniture = Furniture::Open(dir / info.furniture);
  return snapshot;
}

Snapshot OpenSnapshot(const CollectionPaths& paths, int64_t number) {
  if (!fs::exists(SnapshotDir(paths, number))) {
    const std::vector<int64_t> kept = ListSnapshots(paths);
    throw Error(ErrorCode::kNotFound,
                fmt::format("Snapshot {} is not kept any more; kept are: {}. 'pugmark reindex --keep N' keeps more.",
                            number, kept.empty() ? "none" : fmt::format("{}", fmt::join(kept, ", "))));
  }
  return OpenFiles(paths, number);
}

std::optional<Snapshot> OpenCurrentSnapshot(const CollectionPaths& paths) {
  // A writer may publish and prune between our reading CURRENT and opening the files; the next try then sees the newer.
  for (int tries_left = 3;; --tries_left) {
    const std::optional<int64_t> number = CurrentSnapshot(paths);
    if (!number) return std::nullopt;
    try {
      return OpenFiles(paths, *number);
    } catch (const Error&) {
      if (tries_left == 0 || CurrentSnapshot(paths) == number) throw;
    }
  }
}

struct SnapshotChecker::Impl {
  CollectionPaths paths;
  HashCache cache;
};

SnapshotChecker::SnapshotChecker(const CollectionPaths& paths) : impl_(std::make_unique<Impl>(Impl{paths, {}})) {}
SnapshotChecker::~SnapshotChecker() = default;

std::vector<std::string> SnapshotChecker::Check(int64_t number) {
  std::vector<std::string> findings;
  try {
    for (const FileSeal& seal : ReadManifest(impl_->paths, number).files) {
      std::string finding = VerifyContent(SnapshotDir(impl_->paths, number), seal, &impl_->cache);
      if (!finding.empty()) findings.push_back(std::move(finding));
    }
  } catch (const Error& e) {
    findings.emplace_back(e.what());
  }
  return findings;
}

std::vector<std::string> CheckSnapshot(const CollectionPaths& paths, int64_t number) {
  return SnapshotChecker(paths).Check(number);
}

void MakeCurrent(const CollectionPaths& paths, int64_t number) {
  WriteFileAtomically(paths.current(), TextOfCurrent(fmt::format("{:06}", number)));
  PUGMARK_FAULT_POINT("snapshot.current");
}

}  // namespace pugmark
