// SPDX-License-Identifier: Apache-2.0
//
// CSV as RFC 4180 has it, by libcsv in its strict mode: there a quote in the wrong place is an error at once instead of
// swallowing the rows after it. A line that is refused for that is read once more by itself, leniently, because people
// write 2" for two inches; and reading goes on with the next line, so that one bad row costs one row.
#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "engine/ingest/manifest_rows.h"
#include "index/base/error.h"

namespace pugmark::internal {
namespace {

// The cells of one row, as libcsv reports them.
struct Cells {
  std::vector<std::string> cells;  // At most kMaxColumns.
  size_t num_cells = 0;
  bool ended = false;
  bool out_of_memory = false;

  void Clear() { *this = Cells(); }
};

// libcsv's callbacks; no exception may pass through C.
void OnCell(void* text, size_t length, void* cells) noexcept {
  auto* row = static_cast<Cells*>(cells);
  if (row->num_cells++ >= kMaxColumns) return;
  try {
    row->cells.emplace_back(static_cast<const char*>(text), length);
  } catch (const std::bad_alloc&) {
    row->out_of_memory = true;
  }
}

void OnRowEnd(int, void* cells) noexcept { static_cast<Cells*>(cells)->ended = true; }

class Parser {
 public:
  Parser(unsigned char options, char delimiter) : options_(options), delimiter_(delimiter) { Start(); }
  ~Parser() { csv_free(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // False if the line is malformed; the parser is then of use only after Restart().
  bool Feed(std::string_view line, Cells* cells) {
    const bool whole = csv_parse(&parser_, line.data(), line.size(), OnCell, OnRowEnd, cells) == line.size();
    // The last line may lack its end; without it libcsv would keep the row.
    const bool ends = line.ends_with('\n') || line.ends_with('\r');
    const bool done = whole && (ends || csv_parse(&parser_, "\n", 1, OnCell, OnRowEnd, cells) == 1);
    if (cells->out_of_memory || (!done && csv_error(&parser_) == CSV_ENOMEM)) throw std::bad_alloc();
    return done;
  }

  void Restart() {
    csv_free(&parser_);
    Start();
  }

 private:
  void Start() {
    csv_init(&parser_, options_);
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter_));
    csv_set_blk_size(&parser_, 4096);
  }

  unsigned char options_;
  char delimiter_;
  csv_parser parser_{};
};

class CsvReader {
 public:
  CsvReader(std::string_view text, char delimiter, size_t max_row_bytes)
      : lines_(text), strict_(CSV_STRICT, delimiter), lenient_(0, delimiter), max_row_bytes_(max_row_bytes) {}

  struct Row {
    int64_t first_line = 0, last_line = 0;
    Cells cells;
    std::string wrong;  // Why the row cannot be used; empty if it can.
  };

  // False at the end. Blank lines are skipped.
  bool Next(Row* row) {
    row->cells.Clear();
    row->wrong.clear();
    Lines::Position after_first_line;
    std::string_view first_line, line;
    bool open = false;
    size_t num_bytes = 0;
    while (true) {
      const int64_t number = lines_.position().line;
      if (!lines_.Next(&line)) {
        if (!open) return false;
        break;  // The end of the file inside of quotes.
      }
      if (!open) {
        row->first_line = number;
        first_line = line;
        after_first_line = lines_.position();
      }
      row->last_line = number;
      num_bytes += line.size();
      if (num_bytes > max_row_bytes_) break;
      if (!strict_.Feed(line, &row->cells)) break;
      if (row->cells.ended) return true;
      // A line that ends no row is blank, unless its end stands in quotes.
      if (!open && line.find('"') == std::string_view::npos) {
        num_bytes = 0;
      } else {
        open = true;
      }
    }
    strict_.Restart();
    lines_.Seek(after_first_line);
    row->last_line = row->first_line;
    row->cells.Clear();
    if (first_line.size() > max_row_bytes_) {
      row->wrong = fmt::format("the line has {} bytes, at most {} are allowed", first_line.size(), max_row_bytes_);
    } else if (!lenient_.Feed(first_line, &row->cells) || !row->cells.ended) {
      row->wrong = "a quotation mark does not end, or text follows after it";
      lenient_.Restart();
    }
    return true;
  }

  void SkipLine() {
    std::string_view line;
    lines_.Next(&line);
  }

