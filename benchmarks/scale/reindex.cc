// SPDX-License-Identifier: Apache-2.0
//
// What a night costs: a collection of --photos photos, --new of which came in since the last night, is indexed.
//
// The photos are synthetic: no picture is decoded, features go straight into the catalogue, so that a large collection
// can be had in minutes. Each keypoint's descriptor is one of 65,536 seeded centres with noise, which gives words and
// lists of natural lengths; places, scales and directions are random. Printed per step: seconds of each stage as the
// progress names them, and the most memory the process held resident during the step (VmHWM, reset before each), pages
// of mapped files included. Then as many of the new photos as --alerts says are matched against a watched bank. Nothing is
// said about recognition. Without thumbnails the test of the new index has no
// edited copies.
#include "engine/reindex/reindex.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "benchmarks/common/machine.h"
#include "engine/alerts/alerts.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/banks.h"

namespace pugmark::bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr int kCentres = 1 << 16;
constexpr int kPhotosPerCommit = 500;
constexpr int kNoise = 12;

struct Options {
  int64_t num_photos = 20'000;
  int64_t num_new = 1'000;
  int num_batches = 5;  // In which the new ones come.
  int num_keypoints = 600;
  int num_threads = 2;
  int64_t max_entries_in_memory = ReindexOptions().max_entries_in_memory;
  int64_t num_alerts = 100;
  bool skip_full = false;
  uint64_t seed = 1;
  fs::path work = fs::temp_directory_path();
  fs::path json;
  std::string commit = "unknown";
};

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

double PeakSinceResetMiB() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  }
  return 0;
}

// xorshift64*: the standard generators would take longer than the database.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 0x1234567) {}
  uint64_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1Dull;
  }

 private:
  uint64_t state_;
};

class Maker {
 public:
  explicit Maker(const Options& options)
      : options_(options), centres_(static_cast<size_t>(kCentres) * kDescriptorSize) {
    Random random(options.seed);
    // As RootSIFT: most values small, a few large.
    for (uint8_t& v : centres_)
      v = static_cast<uint8_t>((random.Next() >> 40) % 256 * ((random.Next() >> 40) % 256) >> 9);
  }

  // Catalogues photos first ... last.
  void Add(Collection& collection, int64_t first, int64_t last) const {
    const BatchId batch = collection.catalogue.StartBatch("synthetic");
    for (int64_t begin = first; begin <= last; begin += kPhotosPerCommit) {
      Catalogue::Transaction transaction(collection.catalogue);
      for (int64_t i = begin; i <= std::min(last, begin + kPhotosPerCommit - 1); ++i) {
        Photo photo;
        photo.sha256 = ShaOf(i);
        photo.path = fmt::format("/synthetic/{}.jpg", i);
        photo.format = "jpeg";
        photo.width_px = 640;
        photo.height_px = 480;
        photo.admitted_at = UtcNow();
        photo.batch = batch;
        collection.catalogue.AddPhoto(photo, ToStored(FeaturesOf(i), collection.features));
      }
      transaction.Commit();
    }
    collection.catalogue.FinishBatch(batch, {});
  }

 private:
  Sha256 ShaOf(int64_t i) const {
    const std::string text = fmt::format("{} {}", options_.seed, i);
    return Sha256::Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }

  Features FeaturesOf(int64_t i) const {
    Random random(options_.seed ^ (static_cast<uint64_t>(i) << 20));
    Features features;
    features.width_px = 640;
    features.height_px = 480;
    features.pdq = PdqHash{{random.Next(), random.Next(), random.Next(), random.Next()}, 100};
    for (int k = 0; k < options_.num_keypoints; ++k) {
      const uint64_t r = random.Next();
      features.keypoints.push_back({static_cast<float>(r % 640), static_cast<float>((r >> 10) % 480),
                                    2 + static_cast<float>((r >> 20) % 30), static_cast<float>((r >> 30) % 628) / 100});
      // Words are used unevenly, as words are.
      const auto centre = static_cast<size_t>(random.Next() % kCentres * (random.Next() % kCentres) / kCentres);
      uint64_t noise = 0;
      for (size_t d = 0; d < kDescriptorSize; ++d) {
        if (d % 8 == 0) noise = random.Next();
        const int value =
            centres_[centre * kDescriptorSize + d] + static_cast<int>((noise >> (d % 8 * 8)) & 0xFF) % kNoise;
        features.descriptors.push_back(static_cast<uint8_t>(std::min(value, 255)));
      }
    }
    return features;
  }

