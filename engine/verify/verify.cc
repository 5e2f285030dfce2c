// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/verify.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/verify/epipolar.h"
#include "engine/verify/growing.h"
#include "engine/verify/usac.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

// A model that shrinks or stretches more than this is no view of the same surface.
constexpr float kMaxZoom = 8;
constexpr float kMaxAnisotropy = 4;
constexpr size_t kMaxHypotheses = 300;
constexpr size_t kMinInliers = 4;
constexpr size_t kMinHomographyInliers = 8;

// The similarity that carries one keypoint onto the other.
Affine FromMatch(const Keypoint& q, const Keypoint& p) {
  const float scale = p.scale_px / q.scale_px;
  const float turn = p.angle_rad - q.angle_rad;
  Affine m;
  m.a = scale * std::cos(turn);
  m.b = -scale * std::sin(turn);
  m.c = -m.b;
  m.d = m.a;
  return m.MovedOnto(q, p);
}

struct Projected {
  double x_px, y_px;
  double w;  // 0 or less: at or behind the horizon.
};
Projected Project(const Transform& t, const Keypoint& q) {
  const double w = t[6] * q.x_px + t[7] * q.y_px + t[8];
  return {(t[0] * q.x_px + t[1] * q.y_px + t[2]) / w, (t[3] * q.x_px + t[4] * q.y_px + t[5]) / w, w};
}

class Fitter {
 public:
  Fitter(const VerifyOptions& options, const Features& query, const Features& photo, std::vector<Match> matches)
      : options_(options),
        query_(query),
        photo_(photo),
        matches_(std::move(matches)),
        query_side_px_(LongSide(query)),
        photo_side_px_(LongSide(photo)) {}

