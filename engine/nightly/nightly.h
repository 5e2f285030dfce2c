// SPDX-License-Identifier: Apache-2.0
//
// The nightly run: what is in the drop folder is taken in, the index is renewed, what is new is matched against the
// watch-list and against everything for links between sellers, and the digest tells the morning what happened.
//
//   drop folder ─▶ ingest ─▶ reindex ─▶ alerts ─▶ link ─▶ digest
//
// A stage that fails does not keep the next ones from running, as far as they can, and never keeps the digest from
// being given: it says what failed. Every stage continues where it was killed; the digest begins where the last one
// that was given ended. People may work meanwhile: the collection's lock is held by ingest and reindex while they run,
// by alerts for moments only, and by linking for moments and while it weighs sellers at the end.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "engine/nightly/digest.h"
#include "index/base/error.h"

namespace pugmark {

struct NightlyOptions {
  std::filesystem::path drop;  // Empty: no ingest.
  double settle_seconds = 60;  // engine/nightly/drop.h.
  IngestOptions ingest;        // Of the drop folder; inputs and manifests are set here.
  int num_threads = 1;
  std::optional<int> keep_snapshots = {};  // As ReindexOptions.
  double wait_seconds = 3600;        // For another writer to end, per stage.
  std::filesystem::path digest_dir;  // Empty: no files.
  std::string version;               // Of Pugmark, for the digest.
  // A stage begins or ends; one line without line break, escaped.
  std::function<void(const std::string& line)> log = [](const std::string&) {};
  ReindexProgress progress = [](std::string_view, int64_t, int64_t) {};  // Within a stage.
  // Gives the digest to whoever waits for it. Only if it returns, the next digest begins after this one.
  std::function<void(const Digest&)> deliver = [](const Digest&) {};
};

struct NightlyReport {
  Digest digest;
  std::filesystem::path folder;      // Where the digest was written. Empty: nowhere.
  std::optional<ErrorCode> failure;  // The gravest of the stages: damage before locked before others.
  bool skipped_inputs = false;       // Unreadable, or refused as copies of removed photos.
  bool cancelled = false;            // Interrupted: no digest was given; the next run tells all.
};

// Throws Error(kLocked) at once if another nightly run is at work, and as LocateCollection; everything else is in the
// report. exit_code_of: what the program will return for a report, recorded with the run.
NightlyReport RunNightly(const std::filesystem::path& collection, const NightlyOptions& options, std::stop_token stop,
                         const std::function<int(const NightlyReport&)>& exit_code_of);

}  // namespace pugmark
