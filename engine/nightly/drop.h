// SPDX-License-Identifier: Apache-2.0
//
// The drop folder: what crawlers and people put there by day is taken in at night. Nothing in it is moved or removed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/ingest/ingest.h"

namespace pugmark {

struct DropContents {
  std::vector<std::filesystem::path> manifests;  // *.csv and *.jsonl that can be read, in order of path.
  std::vector<std::filesystem::path> photos;     // All other files.
  std::vector<Unreadable> refused;               // Manifests that cannot be read at all; links that lead out of the folder.
  int64_t num_unsettled = 0;                     // Files that were written to just now: left for the next night.
};

// settle_seconds: files written to within that time are left alone, since they may still be growing. So are those that
// end in .tmp or .part, at any age. Throws Error(kNotFound) if the folder does not exist, kInvalidArgument if it is
// none.
DropContents ListDrop(const std::filesystem::path& folder, double settle_seconds);

}  // namespace pugmark
