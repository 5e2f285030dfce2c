// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/gate_output.h"
#include "cli/progress.h"
#include "engine/reindex/published.h"

namespace pugmark::cli {
namespace {

using Json = nlohmann::ordered_json;

double MiB(int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

std::string GateText(const SnapshotRecord& record) {
  if (record.gate == "none") return "not tested";
  const std::string figures = FiguresText(record.figures, record.compared_with != 0);
  return fmt::format("{}{}{}{}", record.gate,
                     record.compared_with != 0 ? fmt::format(", compared with {}", record.compared_with) : std::string(),
                     figures.empty() ? "" : ": ", figures);
}

Json ToJson(const ListedSnapshot& s) {
  Json json = {{"schema", 1},
               {"type", "snapshot"},
               {"snapshot", s.number},
               {"state", SnapshotStateName(s.state)},
               {"current", s.state == SnapshotState::kCurrent},
               {"created_at", s.info ? Json(s.info->created_at) : Json(nullptr)},
               {"kind", s.record ? Json(s.record->kind) : Json(nullptr)},
               {"photos", s.info ? Json(s.info->num_photos) : Json(nullptr)},
               {"entries", s.info ? Json(s.info->num_entries) : Json(nullptr)},
               {"parts", s.info ? Json(s.info->parts.size()) : Json(nullptr)},
               {"words", s.info ? Json(s.info->num_words) : Json(nullptr)},
               {"size_bytes", s.size_bytes},
               {"own_bytes", s.own_bytes},
               {"damage", s.damage.empty() ? Json(nullptr) : Json(s.damage)}};
  if (!s.record) {
    json["gate"] = nullptr;
    return json;
  }
  json["gate"] = {{"outcome", s.record->gate},
                  {"compared_with", s.record->compared_with == 0 ? Json(nullptr) : Json(s.record->compared_with)},
                  {"figures", FiguresJson(s.record->figures, s.record->compared_with != 0)}};
  return json;
}

int List(const Context& context) {
  context.RequireCollection();
  const Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);
  const std::vector<ListedSnapshot> all = ListedSnapshots(collection);
  if (context.format == Format::kJson) {
    for (const ListedSnapshot& s : all) {
      fmt::print("{}\n", ToJson(s).dump(-1, ' ', false, Json::error_handler_t::replace));
    }
    return kDone;
  }
  if (all.empty()) {
    fmt::print("There is no snapshot yet.\n");
    return kDone;
  }
  fmt::print("{:>8}  {:<20}  {:<10}  {:<9}  {:>10}  {:>5}  {:>10}  {}\n", "snapshot", "made", "state", "kind", "photos",
             "parts", "size", "test");
  for (const ListedSnapshot& s : all) {
    if (!s.info) {
      fmt::print("{:>8}  {:<20}  {}\n", s.number, "damaged", s.damage);
      continue;
    }
    fmt::print("{:>8}  {:<20}  {:<10}  {:<9}  {:>10}  {:>5}  {:>6.1f} MiB  {}\n", s.number, s.info->created_at,
               SnapshotStateName(s.state), s.record ? s.record->kind : "?", Grouped(s.info->num_photos), s.info->parts.size(),
               MiB(s.size_bytes), s.record ? GateText(*s.record) : "?");
  }
  return kDone;
}

}  // namespace

Run AddSnapshots(CLI::App& app, const Context& context) {
  app.add_subcommand("snapshots", "List the states of the index that are kept, with how each did in its test");
  return [&context] { return List(context); };
}

}  // namespace pugmark::cli
