// SPDX-License-Identifier: Apache-2.0
//
// Reverse search: a photo goes in, ranked earlier sightings come out, each with a verdict, a probability and evidence.
//
// SHA-256 look-up → features → shortlist, for the photo and for its mirror image, and what resembles it as a whole →
// verification of each candidate → agreement of the aligned pixels → verdict. Candidates are verified from their stored
// features; of the few that pass, the stored thumbnail is read. Original photos are never opened.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/collection/collection.h"
#include "engine/search/doors.h"
#include "engine/search/filter.h"
#include "engine/search/regions.h"
#include "engine/verify/verify.h"
#include "index/catalogue/reviews.h"
#include "index/snapshots/snapshots.h"
#include "index/vectors/shortlist.h"

namespace pugmark {

// Strongest first. design.md section 5.
enum class Verdict { kSameFile, kSamePhoto, kSameObject, kSameScene, kLookAlike, kNone };
// Strong enough to tell somebody: same-scene or better.
constexpr bool IsAlert(Verdict verdict) { return verdict <= Verdict::kSameScene; }
std::string_view VerdictName(Verdict verdict);  // "same-file", "same-photo", ...
// One plain sentence for a reader who is no engineer.
std::string_view VerdictMeaning(Verdict verdict);

struct QueryResult;

struct SearchOptions {
  int max_hits = 20;                    // [1, 10000].
  ShortlistOptions shortlist;
  DoorOptions doors;  // Candidates beside the shortlist's.
  VerifyOptions verify;
  // Candidates with a larger expected number of false hits are not reported at all. The default lets one doubtful look-alike
  // through in five queries; same-scene and better need far more (verdict.cc).
  double max_expected_false_hits = 0.2;
  // For measuring: every candidate as it was verified, passed or not. Called from the threads that search.
  std::function<void(const QueryResult&, PhotoId, const Verification&)> on_verified;
  QueryRegions regions;  // What of each query is searched for. Its bytes are looked up whole.
  HitFilter filter;      // Applied to what was verified, before max_hits.
  std::optional<int64_t> snapshot;  // Search this one, if it is still kept. Nothing: the current one.
};

// A line of the evidence: the same detail in both photos, in pixels of the upright originals.
struct InlierPair {
  float query_x_px = 0, query_y_px = 0, photo_x_px = 0, photo_y_px = 0;
};

struct Hit {
  int rank = 0;  // 1 is best.
  Verdict verdict = Verdict::kNone;
  double probability = 0;          // That the verdict is right. [0, 1]. docs/measuring.md, "Probabilities".
  double expected_false_hits = 0;  // Unrelated photos of this collection that one query would match this well. At least
                                   // 1e-9 unless the bytes are the same: nobody has measured less.
  double log10_nfa = 0;            // What hits of one verdict are ranked by: theory, further than measurement reaches.
  int num_inliers = 0;
  int num_cells = 0;               // Distinct places the inliers occupy.
  float density = 0;               // [0, 1]: share of the places in the common part whose detail was found again.
  float distinctness = 0;          // [0, 1]: of what was found, the share that is like nothing else in the photos. Goods of
                                   // one make agree in shape, with low distinctness.
  int num_confirmed = 0;           // Of num_cells: beyond doubt, being clearly nearer than anything elsewhere in the photo and
                                   // displaced as their neighbours are.
  double strength = 0;             // Of the evidence for one thing and against two of one make (verdict.h); what
                                   // probability is read from.
  std::optional<float> median_error_px;  // Of the matched details from one plane, pixels of the working images; nothing if
                                         // no plane explains them. Edited copies keep to about 0.2.
  bool mirrored = false;           // The query's mirror image matched.
  float agreeing_pixels = 0;       // [0, 1]: share of the aligned blocks that agree.
  // What a person said of the query and this photo, if anybody did. After a "no" the verdict is look-alike and the
  // probability 0; the machine's are below. A "yes" leaves them as they are, also kNone where the machine does not find the
  // photo.
  std::optional<Review> review;
  Verdict machine_verdict = Verdict::kNone;  // As `verdict` and `probability` would be without the review.
  double machine_probability = 0;
  Photo photo;
  std::vector<Catalogue::BankName> banks;
  std::vector<Sighting> sightings;
  int num_sightings_left_out = 0;  // By the filter.
  float query_overlap = 0;         // [0, 1]: share of the query, or of its region of interest, that the photo covers.
  float photo_overlap = 0;
  Region query_region;             // Where the matched details lie, pixels of the upright original query.
  Region photo_region;
  Transform photo_from_query{};    // Pixels of the upright originals; of the unmirrored query.
  std::vector<InlierPair> inliers;
};

// Whether a person has said that it is not the same.
bool IsDismissed(const Hit& hit);
// Strong enough to tell somebody, by the machine's verdict or by a person's.
bool IsAlert(const Hit& hit);
// 0: a person confirmed it, or it is the same bytes; 1: nobody has decided; 2: dismissed. Hits are ranked by this first.
int ReviewRank(const Hit& hit);

struct QueryResult {
  std::filesystem::path path;  // As given; of a catalogued photo: where it was when it was ingested.
  std::optional<Sha256> sha256;
  int width_px = 0, height_px = 0;  // Upright original.
  std::optional<Region> roi;        // What of the query was searched for, pixels of the upright original. Else the whole.
  std::vector<Region> excluded;     // Without these.
  int num_keypoints = 0;
  int64_t snapshot = 0;      // 0: nothing has been indexed yet.
  int64_t num_photos = 0;    // Photos that were searched.
  double elapsed_ms = 0;
  // Best first: what a person confirmed, then by verdict, then what a person dismissed.
  std::vector<Hit> hits;
  int num_hits_left_out = 0;  // By the filter.
  // Candidates of which the stored features or rows are damaged, and which are not reported: a hit may be missing. 'pugmark check'
  // names them.
  int num_damaged = 0;
  // A query that could not be read; the fields above are as far as they were known.
  std::string error_code;    // Empty: it could. "not_an_image", "io", ...
  std::string error;         // One sentence.
};

// Threads: one Searcher may be used from any number of threads at once; each gets its own connection.
class Searcher {
 public:
  // Throws Error as OpenCollection and OpenCurrentSnapshot do, Error(kUnsupported) if the snapshot was made with other
  // features than the collection now uses, and Error(kInvalidArgument) if the filter names an unknown bank or no day.
  Searcher(const std::filesystem::path& collection, const SearchOptions& options);
  ~Searcher();
  Searcher(const Searcher&) = delete;
  Searcher& operator=(const Searcher&) = delete;

