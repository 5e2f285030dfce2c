// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/common/machine.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <set>
#include <thread>
#include <utility>

#include "engine/features/features.h"
#include "index/base/error.h"

namespace pugmark::bench {
namespace {

namespace fs = std::filesystem;

// The value of the first line "key : value" in a file of /proc.
std::string ProcValue(const char* file, const std::string& key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    const size_t colon = line.find(':');
    if (!line.starts_with(key) || colon == std::string::npos) continue;
    const size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "unknown";
}

}  // namespace

std::string MachineName() {
  utsname system{};
  ::uname(&system);
  const double gib = std::strtod(ProcValue("/proc/meminfo", "MemTotal").c_str(), nullptr) / (1 << 20);
  return fmt::format("{} ({} cores, {:.1f} GiB), {} {}", ProcValue("/proc/cpuinfo", "model name"),
                     std::thread::hardware_concurrency(), gib, system.sysname, system.machine);
}

std::vector<double> LoadAverage() {
  std::vector<double> load(3);
  const int num_known = ::getloadavg(load.data(), 3);
  load.resize(static_cast<size_t>(std::max(num_known, 0)));
  return load;
}

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double PeakMiB() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

DiskUse DiskUseOf(const fs::path& path) {
  DiskUse use;
  std::set<std::pair<dev_t, ino_t>> seen;
  const auto add = [&](const fs::path& file) {
    struct stat status {};
    if (::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    if (!seen.insert({status.st_dev, status.st_ino}).second) return;
    use.bytes += status.st_size;
    use.allocated_bytes += status.st_blocks * 512;
    ++use.num_files;
  };
  add(path);
  if (fs::is_directory(path)) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path)) add(entry.path());
  }
  return use;
}

std::string ShortName(const fs::path& path) {
  const fs::path normal = fs::absolute(path / "").lexically_normal().parent_path();
  return (normal.parent_path().filename() / normal.filename()).string();
}

TemporaryDirectory::TemporaryDirectory(const fs::path& parent) {
  std::string pattern = (parent / "pugmark-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw Error(ErrorCode::kIo, fmt::format("{}: no directory can be made there.", parent.string()));
  }
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  return values[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

int RunBenchmark(const char* name, int argc, char** argv, int (*main)(int, char**)) {
  try {
    PrepareProcess();
    return main(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}: {}\n", name, e.what());
    return 1;
  }
}

}  // namespace pugmark::bench
