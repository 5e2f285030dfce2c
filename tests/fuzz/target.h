// SPDX-License-Identifier: Apache-2.0
//
// What all fuzz targets share. Each is one .cc with LLVMFuzzerTestOneInput(); clang's libFuzzer drives it in the preset
// `fuzz`, replay.cc in every other build. A target returns 0, or -1 for input that is not its own. It must not throw:
// whatever a reader throws for bad input, other than pugmark::Error, is a finding.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "index/base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace pugmark::fuzz {

// A folder of this process, in memory if the machine has such a place; left behind at its end (libFuzzer exits anyhow).
inline std::filesystem::path Folder() {
  static const std::filesystem::path folder = [] {
    const std::filesystem::path shm = "/dev/shm";
    std::error_code error;
    const bool in_memory = std::filesystem::is_directory(shm, error);
    const auto path =
        (in_memory ? shm : std::filesystem::temp_directory_path()) / ("pugmark-fuzz-" + std::to_string(::getpid()));
    std::filesystem::create_directories(path);
    return path;
  }();
  return folder;
}

inline std::filesystem::path Write(const std::string& name, const uint8_t* data, size_t size) {
  const std::filesystem::path path = Folder() / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  return path;
}

// Runs a reader of ours; what it throws on purpose is no finding.
template <typename Read>
int Run(Read&& read) {
  try {
    read();
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInternal) __builtin_trap();
  }
  return 0;
}

}  // namespace pugmark::fuzz
