// SPDX-License-Identifier: Apache-2.0
#include "cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <sstream>

#include "index/base/error.h"

namespace pugmark::cli {
namespace {

constexpr std::string_view kOptionBlock = ".\\\" OPTION ";
constexpr std::string_view kCommandsHere = ".\\\" COMMANDS";
constexpr std::string_view kOptionsHere = ".\\\" OPTIONS";
constexpr std::string_view kLicence = ".\\\" SPDX-License-Identifier: Apache-2.0";

// Text for roff: a hyphen that can be copied into a shell, backslashes that stay, no line that becomes a request.
std::string Roff(const std::string& text) {
  std::string roff;
  for (const char c : text) {
    if (c == '-') {
      roff += "\\-";
    } else if (c == '\\') {
      roff += "\\e";
    } else {
      roff += c;
    }
  }
  if (roff.starts_with('.') || roff.starts_with('\'')) roff.insert(0, "\\&");
  return roff;
}

std::string Bold(const std::string& text) { return "\\fB" + Roff(text) + "\\fR"; }
std::string Italic(const std::string& text) { return "\\fI" + Roff(text) + "\\fR"; }

// "yes|no": the words as they are typed; else a place for a value.
std::string ValueOf(const OptionInfo& option) {
  if (option.kind != ValueKind::kChoice) return Italic(option.value);
  std::string words;
  for (const std::string& choice : option.choices) words += (words.empty() ? "" : "|") + Bold(choice);
  return words;
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string Head(const std::string& name, const ManOptions& options) {
  return fmt::format("{}\n.TH {} 1 \"{}\" \"pugmark {}\" \"User Commands\"\n", kLicence, Roff(Upper(name)), options.date,
                     options.version);
}

std::string Synopsis(const CommandInfo& command) {
  std::string text = fmt::format(".SH SYNOPSIS\n.nh\n.ad l\n\\fBpugmark\\fR [{} {}] {}\n", Bold("-c"), Italic("DIR"),
                                 Bold(command.name));
  for (const OptionInfo& option : command.options) {
    if (option.is_positional) continue;
    if (option.names.back() == "--help") continue;
    const std::string value = option.value.empty() ? "" : " " + ValueOf(option);
    text += fmt::format("[{}{}]{}\n", Bold(option.names.back()), value, option.is_repeatable ? " ..." : "");
  }
  for (const OptionInfo& option : command.options) {
    if (!option.is_positional) continue;
    const std::string value = ValueOf(option) + (option.is_repeatable ? " ..." : "");
    text += option.is_required ? value + "\n" : "[" + value + "]\n";
  }
  return text + ".ad b\n.hy\n";
}

std::string Entry(const OptionInfo& option, const std::string& more) {
  std::string names;
  if (option.is_positional) {
    names = ValueOf(option);
  } else {
    for (const std::string& name : option.names) names += (names.empty() ? "" : ", ") + Bold(name);
    if (!option.value.empty()) names += " " + ValueOf(option);
  }
  std::string text = fmt::format(".TP\n{}\n{}\n", names, Roff(option.description));
  if (!option.limits.empty()) text += fmt::format("From {}.\n", Roff(option.limits));
  return text + more;
}

// more: what the page's text adds, by the option's last name.
std::string OptionsSection(const CommandInfo& command, const std::map<std::string, std::string>& more) {
  std::string text = ".SH OPTIONS\n";
  std::vector<std::string> groups;
  for (const OptionInfo& option : command.options) {
    if (option.names.back() == "--help") continue;
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) groups.push_back(option.group);
  }
  for (const std::string& group : groups) {
    if (groups.size() > 1 && group != "Positionals" && group != "Options") text += ".SS " + Roff(group) + "\n";
    for (const OptionInfo& option : command.options) {
      if (option.group != group || option.names.back() == "--help") continue;
      const auto found = more.find(option.names.back());
      text += Entry(option, found == more.end() ? "" : found->second);
    }
  }
  return text + (groups.empty() ? "" : ".PP\n") + "Options of all commands are in\n.BR pugmark (1).\n";
}

struct Section {
  std::string title;
  std::string lines;
};

// Sections in order, without the blocks on single options, which go to `more`.
std::vector<Section> Sections(const std::string& text, std::map<std::string, std::string>* more) {
  std::vector<Section> sections;
  std::string* into = nullptr;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kOptionBlock)) {
      into = &(*more)[line.substr(kOptionBlock.size())];
    } else if (line.starts_with(".SH ")) {
      sections.push_back({line.substr(4), line + "\n"});
      into = nullptr;
    } else if (into != nullptr) {
      *into += line + "\n";
    } else if (!sections.empty()) {
      sections.back().lines += line + "\n";
    }
  }
  return sections;
}

void CheckBlocks(const CommandInfo& command, const std::map<std::string, std::string>& more) {
  for (const auto& [name, lines] : more) {
    const bool is_known = std::any_of(command.options.begin(), command.options.end(),
                                      [&name = name](const OptionInfo& option) { return option.names.back() == name; });
    if (!is_known) {
      throw Error(
          ErrorCode::kInvalidArgument,
          fmt::format("The man page of '{}' has a block on '{}', which is none of its options.", command.name, name));
    }
  }
}

}  // namespace

std::string CommandPage(const CommandInfo& command, const std::string& text, const ManOptions& options) {
  std::map<std::string, std::string> more;
  const std::vector<Section> sections = Sections(text, &more);
  CheckBlocks(command, more);
  std::string page = Head("pugmark-" + command.name, options);
  bool has_name = false, has_description = false, has_see_also = false;
  for (const Section& section : sections) {
    page += section.lines;
    if (section.title == "NAME") page += Synopsis(command);
    if (section.title == "DESCRIPTION") page += OptionsSection(command, more);
    has_name = has_name || section.title == "NAME";
    has_description = has_description || section.title == "DESCRIPTION";
    has_see_also = has_see_also || section.title == "SEE ALSO" || section.title == "\"SEE ALSO\"";
  }
  if (!has_name || !has_description) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("The man page of '{}' needs the sections NAME and DESCRIPTION.", command.name));
  }
  if (!has_see_also) page += ".SH SEE ALSO\n.BR pugmark (1)\n";
  return page;
}

std::string OverviewPage(const CommandInfo& program, const std::vector<CommandInfo>& commands, const std::string& text,
                         const ManOptions& options) {
  std::string page = Head("pugmark", options);
  bool has_commands = false, has_options = false;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line == kLicence || line.starts_with(".TH ")) continue;
    if (line == kOptionsHere) {
      has_options = true;
      for (const OptionInfo& option : program.options) page += Entry(option, "");
    } else if (line == kCommandsHere) {
      has_commands = true;
      for (const CommandInfo& command : commands) {
        page += fmt::format(".TP\n.BR pugmark\\-{} (1)\n{}.\n", command.name, Roff(command.description));
      }
    } else {
      page += line + "\n";
    }
  }
  if (!has_commands || !has_options) {
    throw Error(ErrorCode::kInvalidArgument,
                "pugmark.1 needs the lines that commands and options are put in the place of.");
  }
  return page;
}

}  // namespace pugmark::cli
