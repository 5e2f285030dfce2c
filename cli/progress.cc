// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace pugmark::cli {
namespace {

constexpr int kBarWidth = 24;
constexpr auto kOnTerminal = std::chrono::milliseconds(100);
constexpr auto kElsewhere = std::chrono::seconds(5);

}  // namespace

Progress::Progress() : terminal_(::isatty(STDERR_FILENO) == 1) {}
Progress::~Progress() { Clear(); }

void Progress::Show(std::string_view what, int64_t done, int64_t total) {
  const Clock::time_point now = Clock::now();
  if (what != what_) {
    what_ = what;
    began_ = now;
    shown_ = now;
    if (!terminal_) return;
  }
  const bool last = total > 0 && done == total;
  if (now - shown_ < (terminal_ ? Clock::duration(kOnTerminal) : Clock::duration(kElsewhere)) && !(last && terminal_)) return;
  shown_ = now;
  const double seconds = std::max(std::chrono::duration<double>(now - began_).count(), 1e-3);
  const double rate = static_cast<double>(done) / seconds;
  std::string line = fmt::format("{}: {}", what, Grouped(done));
  if (total > 0) {
    line += fmt::format(" of {} ({:.0f} %)", Grouped(total), 100.0 * static_cast<double>(done) / static_cast<double>(total));
  }
  line += fmt::format(", {:.1f} a second", rate);
  if (total > done && rate > 0) line += fmt::format(", {} left", Duration(static_cast<double>(total - done) / rate));
  if (terminal_) {
    const auto filled = total > 0 ? static_cast<int>(kBarWidth * done / total) : 0;
    fmt::print(stderr, "\r\033[K[{}{}] {}", std::string(static_cast<size_t>(filled), '#'),
               std::string(static_cast<size_t>(kBarWidth - filled), ' '), line);
    line_open_ = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
}

void Progress::Clear() {
  if (!line_open_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  line_open_ = false;
}

std::string Grouped(int64_t number) {
  std::string digits = fmt::format("{}", number);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string Duration(double seconds) {
  const auto s = static_cast<int64_t>(std::max(seconds, 0.0) + 0.5);
  if (s >= 3600) return fmt::format("{} h {:02} min", s / 3600, s % 3600 / 60);
  if (s >= 60) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} s", s);
}

}  // namespace pugmark::cli
