// SPDX-License-Identifier: Apache-2.0
#include "engine/nightly/nightly.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

int ExitCodeOfRun(const NightlyReport& report) {
  if (report.cancelled) return kInterrupted;
  if (report.failure == ErrorCode::kCorrupt) return kDamaged;
  if (report.failure == ErrorCode::kLocked) return kLockedOut;
  if (report.failure) return kFailed;
  return report.skipped_inputs ? kSkipped : kDone;
}

int Nightly(NightlyOptions options, const Context& context) {
  context.RequireCollection();
  Progress progress;
  options.version = PUGMARK_VERSION;
  options.log = [&](const std::string& line) {
    progress.Clear();
    fmt::print(stderr, "{}\n", line);
    std::fflush(stderr);
  };
  options.progress = [&](std::string_view stage, int64_t done, int64_t total) { progress.Show(stage, done, total); };
  options.deliver = [&](const Digest& digest) {
    progress.Clear();
    fmt::print("{}", context.format == Format::kJson ? FormatDigestJson(digest) : FormatDigestText(digest));
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      throw Error(ErrorCode::kIo, "The digest could not be written to stdout; the next run tells the same again.");
    }
  };
  const NightlyReport report = RunNightly(context.collection, options, context.stop, ExitCodeOfRun);
  if (!report.cancelled) {
    const std::optional<Sha256> manifest = ManifestHash(CollectionPaths{context.collection}, report.digest.snapshot);
    context.audit->SetSnapshot(report.digest.snapshot);
    context.audit->AddResult({{"hash", HashOf(FormatDigestJson(report.digest)).Hex()},
                              {"snapshot_manifest", manifest ? Json(manifest->Hex()) : Json(nullptr)},
                              {"new_photos", report.digest.num_new_photos},
                              {"alerts", report.digest.alerts.size()}});
  }
  return ExitCodeOfRun(report);
}

}  // namespace

Run AddNightly(CLI::App& app, const Context& context) {
  auto options = std::make_shared<NightlyOptions>();
  CLI::App* command = app.add_subcommand(
      "nightly", "Take in a drop folder, re-index, match the watch-list and tell what is new, in one run");
  command
      ->add_option(
          "--drop", options->drop,
          "Take in all photos in this folder, with the manifests (*.csv, *.jsonl) that lie in it; nothing is moved")
      ->type_name("FOLDER");
  command
      ->add_option("--settle", options->settle_seconds,
                   "Leave files that were written to within the last S seconds for the next night (default 60)")
      ->check(CLI::Range(0.0, 86400.0))
      ->type_name("S");
  command->add_option("--platform", options->ingest.platform, "Platform of photos for which no manifest names one")
      ->type_name("NAME");
  command
      ->add_option("--bank", options->ingest.bank, "Bank of photos for which no manifest names one (default evidence)")
      ->type_name("NAME");
  command->add_flag("--copy", options->ingest.copy_originals, "Keep a copy of every original in the collection");
  command
      ->add_option("--digest-dir", options->digest_dir,
                   "Also write the digest as text, JSON lines and a page into a new dated folder in this one")
      ->type_name("DIR");
  command
      ->add_option("--keep", options->keep_snapshots,
                   "Snapshots of the index to keep (default: as last time, at first 3)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  command
      ->add_option("--wait", options->wait_seconds,
                   "Wait up to S seconds for another writer to end, before each stage (default 3600)")
      ->check(CLI::Range(0.0, 86400.0))
      ->type_name("S");
  AddThreads(command, &options->num_threads);
  return [options, &context] { return Nightly(*options, context); };
}

}  // namespace pugmark::cli
