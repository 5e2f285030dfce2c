// SPDX-License-Identifier: Apache-2.0
#include "cli/result_output.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "engine/decode/decode.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

constexpr int kReportSide_px = 640;
constexpr int kReportQuality = 85;
constexpr uint64_t kMaxPictureBytes = 256ull << 20;

// Columns of the terminal; a file or a pipe gets lines of the classic width.
int TerminalWidth() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

TextOptions TextOptionsOfStdout(bool verbose) {
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && ::getenv("NO_COLOR") == nullptr;
  return {TerminalWidth(), colour, verbose};
}

std::optional<std::vector<uint8_t>> PictureOf(const std::filesystem::path& photo) {
  DecodeOptions decode;
  decode.max_side_px = kReportSide_px;
  try {
    const DecodeResult decoded = Decode(ReadFile(photo, kMaxPictureBytes), decode);
    if (decoded.image) return EncodeThumbnail(*decoded.image, kReportSide_px, kReportQuality);
  } catch (const Error&) {
    return std::nullopt;
  }
  return std::nullopt;
}

void SayReportWritten(const std::filesystem::path& html) {
  fmt::print(stderr, "Report: {}\n", EscapeText(html.string()));
}

}  // namespace pugmark::cli
