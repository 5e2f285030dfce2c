// SPDX-License-Identifier: Apache-2.0
//
// From the evidence of a verified pair to a verdict and a probability.
//
// Rules and constants were set on 25,000 pairs of museum pieces, staged ads, shop photos and strangers, and on 688 edited
// copies (docs/measuring.md, "Verdicts"); the quality benchmark measures what they are worth. Where evidence does not decide,
// the weaker verdict is given.
#pragma once

#include "engine/search/search.h"
#include "engine/verify/agreement.h"

namespace pugmark {

struct Judgement {
  Verdict verdict = Verdict::kNone;
  double probability = 0;
  double strength = 0;  // EvidenceStrength; 0 without inliers.
  double expected_false_hits = 0;
};

// How strongly a pair speaks for one thing and not for two of one make: 5 √(confirmed cells) + 10 × their share of the common
// part + √(3.35 - log10 NFA). Roots, because a thing that is near and textured gives ever more matches that say the same.
double EvidenceStrength(const Verification& verification);

// The a-contrario count supposes that matches fall independently; the teeth of a comb, print and windows do not. So the
// expectation is not taken at its word but with the slope that strangers gave: log10 E = log10 N + 0.15 (log10 NFA - log10 N)
// - 3.54 for a collection of N photos, fitted on 774 queries against 2,230 photos (docs/measuring.md, "False hits"). It grows
// with N as the number of chances does. Never less than 1e-9, which no experiment of ours could tell from 0.
double ExpectedFalseHits(double log10_nfa, int64_t num_photos);

// query, photo: the features that were verified. agreement: of the aligned thumbnails; has_pixels: false if no thumbnail
// could be read: its overlaps count then, its pixels do not, which leaves a weaker verdict. num_photos: as for Verify.
Judgement Judge(const Verification& verification, const Features& query, const Features& photo,
                const Agreement& agreement, bool has_pixels, int64_t num_photos);

}  // namespace pugmark
