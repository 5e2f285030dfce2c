// SPDX-License-Identifier: Apache-2.0
#include "engine/search/pair.h"

#include <utility>

#include "engine/search/verdict.h"
#include "engine/verify/agreement.h"

namespace pugmark {
namespace {

// The mirror image's coordinates from the image's own.
Transform MirrorX(double width_px) { return {-1, 0, width_px, 0, 1, 0, 0, 0, 1}; }

Transform operator*(const Transform& a, const Transform& b) {
  Transform c{};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      for (size_t k = 0; k < 3; ++k) c[3 * i + j] += a[3 * i + k] * b[3 * k + j];
    }
  }
  return c;
}

// From the working image to the original.
class Placement {
 public:
  explicit Placement(const PairSide& side)
      : scale_x_(side.place.width_px / static_cast<float>(side.features->width_px)),
        scale_y_(side.place.height_px / static_cast<float>(side.features->height_px)),
        left_(side.place.x_px),
        top_(side.place.y_px) {}

  float X(float x_px) const { return x_px * scale_x_ + left_; }
  float Y(float y_px) const { return y_px * scale_y_ + top_; }
  Region Of(const Region& r) const { return {X(r.x_px), Y(r.y_px), r.width_px * scale_x_, r.height_px * scale_y_}; }
  Transform original_from_working() const { return {scale_x_, 0, left_, 0, scale_y_, top_, 0, 0, 1}; }
  Transform working_from_original() const {
    const double x = 1.0 / scale_x_, y = 1.0 / scale_y_;
    return {x, 0, -left_ * x, 0, y, -top_ * y, 0, 0, 1};
  }

 private:
  float scale_x_, scale_y_, left_, top_;
};

}  // namespace

std::optional<Hit> DescribePair(const Verification& verification, bool mirrored, const PairSide& query,
                                const PairSide& photo, int64_t num_photos) {
  const Verification& v = verification;
  const Features& query_features = *query.features;
  const Features& photo_features = *photo.features;
  const int query_width_px = query_features.width_px;
  Transform working = v.photo_from_query;  // Of the query as it is, not of its mirror image.
  if (mirrored) working = working * MirrorX(query_width_px);

  // Without pixels of one a blank stands in: only the overlaps are used then.
  const bool has_pixels = query.image != nullptr && photo.image != nullptr;
  constexpr int kBlankSide_px = 32;
  Image blank{kBlankSide_px, kBlankSide_px, 1, {}};
  if (!has_pixels) blank.pixels.assign(kBlankSide_px * kBlankSide_px, 128);
  const Agreement agreement = CompareAligned(query.image ? *query.image : blank, photo.image ? *photo.image : blank, working,
                                             query_width_px, query_features.height_px, photo_features.width_px,
                                             photo_features.height_px);
  const Judgement judgement = Judge(v, query_features, photo_features, agreement, has_pixels, num_photos);
  if (judgement.verdict == Verdict::kNone) return std::nullopt;

  Hit hit;
  hit.verdict = judgement.verdict;
  hit.probability = judgement.probability;
  hit.expected_false_hits = judgement.expected_false_hits;
  hit.log10_nfa = v.log10_nfa;
  hit.num_inliers = static_cast<int>(v.inliers.size());
  hit.num_cells = v.num_cells;
  hit.density = v.detail_share;
  hit.distinctness = v.distinctness;
  hit.num_confirmed = v.num_confirmed_cells;
  hit.strength = judgement.strength;
  hit.median_error_px = v.tight ? std::optional(v.median_error_px) : std::nullopt;
  hit.mirrored = mirrored;
  hit.agreeing_pixels = has_pixels ? agreement.agreeing : 0;
  hit.query_overlap = agreement.query_overlap;
  hit.photo_overlap = agreement.photo_overlap;

  const Placement query_place(query), photo_place(photo);
  Region query_region = v.query_region;
  if (mirrored) {
    query_region.x_px = static_cast<float>(query_width_px) - query_region.x_px - query_region.width_px;
  }
  hit.query_region = query_place.Of(query_region);
  hit.photo_region = photo_place.Of(v.photo_region);
  hit.photo_from_query = photo_place.original_from_working() * working * query_place.working_from_original();

  for (const Match& m : v.inliers) {
    const Keypoint& p = photo_features.keypoints[static_cast<size_t>(m.photo)];
    // MirrorFeatures keeps the order, so the index names the same keypoint in the query itself.
    const Keypoint& q = query_features.keypoints[static_cast<size_t>(m.query)];
    hit.inliers.push_back({query_place.X(q.x_px), query_place.Y(q.y_px), photo_place.X(p.x_px), photo_place.Y(p.y_px)});
  }
  return hit;
}

Hit SameFileHit(Photo photo) {
  Hit hit;
  hit.verdict = Verdict::kSameFile;
  hit.probability = 1;
  hit.agreeing_pixels = hit.query_overlap = hit.photo_overlap = 1;
  hit.query_region = hit.photo_region = {0, 0, static_cast<float>(photo.width_px), static_cast<float>(photo.height_px)};
  hit.photo_from_query = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  hit.photo = std::move(photo);
  return hit;
}

}  // namespace pugmark