  // The best affinity over all hypotheses; its inliers, or fewer than kMinInliers.
  std::vector<Match> BestAffine(Affine* best) const {
    struct Ranked {
      int cells;
      size_t hypothesis;
    };
    std::vector<Ranked> ranked;
    const size_t num_hypotheses = std::min(matches_.size(), kMaxHypotheses);
    for (size_t h = 0; h < num_hypotheses; ++h) {
      const Keypoint& q = query_.keypoints[static_cast<size_t>(matches_[h].query)];
      const Keypoint& p = photo_.keypoints[static_cast<size_t>(matches_[h].photo)];
      const float zoom = p.scale_px / q.scale_px * query_side_px_ / photo_side_px_;
      if (zoom > kMaxZoom || zoom < 1 / kMaxZoom) continue;
      const std::vector<Match> inliers = Inliers(FromMatch(q, p), 1.5f);
      if (inliers.size() >= kMinInliers) ranked.push_back({Cells(inliers), h});
    }
    // Ties by the order of matches, which is by ratio: the more distinctive first.
    std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) { return a.cells > b.cells; });
    if (ranked.size() > 10) ranked.resize(10);

    std::vector<Match> best_inliers;
    int best_cells = 0;
    for (const Ranked& r : ranked) {
      const Match& m = matches_[r.hypothesis];
      Affine model =
          FromMatch(query_.keypoints[static_cast<size_t>(m.query)], photo_.keypoints[static_cast<size_t>(m.photo)]);
      std::vector<Match> inliers = Inliers(model, 1.5f);
      for (int iteration = 0; iteration < 4 && inliers.size() >= kMinInliers; ++iteration) {
        Affine refined;
        if (!FitAffine(inliers, &refined) || !IsPlausible(refined)) break;
        std::vector<Match> agreeing = Inliers(refined, 1);
        if (iteration > 0 && Cells(agreeing) < Cells(inliers)) break;
        const bool settled = agreeing.size() == inliers.size();
        model = refined;
        inliers = std::move(agreeing);
        if (settled) break;
      }
      inliers = Inliers(model, 1);
      const int cells = Cells(inliers);
      if (inliers.size() >= kMinInliers && cells > best_cells) {
        best_cells = cells;
        *best = model;
        best_inliers = std::move(inliers);
      }
    }
    return best_inliers;
  }

  // Refines to a homography at the tight tolerance. Returns its inliers; empty if a plane explains too few.
  std::vector<Match> TightHomography(const std::vector<Match>& loose, Transform* transform) const {
    if (loose.size() < kMinHomographyInliers) return {};
    const MatchedPoints points = PointsOf(loose, query_, photo_);
    const float tolerance_px = options_.tight_error * photo_side_px_;
    cv::Mat mask;
    cv::Mat h;
    try {
      h = cv::findHomography(points.query, points.photo, mask, Magsac(tolerance_px));
    } catch (const cv::Exception&) {
      return {};  // Degenerate points; the affinity stands.
    }
    if (h.empty() || mask.total() != loose.size()) return {};
    h.convertTo(h, CV_64F);
    for (size_t i = 0; i < transform->size(); ++i) (*transform)[i] = h.ptr<double>()[i];
    std::vector<Match> inliers;
    for (const Match& m : loose) {
      const Projected at = Project(*transform, query_.keypoints[static_cast<size_t>(m.query)]);
      if (at.w <= 0) return {};  // The horizon runs through the points: no view of a plane.
      const Keypoint& p = photo_.keypoints[static_cast<size_t>(m.photo)];
      if (std::hypot(at.x_px - p.x_px, at.y_px - p.y_px) <= tolerance_px) inliers.push_back(m);
    }
    return inliers;
  }

  // Of matches against a plane, ascending, in pixels of whichever photo shows the part smaller.
  std::vector<float> SortedErrors(const Transform& plane, const Affine& affine,
                                  const std::vector<Match>& matches) const {
    const double zoom = std::max(1.0f, std::sqrt(std::fabs(affine.determinant())));
    std::vector<float> errors;
    for (const Match& m : matches) {
      const Projected at = Project(plane, query_.keypoints[static_cast<size_t>(m.query)]);
      const Keypoint& p = photo_.keypoints[static_cast<size_t>(m.photo)];
      errors.push_back(static_cast<float>(std::hypot(at.x_px - p.x_px, at.y_px - p.y_px) / zoom));
    }
    std::sort(errors.begin(), errors.end());
    return errors;
  }

  Region RegionOf(const std::vector<Match>& inliers, bool in_query) const {
    const Features& features = in_query ? query_ : photo_;
    float x0 = std::numeric_limits<float>::max(), y0 = x0, x1 = 0, y1 = 0;
    for (const Match& m : inliers) {
      const Keypoint& p = features.keypoints[static_cast<size_t>(in_query ? m.query : m.photo)];
      x0 = std::min(x0, p.x_px);
      y0 = std::min(y0, p.y_px);
      x1 = std::max(x1, p.x_px);
      y1 = std::max(y1, p.y_px);
    }
    return inliers.empty() ? Region{} : Region{x0, y0, x1 - x0, y1 - y0};
  }

 private:
  int Cells(const std::vector<Match>& matches) const { return NumCells(options_, query_, photo_, matches); }

  std::vector<Match> Inliers(const Affine& m, float slack) const {
    const float max_error_px = slack * options_.loose_error * photo_side_px_;
    const Turn turn(m);
    std::vector<Match> inliers;
    for (const Match& match : matches_) {
      const Keypoint& q = query_.keypoints[static_cast<size_t>(match.query)];
      const Keypoint& p = photo_.keypoints[static_cast<size_t>(match.photo)];
      const float dx = m.X(q) - p.x_px, dy = m.Y(q) - p.y_px;
      if (dx * dx + dy * dy <= max_error_px * max_error_px && turn.Allows(q, p, slack)) inliers.push_back(match);
    }
    return inliers;
  }

  // Least squares of both rows of the affinity over the inliers.
  bool FitAffine(const std::vector<Match>& inliers, Affine* model) const {
    cv::Matx33d normal = cv::Matx33d::zeros();
    cv::Matx<double, 3, 2> right = cv::Matx<double, 3, 2>::zeros();
    for (const Match& m : inliers) {
      const Keypoint& q = query_.keypoints[static_cast<size_t>(m.query)];
      const Keypoint& p = photo_.keypoints[static_cast<size_t>(m.photo)];
      // Centred and scaled so that the normal equations stay well conditioned.
      const double x = q.x_px / query_side_px_ - 0.5, y = q.y_px / query_side_px_ - 0.5;
      const double row[3] = {x, y, 1};
      for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) normal(i, j) += row[i] * row[j];
        right(i, 0) += row[i] * p.x_px;
        right(i, 1) += row[i] * p.y_px;
      }
    }
    // A whiff of regularisation: points on one line do not fix an affinity.
    const double determinant = cv::determinant(normal);
    const auto n = static_cast<double>(inliers.size());
    if (determinant < 1e-9 * n * n * n) return false;
    const cv::Matx<double, 3, 2> s = normal.inv() * right;
    const double unit = query_side_px_;
    model->a = static_cast<float>(s(0, 0) / unit);
    model->b = static_cast<float>(s(1, 0) / unit);
    model->c = static_cast<float>(s(0, 1) / unit);
    model->d = static_cast<float>(s(1, 1) / unit);
    model->tx = static_cast<float>(s(2, 0) - 0.5 * (s(0, 0) + s(1, 0)));
    model->ty = static_cast<float>(s(2, 1) - 0.5 * (s(0, 1) + s(1, 1)));
    return true;
  }

  bool IsPlausible(const Affine& m) const {
    const float determinant = m.determinant();
    if (determinant <= 0) return false;  // Mirrored: the mirrored query's business.
    const float zoom = std::sqrt(determinant) * query_side_px_ / photo_side_px_;
    // Ratio of singular values from the Frobenius norm: σ1² + σ2² and σ1 σ2 are known.
    const float mean_square = (m.a * m.a + m.b * m.b + m.c * m.c + m.d * m.d) / (2 * determinant);
    return zoom < kMaxZoom && zoom > 1 / kMaxZoom && mean_square < (kMaxAnisotropy + 1 / kMaxAnisotropy) / 2;
  }

  const VerifyOptions& options_;
  const Features& query_;
  const Features& photo_;
  const std::vector<Match> matches_;
  const float query_side_px_;
  const float photo_side_px_;
};

}  // namespace

