// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/growing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace pugmark {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
// Largest share of the other photo's descriptors that may be as near as an accepted one; evidence is weighed at each, since
// much of it may be in few excellent matches (a small tile) or in many fair ones (another view).
constexpr std::array<float, 5> kRanks = {0.00125f, 0.0025f, 0.005f, 0.01f, 0.02f};
constexpr float kMaxRank = kRanks.back();
// An accepted match predicts keypoints of the query up to this far from it, as a fraction of the long side.
constexpr float kReach = 0.15f;
// How far direction and scale of a match may be from the model's.
constexpr float kMaxTurn_rad = 0.45f;
constexpr float kMaxOctaves = 0.7f;
constexpr int kMaxRounds = 6;

// Keypoints by place, to find those near a point.
class Places {
 public:
  Places(const Features& features, float cell_px) : features_(features), cell_px_(cell_px) {
    columns_ = static_cast<int>(static_cast<float>(features.width_px) / cell_px) + 1;
    rows_ = static_cast<int>(static_cast<float>(features.height_px) / cell_px) + 1;
    cells_.resize(static_cast<size_t>(columns_ * rows_));
    for (size_t i = 0; i < features.size(); ++i) {
      const Keypoint& p = features.keypoints[i];
      cells_[Index(static_cast<int>(p.x_px / cell_px), static_cast<int>(p.y_px / cell_px))].push_back(static_cast<int>(i));
    }
  }

  // Calls visit(index) for every keypoint within one cell's width of the point, and for some farther ones.
  template <typename Visit>
  void Near(float x, float y, Visit&& visit) const {
    const int cx = static_cast<int>(std::floor(x / cell_px_)), cy = static_cast<int>(std::floor(y / cell_px_));
    for (int j = std::max(cy - 1, 0); j <= std::min(cy + 1, rows_ - 1); ++j) {
      for (int i = std::max(cx - 1, 0); i <= std::min(cx + 1, columns_ - 1); ++i) {
        for (const int k : cells_[Index(i, j)]) visit(k);
      }
    }
  }

 private:
  size_t Index(int column, int row) const {
    return static_cast<size_t>(std::clamp(row, 0, rows_ - 1) * columns_ + std::clamp(column, 0, columns_ - 1));
  }
  const Features& features_;
  float cell_px_;
  int columns_ = 0, rows_ = 0;
  std::vector<std::vector<int>> cells_;
};

// Distinct cells of a grid on the long side of a photo.
class CellSet {
 public:
  explicit CellSet(int side) : side_(side), cells_(static_cast<size_t>(side * side)) {}
  void Add(const Keypoint& p, float long_side_px) {
    const auto step = [&](float v) { return std::clamp(static_cast<int>(v / long_side_px * static_cast<float>(side_)), 0, side_ - 1); };
    const auto c = static_cast<size_t>(step(p.y_px) * side_ + step(p.x_px));
    size_ += cells_[c] ? 0 : 1;
    cells_[c] = true;
  }
  int size() const { return size_; }

 private:
  int side_, size_ = 0;
  std::vector<bool> cells_;
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
        query_side_px_(static_cast<float>(std::max(query.width_px, query.height_px))),
        photo_side_px_(static_cast<float>(std::max(photo.width_px, photo.height_px))),
        radius_px_(options.loose_error * photo_side_px_),
        photo_places_(photo, radius_px_),
        query_places_(query, kReach * query_side_px_),
        of_query_(query.size(), -1),
        of_photo_(photo.size(), -1),
        candidates_(query.size()) {
    octaves_ = 0.5f * std::log2(std::max(std::fabs(model.a * model.d - model.b * model.c), 1e-12f));
    turn_ = std::atan2(model.c - model.b, model.a + model.d);
  }

