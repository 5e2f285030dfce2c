// SPDX-License-Identifier: Apache-2.0
//
// From the evidence of a verified pair to a verdict and a probability.
//
// Provisional: the constants were fitted by hand on the figures in docs/measuring.md ("Probabilities"); the matching
// issue replaces them by a calibration table.
#pragma once

#include "engine/search/search.h"
#include "engine/verify/agreement.h"

namespace pugmark {

struct Judgement {
  Verdict verdict = Verdict::kNone;
  double probability = 0;
  double expected_false_hits = 0;
};

// The a-contrario count supposes that matches fall independently; print, fabric and windows do not. So the expectation is
// not taken at its word but with a slope fitted to unrelated pairs of real photos: log10 E = 0.5 log10 NFA.
double ExpectedFalseHits(double log10_nfa);

// agreement: of the aligned thumbnails; nullptr if no thumbnail could be read, which leaves the weaker verdict.
Judgement Judge(const Verification& verification, const Agreement* agreement);

}  // namespace pugmark
