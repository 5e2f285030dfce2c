// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/gate.h"

#include <fmt/format.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <random>
#include <tuple>

#include "engine/collection/coverage.h"
#include "engine/collection/threads.h"
#include "engine/reindex/canaries.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/extractions.h"
#include "index/vectors/shortlist.h"

namespace pugmark {
namespace {

// Fewer keypoints name a photo by chance only.
constexpr int kFewestKeypointsOfCanary = 20;
// A draw that finds no fit photo is repeated; a collection of blank ones must not cost a night.
constexpr size_t kDrawsPerCanary = 4;
// How far down the vote is read to find out where a canary stands.
constexpr int kDepth = 1000;
constexpr float kAsGoodAsTheBest = 0.9f;
constexpr size_t kMaxLostNamed = 20;

enum class By { kVote, kVoteInBothOrientations, kHash, kVector };

struct Canary {
  PhotoId photo;
  std::string kind;
  By by = By::kVote;
  bool is_new = false;  // The old snapshot cannot know it.
  Features query;
  Image copy;  // To be described as the query; without pixels if it is described already.
};

struct Place {
  int rank = 0;  // 0: not there.
  bool found = false;
};

Place PlaceByVote(const Snapshot& snapshot, const Canary& canary, const PhotoSet* only) {
  ShortlistOptions options;
  const int num_verified = options.max_candidates;
  options.max_candidates = kDepth;
  std::vector<std::pair<float, PhotoId>> candidates;
  const auto vote = [&](const Features& features) {
    for (const Candidate& c :
         Shortlist(snapshot.codebook, snapshot.parts, features.descriptors, GeometryOf(features), options)) {
      if (only == nullptr || only->Contains(c.photo)) candidates.emplace_back(c.score, c.photo);
    }
  };
  vote(canary.query);
  if (canary.by == By::kVoteInBothOrientations) vote(MirrorFeatures(canary.query));
  std::sort(candidates.begin(), candidates.end(),
            [](const auto& a, const auto& b) { return std::tie(b.first, a.second) < std::tie(a.first, b.second); });
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].second != canary.photo) continue;
    const int rank = static_cast<int>(i) + 1;
    return {rank, rank <= num_verified || candidates[i].first >= kAsGoodAsTheBest * candidates[0].first};
  }
  return {};
}

Place PlaceOf(const Snapshot& snapshot, const Canary& canary, const PhotoSet* only) {
  const auto place = [&](const auto& neighbours) {
    int rank = 0;
    for (const auto& n : neighbours) {
      if (only != nullptr && !only->Contains(n.photo)) continue;
      ++rank;
      if (n.photo == canary.photo) return Place{rank, true};
    }
    return Place{};
  };
  if (canary.by == By::kHash) {
    return place(NearestHashes(snapshot.globals, std::span(&canary.query.pdq->bits, 1),
                               {.max_neighbours = kDepth, .max_distance = 0, .min_quality = 0}));
  }
  if (canary.by == By::kVector) return place(NearestVectors(snapshot.globals, canary.query.global_descriptor, kDepth));
  return PlaceByVote(snapshot, canary, only);
}

class Test {
 public:
  Test(const Collection& collection, const Snapshot* old, const Snapshot& fresh, const PhotoSet& common,
       const GateOptions& options)
      : collection_(collection),
        old_(old),
        fresh_(fresh),
        common_(common),
        options_(options),
        random_(options.seed * 0x9E3779B97F4A7C15ull + static_cast<uint64_t>(fresh.info.number)) {}

  void DrawCanaries() {
    Draw(common_.ToVector(), options_.num_canaries, [&](const Photo& photo, Features features) {
      const bool is_copied = num_copied_ < options_.num_copied && AddCopies(photo);
      if (is_copied) ++num_copied_;
      if (features.pdq) Add({photo.id, "hash", By::kHash, false, HashOnly(features), {}});
      if (!features.global_descriptor.empty()) Add({photo.id, "vector", By::kVector, false, VectorOnly(features), {}});
      Add({photo.id, "self", By::kVote, false, std::move(features), {}});
    });
    if (old_ == nullptr) return;
    PhotoSet fresh = CoveredPhotos(collection_.catalogue, fresh_.info);
    for (const PhotoId photo : common_.ToVector()) fresh.Remove(photo);
    Draw(fresh.ToVector(), options_.num_new_canaries, [&](const Photo& photo, Features features) {
      Add({photo.id, "new", By::kVote, true, std::move(features), {}});
    });
  }

