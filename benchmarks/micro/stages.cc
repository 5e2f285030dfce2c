// SPDX-License-Identifier: Apache-2.0
//
// What does each stage cost, for one photo, on one thread?
//
// Method. Every benchmark runs one stage over the same photos: 48 of the staged ads (samples/ads), taken evenly from
// their sorted list, in memory, with everything the stage needs prepared before. One iteration is one pass over all of
// them, so that no photo weighs more than another; the column per_photo is the pass divided by their number (for pairs:
// per pair). Counted is the CPU time of the whole process, all threads; OpenCV, OpenBLAS and OpenMP are held to one.
// CPU time is hardly moved by waiting for a core, but still by what neighbours do to caches and clock.
//
// Precision. 5 repetitions, shuffled among each other (random interleaving), so that a busy minute hits one repetition
// of many stages instead of all of one. Printed are the median and the minimum of the repetitions and their coefficient
// of variation. On an idle machine minimum and median differ by 1-2 %; on a shared one trust the minimum and take
// differences below 20 % for noise. Stages under 10 µs a photo run from warm caches, which the real pipeline does not.
// page_faults, for each photo, counts memory that went back to the kernel and was fetched again. It is exact, and where
// faults are dear (virtual machines) it explains times that the stage's own work does not.
//
// What it does not say: how well anything is found. A faster stage that finds less is no gain: change a stage only with
// pugmark_bench_whole beside, which prints recall. And staged ads are flattering: ray-traced, 640 px, about 40 kB.
//
//   pugmark_bench_stages [--samples DIR] [--photos N] [--benchmark_filter=REGEX] [--benchmark_out=FILE] ...
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <omp.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/collection/collection.h"
#include "engine/decode/decode.h"
#include "engine/features/features.h"
#include "engine/ingest/inputs.h"
#include "engine/verify/agreement.h"
#include "engine/verify/verify.h"
#include "index/base/files.h"
#include "index/base/sha256.h"
#include "index/vectors/codebook.h"
#include "index/vectors/part.h"
#include "index/vectors/shortlist.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxPhotoBytes = 256ull << 20;
constexpr int kThumbnailSide_px = 320;  // As ingest makes them.
constexpr int kThumbnailQuality = 80;
constexpr int kCopySide_px = 480;  // A photo shrunk to this stands for a copy of it.
constexpr int kRepetitions = 5;

constexpr FeatureOptions kFull = {640, 800, 0.01f};   // The default of a collection.
constexpr FeatureOptions kSmall = {320, 400, 0.01f};  // Serves copies, not re-photographed objects.

struct Settings {
  fs::path samples = PUGMARK_SAMPLES;
  size_t num_photos = 48;
};

Settings& GetSettings() {
  static Settings settings;
  return settings;
}

// All sample photos, and those that are measured. Everything derived is made when first asked for, outside of any
// timing.
class Corpus {
 public:
  static const Corpus& Get() {
    static const Corpus corpus;
    return corpus;
  }

  // Of the measured photos.
  const std::vector<std::vector<uint8_t>>& files() const { return files_; }
  size_t size() const { return files_.size(); }
  size_t num_all() const { return all_files_.size(); }

  static const std::vector<Image>& Images(int side_px) {
    static std::map<int, std::vector<Image>> cache;
    std::vector<Image>& images = cache[side_px];
    if (images.empty()) {
      for (const auto& file : Get().files_) images.push_back(DecodeTo(file, side_px));
    }
    return images;
  }

  static const std::vector<Features>& FeaturesOf(int image_side_px, const FeatureOptions& options) {
    static std::map<std::pair<int, int>, std::vector<Features>> cache;
    std::vector<Features>& features = cache[{image_side_px, options.max_keypoints}];
    if (features.empty()) {
      for (const Image& image : Images(image_side_px)) features.push_back(ExtractFeatures(image, options));
    }
    return features;
  }

  // Of all sample photos, at kFull: what codebook and part are made of.
  static const std::vector<Features>& AllFeatures() {
    static const std::vector<Features> all = [] {
      std::vector<Features> features;
      for (const auto& file : Get().all_files_) {
        features.push_back(ExtractFeatures(DecodeTo(file, kFull.working_size_px), kFull));
      }
      return features;
    }();
    return all;
  }

