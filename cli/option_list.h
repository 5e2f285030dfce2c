// SPDX-License-Identifier: Apache-2.0
//
// What CLI11 knows of commands and options, as plain data: the one source of man pages and completions.
//
// Two conventions of our type names: one with bars lists the values ("yes|no|unsure"); DIR means a directory, and FILE,
// PATH, IMAGE, PHOTO, A, B and names with a dot ("MODEL.onnx") a file.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace pugmark::cli {

enum class ValueKind { kNone, kText, kChoice, kFile, kDirectory, kCommand };

struct OptionInfo {
  std::vector<std::string> names;    // "-c", "--collection"; of a positional its one name, "images".
  bool is_positional = false;
  bool is_required = false;
  bool is_repeatable = false;
  std::string value;                 // "DIR"; empty for flags.
  ValueKind kind = ValueKind::kNone;
  std::vector<std::string> choices;  // Of kChoice.
  std::string limits;                // "1 to 10000"; empty: none stated.
  std::string description;           // Ends with a full stop.
  std::string group;                 // Heading in the help; "Options" and "Positionals" are CLI11's own.
};

struct CommandInfo {
  std::string name;                  // Empty: the program itself.
  std::string description;
  std::string group;
  std::vector<OptionInfo> options;   // In the order in which they were registered.
};

// Of `app` itself without those of its subcommands.
CommandInfo Describe(const CLI::App& app);
// Its subcommands, in order of registration; hidden ones (without group) are left out.
std::vector<CommandInfo> DescribeCommands(const CLI::App& app);

}  // namespace pugmark::cli
