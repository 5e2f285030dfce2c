// SPDX-License-Identifier: Apache-2.0
//
// What a decode worker that was taken over may send.
#include "engine/decode/wire.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pugmark::decode::FieldReader in({data, size});
  pugmark::DecodeResult result;
  pugmark::Image image;
  pugmark::decode::PassReply(in, result.info, result.error, image.width_px, image.height_px, image.channels);
  if (result.info.camera_make.size() > size || result.error.message.size() > size) __builtin_trap();
  return 0;
}
