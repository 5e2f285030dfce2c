// SPDX-License-Identifier: Apache-2.0
//
// The whole command line as CLI11 knows it. main() runs it; man pages and completions are generated from it.
#pragma once

#include <map>
#include <string>

#include "cli/commands.h"

namespace pugmark::cli {

// Sets up options and subcommands of `app`; returns what runs each command, by name. `context` and `app` outlive it.
std::map<std::string, Run> AddEverything(CLI::App& app, Context& context);

// One sentence of what the program is for; the description of `app`.
std::string ProgramDescription();

// What to tell somebody whose command line could not be understood, and the nearest names to what was typed: one message
// without the program's name in front. The exception is the one that parsing threw.
std::string ExplainMistake(const CLI::App& app, int argc, const char* const* argv, const CLI::ParseError& error);

}  // namespace pugmark::cli
