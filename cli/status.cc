// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/gate_output.h"
#include "cli/progress.h"
#include "engine/collection/collection.h"
#include "engine/collection/coverage.h"
#include "engine/reindex/published.h"
#include "index/base/files.h"
#include "index/snapshots/snapshots.h"

namespace pugmark::cli {
namespace {

using Json = nlohmann::ordered_json;

// building: a writer is at work · empty: nothing catalogued · stale: something is catalogued but not searchable yet · ready.
const char* StateOf(bool is_locked, int64_t num_photos, int64_t num_unsearchable) {
  return is_locked ? "building" : num_photos == 0 ? "empty" : num_unsearchable > 0 ? "stale" : "ready";
}

Json ToJson(const BatchRecord& batch) {
  return {{"batch", batch.id.value},
          {"source", batch.source},
          {"started_at", batch.started_at},
          {"finished_at", batch.finished_at.empty() ? Json(nullptr) : Json(batch.finished_at)},
          {"new_photos", batch.counts.num_new_photos},
          {"known_photos", batch.counts.num_known_photos},
          {"new_sightings", batch.counts.num_new_sightings},
          {"unreadable", batch.counts.num_unreadable},
          {"refused_tombstoned", batch.counts.num_removed_earlier}};
}

// The newest snapshot that was built, published or not.
Json ToJson(const SnapshotRecord& record) {
  return {{"snapshot", record.number},
          {"kind", record.kind},
          {"at", record.recorded_at},
          {"held_back", record.held_back},
          {"gate",
           {{"outcome", record.gate},
            {"compared_with", record.compared_with == 0 ? Json(nullptr) : Json(record.compared_with)},
            {"figures", FiguresJson(record.figures, record.compared_with != 0)}}}};
}

void PrintBuildAndBatch(const std::optional<SnapshotRecord>& build, const std::optional<BatchRecord>& batch, bool is_locked) {
  if (build) {
    fmt::print("  last build: snapshot {} ({}) of {}, {}{}\n", build->number, build->kind, build->recorded_at,
               build->held_back ? "held back: it failed its test" : build->gate == "none" ? "not tested" : "test " + build->gate,
               build->figures.empty() ? "" : ": " + FiguresText(build->figures, build->compared_with != 0));
    if (build->held_back) fmt::print("  'pugmark check' looks for damage; 'pugmark reindex --full' builds anew\n");
  }
  if (!batch) return;
  fmt::print("  last batch: {} of {}, {} new photos, {} unreadable{}: {}\n", batch->id.value, batch->started_at,
             Grouped(batch->counts.num_new_photos), Grouped(batch->counts.num_unreadable),
             !batch->finished_at.empty() ? "" : is_locked ? ", running" : ", was killed before its end", EscapeText(batch->source));
}

int Status(const Context& context) {
  context.RequireCollection();
  const Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);
  const CatalogueCounts counts = collection.catalogue.Counts();
  const std::optional<int64_t> current = CurrentSnapshot(collection.paths);
  const SnapshotInfo snapshot = current ? ReadSnapshotInfo(collection.paths, *current) : SnapshotInfo{};
  const Coverage coverage = CoverageOf(collection.catalogue, collection.features, current ? &snapshot : nullptr);
  const int64_t num_unindexed = coverage.num_unindexed;
  const bool is_locked = IsLocked(collection.paths.lock());
  const char* state = StateOf(is_locked, counts.num_photos, num_unindexed + coverage.num_older_features);
  const SnapshotRecords records(collection.catalogue);
  const std::map<int64_t, SnapshotRecord> all_records = records.All();
  std::optional<SnapshotRecord> build;
  if (!all_records.empty()) build = all_records.rbegin()->second;
  const std::optional<BatchRecord> batch = records.LastBatch();
  if (context.format == Format::kJson) {
    Json banks = Json::object();
    for (const auto& [name, num_photos] : counts.photos_per_bank) banks[EscapeText(name)] = num_photos;
    const Json json = {{"schema", 1},
                       {"type", "status"},
                       {"state", state},
                       {"photos", counts.num_photos},
                       {"listings", counts.num_listings},
                       {"sellers", counts.num_sellers},
                       {"sightings", counts.num_sightings},
                       {"batches", counts.num_batches},
                       {"tombstones", counts.num_tombstones},
                       {"banks", banks},
                       {"snapshot", current ? Json(*current) : Json(nullptr)},
                       {"snapshot_created_at", snapshot.created_at},
                       {"indexed_photos", snapshot.num_photos},
                       {"unindexed_photos", num_unindexed},
                       {"entries", snapshot.num_entries},
                       {"parts", snapshot.parts.size()},
                       {"words", snapshot.num_words},
                       {"extractor", ExtractorName(collection.features)},
                       {"embedding", collection.embedding ? Json(EscapeText(collection.embedding->name)) : Json(nullptr)},
                       {"locked", is_locked},
                       {"older_features", coverage.num_older_features},
                       {"snapshots_kept", SnapshotsKept(collection.catalogue)},
                       {"last_build", build ? ToJson(*build) : Json(nullptr)},
                       {"last_batch", batch ? ToJson(*batch) : Json(nullptr)}};
    fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
    return kDone;
  }
  fmt::print("{}: {}\n", EscapeText(collection.paths.root.string()), state);
  fmt::print("  {} photos, {} listings, {} sellers, {} sightings, {} batches\n", Grouped(counts.num_photos),
             Grouped(counts.num_listings), Grouped(counts.num_sellers), Grouped(counts.num_sightings),
             Grouped(counts.num_batches));
  for (const auto& [name, num_photos] : counts.photos_per_bank) {
    fmt::print("  bank {}: {} photos\n", EscapeText(name), Grouped(num_photos));
  }
  if (current) {
    fmt::print("  snapshot {} of {}: {} photos, {} entries, {} parts, {} words\n", *current, snapshot.created_at,
               Grouped(snapshot.num_photos), Grouped(snapshot.num_entries), snapshot.parts.size(),
               Grouped(snapshot.num_words));
  } else {
    fmt::print("  no snapshot yet\n");
  }
  if (num_unindexed > 0) {
    fmt::print("  {} photos are not searchable yet. Run 'pugmark reindex'.\n", Grouped(num_unindexed));
  }
  if (coverage.num_older_features > 0) {
    fmt::print("  {} photos have features of an older extractor and are found by their bytes only. Run 'pugmark reindex'.\n",
               Grouped(coverage.num_older_features));
  }
  PrintBuildAndBatch(build, batch, is_locked);
  fmt::print("  features: {}\n", ExtractorName(collection.features));
  if (collection.embedding) {
    fmt::print("  embedding: {}, {} values, SHA-256 {}…\n", EscapeText(collection.embedding->name),
               collection.embedding->size, EscapeText(collection.embedding->model_sha256.substr(0, 12)));
  }
  return kDone;
}

}  // namespace

Run AddStatus(CLI::App& app, const Context& context) {
  app.add_subcommand("status", "Show what the collection holds and whether it is searchable");
  return [&context] { return Status(context); };
}

}  // namespace pugmark::cli
