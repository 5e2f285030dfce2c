// SPDX-License-Identifier: Apache-2.0
#include "engine/search/search.h"

#include <fmt/format.h>
#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <unordered_set>

#include "engine/collection/coverage.h"
#include "engine/collection/threads.h"
#include "engine/search/pair.h"
#include "engine/search/query.h"
#include "engine/search/verdict.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

// A candidate of either orientation, still to be verified.
struct Suspect {
  PhotoId photo;
  bool mirrored = false;
  float score = 0;
};

struct Verified {
  Suspect suspect;
  Verification verification;
  Features features;  // Of the photo.
};

}  // namespace

bool IsDismissed(const Hit& hit) { return hit.review && hit.review->answer == Answer::kNo; }

int ReviewRank(const Hit& hit) {
  if (IsDismissed(hit)) return 2;
  return hit.verdict == Verdict::kSameFile || (hit.review && hit.review->answer == Answer::kYes) ? 0 : 1;
}

bool IsAlert(const Hit& hit) {
  if (hit.review && hit.review->answer != Answer::kUnsure) return hit.review->answer == Answer::kYes;
  return IsAlert(hit.verdict);
}

struct Searcher::Impl {
  SearchOptions options;
  CollectionPaths paths;
  FeatureOptions features;
  std::shared_ptr<const Embedding> embedding;  // Null if there is none.
  std::optional<Snapshot> snapshot;
  int64_t num_unindexed = 0;
  // SQLite connections are for one thread at a time.
  mutable tbb::enumerable_thread_specific<Catalogue> catalogues;

  Impl(const Collection& collection, const SearchOptions& search)
      : options(search),
        paths(collection.paths),
        features(collection.features),
        embedding(LoadEmbedding(collection.paths, collection.embedding)),
        snapshot(search.snapshot ? OpenSnapshot(collection.paths, *search.snapshot)
                                 : OpenCurrentSnapshot(collection.paths)),
        catalogues([database = collection.paths.catalogue()] { return Catalogue(database, Catalogue::Access::kRead); }) {
    if (snapshot) RequireUsable(snapshot->info, collection);
    const Coverage coverage = CoverageOf(collection.catalogue, features, snapshot ? &snapshot->info : nullptr);
    num_unindexed = coverage.num_unindexed + coverage.num_older_features;
  }

  int64_t NumPhotos() const { return snapshot ? snapshot->info.num_photos : 0; }

  QueryResult NewResult() const {
    QueryResult result;
    result.snapshot = snapshot ? snapshot->info.number : 0;
    result.num_photos = NumPhotos();
    return result;
  }

  // What the vote names, then those of the doors that it does not name.
  std::vector<Suspect> Suspects(const Features& query, const Features& mirrored, const std::vector<DoorCandidate>& doors,
                                size_t max_candidates) const {
    std::vector<Suspect> suspects;
    if (!snapshot || query.size() == 0) return suspects;
    for (const bool is_mirrored : {false, true}) {
      const Features& f = is_mirrored ? mirrored : query;
      for (const Candidate& c :
           Shortlist(snapshot->codebook, snapshot->parts, f.descriptors, GeometryOf(f), options.shortlist)) {
        suspects.push_back({c.photo, is_mirrored, c.score});
      }
    }
    std::sort(suspects.begin(), suspects.end(), [](const Suspect& a, const Suspect& b) {
      return std::tie(b.score, a.photo, a.mirrored) < std::tie(a.score, b.photo, b.mirrored);
    });
    if (suspects.size() > max_candidates) suspects.resize(max_candidates);
    for (const DoorCandidate& c : doors) {
      const bool known = std::any_of(suspects.begin(), suspects.end(), [&](const Suspect& s) {
        return s.photo == c.photo && s.mirrored == c.mirrored;
      });
      if (!known) suspects.push_back({c.photo, c.mirrored, 0});
    }
    return suspects;
  }

