// SPDX-License-Identifier: Apache-2.0
//
// Photographed again: every photo of an object is searched among all others, itself left out.
#pragma once

#include "benchmarks/quality/outcomes.h"

namespace pugmark::bench {

// The photos of `instances` and of the staged ads, unedited, each as a query. The hit on itself is taken out of the
// outcome.
std::vector<Outcome> SearchViews(const Corpus& corpus, const Searcher& searcher, int num_threads,
                                 const std::filesystem::path& work, Background* background);

// Prints and returns: recall@1 of the staged ads by difference of viewpoint, in one session and in others; of the groups
// of `instances`; share of museum pairs found, by their distance in capture order; look-alikes of one family and objects
// on the same table that were called more than they are.
Json ReportViews(const std::vector<Outcome>& outcomes, std::string* text);

}  // namespace pugmark::bench
