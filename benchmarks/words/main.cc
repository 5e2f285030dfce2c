// SPDX-License-Identifier: Apache-2.0
//
// Trains the visual words that Pugmark ships (index/vectors/default_words.bin) on folders of photos. It measures nothing.
// On which photos, and when to do it again: README.md, "Visual words".
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <oneapi/tbb/parallel_for.h>

#include <filesystem>
#include <vector>

#include "benchmarks/common/machine.h"
#include "engine/collection/collection.h"
#include "engine/collection/threads.h"
#include "engine/decode/decode.h"
#include "engine/features/features.h"
#include "engine/ingest/inputs.h"
#include "index/base/files.h"
#include "index/vectors/codebook.h"

namespace pugmark::bench {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxPhotoBytes = 64 << 20;

// As they come back from a catalogue, one photo after the other; nothing of what cannot be read.
std::vector<uint8_t> Describe(const std::vector<fs::path>& photos, int num_threads) {
  std::vector<std::vector<uint8_t>> described(photos.size());
  WithThreads(num_threads, [&] {
    tbb::parallel_for(size_t{0}, photos.size(), [&](size_t i) {
      const DecodeResult decoded = DecodeHere(ReadFile(photos[i], kMaxPhotoBytes), {});
      if (!decoded.image) return;
      described[i] = FromStored(ToStored(ExtractKeypoints(*decoded.image, {}), {}), {}).descriptors;
    });
  });
  std::vector<uint8_t> all;
  for (const std::vector<uint8_t>& d : described) all.insert(all.end(), d.begin(), d.end());
  return all;
}

int Main(int argc, char** argv) {
  CLI::App app("Trains the visual words that Pugmark ships.");
  std::vector<fs::path> folders;
  fs::path output;
  int num_threads = 2;
  app.add_option("--photos", folders, "Folders of photos")->required();
  app.add_option("--output", output, "File to write")->required();
  app.add_option("--threads", num_threads, "Photos at once")->check(CLI::PositiveNumber)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const std::vector<fs::path> photos = ExpandFolders(folders);
  const std::vector<uint8_t> descriptors = Describe(photos, num_threads);
  fmt::print("{} photos, {} descriptors\n", photos.size(), descriptors.size() / kDescriptorSize);
  const CodebookOptions options{.num_words = kNumDefaultWords, .iterations = 20, .max_samples_per_word = 256};
  Codebook::Train(descriptors, options).SaveCompressed(output);
  fmt::print("{}: {} bytes\n", output.string(), fs::file_size(output));
  return 0;
}

}  // namespace
}  // namespace pugmark::bench

int main(int argc, char** argv) {
  return pugmark::bench::RunBenchmark("pugmark_train_words", argc, argv, pugmark::bench::Main);
}
