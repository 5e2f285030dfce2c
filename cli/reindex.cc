// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "engine/reindex/reindex.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

void Print(const ReindexReport& report, Format format) {
  const SnapshotInfo& s = report.snapshot;
  if (format == Format::kJson) {
    const nlohmann::ordered_json json = {{"schema", 1},
                                         {"type", "reindex"},
                                         {"published", report.published},
                                         {"snapshot", s.number},
                                         {"photos", s.num_photos},
                                         {"entries", s.num_entries},
                                         {"parts", s.parts.size()},
                                         {"words", s.num_words},
                                         {"codebook_trained", report.codebook_trained},
                                         {"added", report.num_added},
                                         {"dropped", report.num_dropped},
                                         {"pruned", report.pruned}};
    fmt::print("{}\n", json.dump());
  } else if (s.number == 0) {
    fmt::print("Nothing to index: the catalogue holds no photo with keypoints.\n");
  } else if (!report.published) {
    fmt::print("Snapshot {} is up to date: {} photos in one part.\n", s.number, Grouped(s.num_photos));
  } else {
    fmt::print("Published snapshot {}: {} photos ({} added, {} dropped), {} entries, {} words{}.\n", s.number,
               Grouped(s.num_photos), Grouped(report.num_added), Grouped(report.num_dropped), Grouped(s.num_entries),
               Grouped(s.num_words), report.codebook_trained ? ", newly trained" : "");
  }
}

}  // namespace

Run AddReindex(CLI::App& app, const Context& context) {
  auto options = std::make_shared<ReindexOptions>();
  CLI::App* command = app.add_subcommand("reindex", "Merge the index into one part and publish it as a new snapshot");
  command->add_flag("--full", options->full, "Rebuild everything from the catalogue, codebook included");
  command->add_option("--keep", options->keep_snapshots, "Snapshots to keep, the new one included (default 3)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  AddThreads(command, &options->num_threads);
  return [options, &context]() -> int {
    const FileLock lock(context.RequireCollection().lock());
    Collection collection = OpenCollection(context.collection, Catalogue::Access::kWrite);
    Progress progress;
    const ReindexReport report =
        Reindex(collection, *options, context.stop,
                [&](std::string_view stage, int64_t done, int64_t total) { progress.Show(stage, done, total); });
    progress.Clear();
    if (const int64_t number = report.snapshot.number; number > 0) {
      context.audit->SetSnapshot(number);
      const std::optional<Sha256> manifest = ManifestHash(collection.paths, number);
      context.audit->AddResult({{"hash", manifest ? Json(manifest->Hex()) : Json(nullptr)},
                                {"published", report.published},
                                {"photos", report.snapshot.num_photos}});
    }
    Print(report, context.format);
    return kDone;
  };
}

}  // namespace pugmark::cli