  const Options& options_;
  std::vector<uint8_t> centres_;  // kCentres × 128.
};

// Runs one step and says what it cost.
template <typename Step>
Json Measured(const std::string& name, Step&& step) {
  std::vector<std::pair<std::string, double>> stages;
  Clock::time_point stage_start = Clock::now();
  std::string stage = "planning";
  const auto end_stage = [&] {
    stages.emplace_back(stage, SecondsSince(stage_start));
    stage_start = Clock::now();
  };
  const ReindexProgress progress = [&](std::string_view now, int64_t, int64_t) {
    if (now == stage) return;
    end_stage();
    stage = now;
  };
  ResetPeak();
  const Clock::time_point start = Clock::now();
  const double cpu_before = CpuSeconds();
  const ReindexReport report = step(progress);
  end_stage();
  const double wall = SecondsSince(start), cpu = CpuSeconds() - cpu_before, peak_mib = PeakSinceResetMiB();
  if (report.held_back) throw Error(ErrorCode::kInternal, "The new index was held back.");
  fmt::print("{}: {} photos, {} added, {} parts, {} words: {:.1f} s ({:.1f} s of CPU), peak {:.0f} MiB\n", name,
             report.snapshot.num_photos, report.num_added, report.snapshot.parts.size(), report.snapshot.num_words,
             wall, cpu, peak_mib);
  Json stage_seconds = Json::object();
  for (const auto& [what, seconds] : stages) {
    fmt::print("  {:<14} {:>8.1f} s\n", what, seconds);
    stage_seconds[what] = seconds;
  }
  std::fflush(stdout);
  return {{"step", name},
          {"photos", report.snapshot.num_photos},
          {"entries", report.snapshot.num_entries},
          {"added", report.num_added},
          {"parts", report.snapshot.parts.size()},
          {"words", report.snapshot.num_words},
          {"wall_seconds", wall},
          {"cpu_seconds", cpu},
          {"peak_mib", peak_mib},
          {"stage_seconds", stage_seconds}};
}

