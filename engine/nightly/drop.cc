// SPDX-License-Identifier: Apache-2.0
#include "engine/nightly/drop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>

#include "engine/ingest/inputs.h"
#include "engine/ingest/manifest.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

std::string LowerExtension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

bool IsUnfinished(const fs::path& path) {
  const std::string extension = LowerExtension(path);
  return extension == ".tmp" || extension == ".part";
}

}  // namespace

DropContents ListDrop(const fs::path& folder, double settle_seconds) {
  std::error_code error;
  if (!fs::exists(folder, error)) {
    throw Error(ErrorCode::kNotFound, fmt::format("{}: the drop folder does not exist.", EscapeText(folder.string())));
  }
  if (!fs::is_directory(folder, error)) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: is not a folder.", EscapeText(folder.string())));
  }
  DropContents drop;
  const auto settled_before =
      fs::file_time_type::clock::now() -
      std::chrono::duration_cast<fs::file_time_type::duration>(std::chrono::duration<double>(settle_seconds));
  for (const fs::path& file : ExpandFolders({folder})) {
    const fs::file_time_type written = fs::last_write_time(file, error);
    // A clock that was set back must not keep a file out for ever: only the recent past counts.
    const bool is_recent = !error && written > settled_before && written <= fs::file_time_type::clock::now();
    if (IsUnfinished(file) || (settle_seconds > 0 && is_recent)) {
      ++drop.num_unsettled;
      continue;
    }
    if (fs::is_symlink(file, error) && LeadsOut(folder, file)) {
      drop.refused.push_back(OutsideOfFolder(file));
      continue;
    }
    const std::string extension = LowerExtension(file);
    if (extension != ".csv" && extension != ".jsonl") {
      drop.photos.push_back(file);
      continue;
    }
    try {
      // Read here once more than needed: one that is no manifest would end the ingest of all the others.
      VisitManifest(
          file, {}, false, [](ManifestRow&&) {}, [](ManifestProblem&&) {});
      drop.manifests.push_back(file);
    } catch (const Error& e) {
      drop.refused.push_back({file, "manifest", e.what()});
    }
  }
  return drop;
}

}  // namespace pugmark
