// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "index/base/error.h"
#include "index/base/fault.h"
#include "index/base/files.h"
#include "index/snapshots/manifest.h"
#include "index/snapshots/snapshots.h"

namespace pugmark {

namespace fs = std::filesystem;
using namespace internal;  // Of this room.

std::vector<int64_t> PlanPrune(const CollectionPaths& paths, const PruneOptions& options) {
  const std::optional<int64_t> current = CurrentSnapshot(paths);
  const std::vector<int64_t> numbers = ListSnapshots(paths);
  int num_kept = current ? 1 : 0;
  bool kept_untried = false;
  std::vector<int64_t> superfluous;
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    if (*number == current) continue;
    if (!options.was_current(*number)) {
      if (kept_untried || !options.keep_held_back) superfluous.push_back(*number);
      kept_untried = true;
    } else if (num_kept < std::max(options.keep, 1)) {
      ++num_kept;
    } else {
      superfluous.push_back(*number);
    }
  }
  std::reverse(superfluous.begin(), superfluous.end());
  return superfluous;
}

bool RemoveSnapshot(const CollectionPaths& paths, int64_t number) {
  const fs::path dir = SnapshotDir(paths, number);
  fs::path gone = dir;
  gone += kStagingSuffix;
  RemoveDirectory(gone);
  std::error_code error;
  // Renamed first: a snapshot is there as a whole or not at all.
  fs::rename(dir, gone, error);
  if (error) return false;
  PUGMARK_FAULT_POINT("snapshot.doomed");
  RemoveDirectory(gone);
  return true;
}

std::vector<int64_t> PruneSnapshots(const CollectionPaths& paths, const PruneOptions& options) {
  for (const fs::path& leftover : StagingLeftovers(paths)) RemoveDirectory(leftover);
  std::vector<int64_t> removed;
  for (const int64_t number : PlanPrune(paths, options)) {
    if (RemoveSnapshot(paths, number)) removed.push_back(number);
  }
  return removed;
}

std::vector<fs::path> StagingLeftovers(const CollectionPaths& paths) {
  std::vector<fs::path> leftovers;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(paths.snapshots(), error)) {
    if (entry.path().extension() == kStagingSuffix) leftovers.push_back(entry.path());
  }
  std::sort(leftovers.begin(), leftovers.end());
  return leftovers;
}

}  // namespace pugmark
