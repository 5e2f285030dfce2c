// SPDX-License-Identifier: Apache-2.0
#include "engine/collection/installed_embedding.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/base/sha256.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "embedding_name";
constexpr const char* kModelSha256 = "embedding_model_sha256";
constexpr const char* kConfigSha256 = "embedding_config_sha256";
constexpr const char* kSize = "embedding_size";

std::string_view AsText(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A file of the collection, verified.
std::vector<uint8_t> ReadSealed(const fs::path& path, uint64_t max_bytes, const std::string& sha256) {
  constexpr const char* kAdvice =
      "Photos and queries must be described by the same network: put back the file that 'init' copied there, from a backup "
      "or from its source, or make a new collection.";
  std::vector<uint8_t> bytes;
  try {
    bytes = ReadFile(path, max_bytes);
  } catch (const Error& e) {
    throw Error(ErrorCode::kCorrupt, fmt::format("The collection's embedding cannot be read: {} {}", e.what(), kAdvice));
  }
  if (Sha256::Of(bytes).Hex() != sha256) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("{}: is not the file that this collection was made with (SHA-256 {}…). {}",
                            EscapeText(path.string()), EscapeText(sha256.substr(0, 12)), kAdvice));
  }
  return bytes;
}

}  // namespace

EmbeddingFiles ReadEmbeddingFiles(const fs::path& model) {
  EmbeddingFiles files;
  files.model = ReadFile(model, kMaxEmbeddingModelBytes);
  fs::path config_path = model;
  config_path.replace_extension(".json");
  if (config_path == model || !fs::exists(config_path)) {
    throw Error(ErrorCode::kNotFound,
                fmt::format("{}: is missing. It says how the network beside it is fed: see 'man pugmark', EMBEDDING.",
                            EscapeText(config_path.string())));
  }
  files.config = ReadFile(config_path, kMaxEmbeddingConfigBytes);
  EmbeddingConfig config = ParseEmbeddingConfig(files.config, EscapeText(config_path.string()));
  files.setting.name = config.name;
  files.setting.model_sha256 = Sha256::Of(files.model).Hex();
  files.setting.config_sha256 = Sha256::Of(files.config).Hex();
  files.setting.size = Embedding(files.model, std::move(config), EscapeText(model.string())).size();
  return files;
}

void InstallEmbedding(const EmbeddingFiles& files, const CollectionPaths& paths, Catalogue& catalogue) {
  std::error_code error;
  fs::create_directories(paths.embedding_model().parent_path(), error);
  if (error) {
    throw Error(ErrorCode::kIo, fmt::format("{}: cannot be created: {}.", paths.embedding_model().parent_path().string(),
                                            error.message()));
  }
  WriteFileAtomically(paths.embedding_model(), AsText(files.model));
  WriteFileAtomically(paths.embedding_config(), AsText(files.config));
  catalogue.SetSetting(kName, files.setting.name);
  catalogue.SetSetting(kModelSha256, files.setting.model_sha256);
  catalogue.SetSetting(kConfigSha256, files.setting.config_sha256);
  catalogue.SetSetting(kSize, fmt::format("{}", files.setting.size));
}

std::optional<EmbeddingSetting> ReadEmbeddingSetting(const Catalogue& catalogue) {
  const std::optional<std::string> model = catalogue.Setting(kModelSha256);
  if (!model) return std::nullopt;
  EmbeddingSetting setting;
  setting.model_sha256 = *model;
  setting.config_sha256 = catalogue.Setting(kConfigSha256).value_or("");
  setting.name = catalogue.Setting(kName).value_or("");
  const std::string size = catalogue.Setting(kSize).value_or("");
  const auto [end, failed] = std::from_chars(size.data(), size.data() + size.size(), setting.size);
  if (failed != std::errc() || end != size.data() + size.size() || setting.size < 1 ||
      setting.size > kMaxGlobalDescriptorSize) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("The catalogue's setting '{}' is '{}', which is no size of a global descriptor. Restore the "
                            "catalogue from a backup.",
                            kSize, EscapeText(size)));
  }
  return setting;
}

std::shared_ptr<const Embedding> LoadEmbedding(const CollectionPaths& paths,
                                               const std::optional<EmbeddingSetting>& setting) {
  if (!setting) return nullptr;
  std::vector<uint8_t> model = ReadSealed(paths.embedding_model(), kMaxEmbeddingModelBytes, setting->model_sha256);
  const std::vector<uint8_t> config =
      ReadSealed(paths.embedding_config(), kMaxEmbeddingConfigBytes, setting->config_sha256);
  std::shared_ptr<const Embedding> embedding;
  try {
    embedding = std::make_shared<const Embedding>(std::move(model),
                                                  ParseEmbeddingConfig(config, paths.embedding_config().string()),
                                                  paths.embedding_model().string());
  } catch (const Error& e) {  // They worked when the collection was made: this OpenCV is another one.
    throw Error(ErrorCode::kUnsupported, e.what());
  }
  if (embedding->size() != setting->size) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{}: gives {} values here and gave {} when the collection was made. Is this another OpenCV?",
                            paths.embedding_model().string(), embedding->size(), setting->size));
  }
  return embedding;
}

}  // namespace pugmark
