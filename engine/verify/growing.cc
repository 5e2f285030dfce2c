// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/growing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numbers>
#include <optional>
#include <utility>

namespace pugmark {
namespace {

// Not std::lgamma, which writes the sign to a global variable: searches run at once.
double LogFactorial(int n) {
  int sign = 0;
  return ::lgamma_r(n + 1, &sign);
}

// Largest share of the other photo's descriptors that may be as near as an accepted one; evidence is weighed at each,
// since much of it may be in few excellent matches (a small tile) or in many fair ones (another view).
constexpr std::array<float, 5> kRanks = {0.00125f, 0.0025f, 0.005f, 0.01f, 0.02f};
constexpr float kMaxRank = kRanks.back();
// An accepted match predicts keypoints of the query up to this far from it, as a fraction of the long side.
constexpr float kReach = 0.15f;
constexpr int kMaxRounds = 6;
// Details of goods of one make are found again where the make's shape puts them, but something else is nearly as like,
// and each is displaced by itself. A surface moves as a whole: a match is coherent if it is displaced as the median of
// its nearest neighbours, to within a fraction of the long side. It takes the place of contraction in [1, section 5],
// which throws out what lies on the wrong side of a line through two others.
constexpr float kConfirmedRatio = 0.85f;
constexpr float kMaxIncoherence = 0.012f;
constexpr size_t kFewestNeighbours = 2, kMostNeighbours = 5;

// Keypoints by place, to find those near a point.
class Places {
 public:
  Places(const Features& features, float cell_px) : cell_px_(cell_px) {
    columns_ = static_cast<int>(static_cast<float>(features.width_px) / cell_px) + 1;
    rows_ = static_cast<int>(static_cast<float>(features.height_px) / cell_px) + 1;
    cells_.resize(static_cast<size_t>(columns_ * rows_));
    for (size_t i = 0; i < features.size(); ++i) {
      const Keypoint& p = features.keypoints[i];
      cells_[Index(static_cast<int>(p.x_px / cell_px), static_cast<int>(p.y_px / cell_px))].push_back(i);
    }
  }

  // Calls visit(index) for every keypoint within one cell's width of the point, and for some farther ones.
  template <typename Visit>
  void Near(float x, float y, Visit&& visit) const {
    const int cx = static_cast<int>(std::floor(x / cell_px_)), cy = static_cast<int>(std::floor(y / cell_px_));
    for (int j = std::max(cy - 1, 0); j <= std::min(cy + 1, rows_ - 1); ++j) {
      for (int i = std::max(cx - 1, 0); i <= std::min(cx + 1, columns_ - 1); ++i) {
        for (const size_t k : cells_[Index(i, j)]) visit(k);
      }
    }
  }

 private:
  size_t Index(int column, int row) const {
    return static_cast<size_t>(std::clamp(row, 0, rows_ - 1) * columns_ + std::clamp(column, 0, columns_ - 1));
  }
  float cell_px_;
  int columns_ = 0, rows_ = 0;
  std::vector<std::vector<size_t>> cells_;
};

class Grower {
 public:
  Grower(const VerifyOptions& options, const Features& query, const Features& photo, const Distances& distances,
         const Affine& model)
      : options_(options),
        query_(query),
        photo_(photo),
        distances_(distances),
        model_(model),
        turn_(model),
        radius_px_(options.loose_error * LongSide(photo)),
        reach_px_(kReach * LongSide(query)),
        photo_places_(photo, radius_px_),
        query_places_(query, reach_px_),
        matched_(query.size()),
        is_taken_(photo.size()),
        candidates_(query.size()) {}

  Growth Run(const std::vector<Match>& seeds) {
    std::vector<size_t> frontier;
    for (const Match& m : seeds) {
      const auto q = static_cast<size_t>(m.query), p = static_cast<size_t>(m.photo);
      Accept(q, p, RankOf(q, p));
      frontier.push_back(q);
    }
    // The model itself predicts every keypoint once.
    for (size_t q = 0; q < query_.size(); ++q) {
      if (Try(q, model_)) frontier.push_back(q);
    }
    for (int round = 0; round < kMaxRounds && !frontier.empty(); ++round) {
      std::vector<size_t> next;
      for (const size_t from : frontier) {
        const Keypoint& q = query_.keypoints[from];
        const Affine moved = model_.MovedOnto(q, photo_.keypoints[matched_[from]->photo]);
        query_places_.Near(q.x_px, q.y_px, [&](size_t i) {
          const Keypoint& other = query_.keypoints[i];
          if (std::hypot(other.x_px - q.x_px, other.y_px - q.y_px) > reach_px_) return;
          if (Try(i, moved)) next.push_back(i);
        });
      }
      frontier = std::move(next);
    }
    return Result();
  }

