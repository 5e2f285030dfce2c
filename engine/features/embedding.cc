// SPDX-License-Identifier: Apache-2.0
#include "engine/features/embedding.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include "engine/features/pixel_view.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

// The network's input as a blob: 1 × 3 × height × width, float.
cv::Mat ToBlob(const Image& image, const EmbeddingConfig& config) {
  cv::Mat colour = PixelsOf(image);
  if (image.channels == 1) cv::cvtColor(PixelsOf(image), colour, cv::COLOR_GRAY2BGR);

  const cv::Size input(config.width_px, config.height_px);
  cv::Size size = input;
  if (config.fit == EmbeddingConfig::Fit::kCrop) {
    const double factor = static_cast<double>(config.resize_px) / std::min(image.width_px, image.height_px);
    // A very long strip is cut before it is enlarged beyond reason.
    const cv::Size needed(static_cast<int>(std::ceil(input.width / factor)) + 2,
                          static_cast<int>(std::ceil(input.height / factor)) + 2);
    const cv::Size cut(std::min(needed.width, colour.cols), std::min(needed.height, colour.rows));
    colour = colour(cv::Rect((colour.cols - cut.width) / 2, (colour.rows - cut.height) / 2, cut.width, cut.height));
    size = {std::max(input.width, static_cast<int>(std::lround(cut.width * factor))),
            std::max(input.height, static_cast<int>(std::lround(cut.height * factor)))};
  }
  cv::Mat resized;
  const bool shrinks = size.width < colour.cols || size.height < colour.rows;
  cv::resize(colour, resized, size, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  resized = resized(cv::Rect((size.width - input.width) / 2, (size.height - input.height) / 2, input.width, input.height));

  const int shape[] = {1, 3, config.height_px, config.width_px};
  cv::Mat blob(4, shape, CV_32F);
  for (int c = 0; c < 3; ++c) {
    const auto channel = static_cast<size_t>(c);
    const int from = config.rgb ? 2 - c : c;
    float* to = blob.ptr<float>(0, c);
    for (int y = 0; y < config.height_px; ++y) {
      const uint8_t* row = resized.ptr<uint8_t>(y);
      for (int x = 0; x < config.width_px; ++x) {
        *to++ = (static_cast<float>(row[3 * x + from]) * config.scale - config.mean[channel]) / config.stddev[channel];
      }
    }
  }
  return blob;
}

// A picture with edges and colours, so that a network that cannot be fed shows it.
Image TrialImage() {
  Image image{96, 64, 3, std::vector<uint8_t>(96 * 64 * 3)};
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<uint8_t>((i * i / 7 + i * 13) & 0xFF);
  return image;
}

// OpenCV's exceptions speak of its own source files over several lines.
std::string Briefly(const std::exception& e) {
  const auto* opencv = dynamic_cast<const cv::Exception*>(&e);
  std::string text = opencv != nullptr ? opencv->err : e.what();
  constexpr size_t kLongest = 300;
  if (text.size() > kLongest) text.resize(kLongest);
  return EscapeText(text);
}

}  // namespace

struct Embedding::Impl {
  std::vector<uint8_t> onnx;
  EmbeddingConfig config;
  std::string file;
  std::string layer;  // As OpenCV names it; empty: the last.
  int size = 0;
  std::mutex mutex;
  std::vector<std::unique_ptr<cv::dnn::Net>> idle;  // Networks keep state between layers: one per call in progress.

  [[noreturn]] void Refuse(const std::string& why) const {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: {}", file, why));
  }