float MatchRatio(const Features& photo, const Distances& distances, size_t i, size_t j) {
  const Keypoint& best = photo.keypoints[j];
  int32_t second = std::numeric_limits<int32_t>::max();
  bool is_alone = true;
  for (size_t k = 0; k < photo.size(); ++k) {
    const Keypoint& other = photo.keypoints[k];
    const bool same_place =
        std::fabs(other.x_px - best.x_px) < kSamePlace_px && std::fabs(other.y_px - best.y_px) < kSamePlace_px;
    if (same_place) continue;
    is_alone = false;
    second = std::min(second, distances.at(i, k));
  }
  if (is_alone) return 0.7f;  // Nothing to compare with: as distinctive as a typical good match.
  return std::sqrt(static_cast<float>(std::max(distances.at(i, j), 0)) / static_cast<float>(std::max(second, 1)));
}

std::vector<Match> MatchDescriptors(const Features& query, const Features& photo, float max_ratio) {
  return MatchDescriptors(query, photo, Distances(query.descriptors, photo.descriptors), max_ratio);
}

std::vector<Match> MatchDescriptors(const Features& query, const Features& photo, const Distances& distances,
                                    float max_ratio) {
  if (query.size() == 0 || photo.size() == 0) return {};
  const Nearest nearest = FindNearest(distances);
  struct Scored {
    Match match;
    float ratio;
  };
  std::vector<Scored> scored;
  for (size_t i = 0; i < query.size(); ++i) {
    const auto j = static_cast<size_t>(nearest.of_a[i]);
    if (nearest.of_b[j] != static_cast<int>(i)) continue;
    const float ratio = MatchRatio(photo, distances, i, j);
    if (ratio <= max_ratio) scored.push_back({{static_cast<int>(i), static_cast<int>(j)}, ratio});
  }
  std::stable_sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) { return a.ratio < b.ratio; });
  std::vector<Match> matches;
  matches.reserve(scored.size());
  for (const Scored& s : scored) matches.push_back(s.match);
  return matches;
}

Verification Verify(const VerifyOptions& options, const Features& query, const Features& photo, int64_t num_photos) {
  Verification result;
  const Distances distances(query.descriptors, photo.descriptors);
  std::vector<Match> matches = MatchDescriptors(query, photo, distances, options.max_ratio);
  result.num_matches = static_cast<int>(matches.size());
  const Fitter fitter(options, query, photo, std::move(matches));
  Affine affine;
  result.inliers = fitter.BestAffine(&affine);
  if (result.inliers.empty()) return result;
  const Growth growth = Grow(options, query, photo, distances, affine, result.inliers);
  result.num_cells = growth.num_cells;
  const auto best = static_cast<float>(growth.num_best_cells);
  result.detail_share = best / static_cast<float>(std::max(growth.num_visible_cells, 1));
  result.distinctness = best / static_cast<float>(std::max(growth.num_cells, 1));
  const double num_tests = 2.0 *
                           static_cast<double>(std::max<int64_t>(num_photos, 1)) *  // Orientations, photos, models.
                           static_cast<double>(std::min(static_cast<size_t>(result.num_matches), kMaxHypotheses));
  result.log10_nfa = std::min(0.0, std::log10(num_tests) + growth.log10_chance);
  result.photo_from_query = {affine.a, affine.b, affine.tx, affine.c, affine.d, affine.ty, 0, 0, 1};

  Transform homography{};
  const std::vector<Match> tight = fitter.TightHomography(result.inliers, &homography);
  // Most of what agrees loosely must agree tightly; else the plane is only a part (a table under another object).
  if (tight.size() >= kMinHomographyInliers && tight.size() * 3 >= result.inliers.size() * 2) {
    result.tight = true;
    result.photo_from_query = homography;
    const std::vector<float> errors = fitter.SortedErrors(homography, affine, growth.matches);
    result.median_error_px = errors[errors.size() / 2];
    result.high_error_px = errors[errors.size() * 4 / 5];
  }
  // What keeps to one plane keeps to every epipolar geometry that has it.
  const bool flat = result.tight && result.high_error_px <= options.tight_error * LongSide(photo);
  result.num_confirmed_cells =
      NumCells(options, query, photo,
               flat ? growth.confirmed
                    : WithoutIndependent(growth.confirmed, growth.matches, query, photo, options.epipolar_error));
  result.confirmed_share =
      static_cast<float>(result.num_confirmed_cells) / static_cast<float>(std::max(growth.num_visible_cells, 1));
  result.query_region = fitter.RegionOf(result.inliers, true);
  result.photo_region = fitter.RegionOf(result.inliers, false);
  return result;
}

}  // namespace pugmark