  Growth Run(const std::vector<Match>& seeds) {
    for (const Match& m : seeds) Accept(m.query, m.photo);
    std::vector<int> frontier;
    for (const Match& m : seeds) frontier.push_back(m.query);
    // The model itself predicts every keypoint once.
    for (size_t i = 0; i < query_.size(); ++i) {
      if (Try(static_cast<int>(i), model_.tx, model_.ty)) frontier.push_back(static_cast<int>(i));
    }
    for (int round = 0; round < kMaxRounds && !frontier.empty(); ++round) {
      std::vector<int> next;
      for (const int from : frontier) {
        const Keypoint& q = query_.keypoints[static_cast<size_t>(from)];
        const Keypoint& p = photo_.keypoints[static_cast<size_t>(of_query_[static_cast<size_t>(from)])];
        // The model's linear part, moved so that it carries this match exactly.
        const float tx = p.x_px - model_.a * q.x_px - model_.b * q.y_px;
        const float ty = p.y_px - model_.c * q.x_px - model_.d * q.y_px;
        query_places_.Near(q.x_px, q.y_px, [&](int i) {
          const Keypoint& other = query_.keypoints[static_cast<size_t>(i)];
          const float reach_px = kReach * query_side_px_;
          if (std::hypot(other.x_px - q.x_px, other.y_px - q.y_px) > reach_px) return;
          if (Try(i, tx, ty)) next.push_back(i);
        });
      }
      frontier = std::move(next);
    }
    return Result();
  }

 private:
  void Accept(int q, int p) {
    of_query_[static_cast<size_t>(q)] = p;
    of_photo_[static_cast<size_t>(p)] = q;
  }

  bool Try(int q, float tx, float ty) {
    const bool is_matched = of_query_[static_cast<size_t>(q)] >= 0;
    if (is_matched && !candidates_[static_cast<size_t>(q)].empty()) return false;
    const Keypoint& from = query_.keypoints[static_cast<size_t>(q)];
    const float x = model_.a * from.x_px + model_.b * from.y_px + tx;
    const float y = model_.c * from.x_px + model_.d * from.y_px + ty;
    int best = -1;
    std::vector<int>& candidates = candidates_[static_cast<size_t>(q)];
    int32_t best_distance = 0;
    photo_places_.Near(x, y, [&](int p) {
      const Keypoint& to = photo_.keypoints[static_cast<size_t>(p)];
      const float dx = to.x_px - x, dy = to.y_px - y;
      if (dx * dx + dy * dy > radius_px_ * radius_px_) return;
      if (std::fabs(std::remainder(to.angle_rad - from.angle_rad - turn_, 2 * kPi)) > kMaxTurn_rad) return;
      if (std::fabs(std::log2(to.scale_px / from.scale_px) - octaves_) > kMaxOctaves) return;
      if (std::find(candidates.begin(), candidates.end(), p) != candidates.end()) return;
      candidates.push_back(p);
      if (of_photo_[static_cast<size_t>(p)] >= 0) return;
      const int32_t d = distances_.at(static_cast<size_t>(q), static_cast<size_t>(p));
      if (best < 0 || d < best_distance) {
        best = p;
        best_distance = d;
      }
    });
    if (is_matched || best < 0 || !IsNear(static_cast<size_t>(q), static_cast<size_t>(best))) return false;
    Accept(q, best);
    return true;
  }

  // How many descriptors are nearer: of the photo's to the query's and of the query's to the photo's, the larger share.
  float RankOf(size_t q, size_t p) const {
    const int32_t distance = distances_.at(q, p);
    int nearer = 0;
    for (size_t j = 0; j < photo_.size(); ++j) nearer += distances_.at(q, j) < distance ? 1 : 0;
    int nearer_query = 0;
    for (size_t i = 0; i < query_.size(); ++i) nearer_query += distances_.at(i, p) < distance ? 1 : 0;
    return std::max(static_cast<float>(nearer+1) / static_cast<float>(photo_.size()),
                    static_cast<float>(nearer_query+1) / static_cast<float>(query_.size()));
  }
  bool IsNear(size_t q, size_t p) const { return RankOf(q, p) <= kMaxRank; }