  void LookUp(int num_threads, const std::stop_token& stop, const std::function<void(int64_t, int64_t)>& progress) {
    old_places_.resize(canaries_.size());
    new_places_.resize(canaries_.size());
    std::mutex mutex;
    int64_t num_done = 0;
    WithThreads(num_threads, [&] {
      tbb::parallel_for(size_t{0}, canaries_.size(), [&](size_t i) {
        if (stop.stop_requested()) return;
        Canary& canary = canaries_[i];
        if (!canary.copy.pixels.empty()) canary.query = ExtractFeatures(canary.copy, collection_.features);
        const PhotoSet* only = canary.is_new || old_ == nullptr ? nullptr : &common_;
        if (old_ != nullptr && !canary.is_new) old_places_[i] = PlaceOf(*old_, canary, only);
        new_places_[i] = PlaceOf(fresh_, canary, only);
        const std::lock_guard lock(mutex);
        progress(++num_done, static_cast<int64_t>(canaries_.size()));
      });
    });
    if (stop.stop_requested()) {
      throw Error(ErrorCode::kCancelled,
                  "Interrupted while the new index was tested; the old one stays in use. Run the same "
                  "command again.");
    }
  }

  void Judge(GateReport* report) const {
    GateFigures copies;
    for (const char* kind : {"self", "new", "hash", "vector", "crop", "recompressed", "mirrored"}) {
      const GateFigures figures = FiguresOf(kind, report);
      if (figures.num_tried == 0) continue;
      report->figures.push_back(figures);
      const bool is_copy = IsCopy(kind);
      if (is_copy) {
        copies.num_tried += figures.num_tried;
        copies.found_old += figures.found_old;
        copies.found_new += figures.found_new;
        copies.first_old += figures.first_old;
        copies.first_new += figures.first_new;
      } else if (figures.num_lost > 0) {
        Fail(report, fmt::format("{} of {} photos are not found by their own {}", figures.num_lost, figures.num_tried,
                                 MeansOf(kind)));
      }
      const int64_t first_allowed = std::max<int64_t>(2, figures.num_tried / 20);
      if (old_ != nullptr && !is_copy && figures.first_old - figures.first_new > first_allowed) {
        Fail(report, fmt::format("{} photos, {} fewer than before, come first by their own {}", figures.first_new,
                                 figures.first_old - figures.first_new, MeansOf(kind)));
      }
    }
    if (old_ == nullptr) return;
    if (const int64_t lost = copies.found_old - copies.found_new; lost > std::max<int64_t>(1, copies.num_tried / 50)) {
      Fail(report, fmt::format("{} of {} edited copies find their photo where {} did before", copies.found_new,
                               copies.num_tried, copies.found_old));
    }
    if (const int64_t lost = copies.first_old - copies.first_new; lost > std::max<int64_t>(2, copies.num_tried / 20)) {
      Fail(report, fmt::format("{} of {} edited copies find their photo first where {} did before", copies.first_new,
                               copies.num_tried, copies.first_old));
    }
  }

 private:
  static bool IsCopy(std::string_view kind) { return kind == "crop" || kind == "recompressed" || kind == "mirrored"; }
  static const char* MeansOf(std::string_view kind) {
    return kind == "hash" ? "hash" : kind == "vector" ? "embedding" : "keypoints";
  }

  static void Fail(GateReport* report, std::string sentence) {
    report->passed = false;
    report->failures.push_back(std::move(sentence));
  }

