// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/reindex.h"

#include <fmt/format.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <unordered_map>

#include "engine/collection/takedown.h"
#include "engine/collection/threads.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

// Photos whose features are held in memory at once while they are quantised.
constexpr size_t kPhotosPerRound = 256;
// The codebook is retrained when the recommended number of words is this many times the present one: at night, and already
// at ingest.
constexpr int kOutgrownAtNight = 2;
constexpr int kOutgrownAtIngest = 4;
// Each search visits every part: a day of single-photo ingests must not make thousands.
constexpr size_t kMaxPartsAtIngest = 32;

[[noreturn]] void ThrowCancelled() {
  throw Error(ErrorCode::kCancelled, "Interrupted before the new index was published; the old one stays in use. "
                                     "Run the same command again.");
}

void AddGlobals(PhotoId id, const Features& features, GlobalsBuilder* globals) {
  if (features.pdq) globals->AddHash(id, features.pdq->bits, static_cast<uint8_t>(features.pdq->quality));
  if (!features.global_descriptor.empty()) globals->AddVector(id, features.global_descriptor);
}

class Indexer {
 public:
  Indexer(Collection& collection, const ReindexOptions& options, std::stop_token stop,
          const ReindexProgress& progress)
      : collection_(collection), options_(options), stop_(std::move(stop)), progress_(progress) {}

  // From a sample of all catalogued descriptors, spread evenly over them.
  Codebook Train(const Catalogue::FeatureTotals& totals) const {
    CodebookOptions codebook;
    codebook.num_words = RecommendedNumWords(totals.num_keypoints);
    codebook.seed = options_.seed;
    const int64_t wanted = static_cast<int64_t>(codebook.num_words) * codebook.max_samples_per_word;
    const int64_t stride = std::max<int64_t>(1, totals.num_keypoints / wanted);
    std::vector<uint8_t> samples;
    samples.reserve(static_cast<size_t>(totals.num_keypoints / stride + 1) * kDescriptorSize);
    int64_t next = 0, seen = 0, done = 0;
    collection_.catalogue.VisitFeatures(PhotoId{}, [&](PhotoId, const StoredFeatures& stored) {
      const Features features = FromStored(stored, collection_.features);
      for (; next < seen + static_cast<int64_t>(features.size()); next += stride) {
        const auto d = features.descriptor(static_cast<size_t>(next - seen));
        samples.insert(samples.end(), d.begin(), d.end());
      }
      seen += static_cast<int64_t>(features.size());
      progress_("codebook", ++done, totals.num_photos);
      return !stop_.stop_requested();
    });
    if (stop_.stop_requested()) ThrowCancelled();
    return Codebook::Train(samples, codebook);
  }

  // Quantises every photo after `after` into the part, in order of id, and adds its hash and vector. Returns how many.
  int64_t AddPhotos(const Codebook& codebook, PhotoId after, int64_t total, PartBuilder* part,
                    GlobalsBuilder* globals) const {
    struct Photo {
      PhotoId id;
      Features features;
      std::vector<WordAssignment> words;
    };
    std::vector<Photo> round;
    int64_t num_added = 0;
    const auto finish_round = [&] {
      WithThreads(options_.num_threads, [&] {
        tbb::parallel_for(size_t{0}, round.size(),
                          [&](size_t i) { round[i].words = codebook.Assign(round[i].features.descriptors, 1); });
      });
      for (const Photo& photo : round) part->Add(photo.id, photo.words, GeometryOf(photo.features));
      num_added += static_cast<int64_t>(round.size());
      round.clear();
      progress_("quantising", num_added, total);
      if (stop_.stop_requested()) ThrowCancelled();
    };
    collection_.catalogue.VisitFeatures(after, [&](PhotoId id, const StoredFeatures& stored) {
      round.push_back({id, FromStored(stored, collection_.features), {}});
      AddGlobals(id, round.back().features, globals);
      if (round.size() == kPhotosPerRound) finish_round();
      return true;
    });
    finish_round();
    return num_added;
  }

  ReindexReport Rebuild(const Catalogue::FeatureTotals& totals) const {
    ReindexReport report;
    SnapshotWriter writer(collection_.paths);
    const Codebook codebook = Train(totals);
    writer.SetCodebook(codebook);
    PartBuilder part(codebook.num_words());
    GlobalsBuilder globals;
    report.num_added = AddPhotos(codebook, PhotoId{}, totals.num_photos, &part, &globals);
    writer.AddPart(part, globals);
    report.codebook_trained = true;
    return Publish(writer, totals, LastOf(totals), std::move(report));
  }

  // A snapshot is known by the last photo that it covers.
  struct LastPhoto {
    PhotoId id;
    Sha256 sha256;
  };
  LastPhoto LastOf(const Catalogue::FeatureTotals& totals) const {
    return {totals.last, collection_.catalogue.GetPhoto(totals.last)->sha256};
  }
  // If all photos were removed: the last that the old one knew.
  LastPhoto LastOf(const Catalogue::FeatureTotals& totals, const SnapshotInfo& old) const {
    if (totals.num_photos > 0) return LastOf(totals);
    return {old.last_photo, Sha256::FromHex(old.last_sha256)};
  }

  ReindexReport Publish(SnapshotWriter& writer, const Catalogue::FeatureTotals& totals, const LastPhoto& last,
                        ReindexReport report) const {
    if (stop_.stop_requested()) ThrowCancelled();
    report.snapshot = writer.Publish(ExtractorName(collection_.features), last.id, last.sha256, totals.num_photos);
    report.published = true;
    collection_.catalogue.RecordSnapshot(report.snapshot.number, report.codebook_trained ? "trained" : "extended",
                                         static_cast<int64_t>(report.snapshot.parts.size()), totals.num_photos);
    report.pruned = PruneSnapshots(collection_.paths, options_.keep_snapshots);
    return report;
  }