  std::unique_ptr<cv::dnn::Net> Load() const {
    auto net = std::make_unique<cv::dnn::Net>(
        cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(onnx.data()), onnx.size()));
    net->setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    net->setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    return net;
  }

  // OpenCV 4.6 puts a prefix before the names of nodes, and names nodes without a name after their output.
  std::string FindLayer(const cv::dnn::Net& net) const {
    if (config.output.empty()) return {};
    const std::vector<std::string> names = net.getLayerNames();
    for (const char* prefix : {"", "onnx_node!", "onnx_node_output_0!"}) {
      if (std::find(names.begin(), names.end(), prefix + config.output) != names.end()) return prefix + config.output;
    }
    const auto first = names.end() - std::min<std::ptrdiff_t>(5, std::ssize(names));
    Refuse(fmt::format("has no node '{}'. Its last ones are: {}. Correct \"output\" in its JSON file.",
                       EscapeText(config.output), EscapeText(fmt::format("{}", fmt::join(first, names.end(), ", ")))));
  }

  cv::Mat Run(const cv::Mat& blob) {
    std::unique_ptr<cv::dnn::Net> net;
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        net = std::move(idle.back());
        idle.pop_back();
      }
    }
    if (!net) net = Load();
    net->setInput(blob);
    cv::Mat output = (layer.empty() ? net->forward() : net->forward(layer)).clone();  // The network reuses its memory.
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(net));
    return output;
  }
};

Embedding::Embedding(std::vector<uint8_t> onnx, EmbeddingConfig config, std::string file)
    : impl_(std::make_unique<Impl>()) {
  impl_->onnx = std::move(onnx);
  impl_->config = std::move(config);
  impl_->file = std::move(file);
  try {
    impl_->idle.push_back(impl_->Load());
  } catch (const std::exception& e) {
    impl_->Refuse(fmt::format("cannot be loaded as an ONNX network: {}. OpenCV {} must support it.", Briefly(e),
                              CV_VERSION));
  }
  impl_->layer = impl_->FindLayer(*impl_->idle.back());
  cv::Mat output;
  try {
    output = impl_->Run(ToBlob(TrialImage(), impl_->config));
  } catch (const std::exception& e) {
    impl_->Refuse(fmt::format("cannot be run on a picture of {} × {}: {}. Is its input of that size, with 3 channels?",
                              impl_->config.width_px, impl_->config.height_px, Briefly(e)));
  }
  if (output.type() != CV_32F || output.total() == 0 || output.total() > static_cast<size_t>(kMaxGlobalDescriptorSize)) {
    impl_->Refuse(fmt::format("its output has {} values of type {}; a global descriptor has 1 to {} of type float. Name "
                              "another node with \"output\" in its JSON file.",
                              output.total(), cv::typeToString(output.type()), kMaxGlobalDescriptorSize));
  }
  if (!cv::checkRange(output)) {
    impl_->Refuse("its output for a trial picture is not finite. Are \"scale\", \"mean\" and \"std\" those it was trained "
                  "with?");
  }
  impl_->size = static_cast<int>(output.total());
}
Embedding::~Embedding() = default;

const EmbeddingConfig& Embedding::config() const { return impl_->config; }
int Embedding::size() const { return impl_->size; }

std::vector<int8_t> Embedding::Describe(const Image& image) const {
  cv::Mat output;
  try {
    output = impl_->Run(ToBlob(image, impl_->config));
  } catch (const std::exception& e) {
    throw Error(ErrorCode::kInternal, fmt::format("{}: failed on a picture of {} × {}: {}", impl_->file, image.width_px,
                                                  image.height_px, Briefly(e)));
  }
  PUGMARK_CHECK(output.total() == static_cast<size_t>(impl_->size) && output.isContinuous());
  const std::span<const float> values(output.ptr<float>(), output.total());
  std::vector<int8_t> descriptor(values.size());
  float largest = 0;
  for (const float v : values) {
    if (!std::isfinite(v)) return descriptor;
    largest = std::max(largest, std::abs(v));
  }
  if (largest == 0) return descriptor;
  // The division first: 127 / largest could overflow.
  for (size_t i = 0; i < values.size(); ++i) descriptor[i] = static_cast<int8_t>(std::lround(values[i] / largest * 127));
  return descriptor;
}

}  // namespace pugmark
