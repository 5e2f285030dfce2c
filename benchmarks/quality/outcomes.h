// SPDX-License-Identifier: Apache-2.0
//
// Queries, what the program answered, and whether that is true.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "benchmarks/quality/corpus.h"
#include "engine/search/search.h"

namespace pugmark::bench {

using Json = nlohmann::ordered_json;

struct HitOutcome {
  const CorpusPhoto* photo = nullptr;
  Relation truth = Relation::kNone;
  Hit hit;  // Without its inlier pairs.
};

struct Outcome {
  std::string edit;                   // Name of the edit; empty: the photo as it is.
  std::string family;                 // Row of the report.
  const CorpusPhoto* source = nullptr;
  bool expects = false;               // The source is in the collection under other bytes or as itself.
  std::vector<HitOutcome> hits;       // Best first.
  int num_keypoints = 0;
  double elapsed_ms = 0;

  // Of the first hit.
  bool FirstIs(Relation at_least, Verdict verdict_at_least) const;
};

// A query still to be made: its JPEG is made by `make` just before it is searched.
struct QueryJob {
  std::string edit, family;
  const CorpusPhoto* source = nullptr;
  bool expects = false;
  std::function<std::vector<uint8_t>()> make;
};

class Background;

// Searches all, num_threads at a time, through the same Searcher as the program. work: a directory for the made files.
// background: gets to know which query was made of what.
std::vector<Outcome> RunQueries(const Corpus& corpus, const Searcher& searcher, const std::vector<QueryJob>& jobs,
                                int num_threads, const std::filesystem::path& work, const std::string& what,
                                Background* background);

// Whether a hit's verdict claims no more than what is true. A look-alike claims nothing and is always right.
bool IsTrue(Verdict verdict, Relation truth);

// Half the width of the 95 % interval of a share (Wilson).
double Uncertainty(double share, size_t n);

// Micro average precision [1] over all (query, photo) pairs by probability; queries without a match included. Ties count
// against us: wrong pairs first.
// [1] Douze et al., The 2021 Image Similarity Dataset and Challenge, arXiv:2106.09672, section 3.2.
double MicroAveragePrecision(const std::vector<Outcome>& outcomes);

// Reliability of the stated probability: that a hit shows the same photo, thing or place as its verdict claims, and of a
// look-alike, that it is in truth the same thing.
Json Calibration(const std::vector<Outcome>& outcomes);

// One line of JSON an outcome, for analysis.
void AppendDetails(const std::vector<Outcome>& outcomes, const std::string& kind, std::string* lines);

}  // namespace pugmark::bench
