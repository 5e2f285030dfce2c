// SPDX-License-Identifier: Apache-2.0
//
// On what, and under what load, a benchmark ran; and what this process has used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pugmark::bench {

// "AMD EPYC (2 cores, 23.5 GiB), Linux x86_64", by /proc/cpuinfo and /proc/meminfo.
std::string MachineName();
// Of 1, 5 and 15 minutes.
std::vector<double> LoadAverage();

// Of all threads of this process, user and system, since its start.
double CpuSeconds();
// The most memory this process has ever held resident, mapped files included.
double PeakMiB();

// Of the regular files below `path`, or of that file itself; a file with several names (hard links) counts once.
struct DiskUse {
  int64_t bytes = 0;            // Lengths of the files.
  int64_t allocated_bytes = 0;  // Blocks that the file system gave them.
  int64_t num_files = 0;
};
DiskUse DiskUseOf(const std::filesystem::path& path);

// The last two components of a path: results are published, the rest of the path is nobody's business.
std::string ShortName(const std::filesystem::path& path);

// share: [0, 1]. The smallest value that at least this share of the values does not exceed; 0 if there are none.
double Quantile(std::vector<double> values, double share);

// What a benchmark's main() does: the process is set up as the program's is, an exception becomes a message behind `name`
// and exit code 1.
int RunBenchmark(const char* name, int argc, char** argv, int (*main)(int, char**));

// A directory of its own, removed with all its content by the destructor.
class TemporaryDirectory {
 public:
  // Makes it within `parent`. Throws Error(kIo).
  explicit TemporaryDirectory(const std::filesystem::path& parent);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace pugmark::bench