  // image: without pixels if a catalogued query has lost its thumbnail.
  std::vector<DoorCandidate> Doors(const Image& image) const {
    if (!snapshot || image.pixels.empty()) return {};
    return DoorCandidates(*snapshot, embedding.get(), image, options.doors);
  }

  // What passes, the better orientation of each photo, best first.
  std::vector<Verified> VerifyAll(const std::vector<Suspect>& suspects, const Features& query, const Features& mirrored,
                                  const Catalogue& catalogue, std::unordered_set<PhotoId>* damaged,
                                  const QueryResult& result) const {
    std::vector<Verified> passed;
    std::unordered_map<PhotoId, size_t> seen;
    for (const Suspect& suspect : suspects) {
      Features photo;
      try {
        const std::optional<StoredFeatures> stored = catalogue.GetFeatures(suspect.photo);
        if (!stored) continue;  // Removed since the snapshot was published.
        photo = WithoutFurniture(FromStored(*stored, features), suspect.photo, snapshot->furniture);
      } catch (const Error& e) {
        if (e.code() == ErrorCode::kUnsupported) continue;  // Described by another extractor since.
        if (e.code() != ErrorCode::kCorrupt) throw;
        damaged->insert(suspect.photo);  // One photo's damage must not hide the others.
        continue;
      }
      Verification v = Verify(options.verify, suspect.mirrored ? mirrored : query, photo, NumPhotos());
      if (options.on_verified) options.on_verified(result, suspect.photo, v);
      if (v.inliers.empty() || ExpectedFalseHits(v.log10_nfa, NumPhotos()) > options.max_expected_false_hits) continue;
      Verified verified{suspect, std::move(v), std::move(photo)};
      const auto [place, is_new] = seen.try_emplace(suspect.photo, passed.size());
      if (is_new) {
        passed.push_back(std::move(verified));
      } else if (verified.verification.log10_nfa < passed[place->second].verification.log10_nfa) {
        passed[place->second] = std::move(verified);
      }
    }
    std::stable_sort(passed.begin(), passed.end(), [](const Verified& a, const Verified& b) {
      return a.verification.log10_nfa < b.verification.log10_nfa;
    });
    return passed;
  }

  // Adds what the catalogue knows of the photo.
  static void AddListings(const Catalogue& catalogue, Photo photo, Hit* hit) {
    hit->banks = catalogue.BanksOf(photo.id);
    hit->sightings = catalogue.SightingsOf(photo.id);
    hit->photo = std::move(photo);
  }

  QueryResult SearchStored(PhotoId id, const Origin& origin) const;

  std::optional<Hit> ToHit(const Catalogue& catalogue, const Verified& verified, Photo photo, const Described& query) const {
    const std::optional<Image> thumbnail = StoredThumbnail(paths, photo.sha256);
    std::optional<Hit> hit = DescribePair(
        verified.verification, verified.suspect.mirrored, query.side(),
        {&verified.features, thumbnail ? &*thumbnail : nullptr, WholeOf(photo.width_px, photo.height_px)}, NumPhotos());
    if (hit) AddListings(catalogue, std::move(photo), &*hit);
    return hit;
  }

  // Adds the hits of one look at the query; of a photo that an earlier look has found, the better hit stays.
  void Look(const Described& query, const std::vector<DoorCandidate>& doors, std::optional<PhotoId> same_file,
            int max_candidates, const Catalogue& catalogue, QueryResult* result) const {
    const Features mirrored = MirrorFeatures(query.features);
    const std::vector<Suspect> suspects = Suspects(query.features, mirrored, doors, static_cast<size_t>(max_candidates));
    std::unordered_set<PhotoId> damaged;  // A photo may be a candidate in both orientations.
    for (const Verified& verified : VerifyAll(suspects, query.features, mirrored, catalogue, &damaged, *result)) {
      if (verified.suspect.photo == same_file) continue;
      std::optional<Hit> hit;
      try {
        std::optional<Photo> photo = catalogue.GetPhoto(verified.suspect.photo);
        if (photo) hit = ToHit(catalogue, verified, std::move(*photo), query);
      } catch (const Error& e) {
        if (e.code() != ErrorCode::kCorrupt) throw;
        damaged.insert(verified.suspect.photo);  // No hit with a seller or a date that nobody wrote.
      }
      if (!hit) continue;
      const auto earlier = std::find_if(result->hits.begin(), result->hits.end(),
                                        [&](const Hit& h) { return h.photo.id == hit->photo.id; });
      if (earlier == result->hits.end()) {
        result->hits.push_back(std::move(*hit));
      } else if (IsBetter(*hit, *earlier)) {
        *earlier = std::move(*hit);
      }
    }
    result->num_damaged = std::max(result->num_damaged, static_cast<int>(damaged.size()));
  }

