// SPDX-License-Identifier: Apache-2.0
//
// How many columns a text takes on a terminal. For the rooms that print.
//
// wcwidth(3) of the C.UTF-8 locale that every Debian has, for the calling thread only: the user's locale decides
// nothing. Departure from it: characters it does not know count as one column.
#pragma once

#include <string>
#include <string_view>

namespace pugmark {

// utf8: as EscapeText returns it, so valid and without control characters.
int DisplayWidth(std::string_view utf8);

// Cut to at most `columns` (>= 1), with an ellipsis if something was lost: of the end, or of the beginning.
std::string CutEnd(std::string_view utf8, int columns);
std::string CutBeginning(std::string_view utf8, int columns);

// Cut and filled with blanks to exactly `columns`.
std::string Fitted(std::string_view utf8, int columns);

}  // namespace pugmark
