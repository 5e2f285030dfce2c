// SPDX-License-Identifier: Apache-2.0
//
// What becomes of hostile files: every file of a folder, and seeded mutations of those that decode, through the
// decoders in their sandbox (or in this process, to find with a sanitizer what a sandbox only holds).
//
//   pugmark_bench_hostile FOLDER --program build/dev/cli/pugmark --mutations 20000 --reference
//
// Prints a table of outcomes by format, the slowest file, and what each file whose decoder died did. With --reference
// every file that decodes is decoded by ImageMagick as well, at full size, and compared: PSNR by format, and each file
// below 30 dB by name. Method of mutation: tests/mutation.h.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "benchmarks/common/machine.h"
#include "benchmarks/hostile/reference.h"
#include "engine/decode/decode.h"
#include "engine/decode/workers.h"
#include "index/base/files.h"
#include "tests/mutation.h"

namespace pugmark::bench {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

constexpr uint64_t kMaxFileBytes = 64 << 20;
constexpr double kLowPsnr = 30;
constexpr int kMaxComparedSide_px = 4000;

struct Options {
  fs::path folder;
  std::string program;
  int num_mutations = 0;
  uint64_t seed = 20261130;
  bool reference = false;
};

std::string OutcomeOf(const DecodeResult& result) {
  if (!result.image) return std::string(DecodeErrorCodeName(result.error.code));
  return result.info.truncated ? "repaired" : "decoded";
}

// Outcomes by format, and the slowest of them.
class Table {
 public:
  explicit Table(std::string title) : title_(std::move(title)) {}

  DecodeResult Try(const std::string& name, const Bytes& file) {
    DecodeOptions options;
    const auto start = std::chrono::steady_clock::now();
    DecodeResult result = Decode(file, options);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (seconds > slowest_seconds_) {
      slowest_seconds_ = seconds;
      slowest_ = name;
    }
    const std::string outcome = OutcomeOf(result);
    ++counts_[std::string(PhotoFormatName(result.info.format))][outcome];
    ++totals_[outcome];
    if (result.error.code == DecodeErrorCode::kDecoderDied && !result.image) {
      notes_.push_back(fmt::format("{}: {}", name, result.error.message));
    }
    return result;
  }

  void Print() const {
    fmt::print("{}\n  {:<8}", title_, "format");
    for (const auto& [outcome, count] : totals_) fmt::print(" {:>13}", outcome);
    fmt::print(" {:>8}\n", "all");
    auto rows = counts_;
    rows["all"] = totals_;
    for (const auto& [format, outcomes] : rows) {
      if (format != "all") PrintRow(format, outcomes);
    }
    PrintRow("all", totals_);
    fmt::print("  slowest: {:.2f} s, {}\n", slowest_seconds_, slowest_);
    for (const std::string& note : notes_) fmt::print("  {}\n", note);
    fmt::print("\n");
  }

 private:
  void PrintRow(const std::string& name, const std::map<std::string, int64_t>& outcomes) const {
    int64_t sum = 0;
    fmt::print("  {:<8}", name);
    for (const auto& [outcome, total] : totals_) {
      const auto found = outcomes.find(outcome);
      const int64_t count = found == outcomes.end() ? 0 : found->second;
      sum += count;
      fmt::print(" {:>13}", count);
    }
    fmt::print(" {:>8}\n", sum);
  }