  static bool IsBetter(const Hit& a, const Hit& b) {
    return std::tie(a.verdict, a.log10_nfa) < std::tie(b.verdict, b.log10_nfa);
  }

  void AddSameFile(std::optional<PhotoId> same_file, const Catalogue& catalogue, QueryResult* result) const {
    if (!same_file) return;
    try {
      if (std::optional<Photo> photo = catalogue.GetPhoto(*same_file)) {
        // A damaged index may name another photo.
        if (result->sha256 && photo->sha256 != *result->sha256) throw Error(ErrorCode::kCorrupt, "Another photo.");
        Hit hit = SameFileHit(*photo);
        AddListings(catalogue, std::move(*photo), &hit);
        result->hits.push_back(std::move(hit));
      }
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kCorrupt) throw;
      result->num_damaged = std::max(result->num_damaged, 1);
    }
  }

  // Of a query that is catalogued itself. None if what is stored of them is damaged.
  static std::vector<Sighting> SoundSightings(const Catalogue& catalogue, PhotoId photo, QueryResult* result) {
    try {
      return catalogue.SightingsOf(photo);
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kCorrupt) throw;
      result->num_damaged = std::max(result->num_damaged, 1);
      return {};
    }
  }

  // Whether a closer look may find what the first did not: nothing was recognised, and the query has more detail than was
  // described. Tiles of collages and pasted pictures are small in a query at working size.
  bool NeedsCloserLook(const QueryResult& result) const {
    if (!result.error_code.empty() || !snapshot) return false;
    if (std::any_of(result.hits.begin(), result.hits.end(), [](const Hit& h) { return IsAlert(h.verdict); }))
      return false;  // Whatever a person said: the machine found it.
    return std::max(result.width_px, result.height_px) * 4 > features.working_size_px * 5 ||
           result.num_keypoints >= features.max_keypoints;
  }

  FeatureOptions CloserLook() const {
    FeatureOptions closer = features;
    closer.working_size_px = std::min(2 * features.working_size_px, kMaxWorkingSize_px);
    closer.max_keypoints = std::min(3 * features.max_keypoints, kMostKeypoints);
    return closer;
  }

  // What people said of the query and its hits. What they confirmed and the machine did not find joins the hits.
  static void ApplyReviews(const Catalogue& catalogue, QueryResult* result) {
    for (Hit& hit : result->hits) {
      hit.machine_verdict = hit.verdict;
      hit.machine_probability = hit.probability;
    }
    if (!result->sha256) return;
    for (Review& review : Reviews(catalogue).LatestOf(*result->sha256)) {
      const Sha256& other = review.other(*result->sha256);
      auto hit =
          std::find_if(result->hits.begin(), result->hits.end(), [&](const Hit& h) { return h.photo.sha256 == other; });
      if (hit == result->hits.end()) {
        if (review.answer != Answer::kYes) continue;
        const std::optional<PhotoId> id = catalogue.FindPhoto(other);
        std::optional<Photo> photo = id ? catalogue.GetPhoto(*id) : std::nullopt;
        if (!photo) continue;
        hit = result->hits.insert(result->hits.end(), Hit{});
        AddListings(catalogue, std::move(*photo), &*hit);
      } else if (review.answer == Answer::kNo) {
        hit->verdict = Verdict::kLookAlike;
        hit->probability = 0;
      }
      hit->review = std::move(review);
    }
  }

  // Drops what the filter forbids, puts the rest in order and cuts it off.
  void Finish(const Origin& origin, const Catalogue& catalogue, QueryResult* result) const {
    ApplyReviews(catalogue, result);
    result->num_hits_left_out = static_cast<int>(
        std::erase_if(result->hits, [&](Hit& hit) { return !Passes(options.filter, origin, &hit); }));
    std::stable_sort(result->hits.begin(), result->hits.end(), IsBetter);
    std::stable_sort(result->hits.begin(), result->hits.end(),
                     [](const Hit& a, const Hit& b) { return ReviewRank(a) < ReviewRank(b); });
    if (result->hits.size() > static_cast<size_t>(options.max_hits)) {
      result->hits.resize(static_cast<size_t>(options.max_hits));
    }
    for (size_t i = 0; i < result->hits.size(); ++i) result->hits[i].rank = static_cast<int>(i) + 1;
  }

  // False, and an error of the result: the filter asks for what is not known of the query.
  bool CanFilter(const Origin& origin, QueryResult* result) const {
    std::string missing = WhatIsMissing(options.filter, origin);
    if (missing.empty()) return true;
    result->error_code = ErrorCodeName(ErrorCode::kInvalidArgument);
    result->error = std::move(missing);
    return false;
  }
};

