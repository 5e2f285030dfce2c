// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/build.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <utility>

#include "engine/collection/threads.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

// Photos whose features are held in memory at once while they are quantised.
constexpr size_t kPhotosPerRound = 256;

}  // namespace

void ThrowReindexCancelled() {
  throw Error(ErrorCode::kCancelled,
              "Interrupted before the new index was published; the old one stays in use. "
              "Run the same command again.");
}

PartCollector::PartCollector(SnapshotWriter& writer, int num_words, int64_t max_entries)
    : writer_(writer), num_words_(num_words), max_entries_(max_entries), part_(std::in_place, num_words) {}

void PartCollector::Add(PhotoId photo, const Features& features, std::span<const WordAssignment> words) {
  if (part_->num_entries() + static_cast<int64_t>(words.size()) > max_entries_ && part_->num_entries() > 0) Spill();
  part_->Add(photo, words, GeometryOf(features));
  if (features.pdq) globals_.AddHash(photo, features.pdq->bits, static_cast<uint8_t>(features.pdq->quality));
  if (!features.global_descriptor.empty()) globals_.AddVector(photo, features.global_descriptor);
  ++num_added_;
}

void PartCollector::Spill() {
  spilled_.push_back(writer_.Spill(*part_, globals_));
  part_.emplace(num_words_);
  globals_ = GlobalsBuilder();
}

void PartCollector::Finish(std::span<const Part> old_parts, std::span<const Globals> old_globals, const PhotoSet* keep,
                           int64_t num_old, const std::function<void(int64_t, int64_t)>& progress) {
  if (old_parts.empty() && spilled_.empty()) {
    writer_.AddPart(*part_, globals_);
    return;
  }
  if (part_->num_photos() > 0) Spill();
  part_.reset();
  std::vector<PartSource> parts;
  std::vector<GlobalsSource> globals;
  for (const Part& old : old_parts) parts.push_back({&old, keep});
  for (const Globals& old : old_globals) globals.push_back({&old, keep});
  for (const SnapshotWriter::Spilled& spilled : spilled_) {
    parts.push_back({&spilled.part, nullptr});
    if (spilled.globals) globals.push_back({&*spilled.globals, nullptr});
  }
  writer_.AddMergedPart(parts, globals, num_old + num_added_, [&](int64_t done) { progress(done, num_words_); });
}

Codebook TrainCodebook(const BuildContext& context, const Catalogue::FeatureTotals& totals) {
  CodebookOptions options;
  options.num_words = RecommendedNumWords(totals.num_keypoints);
  options.seed = context.seed;
  const int64_t wanted = static_cast<int64_t>(options.num_words) * options.max_samples_per_word;
  const int64_t stride = std::max<int64_t>(1, totals.num_keypoints / wanted);
  std::vector<uint8_t> samples;
  samples.reserve(static_cast<size_t>(totals.num_keypoints / stride + 1) * kDescriptorSize);
  int64_t next = 0, seen = 0, done = 0;
  const auto sample = [&](PhotoId, const StoredFeatures& stored) {
    const Features features = FromStored(stored, context.collection.features);
    for (; next < seen + static_cast<int64_t>(features.size()); next += stride) {
      const auto d = features.descriptor(static_cast<size_t>(next - seen));
      samples.insert(samples.end(), d.begin(), d.end());
    }
    seen += static_cast<int64_t>(features.size());
    context.progress("codebook", ++done, totals.num_photos);
    return !context.stop.stop_requested();
  };
  context.collection.catalogue.VisitFeatures(PhotoId{}, sample, ExtractorName(context.collection.features));
  if (context.stop.stop_requested()) ThrowReindexCancelled();
  return Codebook::Train(samples, options);
}

void AddPhotos(const BuildContext& context, const Codebook& codebook, const std::vector<PhotoId>& replaced,
               PhotoId after, int64_t total, PartCollector* part) {
  struct Described {
    PhotoId id;
    Features features;
    std::vector<WordAssignment> words;
  };
  std::vector<Described> round;
  const auto finish_round = [&] {
    WithThreads(context.num_threads, [&] {
      tbb::parallel_for(size_t{0}, round.size(),
                        [&](size_t i) { round[i].words = codebook.Assign(round[i].features.descriptors, 1); });
    });
    for (const Described& photo : round) part->Add(photo.id, photo.features, photo.words);
    round.clear();
    context.progress("quantising", part->num_added(), total);
    if (context.stop.stop_requested()) ThrowReindexCancelled();
  };
  const auto add = [&](PhotoId id, const StoredFeatures& stored) {
    round.push_back({id, FromStored(stored, context.collection.features), {}});
    if (round.size() == kPhotosPerRound) finish_round();
    return true;
  };
  for (const PhotoId photo : replaced) {
    if (const auto stored = context.collection.catalogue.GetFeatures(photo)) add(photo, *stored);
  }
  context.collection.catalogue.VisitFeatures(after, add, ExtractorName(context.collection.features));
  finish_round();
}

}  // namespace pugmark
