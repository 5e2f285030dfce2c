// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/reindex.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/collection/takedown.h"
#include "engine/reindex/furniture.h"
#include "engine/reindex/published.h"
#include "index/base/error.h"
#include "index/base/fault.h"
#include "index/catalogue/extractions.h"
#include "index/catalogue/snapshot_records.h"
#include "index/catalogue/thumbnail_checksums.h"

namespace pugmark {
namespace {

// Each search visits every part: a day of single-photo ingests must not make thousands.
constexpr size_t kMaxPartsAtIngest = 32;
// Canaries of the short test after an ingest.
constexpr int kCanariesAtIngest = 8;

class Reindexer {
 public:
  Reindexer(Collection& collection, const ReindexOptions& options, std::stop_token stop,
            const ReindexProgress& progress)
      : collection_(collection), options_(options), stop_(std::move(stop)), progress_(progress) {}

  // keep_parts: add one part to those of the base instead of merging them.
  ReindexReport Build(const BaseSnapshot& base, const PlannedReindex& planned, bool keep_parts) {
    const ReindexPlan& plan = planned.plan;
    report_.num_added = plan.num_added;
    keep_parts = keep_parts && plan.action == ReindexPlan::Action::kMerge;
    report_.num_dropped = keep_parts ? 0 : plan.num_dropped;
    SnapshotWriter writer(collection_.paths);
    const BuildContext context{collection_, options_.num_threads, options_.seed, stop_, progress_};
    int64_t num_photos = plan.num_photos;
    if (plan.action == ReindexPlan::Action::kRebuild) {
      report_.kind = "rebuilt";
      report_.codebook_trained = plan.trains;
      const Codebook codebook = plan.trains ? TrainCodebook(context, planned.totals) : Codebook::Default();
      writer.SetCodebook(codebook);
      PartCollector part(writer, codebook.num_words(), options_.max_entries_in_memory);
      AddPhotos(context, codebook, {}, PhotoId{}, plan.num_photos, &part);
      part.Finish({}, {}, nullptr, 0, Merging());
    } else {
      const Snapshot& old = base.opened.value();
      report_.kind = keep_parts ? "extended" : "merged";
      if (keep_parts) {
        writer.ContinueFrom(old.info);
        // Those that vanished are still in its parts.
        num_photos = old.info.num_photos + plan.num_added;
      } else {
        writer.LinkCodebook(old.info);
      }
      PartCollector part(writer, old.codebook.num_words(), options_.max_entries_in_memory);
      AddPhotos(context, old.codebook, planned.replaced, old.info.last_photo, plan.num_added, &part);
      if (keep_parts) {
        part.Finish({}, {}, nullptr, 0, Merging());
      } else {
        const bool all_stay = plan.num_dropped == 0 && planned.replaced.empty();
        part.Finish(old.parts, old.globals, all_stay ? nullptr : &planned.common, planned.common.size(), Merging());
      }
    }
    if (stop_.stop_requested()) ThrowReindexCancelled();
    // Between two nights new photos are few, and the sellers behind them too.
    if (!keep_parts) writer.SetFurniture(LearnFurnitureOf(collection_.catalogue, writer, progress_));
    Seal(writer, base, planned, num_photos);
    TestAndPublish(base, planned);
    return std::move(report_);
  }

 private:
  std::function<void(int64_t, int64_t)> Merging() const {
    return [this](int64_t done, int64_t total) {
      progress_("merging", done, total);
      if (stop_.stop_requested()) ThrowReindexCancelled();
    };
  }

  void Seal(SnapshotWriter& writer, const BaseSnapshot& base, const PlannedReindex& planned, int64_t num_photos) {
    // If every photo is gone, the last one that there was stands for the state of the catalogue.
    PhotoId last = planned.totals.last;
    std::string last_sha256;
    if (last.value > 0) {
      last_sha256 = collection_.catalogue.GetPhoto(last).value().sha256.Hex();
    } else {
      last = base.info.value().last_photo;
      last_sha256 = base.info->last_sha256;
    }
    built_ = writer.Seal(ExtractorName(collection_.features), last, last_sha256, num_photos);
    report_.built = built_.number;
  }

