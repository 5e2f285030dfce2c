// SPDX-License-Identifier: Apache-2.0
#include "engine/search/verdict.h"

#include <algorithm>
#include <cmath>

namespace pugmark {
namespace {

constexpr double kFittedSlope = 0.2;
constexpr double kFittedOffset = -2.63;
constexpr double kLeastExpectedFalseHits = 1e-9;

// One photo, edited: pixels agree (banners and stickers may cover a third), over a good part of one of both, found again
// down to the small detail, and not only on the table around the goods.
constexpr float kSamePhotoAgreement = 0.6f;
constexpr float kSamePhotoOverlap = 0.4f;
constexpr float kSamePhotoDensity = 0.3f;
constexpr float kSamePhotoCentral = 0.15f;
constexpr int kMinBlocks = 6;
// Where nearly everything agrees over nearly the whole of one of both, it does not matter where the detail is, nor how much
// of it a small copy has lost.
constexpr float kPlainCopyAgreement = 0.95f;
constexpr float kPlainCopyOverlap = 0.8f;

// One object or place, photographed again. Goods of one make reach log10 NFA -52 by their shape, but with few of the
// details around: either much more evidence, or evidence and density together, tell them apart.
constexpr double kSameThingLog10Nfa = -25;
constexpr float kSameThingDensity = 0.12f;
constexpr double kBeyondShapeLog10Nfa = -70;
// The thing itself and not the table: most inliers, or very many, lie in the middle of both photos.
constexpr float kSameObjectCentral = 0.5f;
constexpr int kManyCentral = 40;
// A lighter or a watermark that two sellers both have is no common scene.
constexpr float kSameSceneOverlap = 0.4f;
constexpr float kLookAlikeCentral = 0.3f;
// What two pictures share in the same place to within this share of the long side, around other content, is a frame that
// was laid over both: an app's page, a watermark.
constexpr double kInPlace = 0.03;

// Smallest and largest stated probability of each verdict; the strength of the geometry decides between.
struct Range {
  double least, most;
};
Range ProbabilityOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSameFile: return {1, 1};
    case Verdict::kSamePhoto: return {0.97, 0.999};
    case Verdict::kSameObject: return {0.8, 0.97};
    case Verdict::kSameScene: return {0.6, 0.8};
    case Verdict::kLookAlike: return {0.05, 0.4};
    case Verdict::kNone: return {0, 0};
  }
  return {0, 0};
}
constexpr double kStrongLog10Nfa = -100;

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

Verdict VerdictOf(const Verification& v, const Features& query, const Features& photo, const Agreement& agreement,
                  bool has_pixels) {
  const float overlap = std::max(agreement.query_overlap, agreement.photo_overlap);
  const auto share = [&](int count) { return static_cast<float>(count) / static_cast<float>(v.inliers.size()); };
  // A tile of a collage is judged by the middle of its original, not by the middle of the collage.
  constexpr float kWhole = 0.6f;
  const bool by_query = agreement.query_overlap >= kWhole;
  const float central_share =
      share(NumCentral(v, query, photo, by_query, agreement.photo_overlap >= kWhole || !by_query));
  const int num_central_in_both = NumCentral(v, query, photo, true, true);
  const bool pixels_agree =
      has_pixels && agreement.num_blocks >= kMinBlocks && agreement.agreeing >= kSamePhotoAgreement;
  if (v.tight && pixels_agree) {
    const bool plain_copy = agreement.agreeing >= kPlainCopyAgreement && overlap >= kPlainCopyOverlap;
    const bool edited_copy =
        overlap >= kSamePhotoOverlap && v.density >= kSamePhotoDensity && central_share >= kSamePhotoCentral;
    if (plain_copy || edited_copy) return Verdict::kSamePhoto;
  }
  const bool same_thing = v.log10_nfa <= kBeyondShapeLog10Nfa ||
                          (v.log10_nfa <= kSameThingLog10Nfa && v.density >= kSameThingDensity);
  const bool frame = has_pixels && !pixels_agree && v.tight && IsInPlace(v, query, photo);
  if (same_thing && !frame) {
    if (share(num_central_in_both) >= kSameObjectCentral || num_central_in_both >= kManyCentral) {
      return Verdict::kSameObject;
    }
    if (overlap >= kSameSceneOverlap) return Verdict::kSameScene;
  }
  return central_share >= kLookAlikeCentral ? Verdict::kLookAlike : Verdict::kNone;
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
  const Range range = ProbabilityOf(judgement.verdict);
  const double strength = std::clamp(verification.log10_nfa / kStrongLog10Nfa, 0.0, 1.0);
  judgement.probability = range.least + (range.most - range.least) * strength;
  return judgement;
}

}  // namespace pugmark
