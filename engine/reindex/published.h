// SPDX-License-Identifier: Apache-2.0
//
// The snapshots of a collection and what became of them: list, go back to one, remove old ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/collection/collection.h"
#include "index/catalogue/snapshot_records.h"
#include "index/snapshots/snapshots.h"

namespace pugmark {

// How many snapshots are kept, the current one included: a setting of the collection.
inline constexpr int kDefaultSnapshotsKept = 3;
int SnapshotsKept(const Catalogue& catalogue);
void SetSnapshotsKept(Catalogue& catalogue, int keep);  // [1, 1000].

enum class SnapshotState {
  kCurrent,
  kPublished,  // Was current once.
  kHeldBack,   // Failed its test.
  kUntried,    // Complete, but the run that made it ended before it was published.
};
std::string_view SnapshotStateName(SnapshotState state);  // "current", "published", "held back", "untried"

struct ListedSnapshot {
  int64_t number = 0;
  SnapshotState state = SnapshotState::kPublished;
  std::optional<SnapshotInfo> info;  // Nothing if its manifest is damaged, and `damage`.
  std::string damage;
  int64_t size_bytes = 0;                // Of its files.
  int64_t own_bytes = 0;                 // Of those that no other snapshot shares: what removing it frees.
  std::optional<SnapshotRecord> record;  // The catalogue's.
};

// Of all that are on disk, ascending. Cost: their manifests.
std::vector<ListedSnapshot> ListedSnapshots(const Collection& collection);

// For pruning: the current snapshot, and what the catalogue has recorded as published.
WasCurrent WasCurrentIn(const Collection& collection);

// A snapshot that was current when its run was killed has no record; makes one, so that it counts as published.
void RecordIfMissing(Collection& collection, int64_t number);

struct RollbackReport {
  int64_t before = 0;  // Number of the snapshot that was current.
  SnapshotInfo now;
  int64_t num_unindexed = 0;  // Catalogued photos that it does not know: found by their bytes until the next reindex.
};

// Makes an older published snapshot current again; without a number the newest below the current one. Every byte of it
// is verified first. Throws Error(kNotFound) if there is none, Error(kUnsupported) if it was never published, or is of
// another extractor or state of the catalogue, Error(kCorrupt) if it is damaged. The caller holds the collection's
// lock.
RollbackReport RollBack(Collection& collection, std::optional<int64_t> number);

}  // namespace pugmark
