// SPDX-License-Identifier: Apache-2.0
#include "engine/search/verdict.h"

#include <algorithm>
#include <cmath>

namespace pugmark {
namespace {

constexpr double kFittedSlope = 0.5;
// One photo, edited: at least this share of the blocks agrees. Stickers and banners may cover a good third.
constexpr float kSamePhotoAgreement = 0.5f;
constexpr int kMinBlocks = 6;
// Nobody has measured more certainty than this; only equal bytes are certain.
constexpr double kMaxProbability = 0.999;

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSameFile: return "same-file";
    case Verdict::kSamePhoto: return "same-photo";
    case Verdict::kSameObject: return "same-object";
    case Verdict::kSameScene: return "same-scene";
    case Verdict::kLookAlike: return "look-alike";
    case Verdict::kNone: return "none";
  }
  return "none";
}

std::string_view VerdictMeaning(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSameFile: return "Both files have the same bytes.";
    case Verdict::kSamePhoto:
      return "Both come from one photograph; one of them, or both, may have been edited, cropped, mirrored or re-encoded.";
    case Verdict::kSameObject:
      return "Both appear to show the same physical surface, an object or what it lies on, photographed separately.";
    case Verdict::kSameScene: return "Both appear to be taken in the same place; not evidently of the same object.";
    case Verdict::kLookAlike: return "Similar goods, without proof that they are the same.";
    case Verdict::kNone: return "Nothing known was recognised.";
  }
  return "";
}

double ExpectedFalseHits(double log10_nfa) { return std::pow(10, kFittedSlope * std::min(log10_nfa, 0.0)); }

Judgement Judge(const Verification& verification, const Agreement* agreement) {
  Judgement judgement;
  if (verification.inliers.empty()) return judgement;
  judgement.expected_false_hits = ExpectedFalseHits(verification.log10_nfa);
  const bool same_pixels = agreement != nullptr && verification.tight && agreement->num_blocks >= kMinBlocks &&
                           agreement->agreeing >= kSamePhotoAgreement;
  judgement.verdict = same_pixels ? Verdict::kSamePhoto : Verdict::kSameObject;
  // One true match against the expected number of false ones.
  judgement.probability = std::min(kMaxProbability, 1 / (1 + judgement.expected_false_hits));
  return judgement;
}

}  // namespace pugmark