  bool IsVisible(const Keypoint& q) const {
    const float x = model_.a * q.x_px + model_.b * q.y_px + model_.tx;
    const float y = model_.c * q.x_px + model_.d * q.y_px + model_.ty;
    return x >= 0 && y >= 0 && x < static_cast<float>(photo_.width_px) && y < static_cast<float>(photo_.height_px);
  }

  Growth Result() const {
    Growth growth;
    size_t num_visible = 0, num_candidates = 0;
    CellSet visible(options_.cells_per_side);
    std::vector<float> ranks;  // Of growth.matches.
    for (size_t i = 0; i < query_.size(); ++i) {
      const bool is_matched = of_query_[i] >= 0;
      if (!is_matched && !IsVisible(query_.keypoints[i])) continue;
      ++num_visible;
      visible.Add(query_.keypoints[i], query_side_px_);
      num_candidates += std::max<size_t>(candidates_[i].size(), is_matched ? 1 : 0);
      if (!is_matched) continue;
      growth.matches.push_back({static_cast<int>(i), of_query_[i]});
      ranks.push_back(RankOf(i, static_cast<size_t>(of_query_[i])));
    }
    growth.num_visible_cells = visible.size();
    const float least_rank = 1 / static_cast<float>(std::min(query_.size(), photo_.size()));
    for (const float limit : kRanks) {
      const float rank = std::max(limit, least_rank);
      CellSet in_query(options_.cells_per_side), in_photo(options_.cells_per_side);
      for (size_t m = 0; m < ranks.size(); ++m) {
        if (ranks[m] > rank) continue;
        in_query.Add(query_.keypoints[static_cast<size_t>(growth.matches[m].query)], query_side_px_);
        in_photo.Add(photo_.keypoints[static_cast<size_t>(growth.matches[m].photo)], photo_side_px_);
      }
      const int num_cells = std::min(in_query.size(), in_photo.size());
      if (limit == kRanks.front()) growth.num_best_cells = num_cells;
      growth.num_cells = num_cells;
      if (num_visible == 0) continue;
      // A keypoint of the query meets this many of the photo at predicted places, each within the rank by chance.
      const double met = static_cast<double>(num_candidates) / static_cast<double>(num_visible);
      const double per_cell = static_cast<double>(num_visible) / visible.size();
      const double p = 1 - std::pow(1 - std::clamp(met * rank, 1e-6, 0.5), per_cell);
      growth.log10_chance = std::min(growth.log10_chance, Log10Chance(visible.size(), num_cells, p));
    }
    return growth;
  }

  // Of k or more of n cells, each matched by chance with probability p; every limit in kRanks is one test. 0 if k is no more
  // than chance expects.
  static double Log10Chance(int n, int k, double p) {
    if (k <= n * p) return 0;
    const double log_choose = (std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1)) / std::numbers::ln10;
    return std::min(0.0, log_choose + k * std::log10(p) + (n - k) * std::log10(1 - p) + std::log10(kRanks.size()));
  }

  const VerifyOptions& options_;
  const Features& query_;
  const Features& photo_;
  const Distances& distances_;
  const Affine model_;
  const float query_side_px_, photo_side_px_, radius_px_;
  const Places photo_places_, query_places_;
  std::vector<int> of_query_, of_photo_;
  std::vector<std::vector<int>> candidates_;  // Of each keypoint of the query: those of the photo at a predicted place.
  float octaves_ = 0, turn_ = 0;
};

}  // namespace

Growth Grow(const VerifyOptions& options, const Features& query, const Features& photo, const Distances& distances,
            const Affine& model, const std::vector<Match>& seeds) {
  if (query.size() == 0 || photo.size() == 0) return {};
  return Grower(options, query, photo, distances, model).Run(seeds);
}

}  // namespace pugmark