Searcher::Searcher(const std::filesystem::path& collection, const SearchOptions& options)
    : impl_(std::make_unique<Impl>(OpenCollection(collection, Catalogue::Access::kRead), options)) {
  if (!options.filter.before.empty()) RequireDay(options.filter.before);
  RequireBanks(options.filter, impl_->catalogues.local());
}
Searcher::~Searcher() = default;

const CollectionPaths& Searcher::paths() const { return impl_->paths; }
int64_t Searcher::snapshot() const { return impl_->snapshot ? impl_->snapshot->info.number : 0; }
PhotoId Searcher::last_photo() const { return impl_->snapshot ? impl_->snapshot->info.last_photo : PhotoId{}; }
int64_t Searcher::num_unindexed() const { return impl_->num_unindexed; }

QueryResult Searcher::Search(const std::filesystem::path& photo) const {
  QueryResult result = impl_->NewResult();
  ReadQuery(photo, [&](std::span<const uint8_t> bytes) {
    const Catalogue& catalogue = impl_->catalogues.local();
    const std::optional<PhotoId> same_file = catalogue.FindPhoto(*result.sha256);
    const Origin origin =
        OriginOf(impl_->options.filter, same_file ? impl_->SoundSightings(catalogue, *same_file, &result) : std::vector<Sighting>());
    std::optional<Described> query = DescribeQuery(bytes, impl_->features, impl_->options.regions, &result);
    if (!query || !impl_->CanFilter(origin, &result)) return;
    impl_->AddSameFile(same_file, catalogue, &result);
    // The picture as a whole stays the same however close one looks.
    const std::vector<DoorCandidate> doors = impl_->Doors(query->image);
    impl_->Look(*query, doors, same_file, impl_->options.shortlist.max_candidates, catalogue, &result);
    if (impl_->NeedsCloserLook(result)) {
      QueryResult scratch;  // What DescribeQuery says of the query has been said.
      query = DescribeQuery(bytes, impl_->CloserLook(), impl_->options.regions, &scratch);
      // Three times the keypoints cost three times as much for each candidate; the vote of so many puts the right one first.
      const int max_candidates = std::max(1, impl_->options.shortlist.max_candidates / 3);
      if (query) impl_->Look(*query, doors, same_file, max_candidates, catalogue, &result);
    }
    impl_->Finish(origin, catalogue, &result);
  }, &result);
  return result;
}