  // Two rounds of k-means: the words' quality decides what is found, not how long assigning takes.
  static const Codebook& Words(int num_words) {
    static std::map<int, Codebook> cache;
    if (const auto found = cache.find(num_words); found != cache.end()) return found->second;
    std::vector<uint8_t> descriptors;
    for (const Features& f : AllFeatures()) {
      descriptors.insert(descriptors.end(), f.descriptors.begin(), f.descriptors.end());
    }
    CodebookOptions options;
    options.num_words = num_words;
    options.iterations = 2;
    return cache.emplace(num_words, Codebook::Train(descriptors, options)).first->second;
  }

  // A part of all sample photos.
  static const std::vector<Part>& Parts(int num_words) {
    static const std::vector<Part> parts = [num_words] {
      const Codebook& codebook = Words(num_words);
      PartBuilder builder(codebook.num_words());
      int64_t id = 0;
      for (const Features& f : AllFeatures()) {
        builder.Add(PhotoId{++id}, codebook.Assign(f.descriptors, 1), GeometryOf(f));
      }
      std::string pattern = (fs::temp_directory_path() / "pugmark-stages-XXXXXX").string();
      if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("No temporary directory can be made.");
      const fs::path file = fs::path(pattern) / "part.faiss";
      builder.Write(file);
      std::vector<Part> opened;
      opened.push_back(Part::Open(file, codebook.num_words(), builder.num_entries()));
      fs::remove_all(pattern);  // The mapping keeps the content.
      return opened;
    }();
    return parts;
  }

 private:
  Corpus() {
    for (const fs::path& path : ExpandFolders({GetSettings().samples})) {
      if (path.extension() == ".jpg") all_files_.push_back(ReadFile(path, kMaxPhotoBytes));
    }
    if (all_files_.empty()) throw std::runtime_error("There are no *.jpg under --samples.");
    const size_t n = std::min(GetSettings().num_photos, all_files_.size());
    for (size_t i = 0; i < n; ++i) files_.push_back(all_files_[i * all_files_.size() / n]);
  }

  static Image DecodeTo(const std::vector<uint8_t>& file, int side_px) {
    DecodeOptions options;
    options.max_side_px = side_px;
    DecodeResult decoded = Decode(file, options);
    if (!decoded.image) throw std::runtime_error("A sample cannot be decoded: " + decoded.error.message);
    return std::move(*decoded.image);
  }

  std::vector<std::vector<uint8_t>> all_files_;
  std::vector<std::vector<uint8_t>> files_;
};

// Pages that were mapped in or zeroed for this process so far, without reading a disk.
double PageFaults() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_minflt);
}

// Runs stage(i) for every measured photo i, once per iteration.
template <typename Stage>
void RunPasses(benchmark::State& state, const Stage& stage) {
  const size_t n = Corpus::Get().size();
  benchmark::DoNotOptimize(stage(0));  // What is made at first use is not to be timed.
  const double faults = PageFaults();
  for (auto _ : state) {
    for (size_t i = 0; i < n; ++i) benchmark::DoNotOptimize(stage(i));
  }
  using benchmark::Counter;
  state.counters["per_photo"] = Counter(static_cast<double>(n), Counter::kIsIterationInvariantRate | Counter::kInvert);
  state.counters["page_faults"] =
      (PageFaults() - faults) / static_cast<double>(n * static_cast<size_t>(state.iterations()));
}

FeatureOptions OptionsAt(int64_t side_px) { return side_px == kFull.working_size_px ? kFull : kSmall; }

void BM_Sha256(benchmark::State& state) {
  RunPasses(state, [](size_t i) { return Sha256::Of(Corpus::Get().files()[i]); });
}

void BM_Decode(benchmark::State& state) {
  DecodeOptions options;
  options.max_side_px = static_cast<int>(state.range(0));
  RunPasses(state, [&](size_t i) { return Decode(Corpus::Get().files()[i], options); });
}

void BM_ExtractFeatures(benchmark::State& state) {
  const FeatureOptions options = OptionsAt(state.range(0));
  const std::vector<Image>& images = Corpus::Images(options.working_size_px);
  RunPasses(state, [&](size_t i) { return ExtractFeatures(images[i], options); });
  double keypoints = 0;
  for (const Features& f : Corpus::FeaturesOf(options.working_size_px, options))
    keypoints += static_cast<double>(f.size());
  state.counters["keypoints"] = keypoints / static_cast<double>(images.size());
}

