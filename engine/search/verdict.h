// SPDX-License-Identifier: Apache-2.0
//
// From the evidence of a verified pair to a verdict and a probability.
//
// Provisional: rules and constants were set by hand on all pairs of the staged ads, and on 404 photos searched among 1,953
// unrelated ones (docs/measuring.md, "Verdicts"); the matching issue replaces them by a calibration table. Where the
// evidence does not decide, the weaker verdict is given.
#pragma once

#include "engine/search/search.h"
#include "engine/verify/agreement.h"

namespace pugmark {

struct Judgement {
  Verdict verdict = Verdict::kNone;
  double probability = 0;
  double expected_false_hits = 0;
};

// The a-contrario count supposes that matches fall independently; the teeth of a comb, print and windows do not. So the
// expectation is not taken at its word but with a slope that agrees with what unrelated real photos gave:
// log10 E = log10 N + 0.2 (log10 NFA - log10 N) - 2.63 for a collection of N photos, fitted at N = 1,953. It grows with N
// as the number of chances does. Never less than 1e-9, which no experiment of ours could tell from 0.
double ExpectedFalseHits(double log10_nfa, int64_t num_photos);

// query, photo: the features that were verified. agreement: of the aligned thumbnails; has_pixels: false if no thumbnail
// could be read: its overlaps count then, its pixels do not, which leaves a weaker verdict. num_photos: as for Verify.
Judgement Judge(const Verification& verification, const Features& query, const Features& photo,
                const Agreement& agreement, bool has_pixels, int64_t num_photos);

}  // namespace pugmark
