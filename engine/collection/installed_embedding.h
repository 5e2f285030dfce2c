// SPDX-License-Identifier: Apache-2.0
//
// A collection's embedding: the user's network and its JSON file, copied into the collection when it is made.
//
// All photos of a collection are described by one network, so it is chosen once and never replaced: descriptors of two
// networks have nothing to do with each other. The catalogue keeps the SHA-256 of both files, and they are verified
// whenever they are loaded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/features/embedding.h"
#include "index/base/collection.h"
#include "index/catalogue/catalogue.h"

namespace pugmark {

// What the catalogue knows of it.
struct EmbeddingSetting {
  std::string name;           // As its JSON file says; for people.
  std::string model_sha256;   // 64 hexadecimal digits.
  std::string config_sha256;
  int size = 0;               // Values of a global descriptor.
};

// Both files, as read.
struct EmbeddingFiles {
  std::vector<uint8_t> model;
  std::vector<uint8_t> config;
  EmbeddingSetting setting;
};

// Reads model.onnx and, beside it, model.json; loads and tries the network. Throws Error(kNotFound | kIo | kLimit) if a
// file cannot be read, Error(kInvalidArgument) as ParseEmbeddingConfig and Embedding do.
EmbeddingFiles ReadEmbeddingFiles(const std::filesystem::path& model);

// Copies the files into the collection and records them. For CreateCollection: inside its transaction.
void InstallEmbedding(const EmbeddingFiles& files, const CollectionPaths& paths, Catalogue& catalogue);

// Nothing if the collection has no embedding. Throws Error(kCorrupt) if the settings make no sense.
std::optional<EmbeddingSetting> ReadEmbeddingSetting(const Catalogue& catalogue);

// The network, ready for use; null if there is none. Throws Error(kCorrupt) if a file is missing or is not the one that
// the collection was made with, Error(kUnsupported) if this OpenCV cannot load it.
// Cost: reading and hashing the files, and loading the network: about a second for 100 MB.
std::shared_ptr<const Embedding> LoadEmbedding(const CollectionPaths& paths,
                                               const std::optional<EmbeddingSetting>& setting);

}  // namespace pugmark
