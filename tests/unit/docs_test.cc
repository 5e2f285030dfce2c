// SPDX-License-Identifier: Apache-2.0
//
// Man pages and completions, as the build made them, against the command line itself.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "cli/app.h"
#include "cli/man_page.h"
#include "cli/option_list.h"
#include "index/base/error.h"

namespace pugmark::cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const fs::path kDocs = PUGMARK_GENERATED_DOCS;

std::string Slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// stdout of a shell command, and its exit code.
std::pair<int, std::string> Shell(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string out;
  std::array<char, 4096> buffer{};
  for (size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) out.append(buffer.data(), n);
  return {::pclose(pipe), out};
}

bool Has(const char* program) { return Shell(fmt::format("command -v {}", program)).first == 0; }

class DocsTest : public testing::Test {
 protected:
  DocsTest() { AddEverything(app_, context_); }
  Context context_;
  CLI::App app_;
};

std::string RoffName(const std::string& name) {
  std::string roff;
  for (const char c : name) roff += c == '-' ? std::string("\\-") : std::string(1, c);
  return roff;
}

TEST_F(DocsTest, EveryCommandHasAPageWithAllItsOptions) {
  const std::vector<CommandInfo> commands = DescribeCommands(app_);
  ASSERT_GE(commands.size(), 10u);
  const std::string overview = Slurp(kDocs / "man/pugmark.1");
  for (const CommandInfo& command : commands) {
    const std::string page = Slurp(kDocs / fmt::format("man/pugmark-{}.1", command.name));
    ASSERT_FALSE(page.empty()) << "docs/man/pugmark-" << command.name << ".1.in is missing.";
    EXPECT_THAT(overview, HasSubstr(fmt::format("pugmark\\-{} (1)", command.name)));
    for (const char* section : {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "DIAGNOSTICS", "EXIT STATUS"}) {
      EXPECT_THAT(page, HasSubstr(fmt::format("\n.SH {}\n", section))) << command.name;
    }
    EXPECT_THAT(page, HasSubstr(fmt::format("pugmark\\-{} \\- ", command.name)));
    for (const OptionInfo& option : command.options) {
      if (option.is_positional || option.names.back() == "--help") continue;
      EXPECT_THAT(page, HasSubstr(".TP\n\\fB" + RoffName(option.names.front()) + "\\fR")) << command.name;
      EXPECT_THAT(page, HasSubstr("[\\fB" + RoffName(option.names.back()) + "\\fR")) << command.name;
    }
  }
}

TEST_F(DocsTest, EveryOptionIsDescribed) {
  std::vector<CommandInfo> commands = DescribeCommands(app_);
  commands.push_back(Describe(app_));
  for (const CommandInfo& command : commands) {
    EXPECT_FALSE(command.description.empty());
    for (const OptionInfo& option : command.options) {
      EXPECT_GT(option.description.size(), 10u) << command.name << " " << option.names.back();
      EXPECT_EQ(option.value.find("TEXT:"), std::string::npos) << option.names.back();
    }
  }
}

TEST_F(DocsTest, PagesAreWithoutWarnings) {
  if (!Has("groff")) GTEST_SKIP() << "groff is not installed: the man pages were not checked.";
  int num_pages = 0;
  for (const fs::directory_entry& page : fs::directory_iterator(kDocs / "man")) {
    const auto [status, out] =
        Shell(fmt::format("groff -man -Tutf8 -k -ww -rLL=100n -z '{}' 2>&1", page.path().string()));
    EXPECT_EQ(status, 0);
    EXPECT_EQ(out, "") << page.path();
    if (Has("mandoc")) {
      EXPECT_EQ(Shell(fmt::format("mandoc -T lint -W warning '{}' 2>&1", page.path().string())).second, "");
    }
    ++num_pages;
  }
  EXPECT_GE(num_pages, 10);
}

TEST(ManPageTest, ABlockOnAnUnknownOptionIsRefused) {
  CommandInfo command;
  command.name = "search";
  const std::string text = ".SH NAME\nx\n.SH DESCRIPTION\ny\n";
  EXPECT_THAT(CommandPage(command, text, {"1", "2026-11-24"}), HasSubstr(".SH SEE ALSO"));
  EXPECT_THROW(CommandPage(command, text + ".\\\" OPTION --gone\nz\n", {"1", "2026-11-24"}), Error);
  EXPECT_THROW(CommandPage(command, ".SH NAME\nx\n", {"1", "2026-11-24"}), Error);
}

