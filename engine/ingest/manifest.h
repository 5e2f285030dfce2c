// SPDX-License-Identifier: Apache-2.0
//
// Reads what a crawler or an analyst wrote about photos: CSV (RFC 4180, header line) or JSON lines, one row per photo
// and listing. Columns: file, platform, listing_id, url, seller, seller_url, title, price, currency, posted_at,
// captured_at, products, species, operation, bank. Only `file` is needed. Further columns are kept as JSON. products
// and species hold several values: separated by ';' (or '|') in CSV, an array or such a string in JSON.
// docs/manifests.md has examples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "index/catalogue/catalogue.h"

namespace pugmark {

struct ManifestRow {
  int64_t line = 0;            // 1-based line in the manifest where the row starts, for messages.
  std::filesystem::path file;  // Resolved against the manifest's directory (or `root`), absolute, lexically normal.
  Listing listing;
  std::string captured_at;
  std::string bank;  // Empty: the default bank.
};

// A row that cannot be used; the others are.
struct ManifestProblem {
  int64_t line = 0;
  std::string message;  // Escaped, one sentence that begins with what is wrong: "posted_at '3/4/17' is not a date ...".
};

struct Manifest {
  std::vector<ManifestRow> rows;  // In the order of the file.
  std::vector<ManifestProblem> problems;
};

struct ManifestLimits {
  uint64_t max_bytes = 1ull << 30;
  size_t max_field_bytes = 1 << 16;  // Longer fields make the row a problem.
  size_t max_row_bytes = 1 << 20;    // So do longer rows, line breaks inside of quotes included.
  int64_t max_rows = 20'000'000;     // Problems included.
  int64_t max_problems = 100'000;    // Beyond it is not a manifest with mistakes, but something else.
};

// Format by content: a first non-blank character '{' means JSON lines, anything else CSV (comma, semicolon or tab,
// whichever the header line uses). A UTF-8 byte order mark is skipped. Text that is not UTF-8 makes the row a problem.
// Names of columns are compared without regard to ASCII case, values lose surrounding blanks. Times are ISO 8601 (see
// docs/manifests.md) and kept as written; anything else makes the row a problem.
// root: directory that relative `file` values start from; empty means the manifest's own. A file that is absolute or
// leaves root by '..' is a problem unless allow_outside is set: manifests come from strangers. This is decided by the
// letters of the path alone; whether a symbolic link leads out of root is for the caller to check when it opens the
// file. Each row goes to on_row, each problem to on_problem, in the order of the file; what they throw ends the
// reading. Throws Error(kNotFound | kIo | kLimit) if it cannot be read, Error(kInvalidArgument) if it has no `file`
// column, two columns of one name, or a foreign format (UTF-16, a JSON array). Memory: the file, and one row.
void VisitManifest(const std::filesystem::path& path, const std::filesystem::path& root, bool allow_outside,
                   const std::function<void(ManifestRow&&)>& on_row,
                   const std::function<void(ManifestProblem&&)>& on_problem, const ManifestLimits& limits = {});

// The same, collected. Memory: about 1 KB per row.
Manifest ReadManifest(const std::filesystem::path& path, const std::filesystem::path& root, bool allow_outside,
                      const ManifestLimits& limits = {});

}  // namespace pugmark