void BM_TransformForPdq(benchmark::State& state) {
  const std::vector<Image>& images = Corpus::Images(kFull.working_size_px);
  RunPasses(state, [&](size_t i) { return TransformForPdq(images[i]); });
}

void BM_MirrorFeatures(benchmark::State& state) {
  const std::vector<Features>& features = Corpus::FeaturesOf(kFull.working_size_px, kFull);
  RunPasses(state, [&](size_t i) { return MirrorFeatures(features[i]); });
}

void BM_EncodeThumbnail(benchmark::State& state) {
  const std::vector<Image>& images = Corpus::Images(kFull.working_size_px);
  RunPasses(state, [&](size_t i) { return EncodeThumbnail(images[i], kThumbnailSide_px, kThumbnailQuality); });
}

void BM_PackKeypoints(benchmark::State& state) {
  const std::vector<Features>& features = Corpus::FeaturesOf(kFull.working_size_px, kFull);
  RunPasses(state, [&](size_t i) { return PackKeypoints(features[i].keypoints); });
}

void BM_Assign(benchmark::State& state) {
  const Codebook& codebook = Corpus::Words(static_cast<int>(state.range(0)));
  const auto words_each = static_cast<int>(state.range(1));
  const std::vector<Features>& features = Corpus::FeaturesOf(kFull.working_size_px, kFull);
  RunPasses(state, [&](size_t i) { return codebook.Assign(features[i].descriptors, words_each); });
}

// One orientation of a query, its assignment of three words included; a search does it twice.
void BM_Shortlist(benchmark::State& state) {
  constexpr int kNumWords = 1024;  // RecommendedNumWords for the samples' keypoints.
  const Codebook& codebook = Corpus::Words(kNumWords);
  const std::vector<Part>& parts = Corpus::Parts(kNumWords);
  const std::vector<Features>& features = Corpus::FeaturesOf(kFull.working_size_px, kFull);
  RunPasses(state,
            [&](size_t i) { return Shortlist(codebook, parts, features[i].descriptors, GeometryOf(features[i]), {}); });
  state.counters["entries"] = static_cast<double>(parts.front().num_entries());
}

// What most candidates of a query are: other photos. (Some staged ads share a table or an object.)
const Features& Stranger(const std::vector<Features>& features, size_t i) {
  return features[(i + features.size() / 2) % features.size()];
}

enum Pairing : int64_t { kStrangers, kCopies };

template <typename Compare>
void RunPairs(benchmark::State& state, const Compare& compare) {
  const std::vector<Features>& photos = Corpus::FeaturesOf(kFull.working_size_px, kFull);
  const std::vector<Features>& copies = Corpus::FeaturesOf(kCopySide_px, kFull);
  const bool with_copies = state.range(0) == kCopies;
  RunPasses(state, [&](size_t i) { return compare(with_copies ? copies[i] : Stranger(photos, i), photos[i]); });
}

void BM_MatchDescriptors(benchmark::State& state) {
  RunPairs(state, [](const Features& query, const Features& photo) {
    return MatchDescriptors(query, photo, VerifyOptions().max_ratio);
  });
}

