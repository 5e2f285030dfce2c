// SPDX-License-Identifier: Apache-2.0
#include "cli/result_output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace pugmark::cli {
namespace {

// Columns of the terminal; a file or a pipe gets lines of the classic width.
int TerminalWidth() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool IsSet(const char* variable) {
  const char* value = ::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool IsDumb() {
  const char* terminal = ::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) == "dumb";
}

}  // namespace

TextOptions TextOptionsOfStdout(bool verbose) {
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && !IsSet("NO_COLOR") && !IsDumb();
  return {TerminalWidth(), colour, verbose};
}

}  // namespace pugmark::cli
