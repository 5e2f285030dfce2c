// SPDX-License-Identifier: Apache-2.0
//
// Edited copies of catalogued photos, and as many of photos that are not: what is found, and what must not be.
#pragma once

#include "benchmarks/quality/edits.h"
#include "benchmarks/quality/outcomes.h"

namespace pugmark::bench {

struct EditedOptions {
  size_t photos_per_edit = 20;  // Of each set, drawn anew for every edit.
  uint64_t seed = 1;
  std::string only;             // Edits whose name contains this; empty: all.
};

// Every edit on photos of each set that are in the collection. strangers live as long as the jobs.
std::vector<QueryJob> CopyJobs(const Corpus& corpus, const std::vector<cv::Mat>& strangers, const EditedOptions& options);
// Every edit on photos that were held out; as many jobs as `num_jobs` (a photo may be drawn more than once).
std::vector<QueryJob> UnrelatedJobs(const Corpus& corpus, const std::vector<cv::Mat>& strangers,
                                    const EditedOptions& options, size_t num_jobs);
std::vector<cv::Mat> LoadStrangers(const Corpus& corpus);

// A drawing without replacement that depends on nothing but names and seed; it starts over when all are drawn.
std::vector<const CorpusPhoto*> Draw(std::vector<const CorpusPhoto*> from, size_t count, uint64_t seed);
// By OpenCV, which makes the edits.
bool IsReadable(const CorpusPhoto& photo);

// Recall by edit and set, µAP, false hits. The two lists are those of one run.
Json ReportEdited(const std::vector<Outcome>& copies, const std::vector<Outcome>& unrelated, std::string* text);

}  // namespace pugmark::bench
