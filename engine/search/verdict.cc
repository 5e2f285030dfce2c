// SPDX-License-Identifier: Apache-2.0
#include "engine/search/verdict.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace pugmark {
namespace {

constexpr double kFittedSlope = 0.15;
constexpr double kFittedOffset = -3.54;
constexpr double kLeastExpectedFalseHits = 1e-9;

// One photo, edited: what is found again lies on one plane to a fraction of a pixel, in nearly all detail, and the pixels
// agree but for what was laid over them. A camera that moved by a few degrees already leaves twice this error on anything
// that has depth.
constexpr float kSamePhotoError_px = 0.35f;
constexpr float kSamePhotoHighError_px = 2;
constexpr float kSamePhotoDistinctness = 0.8f;
constexpr float kSamePhotoShare = 0.2f;
constexpr float kSamePhotoAgreement = 0.4f;
// The same table under other goods, seen from the same side, keeps to one plane as well as a copy does; but not much is found
// again, and most pixels differ.
constexpr float kLargeShare = 0.35f;
constexpr float kSmallShareAgreement = 0.65f;
constexpr float kLeastTableError_px = 0.2f;  // Below, even a tripod moved: it is one exposure, written over.
constexpr float kMostTableError_px = 0.5f;
constexpr int kMinBlocks = 6;
// Nearly all pixels agreeing makes up for few details: a small tile, smooth ivory.
constexpr double kFewDetailsLog10Nfa = -5;
constexpr float kFewDetailsAgreement = 0.9f;
// Blur, noise and compression move keypoints but not pixels: where the pixels agree and are aligned to a fifth of a pixel at
// 256 px, keypoints need not be.
constexpr float kAlignedError_px = 1.5f;
constexpr float kAlignedDistinctness = 0.6f;
constexpr float kAlignedAgreement = 0.8f;
constexpr float kAlignedDisplacement_px = 0.2f;

// One object or place, photographed again. Goods of one make reach a log10 NFA of -30 by their shape, but hardly any of it is
// confirmed (docs/measuring.md, "Confirmed details").
constexpr double kSameThing = 22.5;
constexpr float kSameThingDistinctness = 0.35f;
// Or a little less, where it rests on this many confirmed details that are this much of what was found (a few details of a small
// picture may all be found again, and a few of very many, by accident), more is found that is like nothing else, and it does not
// all lie on one plane, as tables, cloths, print and signs do.
constexpr double kManyConfirmed = 20;
constexpr int kFewestConfirmed = 9;
constexpr float kConfirmedOfFound = 0.2f;
constexpr float kManyDistinctness = 0.45f;
constexpr float kDepth_px = 1.5f;  // Median error from one plane.
// Print, signs and logos are truly the same, and not the thing. They are flat: where all keeps to a plane and the evidence is
// not overwhelming, a good part of what both photos have in common must be found again.
constexpr float kPrintError_px = 0.7f;
constexpr float kPrintShare = 0.2f;
constexpr double kOverwhelmingLog10Nfa = -22;
// The thing itself and not the table: most inliers, or very many, lie in the middle of both photos.
constexpr float kSameObjectCentral = 0.5f;
constexpr int kManyCentral = 40;
// Or this much of the common part is found again: table and object together.
constexpr float kWholeShare = 0.4f;
// A lighter or a watermark that two sellers both have is no common scene.
constexpr float kSameSceneOverlap = 0.4f;
// Two cloths of one checked pattern agree as goods of one make do, up to 0.5 (docs/measuring.md, "Verdicts").
constexpr float kSameSceneDistinctness = 0.55f;
constexpr float kLookAlikeCentral = 0.3f;
// What two pictures share in the same place to within this share of the long side, around other content, is a frame that
// was laid over both: an app's page, a watermark.
constexpr double kInPlace = 0.03;
constexpr float kSmallFrameShare = 0.1f;
constexpr float kLargeFrameShare = 0.25f;
constexpr float kFrameAgreement = 0.3f;

// What came true of the hits of a verdict, by strength of evidence: from pugmark_bench_quality with seeds 1 and 5, smoothed
// (docs/measuring.md, "Probabilities"); a run with another seed checks it.
struct Knot {
  double strength, probability;
};
constexpr std::array<Knot, 3> kSamePhotoKnots = {{{22.5, 0.9}, {80, 0.915}, {110, 0.995}}};
constexpr std::array<Knot, 2> kSameObjectKnots = {{{22.5, 0.965}, {30, 0.995}}};
constexpr std::array<Knot, 2> kSameSceneKnots = {{{22.5, 0.985}, {35, 0.99}}};
constexpr std::array<Knot, 7> kLookAlikeKnots = {
    {{2.5, 0.08}, {10, 0.18}, {12, 0.21}, {14, 0.33}, {16.5, 0.49}, {19, 0.6}, {22.5, 0.63}}};

// Linear between knots, constant beyond.
double Interpolate(std::span<const Knot> knots, double strength) {
  if (strength <= knots.front().strength) return knots.front().probability;
  for (size_t i = 1; i < knots.size(); ++i) {
    const Knot &from = knots[i - 1], &to = knots[i];
    if (strength > to.strength) continue;
    return std::lerp(from.probability, to.probability, (strength - from.strength) / (to.strength - from.strength));
  }
  return knots.back().probability;
}

double ProbabilityOf(Verdict verdict, double strength) {
  switch (verdict) {
    case Verdict::kSameFile: return 1;
    case Verdict::kSamePhoto: return Interpolate(kSamePhotoKnots, strength);
    case Verdict::kSameObject: return Interpolate(kSameObjectKnots, strength);
    case Verdict::kSameScene: return Interpolate(kSameSceneKnots, strength);
    case Verdict::kLookAlike: return Interpolate(kLookAlikeKnots, strength);
    case Verdict::kNone: return 0;
  }
  return 0;
}

// In the central ellipse, 72 % of width and height, where sellers put what they sell.
bool IsCentral(const Keypoint& p, const Features& f) {
  constexpr float kSemiAxis = 0.36f;
  const float x = (p.x_px / static_cast<float>(f.width_px) - 0.5f) / kSemiAxis;
  const float y = (p.y_px / static_cast<float>(f.height_px) - 0.5f) / kSemiAxis;
  return x * x + y * y < 1;
}

// Inliers that are central in the query, if by_query, and in the photo, if by_photo.
int NumCentral(const Verification& v, const Features& query, const Features& photo, bool by_query, bool by_photo) {
  return static_cast<int>(std::count_if(v.inliers.begin(), v.inliers.end(), [&](const Match& m) {
    return (!by_query || IsCentral(query.keypoints[static_cast<size_t>(m.query)], query)) &&
           (!by_photo || IsCentral(photo.keypoints[static_cast<size_t>(m.photo)], photo));
  }));
}

// Every inlier has the same place in both pictures, in fractions of width and height.
bool IsInPlace(const Verification& v, const Features& query, const Features& photo) {
  return std::all_of(v.inliers.begin(), v.inliers.end(), [&](const Match& m) {
    const Keypoint& q = query.keypoints[static_cast<size_t>(m.query)];
    const Keypoint& p = photo.keypoints[static_cast<size_t>(m.photo)];
    return std::fabs(q.x_px / static_cast<float>(query.width_px) - p.x_px / static_cast<float>(photo.width_px)) < kInPlace &&
           std::fabs(q.y_px / static_cast<float>(query.height_px) - p.y_px / static_cast<float>(photo.height_px)) < kInPlace;
  });
}

bool IsPrint(const Verification& v) {
  return v.tight && v.median_error_px <= kPrintError_px && v.detail_share < kPrintShare && v.log10_nfa > kOverwhelmingLog10Nfa;
}

bool IsStrong(const Verification& v, double strength) {
  return EvidenceStrength(v) >= strength && v.distinctness >= kSameThingDistinctness && !IsPrint(v);
}

bool IsSameThing(const Verification& v) {
  const bool many = v.num_confirmed_cells >= kFewestConfirmed && v.distinctness >= kManyDistinctness &&
                    static_cast<float>(v.num_confirmed_cells) >= kConfirmedOfFound * static_cast<float>(v.num_cells);
  const bool has_depth = !v.tight || v.median_error_px >= kDepth_px;
  return IsStrong(v, many && has_depth ? kManyConfirmed : kSameThing);
}

bool IsTableOnly(const Verification& v, const Agreement& agreement) {
  return v.tight && v.median_error_px >= kLeastTableError_px && v.median_error_px <= kMostTableError_px &&
         v.detail_share < kLargeShare && agreement.agreeing < kSmallShareAgreement;
}

bool IsSamePhoto(const Verification& v, const Agreement& agreement) {
  if (!v.tight || agreement.num_blocks < kMinBlocks) return false;
  const bool by_details = v.distinctness >= kSamePhotoDistinctness && v.median_error_px <= kSamePhotoError_px &&
                          v.high_error_px <= kSamePhotoHighError_px && v.detail_share >= kSamePhotoShare &&
                          agreement.agreeing >= kSamePhotoAgreement && !IsTableOnly(v, agreement);
  const bool by_pixels = v.distinctness >= kAlignedDistinctness && v.median_error_px <= kAlignedError_px &&
                         agreement.agreeing >= kAlignedAgreement && agreement.num_textured >= kMinBlocks &&
                         agreement.high_displacement_px <= kAlignedDisplacement_px;
  return by_details || by_pixels;
}

// What was laid over both pictures, and no part of what they show.
bool IsFrame(const Verification& v, const Features& query, const Features& photo, const Agreement& agreement) {
  return v.tight && IsInPlace(v, query, photo) &&
         (v.detail_share < kSmallFrameShare ||
          (v.detail_share < kLargeFrameShare && agreement.agreeing < kFrameAgreement));
}

Verdict VerdictOf(const Verification& v, const Features& query, const Features& photo, const Agreement& agreement,
                  bool has_pixels) {
  const auto share = [&](int count) { return static_cast<float>(count) / static_cast<float>(v.inliers.size()); };
  if (has_pixels && IsSamePhoto(v, agreement)) {
    const bool few_details = v.log10_nfa <= kFewDetailsLog10Nfa && agreement.agreeing >= kFewDetailsAgreement;
    if (IsStrong(v, kSameThing) || few_details) return Verdict::kSamePhoto;
  }
  if (IsSameThing(v) && !IsFrame(v, query, photo, agreement)) {
    const int num_central = NumCentral(v, query, photo, true, true);
    const bool is_object = share(num_central) >= kSameObjectCentral || num_central >= kManyCentral ||
                           v.detail_share >= kWholeShare;
    if (is_object && !(has_pixels && IsTableOnly(v, agreement))) return Verdict::kSameObject;
    if (std::max(agreement.query_overlap, agreement.photo_overlap) >= kSameSceneOverlap &&
        v.distinctness >= kSameSceneDistinctness) {
      return Verdict::kSameScene;
    }
  }
  // A tile of a collage is judged by the middle of its original, not by the middle of the collage.
  constexpr float kWhole = 0.6f;
  const bool by_query = agreement.query_overlap >= kWhole;
  const int num_central = NumCentral(v, query, photo, by_query, agreement.photo_overlap >= kWhole || !by_query);
  return share(num_central) >= kLookAlikeCentral ? Verdict::kLookAlike : Verdict::kNone;
}

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
    case Verdict::kSameObject: return "Both appear to show the same physical thing, photographed separately.";
    case Verdict::kSameScene:
      return "Both appear to be taken in the same place or on the same table; not evidently of the same thing.";
    case Verdict::kLookAlike: return "Similar goods, without proof that they are the same.";
    case Verdict::kNone: return "Nothing known was recognised.";
  }
  return "";
}

