// SPDX-License-Identifier: Apache-2.0
#include "index/snapshots/manifest.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pugmark::fuzz::Write("snapshots/000001/manifest.json", data, size);
  return pugmark::fuzz::Run([&] {
    const pugmark::SnapshotInfo info = pugmark::internal::ReadManifest({pugmark::fuzz::Folder()}, 1);
    for (const pugmark::FileSeal& seal : info.files) {
      if (seal.file.find('/') != std::string::npos || seal.file.starts_with('.')) __builtin_trap();
    }
  });
}
