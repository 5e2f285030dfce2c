// SPDX-License-Identifier: Apache-2.0
//
// A tiny network that tests make themselves, as ONNX: Conv 3×3 → Relu → GlobalAveragePool → Flatten → Gemm. Written with
// a protobuf encoder of a few lines, so that no test needs Python or a downloaded model. Field numbers: onnx.proto,
// opset 10.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace pugmark {

namespace onnx {

// One protobuf message under construction: fields are appended in the order of the calls.
class Message {
 public:
  Message& Int(int field, int64_t value) {
    Varint(static_cast<uint64_t>(field) << 3);
    Varint(static_cast<uint64_t>(value));
    return *this;
  }
  Message& Bytes(int field, const std::string& value) {
    Varint(static_cast<uint64_t>(field) << 3 | 2);
    Varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& Nested(int field, const Message& value) { return Bytes(field, value.bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>((value & 0x7F) | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }
  std::string bytes_;
};

inline Message Tensor(const std::string& name, const std::vector<int64_t>& shape, const std::vector<float>& values) {
  Message tensor;
  for (const int64_t d : shape) tensor.Int(1, d);
  std::string raw;
  for (const float v : values) {
    const auto bits = std::bit_cast<uint32_t>(v);
    for (int i = 0; i < 4; ++i) raw.push_back(static_cast<char>(bits >> (8 * i)));
  }
  return tensor.Int(2, 1).Bytes(8, name).Bytes(9, raw);  // data_type FLOAT, name, raw_data.
}

inline Message ValueInfo(const std::string& name, const std::vector<int64_t>& shape) {
  Message dims;
  for (const int64_t d : shape) dims.Nested(1, Message().Int(1, d));
  return Message().Bytes(1, name).Nested(2, Message().Nested(1, Message().Int(1, 1).Nested(2, dims)));
}

inline Message Node(const std::string& type, const std::vector<std::string>& inputs, const std::string& output) {
  Message node;
  for (const std::string& input : inputs) node.Bytes(1, input);
  return node.Bytes(2, output).Bytes(3, type + "_node").Bytes(4, type);
}

inline Message Ints(const std::string& name, const std::vector<int64_t>& values) {
  Message attribute;
  attribute.Bytes(1, name);
  for (const int64_t v : values) attribute.Int(8, v);
  return attribute.Int(20, 7);  // type INTS.
}

inline Message Int(const std::string& name, int64_t value) { return Message().Bytes(1, name).Int(3, value).Int(20, 2); }

inline std::vector<float> RandomWeights(std::mt19937& random, size_t n) {
  std::vector<float> weights(n);
  for (float& w : weights) w = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 1000;
  return weights;
}

}  // namespace onnx

// Input 1 × 3 × side × side, output 1 × outputs. Its nodes are called Conv_node, Relu_node, …, Gemm_node.
inline std::vector<uint8_t> TinyNetwork(uint32_t seed, int side = 16, int outputs = 6) {
  using namespace onnx;
  constexpr int kChannels = 8;
  std::mt19937 random(seed);
  Message graph;
  graph.Nested(1, Node("Conv", {"image", "conv_w", "conv_b"}, "conv")
                      .Nested(5, Ints("kernel_shape", {3, 3}))
                      .Nested(5, Ints("pads", {1, 1, 1, 1}))
                      .Nested(5, Ints("strides", {1, 1})));
  graph.Nested(1, Node("Relu", {"conv"}, "relu"));
  graph.Nested(1, Node("GlobalAveragePool", {"relu"}, "pool"));
  graph.Nested(1, Node("Flatten", {"pool"}, "flat").Nested(5, Int("axis", 1)));
  graph.Nested(1, Node("Gemm", {"flat", "gemm_w", "gemm_b"}, "vector").Nested(5, Int("transB", 1)));
  graph.Bytes(2, "tiny");
  graph.Nested(5, Tensor("conv_w", {kChannels, 3, 3, 3}, RandomWeights(random, kChannels * 27)));
  graph.Nested(5, Tensor("conv_b", {kChannels}, RandomWeights(random, kChannels)));
  graph.Nested(5, Tensor("gemm_w", {outputs, kChannels}, RandomWeights(random, static_cast<size_t>(outputs) * kChannels)));
  graph.Nested(5, Tensor("gemm_b", {outputs}, RandomWeights(random, static_cast<size_t>(outputs))));
  graph.Nested(11, ValueInfo("image", {1, 3, side, side}));
  graph.Nested(12, ValueInfo("vector", {1, outputs}));
  const Message model = Message()
                            .Int(1, 5)  // ir_version.
                            .Bytes(2, "pugmark tests")
                            .Nested(7, graph)
                            .Nested(8, Message().Bytes(1, "").Int(2, 10));  // opset_import.
  return {model.bytes().begin(), model.bytes().end()};
}

}  // namespace pugmark
