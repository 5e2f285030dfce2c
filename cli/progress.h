// SPDX-License-Identifier: Apache-2.0
//
// Progress on stderr: one line that is rewritten on a terminal, a plain line every few seconds elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace pugmark::cli {

class Progress {
 public:
  Progress();
  // Ends the rewritten line, so that what follows starts on a new one.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Cheap enough to be called per photo. total 0: unknown.
  void Show(std::string_view what, int64_t done, int64_t total);

  // Removes the rewritten line, for a message or a result.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;
  const bool terminal_;
  std::string what_;           // The stage that is running.
  Clock::time_point began_;    // Of the stage.
  Clock::time_point shown_;
  bool line_open_ = false;
};

// "12,345".
std::string Grouped(int64_t number);
// "2 h 05 min", "3 min 20 s", "7 s".
std::string Duration(double seconds);

}  // namespace pugmark::cli
