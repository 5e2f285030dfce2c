// SPDX-License-Identifier: Apache-2.0
#include "engine/link/match.h"

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "engine/collection/coverage.h"
#include "engine/collection/threads.h"
#include "engine/search/pair.h"
#include "engine/search/query.h"
#include "engine/search/verdict.h"
#include "index/base/error.h"
#include "index/vectors/shortlist.h"

namespace pugmark {
namespace {

// As a search: what is expected more often by chance is not looked at further.
constexpr double kMaxExpectedFalseHits = 0.2;

// A copy that was edited hard (a photo of a screen, noise, a tint) is called the same object by the verdict, which
// leaves a person to see that it is a copy. A link must not take it for a second photo of the thing: what keeps to one
// plane as copies do, over a good part of what both show, counts as a copy. Of 300 links in a market where hardly
// anything was photographed twice this caught 147, of 257 among the staged ads, where nearly everything was, 37.
constexpr float kCopyError_px = 1.0f;
constexpr float kCopyShare = 0.25f;

bool MayBeCopy(const Hit& hit) {
  return hit.median_error_px.value_or(2 * kCopyError_px) <= kCopyError_px && hit.density >= kCopyShare;
}

// n keypoints, evenly drawn: of a photo in parts each part keeps its share.
Features Thinned(const Features& features, int n) {
  const size_t size = features.size(), kept = std::min(size, static_cast<size_t>(n));
  Features thinned;
  thinned.width_px = features.width_px;
  thinned.height_px = features.height_px;
  for (size_t i = 0; i < kept; ++i) {
    const size_t from = i * size / kept;
    thinned.keypoints.push_back(features.keypoints[from]);
    const std::span<const uint8_t> descriptor = features.descriptor(from);
    thinned.descriptors.insert(thinned.descriptors.end(), descriptor.begin(), descriptor.end());
  }
  return thinned;
}

struct Suspect {
  PhotoId photo;
  bool mirrored = false;
  float score = 0;
};

}  // namespace

struct PhotoMatcher::Impl {
  MatchOptions options;
  CollectionPaths paths;
  FeatureOptions features;
  std::optional<Snapshot> snapshot;
  // SQLite connections are for one thread at a time.
  mutable tbb::enumerable_thread_specific<Catalogue> catalogues;

  Impl(const Collection& collection, const MatchOptions& match)
      : options(match),
        paths(collection.paths),
        features(collection.features),
        snapshot(OpenCurrentSnapshot(collection.paths)),
        catalogues(
            [database = collection.paths.catalogue()] { return Catalogue(database, Catalogue::Access::kRead); }) {
    if (snapshot) RequireUsable(snapshot->info, collection);
  }

  // nullopt: it is gone, or described by another extractor.
  std::optional<Features> FeaturesOf(const Catalogue& catalogue, PhotoId photo) const {
    const std::optional<StoredFeatures> stored = catalogue.GetFeatures(photo);
    if (!stored || stored->extractor != snapshot->info.extractor) return std::nullopt;
    return WithoutFurniture(FromStored(*stored, features), photo, snapshot->furniture);
  }

  std::vector<Suspect> Suspects(const Features& query, const Features& mirrored, PhotoId photo) const {
    ShortlistOptions shortlist;
    shortlist.max_candidates = options.max_candidates;
    shortlist.words_per_keypoint = 1;
    shortlist.before = photo;
    std::vector<Suspect> suspects;
    for (const bool is_mirrored : {false, true}) {
      const Features f =
          is_mirrored ? Thinned(mirrored, options.num_voting_mirrored) : Thinned(query, options.num_voting);
      for (const Candidate& c :
           Shortlist(snapshot->codebook, snapshot->parts, f.descriptors, GeometryOf(f), shortlist)) {
        if (c.score >= options.min_score) suspects.push_back({c.photo, is_mirrored, c.score});
      }
    }
    std::sort(suspects.begin(), suspects.end(), [](const Suspect& a, const Suspect& b) {
      return std::tie(b.score, a.photo, a.mirrored) < std::tie(a.score, b.photo, b.mirrored);
    });
    if (suspects.size() > static_cast<size_t>(options.max_candidates)) {
      suspects.resize(static_cast<size_t>(options.max_candidates));
    }
    return suspects;
  }

