// SPDX-License-Identifier: Apache-2.0
//
// What a reindex has to do, and why: worked out first, so that a person can read it before anything is done.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/collection/collection.h"
#include "index/base/photo_set.h"
#include "index/snapshots/snapshots.h"

namespace pugmark {

struct ReindexOptions;

// What there is to build on: the current snapshot, as far as it can be used.
struct BaseSnapshot {
  std::optional<SnapshotInfo> info;  // If its manifest can be read and it is of this catalogue and extractor.
  std::optional<Snapshot> opened;    // If it can be opened as well.
  std::string why_not;               // If it is not opened: a clause, "there is none yet"; else empty.
};

// Never throws for damage: what is damaged is not used.
BaseSnapshot OpenBase(const Collection& collection);

struct ReindexPlan {
  enum class Action {
    kNothing,
    kMerge,    // The old parts and what is new into one part, with the old codebook.
    kRebuild,  // Everything from the catalogue, with the shipped codebook or, in a large collection, one of its own.
  };
  Action action = Action::kNothing;
  std::vector<std::string> reasons;  // Sentences, in the order of the work.
  int64_t base_number = 0;           // The current snapshot, if it can be compared with; else 0.
  int64_t num_parts = 0;             // Of the current snapshot.
  int64_t num_photos = 0;            // That the new snapshot will cover.
  int64_t num_added = 0;             // Of them: not covered by the current one.
  int64_t num_dropped = 0;           // Covered by the current one, and no longer catalogued.
  int num_words_now = 0;             // 0: there is no codebook.
  int num_words_new = 0;
  bool trains = false;               // Whether they are to be trained.
  int64_t num_older_features = 0;  // Photos with features of another extractor: not searchable.
  int64_t num_to_reextract = 0;    // Of them, within the limit that was asked for; before originals are looked for.
};

std::string_view ActionName(ReindexPlan::Action action);  // "nothing", "merge", "rebuild"

// The plan, together with what was found out on the way to it.
struct PlannedReindex {
  ReindexPlan plan;
  Catalogue::FeatureTotals totals;  // Of the collection's extractor.
  PhotoSet common;                  // Photos that base and catalogue know by the same features.
  std::vector<PhotoId> replaced;    // Photos described anew since the base was built, up to its last one.
};

// at_ingest: retrain only if the codebook serves badly (kOutgrownAtIngest); at night earlier. verify: look at every
// byte of what would be merged, because it gets a new seal. Cost: reads an index of the catalogue, and with verify the
// snapshot.
PlannedReindex PlanReindex(const Collection& collection, const BaseSnapshot& base, const ReindexOptions& options,
                           bool at_ingest, bool verify);

}  // namespace pugmark
