// SPDX-License-Identifier: Apache-2.0
#include "engine/features/embedding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "index/base/error.h"
#include "tests/onnx.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

std::vector<uint8_t> Bytes(std::string_view text) { return {text.begin(), text.end()}; }

EmbeddingConfig Config(int side = 16) {
  EmbeddingConfig config;
  config.name = "tiny";
  config.width_px = config.height_px = config.resize_px = side;
  return config;
}

double Cosine(const std::vector<int8_t>& a, const std::vector<int8_t>& b) {
  double dot = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return dot / std::sqrt(aa * bb);
}

std::string MessageOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kInvalidArgument);
    return e.what();
  }
  return "no error";
}

TEST(EmbeddingTest, ComputesWhatTheNetworkSays) {
  // A picture of one colour: the convolution's interior is known, its border is not, so a side of 64 makes the border
  // small. Gemm of the pooled channels by hand.
  constexpr int kSide = 64;
  const Embedding embedding(TinyNetwork(3, kSide), Config(kSide), "m.onnx");
  EXPECT_EQ(embedding.size(), 6);
  const cv::Scalar bgr(40, 90, 200);
  std::mt19937 random(3);
  const auto conv_w = onnx::RandomWeights(random, 8 * 27), conv_b = onnx::RandomWeights(random, 8);
  const auto gemm_w = onnx::RandomWeights(random, 48), gemm_b = onnx::RandomWeights(random, 6);
  std::vector<float> pooled(8), expected(6);
  for (size_t o = 0; o < 8; ++o) {
    float sum = conv_b[o];
    for (size_t c = 0; c < 3; ++c) {
      const auto value = static_cast<float>(bgr[2 - static_cast<int>(c)] / 255);
      for (size_t k = 0; k < 9; ++k) sum += conv_w[o * 27 + c * 9 + k] * value;
    }
    pooled[o] = std::max(sum, 0.0f);
  }
  float largest = 0;
  for (size_t o = 0; o < 6; ++o) {
    expected[o] = gemm_b[o];
    for (size_t c = 0; c < 8; ++c) expected[o] += gemm_w[o * 8 + c] * pooled[c];
    largest = std::max(largest, std::abs(expected[o]));
  }
  const std::vector<int8_t> descriptor = embedding.Describe(ToImage(cv::Mat(100, 150, CV_8UC3, bgr)));
  ASSERT_EQ(descriptor.size(), 6u);
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(descriptor[i], expected[i] / largest * 127, 8) << i;
}

TEST(EmbeddingTest, ConfigurationDecidesWhatTheNetworkSees) {
  const Image image = ToImage(MakePicture(1, 300, 120));
  const auto describe = [&](const EmbeddingConfig& config) {
    return Embedding(TinyNetwork(1), config, "m.onnx").Describe(image);
  };
  const std::vector<int8_t> plain = describe(Config());
  EXPECT_EQ(describe(Config()), plain) << "Deterministic.";
  EmbeddingConfig config = Config();
  config.rgb = false;
  EXPECT_NE(describe(config), plain);
  config = Config();
  config.fit = EmbeddingConfig::Fit::kStretch;
  EXPECT_NE(describe(config), plain);
  config = Config();
  config.resize_px = 40;
  EXPECT_NE(describe(config), plain);
  config = Config();
  config.mean = {0.5f, 0.5f, 0.5f};
  config.stddev = {0.2f, 0.2f, 0.2f};
  EXPECT_NE(describe(config), plain);
  config = Config();
  config.output = "Flatten_node";
  EXPECT_EQ(Embedding(TinyNetwork(1), config, "m.onnx").size(), 8);
  config.output = "Gemm_node";
  EXPECT_EQ(describe(config), plain);
}

TEST(EmbeddingTest, ACropSeesTheMiddle) {
  cv::Mat picture = MakePicture(2, 400, 200);
  const Embedding embedding(TinyNetwork(1), Config(), "m.onnx");
  const std::vector<int8_t> whole = embedding.Describe(ToImage(picture));
  picture(cv::Rect(0, 0, 95, 200)).setTo(0);
  picture(cv::Rect(305, 0, 95, 200)).setTo(255);
  EXPECT_GT(Cosine(embedding.Describe(ToImage(picture)), whole), 0.999);
  for (const cv::Size size : {cv::Size(8, 8), cv::Size(640, 8), cv::Size(8, 640), cv::Size(17, 15)}) {
    EXPECT_EQ(embedding.Describe(ToImage(cv::Mat(size, CV_8UC3, cv::Scalar(9, 99, 199)))).size(), 6u) << size;
  }
  cv::Mat grey;
  cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
  EXPECT_EQ(embedding.Describe(ToImage(grey)).size(), 6u);
}

TEST(EmbeddingTest, ManyThreadsGetTheSameAnswers) {
  const Embedding embedding(TinyNetwork(5, 32), Config(32), "m.onnx");
  std::vector<Image> images;
  std::vector<std::vector<int8_t>> expected;
  for (uint64_t i = 0; i < 12; ++i) {
    images.push_back(ToImage(MakePicture(i, 200, 150)));
    expected.push_back(embedding.Describe(images.back()));
  }
  EXPECT_NE(expected[0], expected[1]);
  std::atomic<int> num_wrong = 0;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 48; ++i) {
        const size_t k = (i + t) % images.size();
        if (embedding.Describe(images[k]) != expected[k]) ++num_wrong;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(num_wrong, 0);
}

