// SPDX-License-Identifier: Apache-2.0
//
// From the catalogue's features to a published snapshot: a small new part after an ingest, one merged part at night.
//
//   plan ─▶ describe anew ─▶ codebook ─▶ quantise ─▶ merge ─▶ seal ─▶ test ─▶ make current ─▶ record ─▶ prune
//
// Until it is made current the old snapshot is in use; a new one that fails its test never is (gate.h).
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/collection/collection.h"
#include "engine/reindex/build.h"
#include "engine/reindex/gate.h"
#include "engine/reindex/plan.h"
#include "engine/reindex/reextract.h"
#include "index/snapshots/snapshots.h"
#include "index/vectors/codebook.h"

namespace pugmark {

struct ReindexOptions {
  bool full = false;  // Choose or train the codebook anew and rebuild every entry from the catalogue alone.
  int num_threads = 1;
  std::optional<int> keep_snapshots = {};  // Remembered by the collection (published.h). Nothing: as remembered.
  int most_default_words = kNumDefaultWords;  // A collection that needs more trains words of its own. 0: every one does.
  uint64_t seed = 1;                          // Of that training.
  GateOptions gate = {};
  int64_t reextract_limit = -1;  // As ReextractOptions.
  double reextract_seconds = 0;
  int64_t max_entries_in_memory = 8 << 20;  // New entries beyond that wait on disk. 16 to 32 bytes each.
};

struct ReindexReport {
  SnapshotInfo snapshot;   // The one now current.
  bool published = false;  // False: nothing had changed, or the new one was held back; the old one stays.
  bool held_back = false;  // The new one failed its test. It stays on disk for inspection.
  int64_t built = 0;       // Number of the new one; 0: none was built.
  std::string kind;        // "rebuilt", "merged", "extended"; empty: none was built.
  bool codebook_trained = false;
  int64_t num_added = 0;           // Photos that the old snapshot did not cover.
  int64_t num_dropped = 0;         // Photos that are no longer catalogued.
  std::vector<int64_t> pruned;     // Numbers of removed snapshots.
  std::optional<GateReport> gate;  // Nothing if it was not tested.
  ReextractReport reextraction;
};

// Publishes what is catalogued but not yet indexed as a new small part, so that it is searchable at once. Makes a
// codebook if there is none, or if the collection has become so large that its codebook serves it badly (16 times the
// keypoints). Merges, as Reindex does, once there are many parts. Does nothing if everything is indexed. The caller
// holds the lock. Its test is a short one, so that photos are searchable soon: a few of the new photos must be found by
// themselves, and a few of the old ones. The old parts are taken over unchanged, so that there is little else to go
// wrong. Throws Error(kCancelled) if stop is requested; the old snapshot then stays current. Deterministic: the same
// catalogue and options give the same snapshot files, whatever num_threads.
ReindexReport IndexNewPhotos(Collection& collection, const ReindexOptions& options, std::stop_token stop,
                             const ReindexProgress& progress);

// Describes photos anew that an older extractor described, merges all parts and everything not yet indexed into one
// part, drops photos that are gone, retrains the codebook if the collection has outgrown it (4 times the keypoints), or
// if options.full. Contract as above, with the whole test. Memory: max_entries_in_memory, a codebook, 768 photos and
// the canaries; the merge goes from file to file.
ReindexReport Reindex(Collection& collection, const ReindexOptions& options, std::stop_token stop,
                      const ReindexProgress& progress);

}  // namespace pugmark