QueryResult Searcher::Impl::SearchStored(PhotoId id, const Origin& origin) const {
  const auto start = std::chrono::steady_clock::now();
  QueryResult result = NewResult();
  const Catalogue& catalogue = catalogues.local();
  const std::optional<Photo> photo = catalogue.GetPhoto(id);
  if (!photo) {  // Removed since the listing was looked up.
    result.error_code = ErrorCodeName(ErrorCode::kNotFound);
    result.error = "It is no longer in the collection.";
    return result;
  }
  result.path = photo->path;
  result.sha256 = photo->sha256;
  result.width_px = photo->width_px;
  result.height_px = photo->height_px;
  try {
    const std::optional<StoredFeatures> stored = catalogue.GetFeatures(id);
    if (!stored) throw Error(ErrorCode::kCorrupt, "Its features are missing from the catalogue.");
    Described query;
    query.features = FromStored(*stored, features);
    query.place = WholeOf(photo->width_px, photo->height_px);
    if (std::optional<Image> thumbnail = StoredThumbnail(paths, photo->sha256)) query.image = std::move(*thumbnail);
    result.num_keypoints = static_cast<int>(query.features.size());
    if (!CanFilter(origin, &result)) return result;
    AddSameFile(id, catalogue, &result);
    Look(query, Doors(query.image), id, options.shortlist.max_candidates, catalogue, &result);
    Finish(origin, catalogue, &result);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kUnsupported) throw;
    result.error_code = ErrorCodeName(e.code());
    result.error = e.what();
  }
  result.elapsed_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return result;
}

void Searcher::SearchAll(const std::vector<std::filesystem::path>& photos, int num_threads, std::stop_token stop,
                         const std::function<void(const QueryResult&)>& done) const {
  const auto search = [&](size_t i) { return Search(photos[i]); };
  ForEachInOrder<QueryResult>(photos.size(), num_threads, stop, search, done);
}

QueryResult Searcher::SearchCatalogued(PhotoId photo) const {
  const Catalogue& catalogue = impl_->catalogues.local();
  return impl_->SearchStored(photo, OriginOf(impl_->options.filter, catalogue.SightingsOf(photo)));
}

Searcher::ListingPhotos Searcher::FindListing(const std::string& platform, const std::string& external_id) const {
  const Catalogue& catalogue = impl_->catalogues.local();
  ListingPhotos found;
  found.photos = catalogue.PhotosOfListing(platform, external_id);
  for (const PhotoId photo : found.photos) {
    for (Sighting& sighting : catalogue.SightingsOf(photo)) {
      if (sighting.listing.platform != platform || sighting.listing.external_id != external_id) continue;
      found.listing = std::move(sighting.listing);
      return found;
    }
  }
  throw Error(ErrorCode::kNotFound, fmt::format("There is no listing '{}' of platform '{}' in the collection.",
                                                EscapeText(external_id), EscapeText(platform)));
}

void Searcher::SearchListing(const ListingPhotos& listing, int num_threads, std::stop_token stop,
                             const std::function<void(const QueryResult&)>& done) const {
  Sighting own;
  own.listing = listing.listing;
  Origin origin = OriginOf(impl_->options.filter, {own});
  origin.listing = listing.listing;
  const auto search = [&](size_t i) { return impl_->SearchStored(listing.photos[i], origin); };
  ForEachInOrder<QueryResult>(listing.photos.size(), num_threads, stop, search, done);
}

void Searcher::SearchPhotos(const std::vector<PhotoId>& photos, int num_threads, std::stop_token stop,
                            const std::function<void(const QueryResult&)>& done) const {
  const auto search = [&](size_t i) {
    const Catalogue& catalogue = impl_->catalogues.local();
    return impl_->SearchStored(photos[i], OriginOf(impl_->options.filter, catalogue.SightingsOf(photos[i])));
  };
  ForEachInOrder<QueryResult>(photos.size(), num_threads, stop, search, done);
}

}  // namespace pugmark
