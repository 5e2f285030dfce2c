// SPDX-License-Identifier: Apache-2.0
//
// Learns at night what is furniture: who offers which photo comes from the catalogue, what they share from the index.
#pragma once

#include "engine/reindex/build.h"

namespace pugmark {

// Of the parts written so far. A photo that several offer counts as one of them's; listings without a named seller teach
// nothing. Cost: the whole index is read once, and the listings of each photo.
Furniture LearnFurnitureOf(const Catalogue& catalogue, const SnapshotWriter& writer, const ReindexProgress& progress);

}  // namespace pugmark
