// SPDX-License-Identifier: Apache-2.0
#include "engine/collection/takedown.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <system_error>
#include <tuple>

#include "engine/features/pdq.h"
#include "index/base/error.h"
#include "index/base/fault.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

constexpr int kNeighboursPerPhoto = 20;

// By the hashes of the current snapshot: what is not indexed yet is not compared.
std::vector<ResemblingPhoto> FindResembling(const Collection& collection, const Removal& removal) {
  std::vector<ResemblingPhoto> resembling;
  std::optional<Snapshot> snapshot;
  try {
    snapshot = OpenCurrentSnapshot(collection.paths);
  } catch (const Error&) {
    return resembling;  // A damaged index must not keep anything from being removed; 'pugmark check' reports it.
  }
  if (!snapshot || !BelongsTogether(snapshot->info, collection.catalogue)) return resembling;
  std::set<PhotoId> seen;
  for (const RemovedPhoto& photo : removal.photos) seen.insert(photo.id);
  for (const RemovedPhoto& photo : removal.photos) {
    std::optional<StoredFeatures> stored;
    try {
      stored = collection.catalogue.GetFeatures(photo.id);
    } catch (const Error&) {
      continue;  // Damaged; it goes all the same.
    }
    if (!stored || stored->pdq.size() != kPackedPdqBytes) continue;
    const PdqHash hash = UnpackPdq(stored->pdq);
    if (hash.quality < kReliablePdqQuality) continue;
    for (const HashNeighbour& near :
         NearestHashes(snapshot->globals, {&hash.bits, 1},
                       {kNeighboursPerPhoto + static_cast<int>(std::min<size_t>(seen.size(), 1000)),
                        kConfidentPdqDistance, kReliablePdqQuality})) {
      if (!seen.insert(near.photo).second) continue;
      if (const std::optional<Photo> other = collection.catalogue.GetPhoto(near.photo)) {
        resembling.push_back({other->sha256, photo.sha256, near.distance});
      }
    }
  }
  std::stable_sort(resembling.begin(), resembling.end(),
                   [](const ResemblingPhoto& a, const ResemblingPhoto& b) { return a.distance < b.distance; });
  if (resembling.size() > kMaxResembling) resembling.resize(kMaxResembling);
  return resembling;
}

bool RemoveFile(const fs::path& path) {
  std::error_code error;
  const bool was_there = fs::remove(path, error);
  if (error) {
    throw Error(
        ErrorCode::kIo,
        fmt::format(
            "{}: cannot be removed: {}. The photo is no longer in the catalogue; see to the permissions and run "
            "'pugmark reindex', which tries again.",
            EscapeText(path.string()), error.message()));
  }
  PUGMARK_FAULT_POINT("takedown.file_removed");
  return was_there;
}

}  // namespace

TakedownReport PlanTakedown(Collection& collection, const std::vector<RemovalTarget>& targets) {
  TakedownReport report;
  report.removal = Takedown(collection.catalogue).Plan(targets);
  report.resembling = FindResembling(collection, report.removal);
  return report;
}

TakedownReport TakeDown(Collection& collection, const std::vector<RemovalTarget>& targets, const std::string& reason,
                        const std::string& removed_by) {
  TakedownReport report = PlanTakedown(collection, targets);
  report.removal = Takedown(collection.catalogue).Remove(targets, reason, removed_by);
  report.num_files = PurgeRemovedFiles(collection);
  return report;
}

int64_t PurgeRemovedFiles(Collection& collection) {
  Takedown takedown(collection.catalogue);
  const std::vector<RemovedPhoto> unpurged = takedown.Unpurged();
  if (unpurged.empty()) return 0;
  int64_t num_files = 0;
  for (const RemovedPhoto& photo : unpurged) {
    if (collection.catalogue.FindPhoto(photo.sha256)) continue;  // It was readmitted: the files are in use again.
    num_files += RemoveFile(collection.paths.thumbnail(photo.sha256)) ? 1 : 0;
    num_files += RemoveFile(collection.paths.original(photo.sha256)) ? 1 : 0;
  }
  // Gone for good before the catalogue says so; else a power cut could bring them back for ever.
  if (num_files > 0) SyncFileSystem(collection.paths.root);
  Catalogue::Transaction transaction(collection.catalogue);
  for (const RemovedPhoto& photo : unpurged) takedown.MarkPurged(photo.id);
  transaction.Commit();
  return num_files;
}

}  // namespace pugmark
