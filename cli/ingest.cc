// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/gate_output.h"
#include "cli/progress.h"
#include "engine/ingest/ingest.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kUnreadableShown = 20;

Json ToJson(const IngestSummary& summary) {
  Json unreadable = Json::array();
  for (const Unreadable& u : summary.unreadable) {
    unreadable.push_back({{"path", EscapeText(u.path.string())}, {"error", u.code}, {"message", u.message}});
  }
  const BatchCounts& counts = summary.counts;
  const IngestTimes& times = summary.times;
  Json json = {{"schema", 1},
               {"type", "ingest"},
               {"inputs", summary.num_inputs},
               {"new_photos", counts.num_new_photos},
               {"known_photos", counts.num_known_photos},
               {"new_sightings", counts.num_new_sightings},
               {"unreadable", counts.num_unreadable},
               {"refused_tombstoned", counts.num_removed_earlier},
               {"interrupted", summary.cancelled},
               {"snapshot", summary.index ? Json(summary.index->snapshot.number) : Json(nullptr)},
               {"held_back", summary.index && summary.index->held_back ? Json(summary.index->built) : Json(nullptr)},
               {"seconds",
                {{"wall", times.wall_seconds},
                 {"read", times.read_seconds},
                 {"decode", times.decode_seconds},
                 {"features", times.features_seconds},
                 {"thumbnail", times.thumbnail_seconds},
                 {"catalogue", times.catalogue_seconds},
                 {"index", times.index_seconds}}}};
  json["skipped"] = std::move(unreadable);
  return json;
}

void PrintText(const IngestSummary& summary, const std::filesystem::path& collection) {
  const BatchCounts& counts = summary.counts;
  fmt::print("{} files: {} new photos, {} already known, {} new sightings, {} unreadable{} in {}.\n",
             Grouped(summary.num_inputs), Grouped(counts.num_new_photos), Grouped(counts.num_known_photos),
             Grouped(counts.num_new_sightings), Grouped(counts.num_unreadable),
             counts.num_removed_earlier == 0
                 ? std::string()
                 : fmt::format(", {} refused because they were removed", Grouped(counts.num_removed_earlier)),
             Duration(summary.times.wall_seconds));
  if (summary.index && summary.index->snapshot.number > 0) {
    fmt::print("Searchable: {} photos in snapshot {}.\n", Grouped(summary.index->snapshot.num_photos),
               summary.index->snapshot.number);
  }
  if (summary.index && summary.index->held_back) fmt::print(stderr, "{}", HeldBackText(*summary.index));
  for (size_t i = 0; i < std::min(summary.unreadable.size(), kUnreadableShown); ++i) {
    const Unreadable& u = summary.unreadable[i];
    fmt::print(stderr, "skipped {} ({}): {}\n", EscapeText(u.path.string()), u.code, u.message);
  }
  if (!summary.unreadable.empty()) {
    const size_t more = summary.unreadable.size() - std::min(summary.unreadable.size(), kUnreadableShown);
    fmt::print(stderr, "{}All skipped inputs and their reasons: {}\n",
               more > 0 ? fmt::format("… and {} more. ", more) : std::string(),
               EscapeText(CollectionPaths{collection}.quarantine().string()));
  }
}

}  // namespace

Run AddIngest(CLI::App& app, const Context& context) {
  auto options = std::make_shared<IngestOptions>();
  CLI::App* command = app.add_subcommand(
      "ingest", "Take in photos: files, folders, or what a CSV or JSON-lines manifest lists");
  command->add_option("paths", options->inputs, "Photos and folders")->type_name("PATH");
  command->add_option("--manifest", options->manifests,
                      "Listing data: CSV or JSON lines. Files are named relative to it (or to a PATH folder)")
      ->allow_extra_args(false)  // Names after the file are PATHs.
      ->type_name("FILE");
  command->add_flag("--allow-outside", options->allow_outside, "Let the manifest name files outside its own folder");
  command->add_option("--platform", options->platform, "Platform of photos for which the manifest names none")
      ->type_name("NAME");
  command->add_option("--seller", options->seller, "Seller of photos for which the manifest names none")->type_name("NAME");
  command->add_option("--bank", options->bank, "Bank of photos for which the manifest names none (default evidence)")
      ->type_name("NAME");
  command->add_flag("--copy", options->copy_originals, "Keep a copy of every original in the collection");
  AddThreads(command, &options->num_threads);
  return [options, &context]() -> int {
    context.RequireCollection();
    if (options->inputs.empty() && options->manifests.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "Nothing to ingest is named. Give photos, folders or --manifest FILE.");
    }
    Progress progress;
    IngestObserver observer;
    observer.progress = [&](const IngestProgress& p) { progress.Show("photos", p.num_done, p.num_total); };
    observer.indexing = [&](std::string_view stage, int64_t done, int64_t total) { progress.Show(stage, done, total); };
    const IngestSummary summary = Ingest(context.collection, *options, context.stop, observer);
    progress.Clear();
    if (context.format == Format::kJson) {
      fmt::print("{}\n", ToJson(summary).dump(-1, ' ', false, Json::error_handler_t::replace));
    } else {
      PrintText(summary, context.collection);
    }
    if (summary.cancelled) {
      fmt::print(stderr, "Interrupted. What was done is kept; the same command continues.\n");
      return kInterrupted;
    }
    if (summary.index && summary.index->held_back) return kFailed;
    return summary.counts.num_unreadable > 0 ? kSkipped : kDone;
  };
}

}  // namespace pugmark::cli