  void TestAndPublish(const BaseSnapshot& base, const PlannedReindex& planned) {
    SnapshotRecord record;
    record.number = built_.number;
    record.kind = report_.kind;
    record.num_parts = static_cast<int64_t>(built_.parts.size());
    record.num_photos = built_.num_photos;
    if (options_.gate.mode != GateOptions::Mode::kOff) {
      try {
        report_.gate = Tested(base, planned);
      } catch (const Error&) {
        RemoveSnapshot(collection_.paths, built_.number);  // Not tested, so of no use to anybody.
        throw;
      }
      record.gate = report_.gate->passed                               ? "passed"
                    : options_.gate.mode == GateOptions::Mode::kAccept ? "accepted"
                                                                       : "failed";
      record.compared_with = report_.gate->old_number;
      record.figures = report_.gate->figures;
    }
    report_.held_back = record.held_back = record.gate == "failed";
    // The record of the snapshot that stops being current may have been lost to a kill.
    if (base.info) RecordIfMissing(collection_, base.info->number);
    if (report_.held_back) {
      if (base.info) report_.snapshot = *base.info;
    } else {
      MakeCurrent(collection_.paths, built_.number);
      report_.snapshot = built_;
      report_.published = true;
    }
    SnapshotRecords(collection_.catalogue).Record(record);
    PUGMARK_FAULT_POINT("reindex.recorded");
    // What a rebuild replaces may have been damaged, and so may be what shares its files.
    if (report_.published && planned.plan.action == ReindexPlan::Action::kRebuild) RemoveDamaged();
    PruneOptions prune;
    prune.keep = SnapshotsKept(collection_.catalogue);
    prune.was_current = WasCurrentIn(collection_);
    const std::vector<int64_t> pruned = PruneSnapshots(collection_.paths, prune);
    report_.pruned.insert(report_.pruned.end(), pruned.begin(), pruned.end());
    Extractions(collection_.catalogue).Forget(ListSnapshots(collection_.paths).front());
    if (report_.num_dropped > 0) ThumbnailChecksums(collection_.catalogue).ForgetRemoved();
  }

  void RemoveDamaged() {
    SnapshotChecker checker(collection_.paths);
    for (const int64_t number : ListSnapshots(collection_.paths)) {
      if (number == built_.number || checker.Check(number).empty()) continue;
      if (RemoveSnapshot(collection_.paths, number)) report_.pruned.push_back(number);
    }
  }

  GateReport Tested(const BaseSnapshot& base, const PlannedReindex& planned) const {
    const Snapshot fresh = OpenSnapshot(collection_.paths, built_.number);
    const Snapshot* old = base.opened ? &*base.opened : nullptr;
    const PhotoSet all =
        old == nullptr ? Extractions(collection_.catalogue).PhotosOf(built_.extractor, built_.last_photo) : PhotoSet();
    return TestSnapshot(collection_, old, fresh, old == nullptr ? all : planned.common, options_.gate,
                        options_.num_threads, stop_,
                        [this](int64_t done, int64_t total) { progress_("testing", done, total); });
  }

  Collection& collection_;
  const ReindexOptions& options_;
  const std::stop_token stop_;
  const ReindexProgress& progress_;
  ReindexReport report_;
  SnapshotInfo built_;
};

ReindexReport Unchanged(const BaseSnapshot& base) {
  ReindexReport report;
  if (base.info) report.snapshot = *base.info;
  return report;
}

}  // namespace

ReindexReport IndexNewPhotos(Collection& collection, const ReindexOptions& options, std::stop_token stop,
                             const ReindexProgress& progress) {
  ReindexOptions at_ingest = options;
  at_ingest.full = false;
  at_ingest.gate.num_canaries = std::min(options.gate.num_canaries, kCanariesAtIngest);
  at_ingest.gate.num_new_canaries = std::min(options.gate.num_new_canaries, kCanariesAtIngest);
  at_ingest.gate.num_copied = 0;
  const BaseSnapshot base = OpenBase(collection);
  const bool is_crowded = base.opened && base.opened->parts.size() >= kMaxPartsAtIngest;
  // What was described anew takes the place of entries in old parts, which are merged then.
  const bool has_replaced =
      base.info && !Extractions(collection.catalogue).ReplacedSince(base.info->number, base.info->extractor).empty();
  const bool keep_parts = !is_crowded && !has_replaced;
  const PlannedReindex planned = PlanReindex(collection, base, at_ingest, /*at_ingest=*/true, /*verify=*/!keep_parts);
  if (planned.plan.num_added == 0) return Unchanged(base);
  return Reindexer(collection, at_ingest, std::move(stop), progress).Build(base, planned, keep_parts);
}

ReindexReport Reindex(Collection& collection, const ReindexOptions& options, std::stop_token stop,
                      const ReindexProgress& progress) {
  PurgeRemovedFiles(collection);
  if (options.keep_snapshots) SetSnapshotsKept(collection.catalogue, *options.keep_snapshots);
  ReextractReport reextraction =
      Reextract(collection, {options.reextract_limit, options.reextract_seconds, options.num_threads}, stop,
                [&](int64_t done, int64_t total) { progress("re-extracting", done, total); });
  if (stop.stop_requested()) ThrowReindexCancelled();
  const BaseSnapshot base = OpenBase(collection);
  const PlannedReindex planned = PlanReindex(collection, base, options, /*at_ingest=*/false, /*verify=*/true);
  ReindexReport report =
      planned.plan.action == ReindexPlan::Action::kNothing
          ? Unchanged(base)
          : Reindexer(collection, options, stop, progress).Build(base, planned, /*keep_parts=*/false);
  report.reextraction = std::move(reextraction);
  return report;
}

}  // namespace pugmark