  // `use` is given up to `wanted` photos, drawn at random, that have enough keypoints.
  template <typename Use>
  void Draw(std::vector<PhotoId> photos, int wanted, Use&& use) {
    const size_t num_draws = std::min(photos.size(), kDrawsPerCanary * static_cast<size_t>(std::max(wanted, 0)));
    for (size_t i = 0; i < num_draws && wanted > 0; ++i) {
      std::swap(photos[i], photos[i + random_() % (photos.size() - i)]);  // std::shuffle is not portable.
      try {
        const std::optional<Photo> photo = collection_.catalogue.GetPhoto(photos[i]);
        const std::optional<StoredFeatures> stored = collection_.catalogue.GetFeatures(photos[i]);
        if (!photo || !stored || stored->num_keypoints < kFewestKeypointsOfCanary) continue;
        use(*photo, FromStored(*stored, collection_.features));
        --wanted;
      } catch (const Error& e) {
        if (e.code() != ErrorCode::kCorrupt) throw;  // Damaged features are no canary; 'check' reports them.
      }
    }
  }

  void Add(Canary canary) { canaries_.push_back(std::move(canary)); }

  static Features HashOnly(const Features& features) {
    Features only;
    only.pdq = features.pdq;
    return only;
  }
  static Features VectorOnly(const Features& features) {
    Features only;
    only.global_descriptor = features.global_descriptor;
    return only;
  }

  // False if the thumbnail is lost; 'check' reports that.
  bool AddCopies(const Photo& photo) {
    try {
      DecodeOptions decode;
      decode.min_side_px = 1;
      const DecodeResult decoded =
          Decode(ReadFile(collection_.paths.thumbnail(photo.sha256), kMaxThumbnailBytes), decode);
      if (!decoded.image) return false;
      for (CanaryCopy& copy : MakeCanaryCopies(*decoded.image)) {
        Add({photo.id, copy.edit, By::kVoteInBothOrientations, false, {}, std::move(copy.image)});
      }
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  GateFigures FiguresOf(const std::string& kind, GateReport* report) const {
    GateFigures figures;
    figures.canary = kind;
    for (size_t i = 0; i < canaries_.size(); ++i) {
      if (canaries_[i].kind != kind) continue;
      const Place& before = old_places_[i];
      const Place& now = new_places_[i];
      ++figures.num_tried;
      figures.found_old += before.found ? 1 : 0;
      figures.found_new += now.found ? 1 : 0;
      figures.first_old += before.rank == 1 ? 1 : 0;
      figures.first_new += now.rank == 1 ? 1 : 0;
      const bool was_due = old_ == nullptr || canaries_[i].is_new ? !IsCopy(kind) : before.found;
      const bool is_lost = was_due && !now.found;
      figures.num_lost += is_lost ? 1 : 0;
      const bool fell_behind = before.rank == 1 && now.rank != 1;
      if ((!is_lost && !fell_behind) || report->lost.size() == kMaxLostNamed) continue;
      const std::optional<Photo> photo = collection_.catalogue.GetPhoto(canaries_[i].photo);
      report->lost.push_back({canaries_[i].photo, photo ? photo->sha256 : Sha256{}, kind, before.rank, now.rank});
    }
    return figures;
  }

  const Collection& collection_;
  const Snapshot* const old_;
  const Snapshot& fresh_;
  const PhotoSet& common_;
  const GateOptions& options_;
  std::mt19937_64 random_;
  int num_copied_ = 0;
  std::vector<Canary> canaries_;
  std::vector<Place> old_places_, new_places_;
};

}  // namespace

GateReport TestSnapshot(const Collection& collection, const Snapshot* old, const Snapshot& fresh,
                        const PhotoSet& common, const GateOptions& options, int num_threads, std::stop_token stop,
                        const std::function<void(int64_t, int64_t)>& progress) {
  const auto start = std::chrono::steady_clock::now();
  GateReport report;
  report.old_number = old != nullptr ? old->info.number : 0;
  report.new_number = fresh.info.number;
  Test test(collection, old, fresh, common, options);
  test.DrawCanaries();
  test.LookUp(num_threads, stop, progress);
  test.Judge(&report);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace pugmark
