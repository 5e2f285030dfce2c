// SPDX-License-Identifier: Apache-2.0
//
// How well do photos agree that share nothing? Every candidate that was verified, whether reported or not.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "benchmarks/quality/outcomes.h"

namespace pugmark::bench {

// Collects what SearchOptions::on_verified reports, and sorts out the strangers.
class Background {
 public:
  // corpus and collection must outlive it.
  Background(const Corpus& corpus, const std::filesystem::path& collection);

  // For SearchOptions::on_verified. Threads: any.
  void Add(const QueryResult& query, PhotoId photo, const Verification& verification);
  // After each batch of queries: which photo was searched under which path.
  void Resolve(const std::map<std::filesystem::path, const CorpusPhoto*>& sources);

  // Of the pairs of a query and a photo that share nothing, not even a family, how many reached which log10 chance (log10
  // NFA less log10 of the number of photos); beside it what ExpectedFalseHits states for it.
  Json Report(std::string* text) const;

 private:
  struct Pair {
    std::filesystem::path query;
    PhotoId photo;
    double log10_chance;
  };
  const Corpus& corpus_;
  std::map<PhotoId, const CorpusPhoto*> photos_;
  std::mutex mutex_;
  std::vector<Pair> unresolved_;
  std::vector<double> log10_chances_;  // Of strangers.
  size_t num_queries_ = 0;
};

}  // namespace pugmark::bench
