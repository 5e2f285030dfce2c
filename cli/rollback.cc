// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "engine/reindex/published.h"
#include "index/base/files.h"

namespace pugmark::cli {

Run AddRollback(CLI::App& app, const Context& context) {
  auto number = std::make_shared<std::optional<int64_t>>();
  CLI::App* command = app.add_subcommand("rollback", "Use an older published snapshot of the index again");
  command
      ->add_option("snapshot", *number,
                   "Number of the snapshot, as 'snapshots' lists it (default: the one before the "
                   "current one)")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}))
      ->type_name("N");
  return [number, &context]() -> int {
    const FileLock lock(context.RequireCollection().lock());
    Collection collection = OpenCollection(context.collection, Catalogue::Access::kWrite);
    const RollbackReport report = RollBack(collection, *number);
    const std::optional<Sha256> manifest = ManifestHash(collection.paths, report.now.number);
    context.audit->SetSnapshot(report.now.number);
    context.audit->AddResult({{"hash", manifest ? Json(manifest->Hex()) : Json(nullptr)}, {"before", report.before}});
    if (context.format == Format::kJson) {
      const Json json = {
          {"schema", 1},
          {"type", "rollback"},
          {"before", report.before == 0 ? Json(nullptr) : Json(report.before)},
          {"snapshot", report.now.number},
          {"photos", report.now.num_photos},
          {"unindexed_photos", report.num_unindexed}};
      fmt::print("{}\n", json.dump());
      return kDone;
    }
    fmt::print("Snapshot {} of {} is in use{}: {} photos.\n", report.now.number, report.now.created_at,
               report.before == 0 ? std::string() : fmt::format(" in place of {}", report.before),
               Grouped(report.now.num_photos));
    if (report.num_unindexed > 0) {
      fmt::print(
          "{} photos that were taken in since are found by their bytes only, until the next ingest or reindex indexes "
          "them.\n",
          Grouped(report.num_unindexed));
    }
    return kDone;
  };
}

}  // namespace pugmark::cli
