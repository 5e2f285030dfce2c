// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/alert_output.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/gate_output.h"
#include "cli/progress.h"
#include "engine/ingest/ingest.h"
#include "engine/ingest/refusal.h"
#include "index/base/files.h"
#include "index/catalogue/audit_log.h"

namespace pugmark::cli {
namespace {

constexpr size_t kUnreadableShown = 20;

const char* KindName(Refused::Kind kind) {
  switch (kind) {
    case Refused::Kind::kSameBytes: return "same-bytes";
    case Refused::Kind::kSamePicture: return "same-picture";
    case Refused::Kind::kSighting: return "sighting";
  }
  return "same-bytes";
}

Json ToJson(const std::vector<Refused>& refusals) {
  Json json = Json::array();
  for (const Refused& refused : refusals) {
    json.push_back({{"path", EscapeText(refused.path.string())},
                    {"sha256", refused.sha256.Hex()},
                    {"kind", KindName(refused.kind)},
                    {"removed_sha256", refused.tombstone.sha256.Hex()},
                    {"removed_at", refused.tombstone.removed_at},
                    {"reason", EscapeText(refused.tombstone.reason)},
                    {"distance", refused.distance},
                    {"message", RefusalMessage(refused)}});
  }
  return json;
}

// Refused as a copy of something else: perhaps wrongly, so somebody should look.
bool IsAnyLookAlike(const IngestSummary& summary) {
  return std::any_of(summary.refused.begin(), summary.refused.end(),
                     [](const Refused& r) { return r.kind == Refused::Kind::kSamePicture; });
}

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
  json["refused"] = ToJson(summary.refused);
  json["readmitted"] = ToJson(summary.readmitted);
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
  const auto show = [](const std::vector<Refused>& refusals, const char* what) {
    for (size_t i = 0; i < std::min(refusals.size(), kUnreadableShown); ++i) {
      fmt::print(stderr, "{} {}: {}\n", what, EscapeText(refusals[i].path.string()), RefusalMessage(refusals[i]));
    }
    if (refusals.size() > kUnreadableShown) fmt::print(stderr, "… and {} more {}\n", refusals.size() - kUnreadableShown, what);
  };
  show(summary.refused, "refused");
  show(summary.readmitted, "readmitted");
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

// What was admitted, by hash; and the snapshot that makes it searchable.
void Log(const IngestSummary& summary, const IngestOptions& options, const Context& context) {
  const auto hash = [](const std::filesystem::path& file) -> std::optional<Sha256> {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) return std::nullopt;
    try {
      return Sha256::OfFile(file);
    } catch (const Error&) {
      return std::nullopt;
    }
  };
  for (const std::filesystem::path& manifest : options.manifests) context.audit->AddInput(manifest, hash(manifest));
  for (const std::filesystem::path& input : options.inputs) context.audit->AddInput(input, hash(input));
  const CollectionPaths paths = LocateCollection(context.collection);
  Json result = {{"batch", summary.batch.value},
                 {"hash", AuditLog(paths).PhotosOfBatch(summary.batch).Hex()},
                 {"new_photos", summary.counts.num_new_photos},
                 {"new_sightings", summary.counts.num_new_sightings},
                 {"unreadable", summary.counts.num_unreadable}};
  if (summary.index && summary.index->snapshot.number > 0) {
    const int64_t number = summary.index->snapshot.number;
    context.audit->SetSnapshot(number);
    const std::optional<Sha256> manifest = ManifestHash(paths, number);
    result["snapshot_manifest"] = manifest ? Json(manifest->Hex()) : Json(nullptr);
  }
  context.audit->AddResult(std::move(result));
}

}  // namespace

Run AddIngest(CLI::App& app, const Context& context) {
  auto options = std::make_shared<IngestOptions>();
  auto no_alerts = std::make_shared<bool>(false);
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
  command->add_flag("--readmit", options->readmit,
                    "Take in photos that were removed from the collection before, and lift their tombstones");
  command->add_flag("--no-alerts", *no_alerts, "Do not match the new photos against the watched banks; the next run does");
  AddThreads(command, &options->num_threads);
  return [options, no_alerts, &context]() -> int {
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
    Log(summary, *options, context);
    Json json = context.format == Format::kJson ? ToJson(summary) : Json();
    if (context.format != Format::kJson) PrintText(summary, context.collection);
    // What came in is told even if the watch-list cannot be looked at.
    std::optional<Error> failed;
    if (!summary.cancelled && !*no_alerts) {
      try {
        const AlertReport alerts = RunAlertsShown("ingest", options->num_threads, context);
        if (context.format != Format::kJson) fmt::print("{}", SentenceOf(alerts));
        json["alerts"] = ToJson(alerts);
      } catch (const Error& e) {
        failed = e;
      }
    }
    if (context.format == Format::kJson) fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
    if (failed) throw Error(failed->code(), fmt::format("The photos are taken in, but matching them against the watched banks failed: {}", failed->what()));
    if (summary.cancelled) {
      fmt::print(stderr, "Interrupted. What was done is kept; the same command continues.\n");
      return kInterrupted;
    }
    if (summary.index && summary.index->held_back) return kFailed;
    return summary.counts.num_unreadable > 0 || IsAnyLookAlike(summary) ? kSkipped : kDone;
  };
}

}  // namespace pugmark::cli
