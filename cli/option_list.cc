// SPDX-License-Identifier: Apache-2.0
#include "cli/option_list.h"

#include <algorithm>
#include <regex>

namespace pugmark::cli {
namespace {

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(separator, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

ValueKind KindOf(const std::string& value) {
  if (value.find('|') != std::string::npos) return ValueKind::kChoice;
  if (value == "DIR") return ValueKind::kDirectory;
  if (value == "COMMAND") return ValueKind::kCommand;
  for (const char* file : {"FILE", "PATH", "IMAGE", "PHOTO", "A", "B"}) {
    if (value == file) return ValueKind::kFile;
  }
  return value.find('.') != std::string::npos ? ValueKind::kFile : ValueKind::kText;
}

OptionInfo InfoOf(const CLI::Option& option) {
  OptionInfo info;
  info.is_positional = option.get_positional();
  info.is_required = option.get_required();
  info.is_repeatable = option.get_expected_max() > 1 || option.get_items_expected_max() > 1;
  for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
  if (info.names.empty()) info.names.push_back(option.get_name(true));
  if (option.get_expected_max() > 0) {
    // "N:INT in [1 - 10000]": the type's name, then what the validators say.
    const std::string type = option.get_type_name();
    static const std::regex kValidators(R"(:(\{.*|POSITIVE|NONNEGATIVE|NUMBER|[A-Z0-9 ]+ in \[.*)$)");
    info.value = std::regex_replace(type, kValidators, "");  // "PLATFORM:ID" has a colon of its own.
    info.kind = KindOf(info.value);
    static const std::regex kRange(R"(in \[(\S+) - (\S+)\])");
    static const std::regex kMembers(R"(:\{(.*)\})");  // Of CLI::IsMember.
    std::smatch match;
    if (std::regex_search(type, match, kRange)) info.limits = match[1].str() + " to " + match[2].str();
    if (std::regex_search(type, match, kMembers)) {
      info.kind = ValueKind::kChoice;
      info.choices = Split(match[1].str(), ',');
    } else if (info.kind == ValueKind::kChoice) {
      info.choices = Split(info.value, '|');
    }
  }
  info.description = option.get_description();
  if (!info.description.empty() && !info.description.ends_with('.')) info.description += ".";
  info.group = option.get_group();
  return info;
}

}  // namespace

CommandInfo Describe(const CLI::App& app) {
  CommandInfo command;
  command.name = app.get_parent() == nullptr ? "" : app.get_name();
  command.description = app.get_description();
  command.group = app.get_group();
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) command.options.push_back(InfoOf(*option));
  }
  return command;
}

std::vector<CommandInfo> DescribeCommands(const CLI::App& app) {
  std::vector<CommandInfo> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) commands.push_back(Describe(*command));
  }
  return commands;
}

}  // namespace pugmark::cli
