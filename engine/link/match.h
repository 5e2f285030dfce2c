// SPDX-License-Identifier: Apache-2.0
//
// Which photos of the collection show the same? Each photo against all that came before it, by stored features.
//
// The same vote, verification and verdict as a search (engine/search), with savings that make all pairs affordable: a
// photo is matched against smaller ids only, so that a pair is looked at once; not all keypoints vote, each for its
// nearest word only; candidates with hardly any agreeing votes are not verified; and verification, which is by all
// keypoints, ends when several candidates in a row, best first, have failed. No photo is decoded; thumbnails are read
// for pairs that pass.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/collection/collection.h"
#include "engine/search/search.h"
#include "index/catalogue/links.h"

namespace pugmark {

struct MatchOptions {
  // Keypoints that vote, and of the mirror image; evenly drawn from all. More: faint matches become candidates; cost is
  // linear.
  int num_voting = 400, num_voting_mirrored = 200;
  int max_candidates = 60;  // [1, 10000]. Most that are verified, of both orientations together.
  float min_score = 80;     // Of candidates that are verified. What unrelated photos reach: docs/measuring.md.
  int max_failures = 5;     // [1, max_candidates]. Candidates in a row that fail before the rest is given up.
  VerifyOptions verify;
};

// What matching one photo gave.
struct PhotoMatches {
  PhotoId photo;
  std::vector<PhotoLink> links;  // To photos with smaller ids, by id. found_at is left empty.
  int num_verified = 0;
  bool is_damaged = false;  // Its stored features, or those of a candidate.
};

// Threads: one matcher may be used from any number at once.
class PhotoMatcher {
 public:
  // Throws as Searcher does. Without a snapshot nothing is matched.
  PhotoMatcher(const std::filesystem::path& collection, const MatchOptions& options);
  ~PhotoMatcher();
  PhotoMatcher(const PhotoMatcher&) = delete;
  PhotoMatcher& operator=(const PhotoMatcher&) = delete;

  int64_t snapshot() const;    // Number 0: none.
  PhotoId last_photo() const;  // Every catalogued photo up to this one can be matched. Invalid without a snapshot.

  // Deterministic. A photo that is gone or damaged has no links.
  PhotoMatches Match(PhotoId photo) const;

  // Matches all, num_threads at a time, and calls `done` in the order of `photos`, from one thread at a time. Stops
  // early, after the photos begun, if `stop` is requested.
  void MatchAll(const std::vector<PhotoId>& photos, int num_threads, std::stop_token stop,
                const std::function<void(const PhotoMatches&)>& done) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pugmark
