// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/check_files.h"

#include <fmt/format.h>

#include <filesystem>

#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

void CheckThumbnail(const fs::path& path, const PhotoFiles& files, std::vector<CheckFinding>* findings) {
  const std::string name = EscapeText(path.string());
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error || size == 0) {
    findings->push_back({name,
                         fmt::format("the thumbnail is missing or empty; hits on photo {} cannot be called same-photo",
                                     files.photo.value),
                         error ? "Ingest its file again." : "Remove it, then ingest the photo's file again."});
    return;
  }
  const char* const mend = "Remove it, then ingest the photo's file again.";
  try {
    const std::vector<uint8_t> bytes = ReadFile(path, kMaxThumbnailBytes);
    if (files.thumbnail && ThumbnailChecksums::Of(bytes) != *files.thumbnail) {
      findings->push_back({name, "the thumbnail is not as it was written (checksum)", mend});
      return;
    }
    DecodeOptions decode;
    decode.min_side_px = 1;
    const DecodeResult decoded = Decode(bytes, decode);
    if (decoded.image && !decoded.info.truncated) return;
    findings->push_back({name,
                         fmt::format("the thumbnail of photo {} cannot be decoded: {}", files.photo.value,
                                     decoded.image ? "it ends early" : decoded.error.message),
                         mend});
  } catch (const Error& e) {
    findings->push_back({name, fmt::format("the thumbnail cannot be read: {}", e.what()), mend});
  }
}

// Nothing if there is no such file.
std::optional<bool> HasSha256(const std::string& path, const Sha256& sha256) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  return Sha256::OfFile(path) == sha256;
}

void CheckOriginals(const PhotoFiles& files, FileFindings* result) {
  for (const std::string& path : files.originals) {
    try {
      const std::optional<bool> is_same = HasSha256(path, files.sha256);
      if (!is_same) continue;
      if (*is_same) {
        result->has_original = true;
        continue;
      }
      result->findings.push_back(
          {EscapeText(path), fmt::format("is not photo {} any more (SHA-256 {}… at ingest)", files.photo.value,
                                         files.sha256.Hex().substr(0, 12)),
           "Put the original back, from a backup; as it is now it is another photo."});
    } catch (const Error& e) {
      result->findings.push_back({EscapeText(path), fmt::format("the original cannot be read: {}", e.what()), ""});
    }
  }
  if (!files.originals.empty() && !result->has_original && !result->has_copy) {
    result->findings.push_back({EscapeText(files.originals.front()),
                                fmt::format("the original of photo {} is at none of the {} places where it was seen",
                                            files.photo.value, files.originals.size()),
                                "Put it back, or ingest it where it is now."});
  }
}

void CountStrays(const Collection& collection, const fs::path& root, const char* what, std::vector<std::string>* notes) {
  int64_t num_strays = 0;
  fs::path example;
  std::error_code error;
  for (fs::recursive_directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (!it->is_regular_file(ignored)) continue;
    try {
      if (collection.catalogue.FindPhoto(Sha256::FromHex(it->path().stem().string()))) continue;
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kInvalidArgument) throw;
    }
    if (num_strays++ == 0) example = it->path();
  }
  if (num_strays > 0) {
    notes->push_back(fmt::format("{} {} belong to no photo, such as {}.", num_strays, what, EscapeText(example.string())));
  }
}

}  // namespace

FileFindings CheckFilesOf(const CollectionPaths& paths, const PhotoFiles& files) {
  FileFindings result;
  CheckThumbnail(paths.thumbnail(files.sha256), files, &result.findings);
  const std::string copy = paths.original(files.sha256).string();
  try {
    if (const std::optional<bool> is_same = HasSha256(copy, files.sha256)) {
      result.has_copy = *is_same;
      if (!*is_same) {
        result.findings.push_back({EscapeText(copy), fmt::format("is not the original of photo {} (SHA-256)", files.photo.value),
                                   "Remove it, then ingest the photo's file again with --copy."});
      }
    }
  } catch (const Error& e) {
    result.findings.push_back({EscapeText(copy), fmt::format("the copy cannot be read: {}", e.what()), ""});
  }
  CheckOriginals(files, &result);
  return result;
}

std::vector<std::string> FilesWithoutPhoto(const Collection& collection) {
  std::vector<std::string> notes;
  CountStrays(collection, collection.paths.root / "thumbs", "thumbnails", &notes);
  CountStrays(collection, collection.paths.root / "originals", "copied originals", &notes);
  return notes;
}

}  // namespace pugmark
