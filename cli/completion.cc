// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pugmark::cli {
namespace {

std::vector<std::string> NamesOf(const std::vector<CommandInfo>& commands) {
  std::vector<std::string> names;
  for (const CommandInfo& command : commands) names.push_back(command.name);
  return names;
}

std::string Joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

// What bash is to complete: "files", "directories", "words a b c", "nothing".
std::string Source(const OptionInfo& option, const std::vector<std::string>& commands) {
  switch (option.kind) {
    case ValueKind::kChoice: return "words " + Joined(option.choices);
    case ValueKind::kCommand: return "words " + Joined(commands);
    case ValueKind::kFile: return "files";
    case ValueKind::kDirectory: return "directories";
    default: return "nothing";
  }
}

// A case arm for each option that takes a value.
std::string ValueArms(const CommandInfo& command, const std::vector<std::string>& commands) {
  std::string arms;
  for (const OptionInfo& option : command.options) {
    if (option.is_positional || option.value.empty()) continue;
    std::string pattern;
    for (const std::string& name : option.names) pattern += (pattern.empty() ? "" : "|") + command.name + ":" + name;
    arms += fmt::format("    {}) source='{}' ;;\n", pattern, Source(option, commands));
  }
  return arms;
}

std::string OptionWords(const CommandInfo& command) {
  std::vector<std::string> words;
  for (const OptionInfo& option : command.options) {
    if (!option.is_positional) words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return Joined(words);
}

// Options that are followed by a value, for counting positionals.
std::string ValueOptions(const CommandInfo& command) {
  std::string pattern;
  for (const OptionInfo& option : command.options) {
    if (option.is_positional || option.value.empty()) continue;
    for (const std::string& name : option.names) pattern += (pattern.empty() ? "" : "|") + command.name + ":" + name;
  }
  return pattern;
}

// Case arms "command:position"; the last positional takes all that follow if it may be repeated.
std::string PositionalArms(const CommandInfo& command, const std::vector<std::string>& commands) {
  std::string arms;
  int position = 0;
  for (const OptionInfo& option : command.options) {
    if (!option.is_positional) continue;
    ++position;
    arms += fmt::format("    {}:{}) source='{}' ;;\n", command.name, option.is_repeatable ? "*" : std::to_string(position),
                        Source(option, commands));
  }
  return arms;
}

// Within a zsh specification in single quotes.
std::string Zsh(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    if (c == '\'') {
      escaped += "'\\''";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string ZshAction(const OptionInfo& option, const std::vector<std::string>& commands) {
  switch (option.kind) {
    case ValueKind::kChoice: return "(" + Joined(option.choices) + ")";
    case ValueKind::kCommand: return "(" + Joined(commands) + ")";
    case ValueKind::kFile: return "_files";
    case ValueKind::kDirectory: return "_files -/";
    default: return " ";
  }
}

std::string ZshSpecification(const OptionInfo& option, const std::vector<std::string>& commands) {
  if (option.is_positional) {
    return fmt::format("'{}:{}:{}'", option.is_repeatable ? "*" : "", Zsh(option.value), ZshAction(option, commands));
  }
  const std::string value =
      option.value.empty() ? "" : fmt::format(":{}:{}", Zsh(option.value), ZshAction(option, commands));
  const std::string rest = fmt::format("[{}]{}", Zsh(option.description), value);
  if (option.is_repeatable || option.names.size() == 1) {
    return fmt::format("'{}{}{}'", option.is_repeatable ? "*" : "", option.names.back(), rest);
  }
  return fmt::format("'({})'{{{}}}'{}'", Joined(option.names), fmt::join(option.names, ","), rest);
}

std::string ZshArguments(const CommandInfo& command, const std::vector<std::string>& commands, const std::string& indent) {
  std::string text;
  for (const OptionInfo& option : command.options) {
    text += " \\\n" + indent + ZshSpecification(option, commands);
  }
  return text;
}

}  // namespace

std::string BashCompletion(const CommandInfo& program, const std::vector<CommandInfo>& commands) {
  const std::vector<std::string> names = NamesOf(commands);
  std::string values = ValueArms(program, names), positionals, options, with_value = ValueOptions(program);
  for (const CommandInfo& command : commands) {
    values += ValueArms(command, names);
    positionals += PositionalArms(command, names);
    options += fmt::format("    {}) options='{}' ;;\n", command.name, OptionWords(command));
    if (const std::string more = ValueOptions(command); !more.empty()) with_value += "|" + more;
  }
  return fmt::format(R"sh(# SPDX-License-Identifier: Apache-2.0
# bash completion for pugmark, generated from its own command line.
_pugmark() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous='' command='' word='' position=0 source='' options='' i
  COMPREPLY=()
  # bash takes '=' for a word of its own: "--format=js" is three words.
  local -a words=()
  for ((i = 1; i <= COMP_CWORD; ++i)); do
    if [[ ${{COMP_WORDS[i]}} == '=' ]]; then
      ((i == COMP_CWORD)) && current=''
      continue
    fi
    words+=("${{COMP_WORDS[i]}}")
  done
  if [[ ${{COMP_WORDS[COMP_CWORD]}} != '=' ]]; then unset 'words[-1]'; fi
  for word in "${{words[@]}}"; do
    case "$command:$previous" in
      {}) previous='' ; continue ;;
    esac
    case ":$previous" in
      {}) previous='' ; continue ;;
    esac
    previous=$word
    if [[ $word == -* ]]; then
      continue
    elif [[ -z $command ]]; then
      command=$word
      previous=''
    else
      position=$((position + 1))
    fi
  done
  case "$command:$previous" in
{}  esac
  if [[ -z $source ]]; then
    case ":$previous" in
{}    esac
  fi
  if [[ -z $source && $current == -* ]]; then
    case "$command" in
{}    esac
    source="words $options {}"
  elif [[ -z $source && -z $command ]]; then
    source='words {}'
  elif [[ -z $source ]]; then
    case "$command:$((position + 1))" in
{}    esac
  fi
  case "$source" in
    words*) mapfile -t COMPREPLY < <(compgen -W "${{source#words}}" -- "$current") ;;
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    directories) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
  esac
}}
complete -F _pugmark pugmark
)sh",
                     with_value, ValueOptions(program), values, ValueArms(program, names), options, OptionWords(program),
                     Joined(names), positionals);
}

std::string ZshCompletion(const CommandInfo& program, const std::vector<CommandInfo>& commands) {
  const std::vector<std::string> names = NamesOf(commands);
  std::string list, arms;
  for (const CommandInfo& command : commands) {
    list += fmt::format("        '{}:{}'\n", command.name, Zsh(command.description));
    arms += fmt::format("        {})\n          _arguments{} ;;\n", command.name,
                        ZshArguments(command, names, "            "));
  }
  return fmt::format(R"sh(#compdef pugmark
# SPDX-License-Identifier: Apache-2.0
# zsh completion for pugmark, generated from its own command line.
_pugmark() {{
  local context state state_descr line
  typeset -A opt_args
  _arguments -C{} \
    '1:command:->command' \
    '*::argument:->argument'
  case $state in
    command)
      local -a commands=(
{}      )
      _describe -t commands command commands ;;
    argument)
      case $words[1] in
{}      esac ;;
  esac
}}
_pugmark "$@"
)sh",
                     ZshArguments(program, names, "    "), list, arms);
}

}  // namespace pugmark::cli
