// SPDX-License-Identifier: Apache-2.0
#include "engine/report/packet.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "engine/decode/decode.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

// "cases/a/" and "cases/a" are the same place.
fs::path PlaceOf(const fs::path& folder) {
  fs::path place = fs::absolute(folder).lexically_normal();
  return place.has_filename() ? place : place.parent_path();
}

// By the bytes, never by a name from outside.
std::string ExtensionOf(const std::vector<uint8_t>& bytes) {
  DecodeOptions header_only;
  header_only.max_photo_pixels = 0;
  switch (Decode(bytes, header_only).info.format) {
    case PhotoFormat::kJpeg: return "jpg";
    case PhotoFormat::kPng: return "png";
    case PhotoFormat::kWebp: return "webp";
    case PhotoFormat::kTiff: return "tif";
    case PhotoFormat::kBmp: return "bmp";
    case PhotoFormat::kGif: return "gif";
    case PhotoFormat::kHeic: return "heic";
    case PhotoFormat::kAvif: return "avif";
    case PhotoFormat::kUnknown: break;
  }
  return "bin";
}

std::string_view Characters(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The folder under its temporary name; gone with this object unless it was published.
class Draft {
 public:
  explicit Draft(fs::path place)
      : place_(std::move(place)), draft_(place_.native() + fmt::format(".tmp.{}", ::getpid())) {
    std::error_code error;
    if (!fs::create_directory(draft_, error)) {
      throw Error(ErrorCode::kIo, fmt::format("{}: cannot be made: {}.", EscapeText(draft_.native()),
                                              error ? error.message() : "there is something of that name"));
    }
  }
  ~Draft() {
    std::error_code ignored;
    if (!is_published_) fs::remove_all(draft_, ignored);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  // name: one of ours, relative.
  void Write(const std::string& name, std::string_view content) {
    const fs::path path = draft_ / name;
    std::error_code error;
    fs::create_directory(path.parent_path(), error);  // A failure shows when the file is written.
    WriteFileUnsynced(path, content);
    sums_[name] = Sha256::Of({reinterpret_cast<const uint8_t*>(content.data()), content.size()});
  }
  bool Has(const std::string& name) const { return sums_.contains(name); }

  void Publish() {
    std::string sums;
    for (const auto& [name, sha256] : sums_) sums += fmt::format("{}  {}\n", sha256.Hex(), name);
    WriteFileUnsynced(draft_ / "SHA256SUMS", sums);
    SyncFileSystem(draft_);
    if (::renameat2(AT_FDCWD, draft_.c_str(), AT_FDCWD, place_.c_str(), RENAME_NOREPLACE) != 0) {
      if (errno == EEXIST) RequireNoPacket(place_);
      // Some file systems do not know the flag.
      const bool is_unknown = errno == EINVAL || errno == ENOSYS;
      if (is_unknown) RequireNoPacket(place_);
      if (!is_unknown || ::rename(draft_.c_str(), place_.c_str()) != 0) {
        throw Error(ErrorCode::kIo, fmt::format("{}: renaming the finished packet failed: {}.",
                                                EscapeText(place_.native()), std::strerror(errno)));
      }
    }
    is_published_ = true;
    Sync(place_.parent_path());
  }

 private:
  fs::path place_, draft_;
  bool is_published_ = false;
  std::map<std::string, Sha256> sums_;  // By name.
};

// Copies photos into the draft and keeps the list of them.
class Copier {
 public:
  Copier(const PhotoFiles& files, Draft* draft) : files_(files), draft_(draft) {}

  void Copy(std::string_view role, const std::string& path, const Sha256& sha256) {
    const std::string name = EscapeText(path);
    if (!done_.emplace(std::string(role) + name, sha256).second) return;
    const auto known = lines_.find(sha256);
    if (known == lines_.end()) {
      const Original original = files_.OriginalOf(path, sha256);
      if (original.bytes) {
        const std::string file = fmt::format("originals/{}.{}", sha256.Hex(), ExtensionOf(*original.bytes));
        draft_->Write(file, Characters(*original.bytes));
        ++outcome.num_originals;
        lines_[sha256] = file;
      } else {
        ++outcome.num_missing;
        lines_[sha256] = fmt::format("MISSING    {}\n           {}; no file of this packet holds its bytes",
                                     sha256.Hex(), EscapeText(original.note));
        if (const auto thumbnail = files_.ThumbnailOf(sha256)) {
          const std::string file = fmt::format("thumbnails/{}.jpg", sha256.Hex());
          draft_->Write(file, Characters(*thumbnail));
          lines_[sha256] += fmt::format("\n           its thumbnail: {}", file);
        }
      }
    }
    roles_[sha256] += fmt::format("\n           {}: {}", role, name);
  }

  std::string Lines() const {
    std::string text;
    for (const auto& [sha256, line] : lines_) text += line + roles_.at(sha256) + "\n";
    return text;
  }

  PacketOutcome outcome;

 private:
  const PhotoFiles& files_;
  Draft* draft_;
  std::set<std::pair<std::string, Sha256>> done_;
  std::map<Sha256, std::string> lines_, roles_;
};

}  // namespace

void RequireNoPacket(const fs::path& folder) {
  const fs::path place = PlaceOf(folder);
  std::error_code error;
  const fs::file_status status = fs::symlink_status(place, error);
  if (fs::exists(status)) {
    throw Error(ErrorCode::kExists, fmt::format("{}: is there already; a packet is never written over anything. Name "
                                                "another folder.",
                                                EscapeText(folder.native())));
  }
  if (!fs::is_directory(place.parent_path(), error)) {
    throw Error(ErrorCode::kNotFound, fmt::format("{}: the directory in which this packet should be is not there.",
                                                  EscapeText(folder.native())));
  }
}

PacketOutcome WritePacket(const fs::path& folder, std::span<const QueryResult> results, const HtmlOptions& html,
                          std::string_view json_lines, const PhotoFiles& files) {
  RequireNoPacket(folder);
  HtmlOptions dated = html;
  if (dated.created_at.empty()) dated.created_at = UtcNow();
  Draft draft(PlaceOf(folder));
  draft.Write("report.html", FormatHtml(results, dated));
  draft.Write("results.jsonl", json_lines);
  Copier copier(files, &draft);
  for (const QueryResult& result : results) {
    if (result.sha256) copier.Copy("query", result.path.native(), *result.sha256);
    for (const Hit& hit : result.hits) copier.Copy("known photo", hit.photo.path, hit.photo.sha256);
  }
  draft.Write("CONTENTS.txt",
              fmt::format("Made by Pugmark {} at {} (UTC). {}\n\n"
                          "report.html\n           opens in any browser and needs no network\n"
                          "results.jsonl\n           the same for programs, one JSON object a line\n"
                          "SHA256SUMS\n           proves that nothing was changed: sha256sum -c SHA256SUMS\n"
                          "{}\nOriginals are byte-identical copies, named by their SHA-256. {} copied, {} missing.\n",
                          EscapeText(html.version), dated.created_at, kLeadSentence, copier.Lines(),
                          copier.outcome.num_originals, copier.outcome.num_missing));
  draft.Publish();
  return copier.outcome;
}

}  // namespace pugmark
