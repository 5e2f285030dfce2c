// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/gate_output.h"
#include "cli/progress.h"
#include "engine/reindex/published.h"
#include "engine/reindex/reindex.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kLostShown = 20;

Json ToJson(const ReindexReport& report) {
  const SnapshotInfo& s = report.snapshot;
  Json lost = Json::array();
  for (const LostOriginal& l : report.reextraction.lost) {
    lost.push_back({{"photo", l.sha256.Hex()}, {"path", EscapeText(l.path)}, {"why", l.why}});
  }
  return {{"schema", 1},
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
          {"pruned", report.pruned},
          {"kind", report.kind.empty() ? Json(nullptr) : Json(report.kind)},
          {"held_back", report.held_back ? Json(report.built) : Json(nullptr)},
          {"gate", report.gate ? GateJson(*report.gate) : Json(nullptr)},
          {"reextracted", report.reextraction.num_done},
          {"older_features", report.reextraction.num_left},
          {"lost_originals", report.reextraction.num_lost},
          {"lost", lost}};
}

void PrintReextraction(const ReextractReport& report) {
  if (report.num_done == 0 && report.num_left == 0) return;
  fmt::print("Described anew: {} photos; {} are left with features of an older extractor and cannot be found by their content.\n",
             Grouped(report.num_done), Grouped(report.num_left));
  for (size_t i = 0; i < std::min(report.lost.size(), kLostShown); ++i) {
    const LostOriginal& l = report.lost[i];
    fmt::print(stderr, "original not found: {} (photo {}…): {}\n", EscapeText(l.path), l.sha256.Hex().substr(0, 12), l.why);
  }
  if (report.num_lost > 0) {
    fmt::print(stderr, "The originals of {} photos could not be read. Put them back where they were, or ingest them where they "
                       "are now; the next reindex describes them anew.\n",
               Grouped(report.num_lost));
  }
}

void Print(const ReindexReport& report, Format format) {
  if (format == Format::kJson) {
    fmt::print("{}\n", ToJson(report).dump(-1, ' ', false, Json::error_handler_t::replace));
    if (report.held_back) fmt::print(stderr, "{}", HeldBackText(report));
    return;
  }
  PrintReextraction(report.reextraction);
  const SnapshotInfo& s = report.snapshot;
  if (report.held_back) {
    fmt::print(stderr, "{}", HeldBackText(report));
  } else if (s.number == 0) {
    fmt::print("Nothing to index: the catalogue holds no photo with keypoints.\n");
  } else if (!report.published) {
    fmt::print("Snapshot {} is up to date: {} photos in one part.\n", s.number, Grouped(s.num_photos));
  } else {
    fmt::print("Published snapshot {}: {} photos ({} added, {} dropped), {} entries, {} words{}.\n", s.number,
               Grouped(s.num_photos), Grouped(report.num_added), Grouped(report.num_dropped), Grouped(s.num_entries),
               Grouped(s.num_words), report.codebook_trained ? ", newly trained" : "");
    if (report.gate) {
      const bool has_old = report.gate->old_number != 0;
      fmt::print("Test {} in {}{}: canaries found: {}.\n", report.gate->passed ? "passed" : "FAILED, accepted",
                 Duration(report.gate->seconds),
                 has_old ? fmt::format(", compared with snapshot {}", report.gate->old_number) : std::string(),
                 report.gate->figures.empty() ? "none were to be had" : FiguresText(report.gate->figures, has_old));
      for (const std::string& failure : report.gate->failures) fmt::print(stderr, "  {}\n", failure);
    }
  }
}

