// SPDX-License-Identifier: Apache-2.0
//
// A user's own neural network as a further description of the whole picture: image → one global descriptor.
//
// Pugmark comes without trained weights. Who has a network that tells goods or objects apart gives it as an ONNX file with
// a small JSON file that says how to feed it. It runs through OpenCV's dnn module on the CPU; no other code of the model
// is executed. Photos whose descriptors point the same way become candidates, which are verified like all others.
// Departure from common practice: a descriptor is kept as 8-bit integers, scaled so that the largest is 127, without its
// length: only the angle between descriptors is ever asked for, and a scale cancels out of it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/decode/decode.h"

namespace pugmark {

inline constexpr int kMaxGlobalDescriptorSize = 4096;
inline constexpr uint64_t kMaxEmbeddingModelBytes = 512ull << 20;
inline constexpr uint64_t kMaxEmbeddingConfigBytes = 64 << 10;

// How to feed a network. In the JSON file the fields have the names given in brackets; name, width and height are
// required, the others default to what most image networks were trained with.
struct EmbeddingConfig {
  enum class Fit {
    kStretch,  // "stretch": to width × height, the shape of the picture is lost.
    kCrop,     // "crop": the short side to resize_px, then the middle of width × height.
  };
  std::string name;      // [name] For people; 1 to 100 bytes.
  int width_px = 0;      // [width] Of the network's input, [8, 2000].
  int height_px = 0;     // [height]
  Fit fit = Fit::kCrop;  // [fit]
  int resize_px = 0;     // [resize] For kCrop; at least width and height, at most 4000. Default: the larger of them.
  bool rgb = true;       // [channels] "rgb" or "bgr".
  // A value of the input is (pixel × scale - mean) / std, per channel in the order of [channels]; pixels are 0 … 255.
  float scale = 1.0f / 255;                // [scale]
  std::array<float, 3> mean = {0, 0, 0};   // [mean]
  std::array<float, 3> stddev = {1, 1, 1};  // [std] Not 0.
  std::string output;                      // [output] Name of the node whose output is taken. Default: the network's last.
};

// Throws Error(kInvalidArgument) that names the field: a missing, unknown, ill-typed or out-of-range one. file: for the
// message.
EmbeddingConfig ParseEmbeddingConfig(std::span<const uint8_t> json, std::string_view file);

// A loaded network. Threads: safe from any number at once; each call in progress has a copy of the network of its own.
// Memory: the file, and the weights once per thread.
class Embedding {
 public:
  // Loads the network and tries it on a picture. file: for messages. Throws Error(kInvalidArgument) if OpenCV cannot
  // load or run it, the node [output] does not exist, or the output is not 1 to 4096 finite numbers.
  Embedding(std::vector<uint8_t> onnx, EmbeddingConfig config, std::string file);
  ~Embedding();
  Embedding(const Embedding&) = delete;
  Embedding& operator=(const Embedding&) = delete;

  const EmbeddingConfig& config() const;
  int size() const;  // Values of a descriptor.

  // The descriptor of a working image; size() values in [-127, 127]. All are 0 if the network's output has no direction:
  // zeros, or numbers that are not finite. Deterministic on one machine; another kind of processor may round differently.
  // Throws Error(kInternal) if OpenCV fails.
  std::vector<int8_t> Describe(const Image& image) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pugmark
