// SPDX-License-Identifier: Apache-2.0
//
// Lines and tables of a given width on a terminal. Private to the report room. Texts come escaped and without line
// breaks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/search/search.h"

namespace pugmark {

inline constexpr int kMinTerminalWidth = 60;
inline constexpr int kGap = 2;  // Columns between two cells.

// ANSI styles.
inline constexpr std::string_view kBold = "1";
inline constexpr std::string_view kFaint = "2";
std::string_view StyleOf(Verdict verdict);

// The text in that style; as it is without colours or without style.
std::string Styled(std::string_view text, std::string_view style, bool colour);

// The parts, joined by the separator, over as many indented lines as they need. A part that is wider than a line is
// cut.
std::string Wrapped(const std::vector<std::string>& parts, int width, int indent, std::string_view separator = " · ");

// The words of a sentence, over as many indented lines as they need.
std::string WrappedSentence(std::string_view sentence, int width, int indent);

// Columns that the table takes without cutting anything.
int TableWidth(const std::vector<std::vector<std::string>>& rows);

// Rows of equally many cells in columns two apart; the widest columns give way until the table fits the width. Columns
// without any text below the heading, the first row, are left out. whole: headings of columns whose first
// 11 columns are never cut.
std::string Table(const std::vector<std::vector<std::string>>& rows, int width,
                  const std::vector<std::string_view>& whole = {});

}  // namespace pugmark
