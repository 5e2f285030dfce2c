// SPDX-License-Identifier: Apache-2.0
//
// Is a new snapshot fit to be published? It must find what the old one found.
//
// Canaries are catalogued photos, drawn by a seed, of which the answer is known: each must be found by its stored
// features
// ("self"), by its hash and by its vector, and so must edited copies made from the thumbnails of some of them. Every
// canary is looked up in the old and in the new snapshot; what a search would do afterwards, verification, reads the
// catalogue and is the same for both. Photos that only the new snapshot knows are left out when ranks are compared: a
// batch of reposts may rightly stand before an old photo. A sample of them must be found as well ("new"). Found: among
// the candidates that a search verifies by default, or voted for nearly as much as the best one, which helps a photo
// that was reposted a hundred times.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/collection/collection.h"
#include "index/base/photo_set.h"
#include "index/catalogue/snapshot_records.h"
#include "index/snapshots/snapshots.h"

namespace pugmark {

struct GateOptions {
  enum class Mode {
    kOff,      // No test.
    kEnforce,  // A snapshot that fails is held back.
    kAccept,   // It is published all the same; the figures are recorded.
  };
  Mode mode = Mode::kEnforce;
  int num_canaries = 200;     // Of photos that both snapshots know. More: surer, and slower; about 0.1 s each.
  int num_new_canaries = 50;  // Of photos that only the new one knows.
  int num_copied = 50;        // Canaries of which edited copies are made, three each.
  uint64_t seed = 1;          // Of the draw, together with the number of the new snapshot.
};

struct LostCanary {
  PhotoId photo;
  Sha256 sha256;
  std::string canary;              // Kind, as in GateFigures.
  int rank_old = 0, rank_new = 0;  // Among the photos that both know; 0: not found.
};

struct GateReport {
  int64_t old_number = 0;  // 0: there was nothing to compare with.
  int64_t new_number = 0;
  bool passed = true;
  std::vector<GateFigures> figures;   // One per kind that was tried.
  std::vector<std::string> failures;  // Sentences: which figure fell short of what.
  std::vector<LostCanary> lost;       // Lost, or no longer first. At most 20.
  double seconds = 0;
};

// old: null if there is nothing to compare with; then every canary must be found by itself, and copies are only
// counted. common: photos that both snapshots know (all that `fresh` knows if there is no old one). A canary found by
// itself, its hash or its vector may not be lost; of the copies, found and lost set off against each other, one in
// fifty may (at least one); of first places, one in twenty (at least two). progress: called with canaries done and
// their number, from one thread at a time. Throws Error(kCancelled). Deterministic, whatever num_threads. Memory: the
// features of the canaries, about 100 KB each.
GateReport TestSnapshot(const Collection& collection, const Snapshot* old, const Snapshot& fresh,
                        const PhotoSet& common, const GateOptions& options, int num_threads, std::stop_token stop,
                        const std::function<void(int64_t, int64_t)>& progress);

}  // namespace pugmark
