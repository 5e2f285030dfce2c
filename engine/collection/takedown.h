// SPDX-License-Identifier: Apache-2.0
//
// Takedown of a whole collection: catalogue, thumbnails and kept originals. What is removed, and what remembers it:
// index/catalogue/takedown.h.
//
// Order of writes: the catalogue's transaction; then the files beside it; then, in the catalogue, that they are gone. A
// crash in between leaves files that nothing refers to; the next ingest, reindex or removal removes them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/collection/collection.h"
#include "index/catalogue/takedown.h"

namespace pugmark {

// A photo that stays in the collection and looks like one that goes: another copy of it, perhaps.
struct ResemblingPhoto {
  Sha256 photo;
  Sha256 removed;
  int distance = 0;  // Bits in which their PDQ hashes differ, [0, kConfidentPdqDistance].
};

struct TakedownReport {
  Removal removal;
  std::vector<ResemblingPhoto> resembling;  // Nearest first, at most kMaxResembling.
  int64_t num_files = 0;                    // Thumbnails and kept originals that were removed.
};
inline constexpr size_t kMaxResembling = 100;

// What TakeDown would do. Changes nothing. Throws as Takedown::Plan.
TakedownReport PlanTakedown(Collection& collection, const std::vector<RemovalTarget>& targets);

// Removes. The caller holds the collection's lock. Throws as Takedown::Remove, and Error(kIo) if a file cannot be
// removed: what is in the catalogue is gone then, and the file is tried again by the next writer.
TakedownReport TakeDown(Collection& collection, const std::vector<RemovalTarget>& targets, const std::string& reason,
                        const std::string& removed_by);

// Removes the files of removed photos that an interrupted removal left. Returns how many. The caller holds the lock.
int64_t PurgeRemovedFiles(Collection& collection);

}  // namespace pugmark