 private:
  Collection& collection_;
  const ReindexOptions& options_;
  const std::stop_token stop_;
  const ReindexProgress& progress_;
};

bool IsOutgrown(const SnapshotInfo& info, const Catalogue::FeatureTotals& totals, int times) {
  return RecommendedNumWords(totals.num_keypoints) >= times * info.num_words;
}

// The snapshot to build on; nothing if there is none, or it was made with other features, from another state of the
// catalogue, or is damaged: then everything is rebuilt from the catalogue, which is the truth.
std::optional<Snapshot> UsableSnapshot(const Collection& collection) {
  try {
    std::optional<Snapshot> snapshot = OpenCurrentSnapshot(collection.paths);
    if (snapshot && (snapshot->info.extractor != ExtractorName(collection.features) ||
                     !BelongsTogether(snapshot->info, collection.catalogue))) {
      return std::nullopt;
    }
    return snapshot;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kNotFound) throw;
    return std::nullopt;
  }
}

// A snapshot without a single keypoint cannot have a codebook, and has nothing to find.
bool IsEmpty(const Catalogue::FeatureTotals& totals) { return totals.num_keypoints == 0; }

ReindexReport Unchanged(const std::optional<Snapshot>& snapshot) {
  ReindexReport report;
  if (snapshot) report.snapshot = snapshot->info;
  return report;
}

}  // namespace

ReindexReport IndexNewPhotos(Collection& collection, const ReindexOptions& options, std::stop_token stop,
                             const ReindexProgress& progress) {
  const std::optional<Snapshot> snapshot = UsableSnapshot(collection);
  const Catalogue::FeatureTotals totals = collection.catalogue.TotalsAfter(PhotoId{});
  const PhotoId after = snapshot ? snapshot->info.last_photo : PhotoId{};
  const Catalogue::FeatureTotals fresh = collection.catalogue.TotalsAfter(after);
  if (fresh.num_photos == 0 || IsEmpty(totals)) return Unchanged(snapshot);
  if (snapshot && snapshot->parts.size() >= kMaxPartsAtIngest) return Reindex(collection, options, std::move(stop), progress);

  const Indexer indexer(collection, options, std::move(stop), progress);
  if (!snapshot || IsOutgrown(snapshot->info, totals, kOutgrownAtIngest)) return indexer.Rebuild(totals);

  ReindexReport report;
  SnapshotWriter writer(collection.paths);
  writer.ContinueFrom(snapshot->info);
  PartBuilder part(snapshot->codebook.num_words());
  GlobalsBuilder globals;
  report.num_added = indexer.AddPhotos(snapshot->codebook, after, fresh.num_photos, &part, &globals);
  writer.AddPart(part, globals);
  return indexer.Publish(writer, totals, indexer.LastOf(totals), std::move(report));
}

ReindexReport Reindex(Collection& collection, const ReindexOptions& options, std::stop_token stop,
                      const ReindexProgress& progress) {
  PurgeRemovedFiles(collection);
  const Catalogue::FeatureTotals totals = collection.catalogue.TotalsAfter(PhotoId{});
  // Nothing is left to train a codebook from; but what was removed must leave the index, so the old one is emptied.
  const bool is_empty = IsEmpty(totals);
  const std::optional<Snapshot> snapshot = options.full && !is_empty ? std::nullopt : UsableSnapshot(collection);
  if (is_empty && !snapshot) return Unchanged(snapshot);
  const Indexer indexer(collection, options, std::move(stop), progress);
  if (!snapshot || IsOutgrown(snapshot->info, totals, kOutgrownAtNight)) return indexer.Rebuild(totals);

  const PhotoId after = snapshot->info.last_photo;
  const Catalogue::FeatureTotals fresh = collection.catalogue.TotalsAfter(after);
  const int64_t num_old = totals.num_photos - fresh.num_photos;
  // Counted over the parts: a snapshot that an ingest extended after a removal still holds entries of what was removed.
  int64_t num_in_parts = 0;
  for (const PartInfo& part : snapshot->info.parts) num_in_parts += part.num_photos;
  const int64_t num_dropped = num_in_parts - num_old;
  if (fresh.num_photos == 0 && num_dropped == 0 && snapshot->parts.size() == 1) return Unchanged(snapshot);
  // Opening verifies sizes only; what is merged from now on carries a new seal, so look at every byte once.
  if (!is_empty && !CheckSnapshot(collection.paths, snapshot->info.number).empty()) return indexer.Rebuild(totals);

  ReindexReport report;
  report.num_dropped = num_dropped;
  SnapshotWriter writer(collection.paths);
  writer.LinkCodebook(snapshot->info);
  PartBuilder part(snapshot->codebook.num_words());
  GlobalsBuilder globals;
  std::unordered_map<PhotoId, bool> catalogued;  // Asked once per photo, not once per entry.
  const auto keep = [&](PhotoId id) {
    const auto [place, is_new] = catalogued.try_emplace(id, true);
    if (is_new) place->second = collection.catalogue.GetPhoto(id).has_value();
    return place->second;
  };
  int64_t done = 0;
  for (const Part& old : snapshot->parts) {
    part.AddEntriesOf(old, keep);
    progress("merging", ++done, static_cast<int64_t>(snapshot->parts.size()));
  }
  for (const Globals& old : snapshot->globals) globals.AddAllOf(old, keep);
  part.CountPhotos(num_old);
  report.num_added = indexer.AddPhotos(snapshot->codebook, after, fresh.num_photos, &part, &globals);
  writer.AddPart(part, globals);
  return indexer.Publish(writer, totals, indexer.LastOf(totals, snapshot->info), std::move(report));
}

}  // namespace pugmark