TEST(EmbeddingTest, WhatIsNoNetworkIsRefusedClearly) {
  using testing::HasSubstr;
  EXPECT_THAT(MessageOf([] { Embedding(Bytes("no network"), Config(), "m.onnx"); }), HasSubstr("m.onnx: cannot be loaded"));
  EXPECT_THAT(MessageOf([] { Embedding({}, Config(), "m.onnx"); }), HasSubstr("cannot be loaded"));
  std::vector<uint8_t> cut = TinyNetwork(1);
  cut.resize(cut.size() / 2);
  EXPECT_THAT(MessageOf([&] { Embedding(cut, Config(), "m.onnx"); }), HasSubstr("cannot be loaded"));
  EmbeddingConfig config = Config();
  config.output = "nowhere";
  EXPECT_THAT(MessageOf([&] { Embedding(TinyNetwork(1), config, "m.onnx"); }),
              testing::AllOf(HasSubstr("no node 'nowhere'"), HasSubstr("Gemm_node")));
  EXPECT_THAT(MessageOf([] { Embedding(TinyNetwork(1, 16, 5000), Config(), "m.onnx"); }), HasSubstr("has 5000 values"));
  config = Config();
  config.scale = 1e30f;
  config.stddev = {1e-20f, 1e-20f, 1e-20f};
  EXPECT_THAT(MessageOf([&] { Embedding(TinyNetwork(1), config, "m.onnx"); }), HasSubstr("not finite"));
}

TEST(EmbeddingTest, ConfigurationFilesAreRead) {
  const EmbeddingConfig least = ParseEmbeddingConfig(Bytes(R"({"name": "n", "width": 224, "height": 160})"), "m.json");
  EXPECT_EQ(least.name, "n");
  EXPECT_EQ(least.width_px, 224);
  EXPECT_EQ(least.resize_px, 224);
  EXPECT_EQ(least.fit, EmbeddingConfig::Fit::kCrop);
  EXPECT_TRUE(least.rgb);
  EXPECT_FLOAT_EQ(least.scale, 1.0f / 255);
  const EmbeddingConfig full = ParseEmbeddingConfig(
      Bytes(R"({"name": "n", "width": 224, "height": 224, "fit": "stretch", "resize": 256, "channels": "bgr", "scale": 1,
                "mean": [103.9, 116.8, 123.7], "std": [57, 58, 59], "output": "pool"})"),
      "m.json");
  EXPECT_EQ(full.fit, EmbeddingConfig::Fit::kStretch);
  EXPECT_EQ(full.resize_px, 256);
  EXPECT_FALSE(full.rgb);
  EXPECT_FLOAT_EQ(full.scale, 1);
  EXPECT_FLOAT_EQ(full.mean[2], 123.7f);
  EXPECT_FLOAT_EQ(full.stddev[0], 57);
  EXPECT_EQ(full.output, "pool");
}

TEST(EmbeddingTest, WrongConfigurationFilesAreRefusedByField) {
  const auto message = [](const std::string& more) {
    const bool whole = more.starts_with('{') || more.empty();
    const std::string json = whole ? more : R"({"name":"n","width":16,"height":16,)" + more + "}";
    return MessageOf([&] { ParseEmbeddingConfig(Bytes(json), "m.json"); });
  };
  using testing::HasSubstr;
  EXPECT_THAT(message(""), HasSubstr("m.json: is not one JSON object"));
  EXPECT_THAT(message(R"({"width":16,"height":16})"), HasSubstr("\"name\""));
  EXPECT_THAT(message(R"({"name":"n","width":16})"), HasSubstr("\"height\""));
  EXPECT_THAT(message(R"({"name":"n","width":4,"height":16})"), HasSubstr("\"width\" must be a whole number"));
  EXPECT_THAT(message(R"({"name":"n","width":16.5,"height":16})"), HasSubstr("\"width\""));
  EXPECT_THAT(message(R"("fit":"squeeze")"), HasSubstr("\"fit\""));
  EXPECT_THAT(message(R"("resize":8)"), HasSubstr("\"resize\""));
  EXPECT_THAT(message(R"("channels":"grey")"), HasSubstr("\"channels\""));
  EXPECT_THAT(message(R"("mean":[1,2])"), HasSubstr("\"mean\""));
  EXPECT_THAT(message(R"("mean":[1,2,"3"])"), HasSubstr("\"mean\""));
  EXPECT_THAT(message(R"("std":[1,0,1])"), HasSubstr("\"std\" must not hold 0"));
  EXPECT_THAT(message(R"("scale":1e300)"), HasSubstr("\"scale\""));
  EXPECT_THAT(message(R"("output":7)"), HasSubstr("\"output\""));
  EXPECT_THAT(message(R"("meen":[1,2,3])"), HasSubstr("unknown field \"meen\""));
}

}  // namespace
}  // namespace pugmark
