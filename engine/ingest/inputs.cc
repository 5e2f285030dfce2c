// SPDX-License-Identifier: Apache-2.0
#include "engine/ingest/inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>

#include "index/base/collection.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

bool Exists(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// Our own thumbnails and parts are no evidence.
bool IsCollection(const fs::path& folder) {
  const CollectionPaths paths{folder};
  return Exists(paths.catalogue()) && Exists(paths.lock());
}

// Regular files below `folder`, hidden ones too (phones hide thumbnails, people hide photos), sorted by path so that photo
// ids do not depend on the order of a directory's entries. Links to folders are not followed: they may lead in circles or
// out of the evidence. A folder that cannot be listed stands for itself: reading it will say why.
void AddFilesBelow(const fs::path& folder, std::vector<fs::path>* files) {
  if (IsCollection(folder)) return;
  std::error_code error;
  std::vector<fs::path> folders;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_symlink(ignored) && it->is_directory(ignored)) continue;
    if (it->is_directory(ignored)) folders.push_back(it->path());
    if (it->is_regular_file(ignored)) files->push_back(it->path());
  }
  if (error) files->push_back(folder);
  for (const fs::path& below : folders) AddFilesBelow(below, files);
}

class Collector {
 public:
  void AddRow(ManifestRow row) {
    Input& input = At(row.file);
    input.rows.push_back(std::move(row));
  }
  void AddFile(const fs::path& path) { At(path); }
  Inputs Finish() && { return std::move(inputs_); }
  void AddProblem(Unreadable problem) { inputs_.problems.push_back(std::move(problem)); }

 private:
  Input& At(const fs::path& path) {
    const fs::path absolute = fs::absolute(path).lexically_normal();
    const auto [place, is_new] = places_.try_emplace(absolute.string(), inputs_.files.size());
    if (is_new) inputs_.files.push_back({absolute, {}});
    return inputs_.files[place->second];
  }

  Inputs inputs_;
  std::unordered_map<std::string, size_t> places_;
};

}  // namespace

std::vector<fs::path> ExpandFolders(const std::vector<fs::path>& named) {
  std::vector<fs::path> files;
  for (const fs::path& path : named) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      std::vector<fs::path> below;
      AddFilesBelow(path, &below);
      std::sort(below.begin(), below.end());
      files.insert(files.end(), below.begin(), below.end());
    } else {
      files.push_back(path);
    }
  }
  return files;
}

Inputs CollectInputs(const IngestOptions& options) {
  const auto require = [](const fs::path& path) {
    if (!Exists(path)) {
      throw Error(ErrorCode::kNotFound, fmt::format("{}: does not exist. Nothing was ingested.", EscapeText(path.string())));
    }
  };
  for (const fs::path& path : options.inputs) require(path);
  for (const fs::path& path : options.manifests) require(path);

  Collector collector;
  std::vector<fs::path> manifests;
  for (const fs::path& path : options.manifests) {
    manifests.push_back(fs::absolute(path).lexically_normal());
    // With one folder named beside the manifest, its rows are relative to that folder if they are not to the manifest.
    Manifest manifest = ReadManifest(path, {}, options.allow_outside);
    for (ManifestRow& row : manifest.rows) {
      const fs::path relative = row.file.lexically_relative(manifests.back().parent_path());
      for (auto root = options.inputs.begin(); root != options.inputs.end() && !Exists(row.file); ++root) {
        if (!relative.empty() && Exists(*root / relative)) row.file = *root / relative;
      }
      collector.AddRow(std::move(row));
    }
    for (const ManifestProblem& problem : manifest.problems) {
      collector.AddProblem({path, "manifest", fmt::format("line {}: {}", problem.line, problem.message)});
    }
  }
  for (const fs::path& file : ExpandFolders(options.inputs)) {
    const fs::path absolute = fs::absolute(file).lexically_normal();
    if (std::find(manifests.begin(), manifests.end(), absolute) == manifests.end()) collector.AddFile(file);
  }
  return std::move(collector).Finish();
}

}  // namespace pugmark
