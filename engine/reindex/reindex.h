// SPDX-License-Identifier: Apache-2.0
//
// From the catalogue's features to a published snapshot: a small new part after an ingest, one merged part at night.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "engine/collection/collection.h"
#include "index/snapshots/snapshots.h"

namespace pugmark {

// Called from the working thread, often; stage is one of "codebook", "quantising", "merging".
using ReindexProgress = std::function<void(std::string_view stage, int64_t done, int64_t total)>;

struct ReindexOptions {
  bool full = false;       // Retrain the codebook and rebuild every entry from the catalogue alone.
  int num_threads = 1;
  int keep_snapshots = 3;  // Older ones are removed after publishing.
  uint64_t seed = 1;       // Of the codebook's training.
};

struct ReindexReport {
  SnapshotInfo snapshot;         // The one now current.
  bool published = false;        // False: nothing had changed, the old one stays.
  bool codebook_trained = false;
  int64_t num_added = 0;         // Photos that were not in the old snapshot.
  int64_t num_dropped = 0;       // Photos that are no longer catalogued.
  std::vector<int64_t> pruned;   // Numbers of removed snapshots.
};

// Publishes what is catalogued but not yet indexed as a new small part, so that it is searchable at once. Trains a codebook
// if there is none, or if the collection has become so large that its codebook serves it badly (16 times the keypoints).
// Merges, as Reindex does, once there are many parts.
// Does nothing if everything is indexed. The caller holds the collection's lock.
// Throws Error(kCancelled) if stop is requested; the old snapshot then stays current.
// Deterministic: the same catalogue and options give the same snapshot files, whatever num_threads.
ReindexReport IndexNewPhotos(Collection& collection, const ReindexOptions& options, std::stop_token stop,
                             const ReindexProgress& progress);

// Merges all parts and everything not yet indexed into one part, drops photos that are gone, retrains the codebook if the
// collection has outgrown it (4 times the keypoints), or if options.full. Contract as above.
ReindexReport Reindex(Collection& collection, const ReindexOptions& options, std::stop_token stop,
                      const ReindexProgress& progress);

}  // namespace pugmark