void PrintPlan(const ReindexPlan& plan, int keep, Format format) {
  if (format == Format::kJson) {
    const Json json = {{"schema", 1},
                       {"type", "reindex_plan"},
                       {"action", ActionName(plan.action)},
                       {"reasons", plan.reasons},
                       {"snapshot", plan.base_number == 0 ? Json(nullptr) : Json(plan.base_number)},
                       {"parts", plan.num_parts},
                       {"photos", plan.num_photos},
                       {"added", plan.num_added},
                       {"dropped", plan.num_dropped},
                       {"train_codebook", plan.action == ReindexPlan::Action::kRebuild},
                       {"words", plan.num_words_now},
                       {"words_planned", plan.num_words_new},
                       {"older_features", plan.num_older_features},
                       {"reextract", plan.num_to_reextract},
                       {"keep", keep}};
    fmt::print("{}\n", json.dump());
    return;
  }
  for (const std::string& reason : plan.reasons) fmt::print("{}\n", reason);
  if (plan.action == ReindexPlan::Action::kNothing) {
    if (plan.num_to_reextract == 0) fmt::print("There is nothing to do.\n");
  } else {
    fmt::print("The new index will cover {} photos{}. Snapshots kept afterwards: {}.\n", Grouped(plan.num_photos),
               plan.num_to_reextract > 0 ? " and those that are described anew" : "", keep);
  }
}

int DryRun(const Context& context, const ReindexOptions& options) {
  context.RequireCollection();
  const Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);
  const PlannedReindex planned =
      PlanReindex(collection, OpenBase(collection), options, /*at_ingest=*/false, /*verify=*/true);
  PrintPlan(planned.plan, options.keep_snapshots.value_or(SnapshotsKept(collection.catalogue)), context.format);
  return kDone;
}

}  // namespace

Run AddReindex(CLI::App& app, const Context& context) {
  struct Arguments {
    ReindexOptions reindex;
    bool dry_run = false, no_gate = false, accept = false;
    double minutes = 0;
  };
  auto arguments = std::make_shared<Arguments>();
  ReindexOptions& options = arguments->reindex;
  CLI::App* command = app.add_subcommand("reindex", "Merge the index into one part, test it, and publish it as a new snapshot");
  command->add_flag("--full", options.full, "Rebuild everything from the catalogue, codebook included");
  command->add_flag("--dry-run", arguments->dry_run, "Print what would be done and why, and change nothing");
  command->add_option("--keep", options.keep_snapshots,
                      "Snapshots to keep, the current one included; remembered for later runs and for ingest (at first 3)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  CLI::Option* no_gate =
      command->add_flag("--no-gate", arguments->no_gate, "Publish the new index without testing it against the old one");
  command
      ->add_flag("--accept", arguments->accept,
                 "Publish the new index even if it fails its test; the figures are recorded with it")
      ->excludes(no_gate);
  command->add_option("--canaries", options.gate.num_canaries,
                      "Known photos to test the new index with (default 200); a quarter as many are also tested as edited "
                      "copies, and as many new photos")
      ->check(CLI::Range(1, 100'000))
      ->type_name("N");
  command->add_option("--reextract-limit", options.reextract_limit,
                      "Describe at most this many photos anew whose features come from an older extractor (default: all)")
      ->check(CLI::Range(int64_t{0}, int64_t{1'000'000'000}))
      ->type_name("N");
  command->add_option("--reextract-minutes", arguments->minutes,
                      "Stop describing photos anew after this many minutes; the next run goes on (default: no limit)")
      ->check(CLI::Range(0.0, 100'000.0))
      ->type_name("M");
  AddThreads(command, &options.num_threads);
  return [arguments, &context]() -> int {
    ReindexOptions& reindex = arguments->reindex;
    reindex.reextract_seconds = 60 * arguments->minutes;
    reindex.gate.num_copied = reindex.gate.num_new_canaries = (reindex.gate.num_canaries + 3) / 4;
    if (arguments->no_gate) reindex.gate.mode = GateOptions::Mode::kOff;
    if (arguments->accept) reindex.gate.mode = GateOptions::Mode::kAccept;
    if (arguments->dry_run) return DryRun(context, reindex);
    const FileLock lock(context.RequireCollection().lock());
    Collection collection = OpenCollection(context.collection, Catalogue::Access::kWrite);
    Progress progress;
    const ReindexReport report =
        Reindex(collection, reindex, context.stop,
                [&](std::string_view stage, int64_t done, int64_t total) { progress.Show(stage, done, total); });
    progress.Clear();
    Print(report, context.format);
    return report.held_back ? kFailed : kDone;
  };
}

}  // namespace pugmark::cli
