// SPDX-License-Identifier: Apache-2.0
//
// Embedding: the JSON file beside a network.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/features/embedding.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

using Json = nlohmann::json;

class Fields {
 public:
  Fields(const Json& json, std::string_view file) : json_(json), file_(file) {}

  [[noreturn]] void Refuse(const std::string& why) const {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: {}", file_, why));
  }

  bool Has(const char* name) {
    known_.insert(name);
    return json_.contains(name);
  }

  std::string Text(const char* name, size_t longest) {
    if (!Has(name) || !json_[name].is_string()) Refuse(fmt::format("\"{}\" must be a text.", name));
    std::string text = json_[name].get<std::string>();
    if (text.empty() || text.size() > longest) Refuse(fmt::format("\"{}\" must have 1 to {} bytes.", name, longest));
    return text;
  }

  int Whole(const char* name, int smallest, int largest) {
    const bool whole = Has(name) && json_[name].is_number_integer();
    const int64_t value = whole ? json_[name].get<int64_t>() : -1;
    if (!whole || value < smallest || value > largest) {
      Refuse(fmt::format("\"{}\" must be a whole number of {} to {}.", name, smallest, largest));
    }
    return static_cast<int>(value);
  }

  float Number(const char* name) { return Number(name, Has(name) ? json_[name] : Json()); }

  std::array<float, 3> Three(const char* name) {
    if (!Has(name) || !json_[name].is_array() || json_[name].size() != 3) {
      Refuse(fmt::format("\"{}\" must be a list of three numbers.", name));
    }
    return {Number(name, json_[name][0]), Number(name, json_[name][1]), Number(name, json_[name][2])};
  }

  void RefuseOthers() const {
    for (const auto& [name, value] : json_.items()) {
      if (!known_.contains(name)) Refuse(fmt::format("has an unknown field \"{}\".", EscapeText(name)));
    }
  }

 private:
  float Number(const char* name, const Json& value) const {
    const double number = value.is_number() ? value.get<double>() : NAN;
    if (!(std::abs(number) < 1e6)) Refuse(fmt::format("\"{}\" must hold numbers below a million.", name));
    return static_cast<float>(number);
  }

  const Json& json_;
  const std::string_view file_;
  std::set<std::string> known_;
};

}  // namespace

EmbeddingConfig ParseEmbeddingConfig(std::span<const uint8_t> bytes, std::string_view file) {
  const Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, /*allow_exceptions=*/false);
  Fields fields(json, file);
  if (!json.is_object()) fields.Refuse("is not one JSON object.");
  EmbeddingConfig config;
  config.name = fields.Text("name", 100);
  config.width_px = fields.Whole("width", 8, 2000);
  config.height_px = fields.Whole("height", 8, 2000);
  if (fields.Has("fit")) {
    const std::string fit = fields.Text("fit", 20);
    if (fit != "crop" && fit != "stretch") fields.Refuse("\"fit\" must be \"crop\" or \"stretch\".");
    config.fit = fit == "crop" ? EmbeddingConfig::Fit::kCrop : EmbeddingConfig::Fit::kStretch;
  }
  config.resize_px = std::max(config.width_px, config.height_px);
  if (fields.Has("resize")) config.resize_px = fields.Whole("resize", config.resize_px, 4000);
  if (fields.Has("channels")) {
    const std::string channels = fields.Text("channels", 20);
    if (channels != "rgb" && channels != "bgr") fields.Refuse("\"channels\" must be \"rgb\" or \"bgr\".");
    config.rgb = channels == "rgb";
  }
  if (fields.Has("scale")) config.scale = fields.Number("scale");
  if (fields.Has("mean")) config.mean = fields.Three("mean");
  if (fields.Has("std")) config.stddev = fields.Three("std");
  for (const float s : config.stddev) {
    if (s == 0) fields.Refuse("\"std\" must not hold 0.");
  }
  if (fields.Has("output")) config.output = fields.Text("output", 500);
  fields.RefuseOthers();
  return config;
}

}  // namespace pugmark
