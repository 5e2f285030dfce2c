// SPDX-License-Identifier: Apache-2.0
//
// Is this installation, and this collection, fit for use? Findings that a person can act upon, from samples: `check` looks
// at every byte.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "index/catalogue/reviews.h"

namespace pugmark {

enum class Level { kOk, kWarn, kFail };
std::string_view LevelName(Level level);  // "ok", "warn", "fail"

struct Finding {
  std::string topic;    // "decode", "disk", ...
  Level level = Level::kOk;
  std::string message;  // One sentence or two, with what to do unless it is ok. Harmless to a terminal.
  std::vector<std::pair<std::string, double>> figures;
};

// Versions and processor, sandbox, decoders, and whether an edited copy of a picture is recognised. Throws nothing for
// what it finds.
std::vector<Finding> ExamineInstallation();

struct ExamineOptions {
  int num_sampled = 50;     // Photos that must find themselves. [1, 100000].
  int max_age_days = 8;     // Of a snapshot that does not cover everything.
};

// Snapshot, index, disk, audit log and reviews of a collection. What cannot be opened is a finding. Changes nothing.
// Cost: the shortlist of each sampled photo (some 20 ms each), and reading the audit log.
std::vector<Finding> ExamineCollection(const std::filesystem::path& root, const ExamineOptions& options);

// People's answers held against one verdict and a range of stated probabilities.
struct ReviewBin {
  std::string verdict;
  double from = 0, to = 1;        // Stated probability, [from, to).
  int64_t num_yes = 0, num_no = 0;
  double stated = 0;              // Mean stated probability.
  double low = 0, high = 1;       // Wilson's 95 % interval of the share of yes.
  double share() const { return static_cast<double>(num_yes) / static_cast<double>(num_yes + num_no); }
  // Enough answers to say so, and the stated probability lies outside of the interval.
  bool disagrees() const;
};

// latest: answers that count. Unsure ones, and those without the machine's word, are left out. Bins without answer too.
// Ordered by verdict, strongest first, then by probability, lowest first.
std::vector<ReviewBin> ReviewCurve(const std::vector<Review>& latest);

// [1] Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 1927; z = 1.96.
std::pair<double, double> WilsonInterval(int64_t num_yes, int64_t num_all);

}  // namespace pugmark