// MatchDescriptors included.
void BM_Verify(benchmark::State& state) {
  RunPairs(state, [](const Features& query, const Features& photo) { return Verify({}, query, photo, 100'000); });
}

// A query at working size against the decoded thumbnail of itself, as a search does for a hit.
void BM_CompareAligned(benchmark::State& state) {
  constexpr Transform kIdentity = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  const std::vector<Image>& queries = Corpus::Images(kFull.working_size_px);
  const std::vector<Image>& thumbnails = Corpus::Images(kThumbnailSide_px);
  RunPasses(state, [&](size_t i) {
    const Image& query = queries[i];
    return CompareAligned(query, thumbnails[i], kIdentity, query.width_px, query.height_px, query.width_px,
                          query.height_px);
  });
}

double Minimum(const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); }

void Configure(benchmark::internal::Benchmark* b) {
  b->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond)->ComputeStatistics("min", Minimum);
}

BENCHMARK(BM_Sha256)->Apply(Configure);
BENCHMARK(BM_Decode)->Apply(Configure)->ArgName("side")->Arg(640)->Arg(320);
BENCHMARK(BM_ExtractFeatures)->Apply(Configure)->ArgName("side")->Arg(640)->Arg(320);
BENCHMARK(BM_TransformForPdq)->Apply(Configure);
BENCHMARK(BM_MirrorFeatures)->Apply(Configure);
BENCHMARK(BM_EncodeThumbnail)->Apply(Configure);
BENCHMARK(BM_PackKeypoints)->Apply(Configure);
BENCHMARK(BM_Assign)->Apply(Configure)->ArgNames({"words", "each"})->ArgsProduct({{1024, 4096, 16384}, {1, 3}});
BENCHMARK(BM_Shortlist)->Apply(Configure);
BENCHMARK(BM_MatchDescriptors)->Apply(Configure)->ArgName("copies")->Arg(kStrangers)->Arg(kCopies);
BENCHMARK(BM_Verify)->Apply(Configure)->ArgName("copies")->Arg(kStrangers)->Arg(kCopies);
BENCHMARK(BM_CompareAligned)->Apply(Configure);

// One line per benchmark instead of Google Benchmark's six. The minimum of an inverted rate is the rate of the slowest
// repetition in some versions, so minimum and median are taken from the times of the passes.
class StageReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override {
    PrintBasicContext(&GetErrorStream(), context);
    fmt::print("{:<38} {:>12} {:>12} {:>7}  {}\n", "stage", "median", "min", "cv", "per photo or pair, CPU");
    return true;
  }

  void ReportRuns(const std::vector<Run>& runs) override {
    std::map<std::string, double> values;  // By name of the aggregate; seconds per photo.
    std::string notes;
    for (const Run& run : runs) {
      if (run.error_occurred) fmt::print("{}: {}\n", run.benchmark_name(), run.error_message);
      if (run.run_type != Run::RT_Aggregate) continue;
      const bool is_share = run.aggregate_unit == benchmark::kPercentage;
      const double seconds = run.GetAdjustedCPUTime() / benchmark::GetTimeUnitMultiplier(run.time_unit);
      values[run.aggregate_name] =
          is_share ? run.cpu_accumulated_time : seconds / static_cast<double>(Corpus::Get().size());
      if (run.aggregate_name != "median") continue;
      for (const auto& [name, counter] : run.counters) {
        if (name != "per_photo" && counter.value >= 0.5) notes += fmt::format("{:.0f} {} ", counter.value, name);
      }
    }
    if (values.empty()) return;
    const Run& first = runs.front();
    std::string name = first.run_name.str();
    name = name.substr(name.starts_with("BM_") ? 3 : 0);
    name = name.substr(0, name.rfind("/process_time"));
    lines_[{first.family_index, first.per_family_instance_index}] =
        fmt::format("{:<38} {:>9.1f} µs {:>9.1f} µs {:>5.1f} %  {}\n", name, 1e6 * values["median"],
                    1e6 * values["min"], 100 * values["cv"], notes);
  }

  void Finalize() override {
    for (const auto& [index, line] : lines_) fmt::print("{}", line);
  }

 private:
  std::map<std::pair<int64_t, int64_t>, std::string> lines_;  // Runs arrive shuffled; printed as registered.
};

int Main(int argc, char** argv) {
  PrepareProcess();
  omp_set_num_threads(1);  // FAISS; OpenBLAS is held to one thread by Codebook.
  if (const char* samples = std::getenv("PUGMARK_SAMPLES"); samples != nullptr) GetSettings().samples = samples;
  std::string interleaving = "--benchmark_enable_random_interleaving=true";
  std::string repetitions = fmt::format("--benchmark_repetitions={}", kRepetitions);
  std::vector<char*> arguments = {argv[0], interleaving.data(), repetitions.data()};  // What is given later wins.
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--samples" && i + 1 < argc) {
      GetSettings().samples = argv[++i];
    } else if (argument == "--photos" && i + 1 < argc) {
      GetSettings().num_photos = static_cast<size_t>(std::max(2, std::atoi(argv[++i])));
    } else {
      arguments.push_back(argv[i]);
    }
  }
  int num_arguments = static_cast<int>(arguments.size());
  benchmark::Initialize(&num_arguments, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(num_arguments, arguments.data())) return 2;
  benchmark::AddCustomContext("photos measured", fmt::format("{}", Corpus::Get().size()));
  benchmark::AddCustomContext("photos in codebook and part", fmt::format("{}", Corpus::Get().num_all()));
  StageReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace pugmark

int main(int argc, char** argv) {
  try {
    return pugmark::Main(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "pugmark_bench_stages: {}\n", e.what());
    return 1;
  }
}
