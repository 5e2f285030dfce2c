// SPDX-License-Identifier: Apache-2.0
//
// Feeds a corpus to a fuzz target without libFuzzer: replay FILE|FOLDER... Fails if there is nothing to feed.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/target.h"

namespace {

void Feed(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  // Of exactly this size, so that a sanitizer sees a read beyond the end.
  const std::vector<uint8_t> data(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(data.data(), data.size());
}

}  // namespace

int main(int argc, char** argv) {
  int num_files = 0;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      Feed(argv[i]);
      ++num_files;
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      Feed(entry.path());
      ++num_files;
    }
  }
  std::filesystem::remove_all(pugmark::fuzz::Folder());
  std::printf("%d inputs replayed\n", num_files);
  return num_files > 0 ? 0 : 1;
}
