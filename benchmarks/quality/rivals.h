// SPDX-License-Identifier: Apache-2.0
//
// What else finds edited copies, on the same queries in the same run: whole-image hashes, and as the slow oracle plain
// RootSIFT with ratio test and RANSAC against every single photo.
#pragma once

#include "benchmarks/quality/outcomes.h"
#include "engine/features/features.h"

namespace pugmark::bench {

struct RivalOptions {
  size_t max_queries = 400;        // Copies (and as many unrelated queries) for the hashes, spread evenly.
  size_t max_oracle_queries = 40;  // For the oracle, which takes seconds for each.
  FeatureOptions features;
  int num_threads = 1;
};

// Prints and returns, for each: recall@1 (nearest photo is the right one), recall at the published or chosen threshold,
// unrelated queries that pass it.
Json ReportRivals(const Corpus& corpus, const std::vector<QueryJob>& copies,
                  const std::vector<QueryJob>& unrelated, const std::vector<Outcome>& ours_copies,
                  const std::vector<Outcome>& ours_unrelated, const RivalOptions& options, std::string* text);

}  // namespace pugmark::bench
