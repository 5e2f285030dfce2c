// SPDX-License-Identifier: Apache-2.0
//
// Do these two files show the same? A search of one photo, without a collection.
//
// Both are decoded, described and verified in both orientations, as a search does with its candidates; the pixels of
// the second photo itself are compared, not a thumbnail's.
#pragma once

#include <filesystem>

#include "engine/features/features.h"
#include "engine/search/search.h"
#include "engine/verify/verify.h"

namespace pugmark {

struct CompareOptions {
  FeatureOptions features;
  VerifyOptions verify;
  // Largest expected number of false hits of this one comparison at which there is a hit: of 10,000 unrelated pairs one
  // may be called alike.
  double max_expected_false_hits = 1e-4;
};

struct Comparison {
  QueryResult a;  // `hits` holds at most one: b as its photo, without bank and sighting. num_photos is 1, snapshot 0.
  QueryResult b;  // Path, SHA-256, size and keypoints, or its error.
};

// Never throws for what the files hold: one that cannot be read has an error in its half of the result.
// expected_false_hits of the hit are for one comparison of two photos. A search makes as many as there are photos.
// Threads: pure. Cost: about 0.2 s at 640 px.
Comparison Compare(const std::filesystem::path& a, const std::filesystem::path& b, const CompareOptions& options);

}  // namespace pugmark
