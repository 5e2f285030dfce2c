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
  pugmark::decode::FieldReader codes({data, size});
  pugmark::decode::PassQrCodes(codes, result.qr_codes);
  if (result.qr_codes[3].size() > size) __builtin_trap();
  if (result.info.camera_make.size() > size || result.error.message.size() > size) __builtin_trap();
  return 0;
}
