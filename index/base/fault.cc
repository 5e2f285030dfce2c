// SPDX-License-Identifier: Apache-2.0
#include "index/base/fault.h"

#ifdef PUGMARK_FAULT_POINTS
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace pugmark::internal {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

struct Faults {
  Faults() : wanted(Variable("PUGMARK_FAULT")), list(Variable("PUGMARK_FAULT_LIST")) {
    std::from_chars(wanted.data(), wanted.data() + wanted.size(), wanted_number);
  }
  const std::string wanted, list;
  int64_t wanted_number = 0;  // 0: by name.
  std::atomic<int64_t> num_reached = 0;
};

Faults& TheFaults() {
  static Faults faults;
  return faults;
}

}  // namespace

bool FaultPointsInUse() { return !TheFaults().wanted.empty() || !TheFaults().list.empty(); }

void ReachFaultPoint(const char* name) {
  Faults& faults = TheFaults();
  const int64_t number = ++faults.num_reached;
  if (!faults.list.empty()) {
    const std::string line = std::string(name) + "\n";
    const int fd = ::open(faults.list.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    // A list that lacks a line would let a test pass that has not tried it.
    if (fd < 0 || ::write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
    ::close(fd);
  }
  if (faults.wanted.empty()) return;
  const bool here = faults.wanted_number > 0 ? number == faults.wanted_number : std::string_view(name) == faults.wanted;
  if (here) ::kill(::getpid(), SIGKILL);
}

}  // namespace pugmark::internal

#else

namespace pugmark::internal {

bool FaultPointsInUse() { return false; }
void ReachFaultPoint(const char*) {}

}  // namespace pugmark::internal

#endif