  // Never throws for what the file holds; a file that cannot be read is a result with an error. So is one of which a
  // region is outside, or whose platform or seller the filter asks for and nobody knows ("invalid_argument").
  // Cost: docs/measuring.md.
  QueryResult Search(const std::filesystem::path& photo) const;

  // Searches all photos, num_threads at a time, and calls `done` with each result in the order of `photos`, from one
  // thread at a time. Stops early, after the photos begun, if `stop` is requested.
  void SearchAll(const std::vector<std::filesystem::path>& photos, int num_threads, std::stop_token stop,
                 const std::function<void(const QueryResult&)>& done) const;

  // A catalogued photo as query, by its stored features and thumbnail. The photo itself is among the hits, as same-file.
  // A result with the error "not_found" or "corrupt" if it is gone or damaged. Regions do not apply.
  QueryResult SearchCatalogued(PhotoId photo) const;

  // The photos of a catalogued listing, whoever is named as its seller. Throws Error(kNotFound) if there is none.
  struct ListingPhotos {
    Listing listing;
    std::vector<PhotoId> photos;
  };
  ListingPhotos FindListing(const std::string& platform, const std::string& external_id) const;

  // As SearchAll, for the photos of a listing, whose own sightings are left out of the hits. Stored features and thumbnails
  // are used: original files are not needed, and have not changed. A photo's features that are damaged are a result with
  // the error "corrupt". Regions do not apply.
  void SearchListing(const ListingPhotos& listing, int num_threads, std::stop_token stop,
                     const std::function<void(const QueryResult&)>& done) const;

  // As SearchAll, for catalogued photos, from what the catalogue holds of them. Their own sightings count; the photo itself
  // is among its hits, as same-file.
  void SearchPhotos(const std::vector<PhotoId>& photos, int num_threads, std::stop_token stop,
                    const std::function<void(const QueryResult&)>& done) const;

  const CollectionPaths& paths() const;
  // The snapshot that is searched. Number 0: none.
  int64_t snapshot() const;
  // Every catalogued photo up to this one is searched. Invalid without a snapshot.
  PhotoId last_photo() const;
  // Photos that are catalogued but not in the index: they are found by their bytes only.
  int64_t num_unindexed() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pugmark
