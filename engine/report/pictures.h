// SPDX-License-Identifier: Apache-2.0
//
// The photos behind a result: the original if it is still at its place with the bytes that were searched, else the
// thumbnail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/report/html.h"
#include "index/base/collection.h"
#include "index/base/sha256.h"

namespace pugmark {

inline constexpr uint64_t kMaxOriginalBytes = 256ull << 20;  // Larger files are not read.

// The bytes as received, proved by their SHA-256; or why they are not to be had.
struct Original {
  std::optional<std::vector<uint8_t>> bytes;
  std::string note;  // "original, SHA-256 checked"; else a reason: "the original is no longer at its place".
};

// Threads: may be used from any number at once.
class PhotoFiles {
 public:
  // collection: where thumbnails and copies are; none for a comparison of two files.
  explicit PhotoFiles(std::optional<CollectionPaths> collection) : collection_(std::move(collection)) {}

  // Looks at `path`, then among the collection's copies (ingest --copy). Never throws for what it finds there.
  // Cost: reads and hashes the whole file.
  Original OriginalOf(const std::string& path, const Sha256& sha256) const;

  // JPEG bytes of the collection's thumbnail.
  std::optional<std::vector<uint8_t>> ThumbnailOf(const Sha256& sha256) const;

  // The thumbnail, decoded.
  ReportPicture ThumbnailPictureOf(const Sha256& sha256) const;

  // Decoded from the original, else from the thumbnail. At most kPictureSide_px on the long side.
  ReportPicture PictureOf(const std::string& path, const std::optional<Sha256>& sha256) const;

  static constexpr int kPictureSide_px = 1000;

 private:
  std::optional<CollectionPaths> collection_;
};

}  // namespace pugmark