 private:
  // What a keypoint of the query was found again as.
  struct Found {
    size_t photo;
    float rank;
  };

  void Accept(size_t q, size_t p, float rank) {
    matched_[q] = Found{p, rank};
    is_taken_[p] = true;
  }

  // Notes what the photo has where the model puts the keypoint, and accepts the nearest if it is near enough.
  bool Try(size_t q, const Affine& model) {
    std::vector<size_t>& candidates = candidates_[q];
    if (matched_[q] && !candidates.empty()) return false;
    const Keypoint& from = query_.keypoints[q];
    const float x = model.X(from), y = model.Y(from);
    std::optional<size_t> best;
    photo_places_.Near(x, y, [&](size_t p) {
      const Keypoint& to = photo_.keypoints[p];
      const float dx = to.x_px - x, dy = to.y_px - y;
      if (dx * dx + dy * dy > radius_px_ * radius_px_ || !turn_.Allows(from, to)) return;
      if (std::find(candidates.begin(), candidates.end(), p) != candidates.end()) return;
      candidates.push_back(p);
      if (!is_taken_[p] && (!best || distances_.at(q, p) < distances_.at(q, *best))) best = p;
    });
    if (matched_[q] || !best) return false;
    const float rank = RankOf(q, *best);
    if (rank > kMaxRank) return false;
    Accept(q, *best, rank);
    return true;
  }

  // How many descriptors are as near: of the photo's to the query's and of the query's to the photo's, the larger
  // share. More than kMaxRank is too much, however much more.
  float RankOf(size_t q, size_t p) const {
    const int32_t distance = distances_.at(q, p);
    const int rank_in_photo = 1 + NumNearer(distances_, q, distance);
    const float share_of_photo = static_cast<float>(rank_in_photo) / static_cast<float>(photo_.size());
    if (share_of_photo > kMaxRank) return share_of_photo;
    int rank_in_query = 1;
    for (size_t i = 0; i < query_.size(); ++i) rank_in_query += distances_.at(i, p) < distance ? 1 : 0;
    return std::max(share_of_photo, static_cast<float>(rank_in_query) / static_cast<float>(query_.size()));
  }

  bool IsVisible(const Keypoint& q) const {
    const float x = model_.X(q), y = model_.Y(q);
    return x >= 0 && y >= 0 && x < static_cast<float>(photo_.width_px) && y < static_cast<float>(photo_.height_px);
  }

  Growth Result() const {
    Growth growth;
    size_t num_visible = 0, num_candidates = 0;
    CellSet visible(options_.cells_per_side, LongSide(query_));
    for (size_t q = 0; q < query_.size(); ++q) {
      if (!matched_[q] && !IsVisible(query_.keypoints[q])) continue;
      ++num_visible;
      visible.Add(query_.keypoints[q]);
      num_candidates += std::max<size_t>(candidates_[q].size(), matched_[q] ? 1 : 0);
      if (matched_[q]) growth.matches.push_back({static_cast<int>(q), static_cast<int>(matched_[q]->photo)});
    }
    growth.num_visible_cells = visible.size();
    if (num_visible == 0) return growth;
    const float least_rank = 1 / static_cast<float>(std::min(query_.size(), photo_.size()));
    growth.confirmed = Confirmed(std::max(kRanks.front(), least_rank));
    for (const float limit : kRanks) {
      const float rank = std::max(limit, least_rank);
      std::vector<Match> near;
      std::copy_if(growth.matches.begin(), growth.matches.end(), std::back_inserter(near),
                   [&](const Match& m) { return matched_[static_cast<size_t>(m.query)]->rank <= rank; });
      growth.num_cells = NumCells(options_, query_, photo_, near);
      if (limit == kRanks.front()) growth.num_best_cells = growth.num_cells;
      // A keypoint of the query meets this many of the photo at predicted places, each within the rank by chance.
      const double met = static_cast<double>(num_candidates) / static_cast<double>(num_visible);
      const double per_cell = static_cast<double>(num_visible) / visible.size();
      const double p = 1 - std::pow(1 - std::clamp(met * rank, 1e-6, 0.5), per_cell);
      growth.log10_chance = std::min(growth.log10_chance, Log10Chance(visible.size(), growth.num_cells, p));
    }
    return growth;
  }

