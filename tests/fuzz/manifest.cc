// SPDX-License-Identifier: Apache-2.0
//
// CSV and JSON lines: which of them is decided by the first byte, as always.
#include "engine/ingest/manifest.h"

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto path = pugmark::fuzz::Write("manifest", data, size);
  return pugmark::fuzz::Run([&] {
    for (const pugmark::ManifestRow& row : pugmark::ReadManifest(path, {}, false).rows) {
      const auto relative = row.file.lexically_relative(pugmark::fuzz::Folder());
      if (relative.empty() || *relative.begin() == "..") __builtin_trap();
    }
  });
}
