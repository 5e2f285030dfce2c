// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/progress.h"
#include "engine/reindex/check.h"

namespace pugmark::cli {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const CheckReport& report) {
  Json details = Json::array();
  for (const CheckFinding& f : report.details) {
    details.push_back({{"object", f.object}, {"problem", f.problem}, {"mend", f.mend}});
  }
  return {{"schema", 1},
          {"type", "check"},
          {"photos", report.num_photos},
          {"unindexed_photos", report.num_unindexed},
          {"findings", report.findings},
          {"details", details},
          {"older_features", report.num_older_features},
          {"snapshots", report.num_snapshots},
          {"copied_originals", report.num_copies},
          {"originals_reread", report.num_originals},
          {"thumbnails_without_checksum", report.num_unsealed_thumbnails},
          {"notes", report.notes}};
}

void Print(const CheckReport& report, bool originals) {
  for (const std::string& finding : report.findings) fmt::print("{}\n", finding);
  if (report.findings.empty()) {
    fmt::print("Sound: {} photos, {}.\n", Grouped(report.num_photos),
               report.num_unindexed == 0
                   ? "catalogue and index agree"
                   : fmt::format("of which {} are not searchable yet: run 'pugmark reindex'", Grouped(report.num_unindexed)));
  } else {
    fmt::print("{} finding{} in {} photos and {} snapshots.\n", report.findings.size(), report.findings.size() == 1 ? "" : "s",
               Grouped(report.num_photos), report.num_snapshots);
  }
  if (originals) {
    fmt::print("{} originals were reread where they were seen, {} copies in the collection.\n", Grouped(report.num_originals),
               Grouped(report.num_copies));
  }
  if (report.num_older_features > 0) {
    fmt::print("{} photos have features of an older extractor and are not searchable: run 'pugmark reindex'.\n",
               Grouped(report.num_older_features));
  }
  for (const std::string& note : report.notes) fmt::print(stderr, "note: {}\n", note);
}

}  // namespace

Run AddCheck(CLI::App& app, const Context& context) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand(
      "check", "Verify that catalogue, snapshots, thumbnails and copied originals are sound and agree; changes nothing");
  command->add_flag("--originals", options->originals,
                    "Also reread the original photos where they were seen, and compare their SHA-256");
  AddThreads(command, &options->num_threads);
  return [options, &context]() -> int {
    context.RequireCollection();
    const Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);
    Progress progress;
    options->stop = context.stop;
    options->progress = [&](std::string_view stage, int64_t done, int64_t total) { progress.Show(stage, done, total); };
    const CheckReport report = CheckCollection(collection, *options);
    progress.Clear();
    if (context.format == Format::kJson) {
      fmt::print("{}\n", ToJson(report).dump(-1, ' ', false, Json::error_handler_t::replace));
    } else {
      Print(report, options->originals);
    }
    return report.findings.empty() ? kDone : kDamaged;
  };
}

}  // namespace pugmark::cli