double EvidenceStrength(const Verification& v) {
  constexpr double kTests = 3.35;  // log10 of the photos in the NFA where the constants were set: 2,230.
  return 5 * std::sqrt(v.num_confirmed_cells) + 10 * static_cast<double>(v.confirmed_share) +
         std::sqrt(std::max(0.0, kTests - v.log10_nfa));
}

double ExpectedFalseHits(double log10_nfa, int64_t num_photos) {
  const double log10_photos = std::log10(static_cast<double>(std::max<int64_t>(num_photos, 1)));
  const double log10_expected = log10_photos + kFittedSlope * (log10_nfa - log10_photos) + kFittedOffset;
  return std::max(kLeastExpectedFalseHits, std::pow(10, log10_expected));
}

Judgement Judge(const Verification& verification, const Features& query, const Features& photo,
                const Agreement& agreement, bool has_pixels, int64_t num_photos) {
  Judgement judgement;
  if (verification.inliers.empty()) return judgement;
  judgement.expected_false_hits = ExpectedFalseHits(verification.log10_nfa, num_photos);
  judgement.verdict = VerdictOf(verification, query, photo, agreement, has_pixels);
  judgement.strength = EvidenceStrength(verification);
  judgement.probability = ProbabilityOf(judgement.verdict, judgement.strength);
  return judgement;
}

}  // namespace pugmark
