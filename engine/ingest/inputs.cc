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

bool LeadsOut(const fs::path& folder, const fs::path& file) {
  std::error_code error;
  const fs::path to = fs::canonical(file, error);
  if (error) return false;  // Reading it will say why.
  const fs::path from = fs::canonical(folder, error);
  return error || std::mismatch(from.begin(), from.end(), to.begin(), to.end()).first != from.end();
}

Unreadable OutsideOfFolder(const fs::path& file) {
  return {file, "outside", "It is a symbolic link that leads out of its folder; --allow-outside takes it in."};
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
      fs::path folder = manifests.back().parent_path();
      const fs::path relative = row.file.lexically_relative(folder);
      for (auto root = options.inputs.begin(); root != options.inputs.end() && !Exists(row.file); ++root) {
        if (relative.empty() || !Exists(*root / relative)) continue;
        folder = *root;
        row.file = *root / relative;
      }
      if (!options.allow_outside && LeadsOut(folder, row.file)) {
        collector.AddProblem({path, "manifest",
                              fmt::format("line {}: file '{}' leaves its directory by a symbolic link", row.line,
                                          EscapeText(row.file.string()))});
      } else {
        collector.AddRow(std::move(row));
      }
    }
    for (const ManifestProblem& problem : manifest.problems) {
      collector.AddProblem({path, "manifest", fmt::format("line {}: {}", problem.line, problem.message)});
    }
  }
  for (const fs::path& file : ExpandFolders(options.inputs)) {
    const fs::path absolute = fs::absolute(file).lexically_normal();
    if (std::find(manifests.begin(), manifests.end(), absolute) != manifests.end()) continue;
    // What is named itself may lie anywhere.
    const auto leads_out = [&](const fs::path& input) { return LeadsOut(input, file); };
    const auto is_named = [&] {
      return std::find(options.inputs.begin(), options.inputs.end(), file) != options.inputs.end();
    };
    std::error_code ignored;
    if (!options.allow_outside && fs::is_symlink(file, ignored) && !is_named() &&
        std::all_of(options.inputs.begin(), options.inputs.end(), leads_out)) {
      collector.AddProblem(OutsideOfFolder(file));
    } else {
      collector.AddFile(file);
    }
  }
  return std::move(collector).Finish();
}

}  // namespace pugmark
