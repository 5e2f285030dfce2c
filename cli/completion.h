// SPDX-License-Identifier: Apache-2.0
//
// Completion scripts for shells, from the command line's own definitions: commands, options, their values, files.
#pragma once

#include <string>
#include <vector>

#include "cli/option_list.h"

namespace pugmark::cli {

// For bash 4 or newer; needs nothing else (not the package bash-completion).
std::string BashCompletion(const CommandInfo& program, const std::vector<CommandInfo>& commands);

// For zsh, to be found as _pugmark in its fpath.
std::string ZshCompletion(const CommandInfo& program, const std::vector<CommandInfo>& commands);

}  // namespace pugmark::cli
