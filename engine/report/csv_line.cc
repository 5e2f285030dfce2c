// SPDX-License-Identifier: Apache-2.0
#include "engine/report/csv_line.h"

#include <algorithm>
#include <cctype>

#include "index/base/files.h"

namespace pugmark {
namespace {

// What a spreadsheet program would run. The wide forms count in East Asian versions; some programs skip blanks first.
// (Tabs and line breaks, which some skip too, have been escaped.)
bool StartsFormula(std::string_view text) {
  for (bool is_blank = true; is_blank;) {
    is_blank = false;
    for (const std::string_view blank : {" ", "\u00a0", "\u3000"}) {
      if (!text.starts_with(blank)) continue;
      text.remove_prefix(blank.size());
      is_blank = true;
    }
  }
  for (const std::string_view start : {"=", "+", "-", "@", "＝", "＋", "－", "＠"}) {
    if (text.starts_with(start)) return true;
  }
  return false;
}

// What a spreadsheet program would change: leading zeros and long numbers of listings, what looks like a date or a
// truth value. Whole numbers of up to 15 digits survive.
bool WouldBeChanged(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  if (text.find_first_of(kDigits) == std::string_view::npos) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    return lower == "true" || lower == "false";
  }
  if (text.find_first_not_of(kDigits) == std::string_view::npos)
    return text.size() > 15 || (text[0] == '0' && text.size() > 1);
  return text.find_first_not_of("0123456789.,:/-+%eE() ") == std::string_view::npos;
}

}  // namespace

void CsvLine::Text(std::string_view untrusted) { Foreign(untrusted, WouldBeChanged(untrusted)); }

void CsvLine::Time(std::string_view untrusted) { Foreign(untrusted, false); }

void CsvLine::Cell(std::string_view cell) {
  if (!is_first_) line_ += ',';
  is_first_ = false;
  if (cell.find_first_of("\",\r\n") == std::string_view::npos) {
    line_ += cell;
    return;
  }
  line_ += '"';
  for (const char c : cell) line_.append(c == '"' ? 2 : 1, c);
  line_ += '"';
}

void CsvLine::Empty(int num_cells) {
  for (int i = 0; i < num_cells; ++i) Cell("");
}

void CsvLine::Foreign(std::string_view untrusted, bool is_guarded) {
  std::string text = EscapeText(untrusted);
  if (is_guarded || StartsFormula(text)) text.insert(0, 1, '\'');
  Cell(text);
}

}  // namespace pugmark
