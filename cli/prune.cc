// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "engine/reindex/published.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

struct Arguments {
  std::optional<int> keep;
  bool held_back = false;
  bool dry_run = false;
};

int Prune(const Context& context, const Arguments& arguments) {
  const CollectionPaths paths = context.RequireCollection();
  std::optional<FileLock> lock;
  if (!arguments.dry_run) lock.emplace(paths.lock());
  const Collection collection =
      OpenCollection(context.collection, arguments.dry_run ? Catalogue::Access::kRead : Catalogue::Access::kWrite);
  PruneOptions options;
  options.keep = arguments.keep.value_or(SnapshotsKept(collection.catalogue));
  options.keep_held_back = !arguments.held_back;
  options.was_current = WasCurrentIn(collection);
  const size_t num_leftovers = StagingLeftovers(paths).size();
  const std::vector<int64_t> removed = arguments.dry_run ? PlanPrune(paths, options) : PruneSnapshots(paths, options);
  const Json json = {{"schema", 1},          {"type", "prune"},    {"dry_run", arguments.dry_run},
                       {"keep", options.keep}, {"removed", removed}, {"leftovers", num_leftovers}};
  if (!arguments.dry_run) context.audit->AddResult({{"hash", HashOf(json).Hex()}, {"removed", removed}});
  if (context.format == Format::kJson) {
    fmt::print("{}\n", json.dump());
    return kDone;
  }
  if (removed.empty() && num_leftovers == 0) {
    fmt::print("There is nothing to remove.\n");
    return kDone;
  }
  const char* const verb = arguments.dry_run ? "Would remove" : "Removed";
  if (!removed.empty()) {
    fmt::print("{} snapshot{} {}.\n", verb, removed.size() == 1 ? "" : "s", fmt::join(removed, ", "));
  }
  if (num_leftovers > 0) {
    fmt::print("{} what {} killed run{} left.\n", verb, num_leftovers, num_leftovers == 1 ? "" : "s");
  }
  return kDone;
}

}  // namespace

Run AddPrune(CLI::App& app, const Context& context) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("prune", "Remove old snapshots of the index, and what killed runs left of theirs");
  command
      ->add_option(
          "--keep", arguments->keep,
          "Snapshots to keep, the current one included (default: what 'reindex --keep' was last given, at first 3)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  command->add_flag("--held-back", arguments->held_back,
                    "Also remove the newest snapshot that was never published, which is otherwise kept for inspection");
  command->add_flag("--dry-run", arguments->dry_run, "Print what would be removed, and remove nothing");
  return [arguments, &context] { return Prune(context, *arguments); };
}

}  // namespace pugmark::cli
