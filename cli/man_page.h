// SPDX-License-Identifier: Apache-2.0
//
// Man pages: the prose is written by people (docs/man/*.in), SYNOPSIS and OPTIONS come from the command line's own
// definitions, so that no page can forget an option.
#pragma once

#include <string>
#include <vector>

#include "cli/option_list.h"

namespace pugmark::cli {

struct ManOptions {
  std::string version;  // "0.1.0"
  std::string date;     // "2026-11-24"
};

// pugmark-COMMAND(1). text: sections in man macros, beginning with .SH NAME. SYNOPSIS is put after NAME, OPTIONS after
// DESCRIPTION, SEE ALSO at the end. More on one option than its sentence: a block of lines that begins with
//   .\" OPTION --roi
// and ends at the next such line or .SH; it is moved below the option. Throws Error(kInvalidArgument) if such a block names
// no option of the command, or if NAME or DESCRIPTION is missing.
std::string CommandPage(const CommandInfo& command, const std::string& text, const ManOptions& options);

// pugmark(1). In `text` the line
//   .\" COMMANDS
// is replaced by the list of commands and
//   .\" OPTIONS
// by the options of all commands. Throws Error(kInvalidArgument) if one of them is missing.
std::string OverviewPage(const CommandInfo& program, const std::vector<CommandInfo>& commands, const std::string& text,
                         const ManOptions& options);

}  // namespace pugmark::cli