  // A pair that passed verification, judged with the pixels of both; nothing if it is no more than a look-alike.
  std::optional<PhotoLink> Judge(const Catalogue& catalogue, const Suspect& suspect, const Verification& verification,
                                 const Photo& photo, const Features& query, const std::optional<Image>& image,
                                 const Features& other_features) const {
    const std::optional<Photo> other = catalogue.GetPhoto(suspect.photo);
    if (!other) return std::nullopt;
    const std::optional<Image> other_image = StoredThumbnail(paths, other->sha256);
    const std::optional<Hit> hit = DescribePair(
        verification, suspect.mirrored, {&query, image ? &*image : nullptr, WholeOf(photo.width_px, photo.height_px)},
        {&other_features, other_image ? &*other_image : nullptr, WholeOf(other->width_px, other->height_px)},
        snapshot->info.num_photos);
    if (!hit || !IsAlert(hit->verdict)) return std::nullopt;
    PhotoLink link;
    link.low = suspect.photo;
    link.high = photo.id;
    link.verdict = VerdictName(MayBeCopy(*hit) ? Verdict::kSamePhoto : hit->verdict);
    link.probability = hit->probability;
    link.log10_nfa = hit->log10_nfa;
    link.num_inliers = hit->num_inliers;
    link.mirrored = hit->mirrored;
    return link;
  }

  PhotoMatches Match(PhotoId id) const {
    PhotoMatches matches;
    matches.photo = id;
    if (!snapshot) return matches;
    const Catalogue& catalogue = catalogues.local();
    const auto guarded = [&](const auto& body) {
      try {
        body();
      } catch (const Error& e) {
        if (e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kUnsupported) throw;
        matches.is_damaged = true;
      }
    };
    guarded([&] {
      const std::optional<Photo> photo = catalogue.GetPhoto(id);
      const std::optional<Features> query = photo ? FeaturesOf(catalogue, id) : std::nullopt;
      if (!query || query->size() == 0) return;
      const Features mirrored = MirrorFeatures(*query);
      std::optional<std::optional<Image>> image;  // Read when the first pair passes.
      std::map<PhotoId, PhotoLink> links;
      int num_failures = 0;
      for (const Suspect& suspect : Suspects(*query, mirrored, id)) {
        if (num_failures == options.max_failures) break;
        guarded([&] {
          const std::optional<Features> other = FeaturesOf(catalogue, suspect.photo);
          if (!other) return;
          ++matches.num_verified;
          ++num_failures;
          const Verification v =
              Verify(options.verify, suspect.mirrored ? mirrored : *query, *other, snapshot->info.num_photos);
          if (v.inliers.empty() || ExpectedFalseHits(v.log10_nfa, snapshot->info.num_photos) > kMaxExpectedFalseHits)
            return;
          if (!image) image = StoredThumbnail(paths, photo->sha256);
          std::optional<PhotoLink> link = Judge(catalogue, suspect, v, *photo, *query, *image, *other);
          if (!link) return;
          num_failures = 0;
          // Both orientations may pass; the better evidence stays.
          const auto [place, is_new] = links.try_emplace(suspect.photo, *link);
          if (!is_new && link->log10_nfa < place->second.log10_nfa) place->second = std::move(*link);
        });
      }
      for (auto& entry : links) matches.links.push_back(std::move(entry.second));
    });
    return matches;
  }
};

PhotoMatcher::PhotoMatcher(const std::filesystem::path& collection, const MatchOptions& options)
    : impl_(std::make_unique<Impl>(OpenCollection(collection, Catalogue::Access::kRead), options)) {}
PhotoMatcher::~PhotoMatcher() = default;

int64_t PhotoMatcher::snapshot() const { return impl_->snapshot ? impl_->snapshot->info.number : 0; }
PhotoId PhotoMatcher::last_photo() const { return impl_->snapshot ? impl_->snapshot->info.last_photo : PhotoId{}; }

PhotoMatches PhotoMatcher::Match(PhotoId photo) const { return impl_->Match(photo); }

void PhotoMatcher::MatchAll(const std::vector<PhotoId>& photos, int num_threads, std::stop_token stop,
                            const std::function<void(const PhotoMatches&)>& done) const {
  ForEachInOrder<PhotoMatches>(
      photos.size(), num_threads, stop, [&](size_t i) { return Match(photos[i]); }, done);
}

}  // namespace pugmark
