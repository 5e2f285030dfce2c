// SPDX-License-Identifier: Apache-2.0
//
// The other way round: the collection holds screenshots, collages and pastes, and the query is the photo in them. And
// what must not be found: two pages of one app, with different photos.
#pragma once

#include "benchmarks/quality/edited.h"

namespace pugmark::bench {

struct PagesOptions {
  size_t pages_per_kind = 30;
  uint64_t seed = 1;
  int num_threads = 1;
};

// Makes a collection of its own in `work`, of pages whose photos are references of the corpus: each kind of page around
// other photos, and pages of a few apps, each around many photos and offered by as many sellers. Then it is re-indexed,
// as every night, and searched. Prints and returns: recall@1 of the photos (reduced to 600 px as platforms do) by kind
// of page, by any verdict and by an alert; and of pages of the same apps around photos that are not in the collection,
// how many alert on a page. strangers: as for the other edits.
Json MeasurePages(const Corpus& corpus, const std::vector<cv::Mat>& strangers, const PagesOptions& options,
                  const std::filesystem::path& work, std::string* text);

}  // namespace pugmark::bench
