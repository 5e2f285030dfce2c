// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/globals.h"

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto path = pugmark::fuzz::Write("globals", data, size);
  return pugmark::fuzz::Run([&] { pugmark::Globals::Open(path); });
}
