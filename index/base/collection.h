// SPDX-License-Identifier: Apache-2.0
//
// Where things lie in a collection, the directory that holds everything. Layout and order of writes: docs/formats.md.
#pragma once

#include <cstdint>
#include <filesystem>

#include "index/base/sha256.h"

namespace pugmark {

inline constexpr uint64_t kMaxThumbnailBytes = 4 << 20;  // More is none of ours.

struct CollectionPaths {
  std::filesystem::path root;

  std::filesystem::path catalogue() const { return root / "catalogue.db"; }
  std::filesystem::path snapshots() const { return root / "snapshots"; }
  std::filesystem::path current() const { return root / "CURRENT"; }
  std::filesystem::path quarantine() const { return root / "quarantine.jsonl"; }
  std::filesystem::path embedding_model() const { return root / "embedding" / "model.onnx"; }  // If init was given one.
  std::filesystem::path embedding_config() const { return root / "embedding" / "model.json"; }
  std::filesystem::path audit_heads() const { return root / "audit.heads"; }
  std::filesystem::path lock() const { return root / "LOCK"; }
  std::filesystem::path nightly_lock() const { return root / "NIGHTLY"; }  // Of the one nightly run; it takes LOCK as it writes.
  std::filesystem::path thumbnail(const Sha256& photo) const {
    const std::string hex = photo.Hex();
    return root / "thumbs" / hex.substr(0, 2) / (hex + ".jpg");
  }
  std::filesystem::path original(const Sha256& photo) const {  // Only with ingest --copy.
    const std::string hex = photo.Hex();
    return root / "originals" / hex.substr(0, 2) / hex;
  }
};

}  // namespace pugmark