  const std::string title_;
  std::map<std::string, std::map<std::string, int64_t>> counts_;
  std::map<std::string, int64_t> totals_;
  double slowest_seconds_ = 0;
  std::string slowest_;
  std::vector<std::string> notes_;
};

struct Valid {
  fs::path path;
  PhotoFormat format = PhotoFormat::kUnknown;
};

void Compare(const std::vector<Valid>& valid) {
  struct Row {
    std::vector<double> psnr;
    int refused = 0, other_size = 0;
  };
  std::map<std::string, Row> rows;
  std::vector<std::string> low;
  for (const Valid& file : valid) {
    DecodeOptions full;
    full.max_side_px = kMaxComparedSide_px;
    const DecodeResult ours = Decode(ReadFile(file.path, kMaxFileBytes), full);
    if (!ours.image || ours.info.truncated || std::max(ours.info.width_px, ours.info.height_px) > kMaxComparedSide_px)
      continue;
    Row& row = rows[std::string(PhotoFormatName(file.format))];
    const std::optional<Image> theirs = DecodeByReference(file.path, file.format);
    if (!theirs) {
      ++row.refused;
      continue;
    }
    const std::optional<double> psnr = Psnr(*ours.image, *theirs);
    if (psnr) row.psnr.push_back(*psnr);
    if (!psnr) ++row.other_size;
    if (psnr.value_or(0) < kLowPsnr) {
      low.push_back(psnr ? fmt::format("{:5.1f} dB  {}", *psnr, ShortName(file.path))
                         : fmt::format("{} x {} against {} x {}  {}", ours.image->width_px, ours.image->height_px,
                                       theirs->width_px, theirs->height_px, ShortName(file.path)));
    }
  }
  fmt::print("Against ImageMagick, full size, dB\n  {:<8} {:>8} {:>8} {:>8} {:>8} {:>10} {:>14} {:>10}\n", "format",
             "compared", "median", "5 %", "min", "below 30", "magick refuses", "other size");
  for (const auto& [format, row] : rows) {
    const auto num_low = std::count_if(row.psnr.begin(), row.psnr.end(), [](double p) { return p < kLowPsnr; });
    fmt::print("  {:<8} {:>8} {:>8.1f} {:>8.1f} {:>8.1f} {:>10} {:>14} {:>10}\n", format, row.psnr.size(),
               Quantile(row.psnr, 0.5), Quantile(row.psnr, 0.05), Quantile(row.psnr, 0), num_low, row.refused,
               row.other_size);
  }
  for (const std::string& line : low) fmt::print("  {}\n", line);
  fmt::print("\n");
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("What becomes of hostile files");
  app.add_option("FOLDER", options.folder)->required()->check(CLI::ExistingDirectory);
  app.add_option("--program", options.program,
                 "pugmark, run as the sandboxed worker; without it files are decoded here");
  app.add_option("--mutations", options.num_mutations, "Mutations, in turn of each format")
      ->check(CLI::Range(0, 10'000'000));
  app.add_option("--seed", options.seed, "Of the mutations");
  app.add_flag("--reference", options.reference, "Compare with ImageMagick");
  CLI11_PARSE(app, argc, argv);
  std::optional<DecodeWorkers> workers;
  if (!options.program.empty()) workers.emplace(options.program);

  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(options.folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  fmt::print("{}; {}\n\n", MachineName(), workers ? "decoded in the sandbox" : "decoded in this process");
  Table table(fmt::format("{} files", files.size()));
  std::vector<Valid> valid;
  std::map<PhotoFormat, std::vector<fs::path>> seeds;
  for (const fs::path& path : files) {
    const DecodeResult result = table.Try(ShortName(path), ReadFile(path, kMaxFileBytes));
    if (!result.image) continue;
    valid.push_back({path, result.info.format});
    seeds[result.info.format].push_back(path);
  }
  table.Print();

  if (options.num_mutations > 0) {
    Table mutated(fmt::format("{} mutations of {} of these that decode, seed {}", options.num_mutations, valid.size(),
                              options.seed));
    std::mt19937_64 random(options.seed);
    for (int i = 0; i < options.num_mutations;) {
      for (const auto& [format, paths] : seeds) {
        if (i++ == options.num_mutations) break;
        const fs::path& path = paths[random() % paths.size()];
        mutated.Try(fmt::format("mutation {} of {}", i, ShortName(path)),
                    Mutate(ReadFile(path, kMaxFileBytes), &random));
      }
    }
    mutated.Print();
  }
  if (options.reference && HasReferenceDecoder()) Compare(valid);
  if (options.reference && !HasReferenceDecoder()) fmt::print("NOT COMPARED: ImageMagick is not installed.\n");
  if (workers) fmt::print("{} workers were started.\n", workers->num_started());
  return 0;
}

}  // namespace
}  // namespace pugmark::bench

int main(int argc, char** argv) {
  return pugmark::bench::RunBenchmark("pugmark_bench_hostile", argc, argv, pugmark::bench::Main);
}
