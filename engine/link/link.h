// SPDX-License-Identifier: Apache-2.0
//
// The linking run: photos that are new since the last one are matched against all before them, sellers are weighed, and
// groups brought up to date.
//
//   photos ─▶ match ═▶ photo links ─▶ weigh ─▶ communities ─▶ groups with their old identities
//
// What the graph holds and how it is read: graph.h. How sellers are weighed: weigh.h. Matching is committed as it goes:
// a killed run loses at most a few seconds' work. Weighing and grouping are one transaction.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/link/graph.h"
#include "engine/link/match.h"
#include "engine/link/weigh.h"

namespace pugmark {

struct LinkOptions {
  std::string cause = "link";  // Recorded with the run: "nightly".
  int num_threads = 1;
  bool again = false;  // Forget all matches first, and match every photo again.
  MatchOptions match;
  LinkModel model;
  double wait_seconds = 600;  // For another writer to end, each time something is to be written.
};

struct LinkReport {
  int64_t run = 0;
  int64_t snapshot = 0;
  int64_t num_matched = 0;      // Photos that were matched in this run.
  int64_t num_photo_links = 0;  // That it found.
  int64_t num_verified = 0;     // Candidates that were looked at for it.
  int64_t num_damaged = 0;      // Photos whose stored features, or those of a candidate, are damaged.
  int64_t num_unindexed = 0;    // Photos that are not in the index yet: a later run matches them.
  size_t num_sellers = 0, num_links = 0, num_leads = 0, num_groups = 0;
  std::vector<SellerLink> new_links;  // Between sellers, told for the first time.
  std::vector<SellerGroupEvent> group_events;
  bool cancelled = false;  // Interrupted; the next run goes on.
};

using LinkProgress = std::function<void(int64_t done, int64_t total)>;

// Holds the collection's lock only while it writes, and while it weighs sellers at the end. Throws as PhotoMatcher and LoadGraph do, and Error(kLocked) if
// another writer does not end in time. Deterministic: the same catalogue and snapshot give the same links and groups,
// whatever num_threads. Cost: docs/measuring.md, "Links between sellers".
LinkReport RunLinking(const std::filesystem::path& collection, const LinkOptions& options, std::stop_token stop,
                      const LinkProgress& progress);

}  // namespace pugmark