TEST(ManPageTest, MoreOnAnOptionStandsWithIt) {
  CommandInfo command;
  command.name = "search";
  command.options = {
      {{"-t", "--top"}, false, false, false, "K", ValueKind::kText, {}, "1 to 9", "Show -k hits.", "Options"}};
  const std::string page = CommandPage(
      command, ".SH NAME\nx\n.SH DESCRIPTION\ny\n.\\\" OPTION --top\nMore of it.\n.SH EXAMPLES\nz\n", {"1", "2026-11-24"});
  EXPECT_THAT(page,
              HasSubstr(".TP\n\\fB\\-t\\fR, \\fB\\-\\-top\\fR \\fIK\\fR\nShow \\-k hits.\nFrom 1 to 9.\nMore of it.\n"));
  EXPECT_THAT(page, Not(HasSubstr("OPTION --top")));
  EXPECT_LT(page.find("DESCRIPTION"), page.find(".SH OPTIONS"));
  EXPECT_LT(page.find(".SH OPTIONS"), page.find(".SH EXAMPLES"));
}

// bash itself, as it would call the function.
class BashCompletionTest : public testing::Test {
 protected:
  // words: as bash splits them, the last one being completed.
  static std::vector<std::string> Complete(const std::string& words) {
    const auto [status, out] = Shell(fmt::format(
        "cd '{}' && bash -c 'source \"{}\"; COMP_WORDS=({}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); _pugmark; "
        "printf \"%s\\n\" \"${{COMPREPLY[@]}}\"' 2>&1",
        PUGMARK_SAMPLES, (kDocs / "bash/pugmark").string(), words));
    EXPECT_EQ(status, 0) << out;
    std::vector<std::string> lines;
    for (size_t start = 0; start < out.size();) {
      const size_t end = out.find('\n', start);
      if (end > start) lines.push_back(out.substr(start, end - start));
      start = end + 1;
    }
    return lines;
  }
};

TEST_F(BashCompletionTest, CommandsOptionsValuesAndFiles) {
  EXPECT_THAT(Complete("pugmark sea"), ElementsAre("search"));
  EXPECT_THAT(Complete("pugmark -c scenes sea"), ElementsAre("search")) << "The value of -c is no command.";
  EXPECT_THAT(Complete("pugmark --format j"), ElementsAre("json"));
  EXPECT_THAT(Complete("pugmark search --format = c"), ElementsAre("csv"));
  EXPECT_THAT(Complete("pugmark search --not"), ElementsAre("--not-bank"));
  EXPECT_THAT(Complete("pugmark search --coll"), ElementsAre("--collection")) << "Options of all commands too.";
  EXPECT_THAT(Complete("pugmark reindex --not"), ElementsAre());
  EXPECT_THAT(Complete("pugmark search READ"), ElementsAre("README.md"));
  EXPECT_THAT(Complete("pugmark search --html READ"), ElementsAre("README.md"));
  EXPECT_THAT(Complete("pugmark -c que"), ElementsAre("queries"));
  EXPECT_THAT(Complete("pugmark -c READ"), ElementsAre()) << "A file is no collection.";
  EXPECT_THAT(Complete("pugmark review a b \"\""), ElementsAre("yes", "no", "unsure"));
  EXPECT_THAT(Complete("pugmark review --note x a b u"), ElementsAre("unsure")) << "The note is no positional.";
  EXPECT_THAT(Complete("pugmark search --top READ"), ElementsAre()) << "A number is not completed.";
}

TEST(ZshCompletionTest, IsUnderstoodByZsh) {
  if (!Has("zsh")) GTEST_SKIP() << "zsh is not installed: its completion was not tried.";
  EXPECT_EQ(Shell(fmt::format("zsh -n '{}' 2>&1", (kDocs / "zsh/_pugmark").string())).second, "");
}

}  // namespace
}  // namespace pugmark::cli
