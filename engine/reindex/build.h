// SPDX-License-Identifier: Apache-2.0
//
// The pieces of which an index is built: a codebook from a sample of the catalogue, entries from its features.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "engine/collection/collection.h"
#include "index/base/photo_set.h"
#include "index/snapshots/snapshots.h"

namespace pugmark {

// Called from one thread at a time, often; stage is one of "re-extracting", "verifying", "codebook", "quantising",
// "merging", "learning furniture", "testing".
using ReindexProgress = std::function<void(std::string_view stage, int64_t done, int64_t total)>;

// Throws Error(kCancelled): the old snapshot stays current.
[[noreturn]] void ThrowReindexCancelled();

// Gathers photos into one part of the snapshot that is written. Memory: what does not fit into max_entries is spilled
// to disk and merged at the end.
class PartCollector {
 public:
  // max_entries: 16 bytes each, twice that while lists grow.
  PartCollector(SnapshotWriter& writer, int num_words, int64_t max_entries);

  // In ascending order of photo, of those that are not in an old part.
  void Add(PhotoId photo, const Features& features, std::span<const WordAssignment> words);

  // Writes the part: what old parts hold of the photos to be kept (null: of all), then what was added. num_old: photos
  // that the old parts cover and that are kept.
  void Finish(std::span<const Part> old_parts, std::span<const Globals> old_globals, const PhotoSet* keep,
              int64_t num_old, const std::function<void(int64_t done, int64_t total)>& progress);

  int64_t num_added() const { return num_added_; }

 private:
  void Spill();

  SnapshotWriter& writer_;
  const int num_words_;
  const int64_t max_entries_;
  int64_t num_added_ = 0;
  std::optional<PartBuilder> part_;
  GlobalsBuilder globals_;
  std::vector<SnapshotWriter::Spilled> spilled_;
};

// Shared by the functions that read the catalogue's features; borrowed.
struct BuildContext {
  const Collection& collection;
  int num_threads = 1;
  uint64_t seed = 1;
  std::stop_token stop;
  const ReindexProgress& progress;
};

// From a sample of all descriptors of the collection's extractor, spread evenly over them. totals: of that extractor,
// with at least one keypoint. Memory: 640 bytes for each of at most 524,288 samples.
Codebook TrainCodebook(const BuildContext& context, const Catalogue::FeatureTotals& totals);

// Quantises the photos of `replaced`, then every photo after `after`, into the part. total: how many these are.
void AddPhotos(const BuildContext& context, const Codebook& codebook, const std::vector<PhotoId>& replaced,
               PhotoId after, int64_t total, PartCollector* part);

}  // namespace pugmark
