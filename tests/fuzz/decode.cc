// SPDX-License-Identifier: Apache-2.0
//
// One decoder, named by PUGMARK_FUZZ_FORMAT, as a worker runs it but without its sandbox.
#include "engine/decode/decode.h"

#include <algorithm>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using pugmark::PhotoFormat;
  const std::span<const uint8_t> bytes(data, size);
  const PhotoFormat format = pugmark::FindPhotoFormat(bytes);
  if (format != PhotoFormat::PUGMARK_FUZZ_FORMAT &&
      !(PhotoFormat::PUGMARK_FUZZ_FORMAT == PhotoFormat::kHeic && format == PhotoFormat::kAvif)) {
    return -1;
  }
  pugmark::DecodeOptions options;
  options.max_photo_pixels = 1'000'000;
  options.max_side_px = 64;
  const pugmark::DecodeResult result = pugmark::DecodeHere(bytes, options);
  if (result.image.has_value() == !result.error.message.empty()) __builtin_trap();
  if (result.image) {
    const pugmark::Image& image = *result.image;
    const auto size_of_it = static_cast<size_t>(image.width_px) * static_cast<size_t>(image.height_px) *
                            static_cast<size_t>(image.channels);
    if (std::max(image.width_px, image.height_px) > 64 || image.pixels.size() != size_of_it) __builtin_trap();
  }
  return 0;
}
