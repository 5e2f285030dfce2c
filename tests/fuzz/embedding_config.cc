// SPDX-License-Identifier: Apache-2.0
//
// The side file of a user's ONNX network.
#include "engine/features/embedding.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return pugmark::fuzz::Run([&] { pugmark::ParseEmbeddingConfig({data, size}, "model.json"); });
}
