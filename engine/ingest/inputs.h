// SPDX-License-Identifier: Apache-2.0
//
// Which files an ingest reads, in which order, and what is known of each.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/ingest/ingest.h"
#include "engine/ingest/manifest.h"

namespace pugmark {

// One file and its manifest rows; none if it was found in a folder.
struct Input {
  std::filesystem::path path;  // Absolute.
  std::vector<ManifestRow> rows;
};

struct Inputs {
  std::vector<Input> files;            // Each file once. Manifest order first, then folders, sorted by path.
  std::vector<Unreadable> problems;    // Manifest rows that cannot be used.
};

// Folders among `named` are replaced by the regular files below them, hidden ones too, sorted by path; links to
// folders are not followed, collections are left out. Everything else stays as it is named, whether it exists or not; so
// does a folder that cannot be listed, so that reading it says why.
std::vector<std::filesystem::path> ExpandFolders(const std::vector<std::filesystem::path>& named);

// Whether symbolic links lead from `file`, which lies below `folder` by its name, to a place that does not.
bool LeadsOut(const std::filesystem::path& folder, const std::filesystem::path& file);

// What is reported of a file that does: crawlers and archives make such links, and who follows them takes in files that
// nobody gave him.
Unreadable OutsideOfFolder(const std::filesystem::path& file);

// Throws Error(kNotFound) if an input or manifest does not exist.
Inputs CollectInputs(const IngestOptions& options);

}  // namespace pugmark
