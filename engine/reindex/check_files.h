// SPDX-License-Identifier: Apache-2.0
//
// The files of single photos: thumbnail, copy of the original, the original itself. For check.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/reindex/check.h"
#include "index/catalogue/thumbnail_checksums.h"

namespace pugmark {

// What the catalogue knows of one photo's files.
struct PhotoFiles {
  PhotoId photo;
  Sha256 sha256;
  std::optional<ThumbnailChecksum> thumbnail;
  std::vector<std::string> originals;  // Where it was seen; empty if they are not to be reread.
};

struct FileFindings {
  std::vector<CheckFinding> findings;
  bool has_copy = false;
  bool has_original = false;  // One of `originals` was read and is the photo.
};

// Threads: pure, apart from reading the files.
FileFindings CheckFilesOf(const CollectionPaths& paths, const PhotoFiles& files);

// Thumbnails and copies that belong to no photo, as notes.
std::vector<std::string> FilesWithoutPhoto(const Collection& collection);

}  // namespace pugmark
