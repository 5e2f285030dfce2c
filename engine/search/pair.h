// SPDX-License-Identifier: Apache-2.0
//
// One verified pair of photos as a hit: its verdict and the evidence in pixels of the originals. Without a catalogue, so
// that a search and a comparison of two files say the same of the same pair.
#pragma once

#include <optional>

#include "engine/decode/decode.h"
#include "engine/features/features.h"
#include "engine/search/search.h"
#include "engine/verify/verify.h"

namespace pugmark {

// One of the two, borrowed for the call.
struct PairSide {
  const Features* features = nullptr;  // As verified; of the query: unmirrored.
  const Image* image = nullptr;        // The same picture at any size, such as a thumbnail. Null: there is none, which
                                       // leaves a weaker verdict.
  Region place;                        // Of that picture in its upright original, pixels: the whole original, or the
                                       // part that was described.
};

// The hit of `verification`, which must have inliers: everything but rank, photo, banks and sightings. nullopt if the
// verdict is kNone. mirrored: the mirror image of the query was verified. num_photos: as for Verify. At least one side
// has an image.
// Threads: pure. Cost: as CompareAligned.
std::optional<Hit> DescribePair(const Verification& verification, bool mirrored, const PairSide& query,
                                const PairSide& photo, int64_t num_photos);

}  // namespace pugmark
