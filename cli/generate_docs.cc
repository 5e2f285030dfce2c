// SPDX-License-Identifier: Apache-2.0
//
// Run by the build, not installed: writes man pages and completions from the command line's definitions.
//
//   pugmark-generate-docs TEXT_DIR OUT_DIR VERSION DATE
//
// reads TEXT_DIR/pugmark.1 and TEXT_DIR/pugmark-*.1.in, writes OUT_DIR/man/*.1, OUT_DIR/bash/pugmark, OUT_DIR/zsh/_pugmark.
// A command without text is left without a page, and a test says so.
#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "cli/app.h"
#include "cli/completion.h"
#include "cli/failure.h"
#include "cli/man_page.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

constexpr uint64_t kMaxText = 1 << 20;

std::string Text(const std::filesystem::path& file) {
  const std::vector<uint8_t> bytes = ReadFile(file, kMaxText);
  return {bytes.begin(), bytes.end()};
}

void Generate(const std::filesystem::path& text, const std::filesystem::path& out, const ManOptions& options) {
  Context context;
  CLI::App app;
  AddEverything(app, context);
  const CommandInfo program = Describe(app);
  const std::vector<CommandInfo> commands = DescribeCommands(app);
  for (const char* folder : {"man", "bash", "zsh"}) {
    std::filesystem::remove_all(out / folder);
    std::filesystem::create_directories(out / folder);
  }
  WriteFileUnsynced(out / "man/pugmark.1", OverviewPage(program, commands, Text(text / "pugmark.1"), options));
  for (const CommandInfo& command : commands) {
    const std::filesystem::path prose = text / fmt::format("pugmark-{}.1.in", command.name);
    if (!std::filesystem::exists(prose)) {
      fmt::print(stderr, "pugmark-{}.1.in is missing: '{}' gets no man page.\n", command.name, command.name);
      continue;
    }
    WriteFileUnsynced(out / fmt::format("man/pugmark-{}.1", command.name), CommandPage(command, Text(prose), options));
  }
  WriteFileUnsynced(out / "bash/pugmark", BashCompletion(program, commands));
  WriteFileUnsynced(out / "zsh/_pugmark", ZshCompletion(program, commands));
}

}  // namespace
}  // namespace pugmark::cli

int main(int argc, char** argv) {
  using namespace pugmark::cli;
  if (argc != 5) {
    fmt::print(stderr, "pugmark-generate-docs TEXT_DIR OUT_DIR VERSION DATE\n");
    return kUsage;
  }
  try {
    Generate(argv[1], argv[2], {argv[3], argv[4]});
    return kDone;
  } catch (...) {
    const Failure failure = DescribeCurrentException();
    fmt::print(stderr, "pugmark-generate-docs: {}\n", failure.message);
    return failure.exit_code;
  }
}
