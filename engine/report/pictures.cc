// SPDX-License-Identifier: Apache-2.0
#include "engine/report/pictures.h"

#include <fmt/format.h>

#include "engine/decode/decode.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

std::optional<Image> Decoded(const std::vector<uint8_t>& bytes) {
  DecodeOptions options;
  options.max_side_px = PhotoFiles::kPictureSide_px;
  options.min_side_px = 1;
  DecodeResult decoded = Decode(bytes, options);
  return std::move(decoded.image);
}

}  // namespace

Original PhotoFiles::OriginalOf(const std::string& path, const Sha256& sha256) const {
  Original original;
  const auto read = [&](const std::filesystem::path& file, const char* note) {
    try {
      std::vector<uint8_t> bytes = ReadFile(file, kMaxOriginalBytes);
      if (Sha256::Of(bytes) != sha256) {
        original.note = "the file at its place has other bytes now";
        return false;
      }
      original = {std::move(bytes), note};
      return true;
    } catch (const Error& e) {
      // The first reason is told: a copy in the collection is rarely expected.
      if (!original.note.empty()) return false;
      original.note = e.code() == ErrorCode::kNotFound ? "the original is no longer at its place"
                      : e.code() == ErrorCode::kLimit
                          ? fmt::format("the original has more than {} MiB", kMaxOriginalBytes >> 20)
                          : "the original cannot be read";
      return false;
    }
  };
  if (!read(path, "original, SHA-256 checked") && collection_) {
    const std::string first_note = original.note;
    if (!read(collection_->original(sha256), "the collection's copy of the original, SHA-256 checked")) {
      original.note = first_note;
    }
  }
  return original;
}

std::optional<std::vector<uint8_t>> PhotoFiles::ThumbnailOf(const Sha256& sha256) const {
  if (!collection_) return std::nullopt;
  try {
    return ReadFile(collection_->thumbnail(sha256), kMaxThumbnailBytes);
  } catch (const Error&) {
    return std::nullopt;
  }
}

ReportPicture PhotoFiles::ThumbnailPictureOf(const Sha256& sha256) const {
  if (const auto thumbnail = ThumbnailOf(sha256)) {
    if (std::optional<Image> image = Decoded(*thumbnail)) return {std::move(image), "thumbnail"};
  }
  return {std::nullopt, "there is no thumbnail"};
}

ReportPicture PhotoFiles::PictureOf(const std::string& path, const std::optional<Sha256>& sha256) const {
  if (!sha256) return {std::nullopt, "the file could not be read"};
  Original original = OriginalOf(path, *sha256);
  if (original.bytes) {
    if (std::optional<Image> image = Decoded(*original.bytes)) return {std::move(image), "from the " + original.note};
    original.note = "the original cannot be decoded";
  }
  if (const auto thumbnail = ThumbnailOf(*sha256)) {
    if (std::optional<Image> image = Decoded(*thumbnail)) return {std::move(image), "thumbnail: " + original.note};
  }
  return {std::nullopt, original.note + (collection_ ? ", and there is no thumbnail" : "")};
}

}  // namespace pugmark
