// SPDX-License-Identifier: Apache-2.0
//
// One line of a CSV file (RFC 4180) that a spreadsheet program opens without running or changing anything: an
// apostrophe stands before what would start a formula or lose its zeros.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace pugmark {

// Cells are appended from left to right.
class CsvLine {
 public:
  void Text(std::string_view untrusted);  // From outside.
  void Time(std::string_view untrusted);  // Likewise, and may become a date.
  void Cell(std::string_view cell);       // Ours.
  template <typename Number>
  void Value(Number number) {
    Cell(fmt::format("{}", number));
  }
  void Empty(int num_cells);
  std::string End() const { return line_ + "\r\n"; }

 private:
  void Foreign(std::string_view untrusted, bool is_guarded);

  std::string line_;
  bool is_first_ = true;
};

}  // namespace pugmark
