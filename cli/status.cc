// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/progress.h"
#include "engine/collection/collection.h"
#include "engine/reindex/check.h"
#include "index/base/files.h"
#include "index/snapshots/snapshots.h"

namespace pugmark::cli {
namespace {

using Json = nlohmann::ordered_json;

// empty: nothing catalogued · stale: something is catalogued but not searchable yet · ready.
const char* StateOf(int64_t num_photos, int64_t num_unindexed) {
  return num_photos == 0 ? "empty" : num_unindexed > 0 ? "stale" : "ready";
}

int Status(const Context& context) {
  context.RequireCollection();
  const Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);
  const CatalogueCounts counts = collection.catalogue.Counts();
  const std::optional<int64_t> current = CurrentSnapshot(collection.paths);
  const SnapshotInfo snapshot = current ? ReadSnapshotInfo(collection.paths, *current) : SnapshotInfo{};
  const int64_t num_unindexed = collection.catalogue.TotalsAfter(snapshot.last_photo).num_photos;
  const char* state = StateOf(counts.num_photos, num_unindexed);
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
                       {"embedding", collection.embedding ? Json(EscapeText(collection.embedding->name)) : Json(nullptr)}};
    fmt::print("{}\n", json.dump());
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
  fmt::print("  features: {}\n", ExtractorName(collection.features));
  if (collection.embedding) {
    fmt::print("  embedding: {}, {} values, SHA-256 {}…\n", EscapeText(collection.embedding->name),
               collection.embedding->size, EscapeText(collection.embedding->model_sha256.substr(0, 12)));
  }
  return kDone;
}

int Check(const Context& context) {
  context.RequireCollection();
  const Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);
  const CheckReport report = CheckCollection(collection);
  if (context.format == Format::kJson) {
    const Json json = {{"schema", 1}, {"type", "check"}, {"photos", report.num_photos}, {"unindexed_photos", report.num_unindexed}, {"findings", report.findings}};
    fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else if (report.findings.empty()) {
    fmt::print("Sound: {} photos, {}.\n", Grouped(report.num_photos),
               report.num_unindexed == 0
                   ? "catalogue and index agree"
                   : fmt::format("of which {} are not searchable yet: run 'pugmark reindex'", Grouped(report.num_unindexed)));
  } else {
    for (const std::string& finding : report.findings) fmt::print("{}\n", finding);
  }
  return report.findings.empty() ? kDone : kDamaged;
}

}  // namespace

Run AddStatus(CLI::App& app, const Context& context) {
  app.add_subcommand("status", "Show what the collection holds and whether it is searchable");
  return [&context] { return Status(context); };
}

Run AddCheck(CLI::App& app, const Context& context) {
  app.add_subcommand("check", "Verify that catalogue, snapshot and thumbnails are sound; changes nothing");
  return [&context] { return Check(context); };
}

}  // namespace pugmark::cli
