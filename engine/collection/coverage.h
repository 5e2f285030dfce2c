// SPDX-License-Identifier: Apache-2.0
//
// What of the catalogue can a snapshot find, and what not yet?
#pragma once

#include <cstdint>
#include <vector>

#include "engine/collection/collection.h"
#include "index/base/photo_set.h"
#include "index/catalogue/catalogue.h"
#include "index/snapshots/snapshots.h"

namespace pugmark {

struct Coverage {
  // Catalogued, and found by their bytes only until the next reindex. Photos without any detail count only where others
  // have some: an index of nothing cannot be made, and nothing is missing from it.
  int64_t num_unindexed = 0;
  // Described by another extractor than the collection now uses: likewise, until they have been described anew.
  int64_t num_older_features = 0;
};

// snapshot: null if there is none. Cost: reads an index of the catalogue, and only its end if all photos are of one
// extractor.
Coverage CoverageOf(const Catalogue& catalogue, const FeatureOptions& features, const SnapshotInfo* snapshot);

// Throws Error(kUnsupported) if the snapshot was made with other features than the collection now uses, Error(kCorrupt) if
// it was built from another state of the catalogue: photos must not be compared, or named, by such an index.
void RequireUsable(const SnapshotInfo& snapshot, const Collection& collection);

// Photos that the snapshot covers and that are still catalogued with the same features. Cost: reads an index.
PhotoSet CoveredPhotos(const Catalogue& catalogue, const SnapshotInfo& snapshot);

}  // namespace pugmark
