// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/exif.h"

#include "engine/decode/budget.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pugmark::PhotoInfo info;
  pugmark::decode::ReadExif({data, size}, &info);
  if (info.orientation < 1 || info.orientation > 8) __builtin_trap();
  if (info.camera_make.size() > pugmark::decode::kMaxExifTextBytes) __builtin_trap();
  return 0;
}
