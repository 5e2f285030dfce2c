// SPDX-License-Identifier: Apache-2.0
#include "engine/ingest/manifest.h"

#include <string_view>
#include <utility>

#include "engine/ingest/manifest_rows.h"
#include "index/base/files.h"

namespace pugmark {

void VisitManifest(const std::filesystem::path& path, const std::filesystem::path& root, bool allow_outside,
                   const std::function<void(ManifestRow&&)>& on_row,
                   const std::function<void(ManifestProblem&&)>& on_problem, const ManifestLimits& limits) {
  const std::vector<uint8_t> bytes = ReadFile(path, limits.max_bytes);
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  internal::RowSink sink(path, root, allow_outside, limits, on_row, on_problem);

  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    sink.Refuse("is UTF-16 text. Save it as UTF-8.");  // What spreadsheets call "Unicode text".
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) sink.Refuse("is empty.");
  if (text[first] == '[') sink.Refuse("is a JSON array. Write one object per line, without commas between them.");
  if (text[first] == '{') {
    internal::ReadJsonRows(text, &sink);
  } else {
    internal::ReadCsvRows(text, &sink);
  }
}

Manifest ReadManifest(const std::filesystem::path& path, const std::filesystem::path& root, bool allow_outside,
                      const ManifestLimits& limits) {
  Manifest manifest;
  VisitManifest(
      path, root, allow_outside, [&](ManifestRow&& row) { manifest.rows.push_back(std::move(row)); },
      [&](ManifestProblem&& problem) { manifest.problems.push_back(std::move(problem)); }, limits);
  return manifest;
}

}  // namespace pugmark