// The new photos, up to --alerts of them, against one watched photo: what each costs is the search.
Json MeasureAlerts(const fs::path& root, const Options& options) {
  ResetPeak();
  const Clock::time_point start = Clock::now();
  const double cpu_before = CpuSeconds();
  std::stop_source stop;
  AlertOptions alerts;
  alerts.num_threads = options.num_threads;
  const AlertReport report = RunAlerts(root, alerts, stop.get_token(), [&](int64_t done, int64_t) {
    if (done >= options.num_alerts) stop.request_stop();
  });
  const double wall = SecondsSince(start), cpu = CpuSeconds() - cpu_before, peak_mib = PeakSinceResetMiB();
  fmt::print("alerts: {} of {} new photos searched for: {:.1f} s ({:.1f} s of CPU), {:.3f} s each, peak {:.0f} MiB\n",
             report.num_searched, report.num_new, wall, cpu, wall / static_cast<double>(report.num_searched), peak_mib);
  return {{"step", "alerts"},
          {"searched", report.num_searched},
          {"new", report.num_new},
          {"alerts", report.num_alerts},
          {"wall_seconds", wall},
          {"cpu_seconds", cpu},
          {"peak_mib", peak_mib}};
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app{"Measures the nightly job on a synthetic collection."};
  app.add_option("--photos", options.num_photos, "Photos in the collection before")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  app.add_option("--new", options.num_new, "Photos that came in since")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--batches", options.num_batches, "In which they came, a part each")
      ->check(CLI::Range(1, 31))
      ->capture_default_str();
  app.add_option("--keypoints", options.num_keypoints, "Keypoints per photo")
      ->check(CLI::Range(kFewestKeypoints, kMostKeypoints))
      ->capture_default_str();
  app.add_option("--threads", options.num_threads, "Threads")->check(CLI::Range(1, 256))->capture_default_str();
  app.add_option("--entries-in-memory", options.max_entries_in_memory, "New entries beyond that are spilled to disk")
      ->capture_default_str();
  app.add_option("--alerts", options.num_alerts, "New photos to match against a watched bank; 0: none")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_flag("--no-full", options.skip_full, "Leave out the full rebuild");
  app.add_option("--seed", options.seed, "Of the photos")->capture_default_str();
  app.add_option("--work", options.work, "Where the temporary collection goes: 135 bytes a keypoint")
      ->check(CLI::ExistingDirectory);
  app.add_option("--json", options.json, "Write the figures to this file as well");
  app.add_option("--commit", options.commit, "What was measured, for the record");
  CLI11_PARSE(app, argc, argv);

  const std::string date = UtcNow();
  const std::vector<double> load_before = LoadAverage();
  fmt::print(
      "{}, commit {}, build {}\n{}\nload average {:.2f}; {} photos of {} keypoints, {} new in {} batches, {} threads, "
      "at "
      "most {} new entries in memory\n\n",
      date, options.commit, PUGMARK_BUILD_TYPE, MachineName(), fmt::join(load_before, " "), options.num_photos,
      options.num_keypoints, options.num_new, options.num_batches, options.num_threads, options.max_entries_in_memory);
  std::fflush(stdout);
  const TemporaryDirectory work(options.work);
  const fs::path root = work.path() / "collection";
  FeatureOptions features;
  features.max_keypoints = options.num_keypoints;
  CreateCollection(root, features);
  Collection collection = OpenCollection(root, Catalogue::Access::kWrite);
  const Maker maker(options);

  Clock::time_point start = Clock::now();
  maker.Add(collection, 1, options.num_photos);
  const double filling_seconds = SecondsSince(start);
  fmt::print("Made and catalogued {} photos in {:.0f} s.\n", options.num_photos, filling_seconds);
  ReindexOptions reindex;
  reindex.num_threads = options.num_threads;
  reindex.max_entries_in_memory = options.max_entries_in_memory;
  Json steps = Json::array();
  steps.push_back(
      Measured("first index", [&](const ReindexProgress& p) { return Reindex(collection, reindex, {}, p); }));
  Banks banks(collection.catalogue);
  banks.Create("watched", BankRole::kEvidence);
  banks.Add("watched", std::vector{PhotoId{1}});
  banks.Watch("watched");
  for (int batch = 0; batch < options.num_batches; ++batch) {
    const int64_t first = options.num_photos + options.num_new * batch / options.num_batches + 1;
    const int64_t last = options.num_photos + options.num_new * (batch + 1) / options.num_batches;
    if (first > last) continue;
    maker.Add(collection, first, last);
    steps.push_back(Measured(fmt::format("after batch {}", batch + 1),
                             [&](const ReindexProgress& p) { return IndexNewPhotos(collection, reindex, {}, p); }));
  }
  steps.push_back(
      Measured("night: merge", [&](const ReindexProgress& p) { return Reindex(collection, reindex, {}, p); }));
  if (options.num_alerts > 0) steps.push_back(MeasureAlerts(root, options));
  if (!options.skip_full) {
    reindex.full = true;
    steps.push_back(
        Measured("full rebuild", [&](const ReindexProgress& p) { return Reindex(collection, reindex, {}, p); }));
  }

  DiskUse catalogue = DiskUseOf(collection.paths.catalogue());
  const SnapshotInfo info = OpenCurrentSnapshot(collection.paths)->info;
  uint64_t index_bytes = 0;
  for (const FileSeal& seal : info.files) index_bytes += seal.size_bytes;
  fmt::print("\nCatalogue {:.0f} MiB, current index {:.0f} MiB ({} entries)\n",
             static_cast<double>(catalogue.bytes) / (1 << 20), static_cast<double>(index_bytes) / (1 << 20),
             info.num_entries);
  const Json json = {{"schema", 1},
                     {"benchmark", "scale"},
                     {"date", date},
                     {"commit", options.commit},
                     {"build", PUGMARK_BUILD_TYPE},
                     {"machine", MachineName()},
                     {"load_average_before", load_before},
                     {"load_average_after", LoadAverage()},
                     {"photos", options.num_photos},
                     {"new_photos", options.num_new},
                     {"batches", options.num_batches},
                     {"keypoints", options.num_keypoints},
                     {"threads", options.num_threads},
                     {"entries_in_memory", options.max_entries_in_memory},
                     {"seed", options.seed},
                     {"filling_seconds", filling_seconds},
                     {"steps", steps},
                     {"catalogue_bytes", catalogue.bytes},
                     {"index_bytes", index_bytes}};
  if (!options.json.empty()) WriteFileAtomically(options.json, json.dump(1) + "\n");
  return 0;
}

}  // namespace
}  // namespace pugmark::bench

int main(int argc, char** argv) {
  return pugmark::bench::RunBenchmark("pugmark_bench_scale", argc, argv, pugmark::bench::Main);
}
