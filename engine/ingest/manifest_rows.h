// SPDX-License-Identifier: Apache-2.0
//
// From named values to a checked ManifestRow: what the CSV and the JSON reader share. Internal to the manifest reader.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ingest/manifest.h"

namespace pugmark::internal {

enum Column {
  kFile,
  kPlatform,
  kListingId,
  kUrl,
  kSeller,
  kSellerUrl,
  kTitle,
  kPrice,
  kCurrency,
  kPostedAt,
  kCapturedAt,
  kProducts,
  kSpecies,
  kOperation,
  kBank,
  kNumColumns
};
inline constexpr std::array<const char*, kNumColumns> kColumnNames = {
    "file",     "platform",  "listing_id",  "url",      "seller",  "seller_url", "title", "price",
    "currency", "posted_at", "captured_at", "products", "species", "operation",  "bank"};

// Columns of one manifest; more are refused.
inline constexpr size_t kMaxColumns = 1000;

// The name as it is compared: without surrounding blanks, ASCII letters small.
std::string ColumnKey(std::string_view name);
// nullopt: a further column.
std::optional<Column> FindColumn(std::string_view key);

std::string_view Trim(std::string_view text);
bool IsUtf8(std::string_view text);
// YYYY-MM-DD[THH:MM[:SS[.fraction]][Z|+hh:mm|-hh:mm]], and a day that exists.
bool IsIsoTime(std::string_view text);
// In single quotes, escaped, shortened: for messages.
std::string Quoted(std::string_view untrusted);

// Splits text into lines, each with its line break (LF, CR LF or CR) if it has one.
class Lines {
 public:
  struct Position {
    size_t offset = 0;
    int64_t line = 1;  // 1-based number of the line that comes next.
  };
  explicit Lines(std::string_view text) : text_(text) {}
  bool Next(std::string_view* line);
  const Position& position() const { return position_; }
  void Seek(const Position& position) { position_ = position; }

 private:
  std::string_view text_;
  Position position_;
};

// A row as it was written.
struct RawRow {
  int64_t line = 0;
  std::array<std::string, kNumColumns> values;
  std::vector<std::string> products, species;  // Given one by one (JSON arrays), beside those in `values`.
  std::string extra_json;
};

class RowSink {
 public:
  RowSink(const std::filesystem::path& manifest, const std::filesystem::path& root, bool allow_outside,
          const ManifestLimits& limits, const std::function<void(ManifestRow&&)>& on_row,
          const std::function<void(ManifestProblem&&)>& on_problem);

  // Checks the row and passes it on as a row or as a problem. Throws Error(kLimit) if there are too many.
  void Add(RawRow&& raw);
  void AddProblem(int64_t line, std::string message);

  // What is wrong with a value; empty if nothing.
  std::string WrongText(std::string_view name, std::string_view value) const;

  const ManifestLimits& limits() const { return limits_; }
  // Throws Error(kInvalidArgument): the manifest as a whole cannot be used.
  [[noreturn]] void Refuse(std::string_view why) const;

 private:
  std::string Fill(RawRow&& raw, ManifestRow* row) const;
  std::string ResolveFile(const std::string& value, std::filesystem::path* file) const;
  void Count();

  std::string name_;  // Of the manifest, escaped.
  std::filesystem::path root_;
  bool allow_outside_;
  ManifestLimits limits_;
  const std::function<void(ManifestRow&&)>& on_row_;
  const std::function<void(ManifestProblem&&)>& on_problem_;
  int64_t num_rows_ = 0, num_problems_ = 0;
};

// The two readers. `text` is without byte order mark.
void ReadCsvRows(std::string_view text, RowSink* sink);
void ReadJsonRows(std::string_view text, RowSink* sink);

}  // namespace pugmark::internal