  std::vector<Match> Confirmed(float best_rank) const {
    std::vector<Match> confirmed;
    for (size_t q = 0; q < query_.size(); ++q) {
      if (!IsBest(q, best_rank) || !IsCoherent(q, best_rank)) continue;
      const size_t p = matched_[q]->photo;
      if (MatchRatio(photo_, distances_, q, p) <= kConfirmedRatio) {
        confirmed.push_back({static_cast<int>(q), static_cast<int>(p)});
      }
    }
    return confirmed;
  }

  // Whether a keypoint of the query is matched with the nearest of all, in both directions.
  bool IsBest(size_t q, float best_rank) const { return matched_[q] && matched_[q]->rank <= best_rank; }

  // Whether the model misses the match of a keypoint of the query as it misses those around it.
  bool IsCoherent(size_t q, float best_rank) const {
    const Keypoint& at = query_.keypoints[q];
    std::vector<std::pair<float, size_t>> neighbours;
    query_places_.Near(at.x_px, at.y_px, [&](size_t other) {
      const Keypoint& k = query_.keypoints[other];
      const float apart_px = std::hypot(k.x_px - at.x_px, k.y_px - at.y_px);
      if (apart_px <= kSamePlace_px || apart_px >= reach_px_ || !IsBest(other, best_rank)) return;
      neighbours.emplace_back(apart_px, other);
    });
    if (neighbours.size() < kFewestNeighbours) return false;
    const size_t num = std::min(neighbours.size(), kMostNeighbours);
    std::partial_sort(neighbours.begin(), neighbours.begin() + static_cast<std::ptrdiff_t>(num), neighbours.end());
    std::vector<float> xs_px, ys_px;
    for (size_t i = 0; i < num; ++i) {
      const auto [x_px, y_px] = MissOf(neighbours[i].second);
      xs_px.push_back(x_px);
      ys_px.push_back(y_px);
    }
    const auto middle = static_cast<std::ptrdiff_t>(num / 2);
    std::nth_element(xs_px.begin(), xs_px.begin() + middle, xs_px.end());
    std::nth_element(ys_px.begin(), ys_px.begin() + middle, ys_px.end());
    const auto [x_px, y_px] = MissOf(q);
    return std::hypot(x_px - xs_px[num / 2], y_px - ys_px[num / 2]) <= kMaxIncoherence * LongSide(photo_);
  }

  // From where the model puts a matched keypoint of the query to where it was found, in pixels of the photo.
  std::pair<float, float> MissOf(size_t q) const {
    const Keypoint &from = query_.keypoints[q], &to = photo_.keypoints[matched_[q]->photo];
    return {to.x_px - model_.X(from), to.y_px - model_.Y(from)};
  }

  // Of k or more of n cells, each matched by chance with probability p; every limit in kRanks is one test. 0 if k is no
  // more than chance expects.
  static double Log10Chance(int n, int k, double p) {
    if (k <= n * p) return 0;
    const double log_choose = (LogFactorial(n) - LogFactorial(k) - LogFactorial(n - k)) / std::numbers::ln10;
    return std::min(0.0, log_choose + k * std::log10(p) + (n - k) * std::log10(1 - p) + std::log10(kRanks.size()));
  }

  const VerifyOptions& options_;
  const Features& query_;
  const Features& photo_;
  const Distances& distances_;
  const Affine model_;
  const Turn turn_;
  const float radius_px_, reach_px_;
  const Places photo_places_, query_places_;
  std::vector<std::optional<Found>> matched_;  // Of each keypoint of the query.
  std::vector<bool> is_taken_;                 // Of each keypoint of the photo.
  std::vector<std::vector<size_t>>
      candidates_;  // Of each keypoint of the query: those of the photo at a predicted place.
};

}  // namespace

Growth Grow(const VerifyOptions& options, const Features& query, const Features& photo, const Distances& distances,
            const Affine& model, const std::vector<Match>& seeds) {
  if (query.size() == 0 || photo.size() == 0) return {};
  return Grower(options, query, photo, distances, model).Run(seeds);
}

}  // namespace pugmark