 private:
  Lines lines_;
  Parser strict_, lenient_;
  size_t max_row_bytes_;
};

// Whichever of , ; and tab stands most often in the header line outside of quotes; the comma if none does.
char FindDelimiter(std::string_view header) {
  std::array<std::pair<char, size_t>, 3> counts = {{{',', 0}, {';', 0}, {'\t', 0}}};
  bool quoted = false;
  for (const char c : header) {
    if (c == '"') quoted = !quoted;
    for (auto& [delimiter, count] : counts) count += !quoted && c == delimiter ? 1 : 0;
  }
  return std::ranges::max_element(counts, {}, [](const auto& count) { return count.second; })->first;
}

// Where the cells of a row go.
struct Header {
  struct Target {
    std::optional<Column> column;
    std::string name;  // As written; empty: a column without a name, which must stay empty.
  };
  std::vector<Target> targets;
};

Header ReadHeader(CsvReader* reader, const RowSink& sink) {
  CsvReader::Row row;
  if (!reader->Next(&row)) sink.Refuse("is empty.");
  if (!row.wrong.empty()) sink.Refuse(fmt::format("the header line cannot be read: {}.", row.wrong));
  if (row.cells.num_cells > kMaxColumns) {
    sink.Refuse(fmt::format("has {} columns, at most {} are allowed.", row.cells.num_cells, kMaxColumns));
  }
  Header header;
  std::set<std::string> keys;
  for (const std::string& cell : row.cells.cells) {
    const std::string_view name = Trim(cell);
    if (const std::string wrong = sink.WrongText("a column's name", name); !wrong.empty()) {
      sink.Refuse(fmt::format("{}.", wrong));
    }
    const std::string key = ColumnKey(name);
    if (!key.empty() && !keys.insert(key).second) sink.Refuse(fmt::format("has two columns {}.", Quoted(name)));
    header.targets.push_back({FindColumn(key), std::string(name)});
  }
  if (!keys.contains("file")) sink.Refuse("has no column 'file'.");
  return header;
}

// Empty, or what is wrong with the row.
std::string FillRow(const Header& header, Cells* cells, const RowSink& sink, RawRow* raw) {
  nlohmann::json extra = nlohmann::json::object();
  for (size_t i = 0; i < header.targets.size(); ++i) {
    const Header::Target& target = header.targets[i];
    std::string& cell = cells->cells[i];
    if (target.column) {
      raw->values[*target.column] = std::move(cell);
      continue;
    }
    const std::string_view value = Trim(cell);
    if (value.empty()) continue;
    if (target.name.empty()) return fmt::format("{} stands in column {}, which has no name", Quoted(value), i + 1);
    if (std::string wrong = sink.WrongText(Quoted(target.name), value); !wrong.empty()) return wrong;
    extra[target.name] = value;
  }
  if (!extra.empty()) raw->extra_json = extra.dump();
  return "";
}

}  // namespace

void ReadCsvRows(std::string_view text, RowSink* sink) {
  // The header is the first line that is not blank; "sep=;" before it is a spreadsheet's habit.
  Lines lines(text);
  std::string_view line;
  while (lines.Next(&line) && Trim(line).empty()) continue;
  const std::string_view first = line;
  const std::string_view trimmed = first.substr(0, first.find_first_of("\r\n"));
  const bool names_separator = trimmed.size() == 5 && trimmed.starts_with("sep=");
  const char delimiter = names_separator ? trimmed[4] : FindDelimiter(first);
  if (names_separator && std::string_view(",;\t|").find(delimiter) == std::string_view::npos) {
    sink->Refuse(fmt::format("names {} as the separator; use ',', ';' or a tab.", Quoted(trimmed.substr(4))));
  }

  CsvReader reader(text, delimiter, sink->limits().max_row_bytes);
  CsvReader::Row row;
  if (names_separator) reader.Next(&row);
  const Header header = ReadHeader(&reader, *sink);
  while (reader.Next(&row)) {
    if (row.wrong.empty() && row.cells.num_cells != header.targets.size()) {
      row.wrong = fmt::format("the row has {} cells, the header {}", row.cells.num_cells, header.targets.size());
      if (row.last_line != row.first_line) row.wrong += fmt::format(" (it goes on to line {})", row.last_line);
    }
    RawRow raw;
    raw.line = row.first_line;
    if (row.wrong.empty()) row.wrong = FillRow(header, &row.cells, *sink, &raw);
    if (row.wrong.empty()) {
      sink->Add(std::move(raw));
    } else {
      sink->AddProblem(row.first_line, std::move(row.wrong));
    }
  }
}

}  // namespace pugmark::internal
