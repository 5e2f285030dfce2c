// SPDX-License-Identifier: Apache-2.0
#include "index/snapshots/manifest.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <system_error>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/base/sha256.h"

namespace pugmark::internal {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kManifestSchema = 2;
constexpr uint64_t kMaxManifestBytes = 64 << 20;
constexpr size_t kMostParts = 100'000;
// What an entry's 32 bits of photo number hold, and more than fits on a disk: sums of counts cannot overflow.
constexpr int64_t kMostPhotos = 0xFFFFFFFF, kMostEntries = int64_t{1} << 44;

// File names come from a manifest that a stranger may have written; they must stay inside the snapshot.
bool IsPlainFileName(const std::string& name) {
  return !name.empty() && name.size() < 128 && name[0] != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

// What stands at the end of a manifest whose other bytes are `text`.
std::string SealLine(std::string_view text) {
  const Sha256 sha = Sha256::Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  return fmt::format(",\n  \"seal\": \"{}\"\n}}\n", sha.Hex());
}

bool HasItsSeal(std::string_view manifest) {
  const size_t length = SealLine({}).size();
  return manifest.size() > length &&
         manifest.substr(manifest.size() - length) == SealLine(manifest.substr(0, manifest.size() - length));
}

}  // namespace

fs::path SnapshotDir(const CollectionPaths& paths, int64_t number) {
  return paths.snapshots() / fmt::format("{:06}", number);
}

std::optional<int64_t> ParseSnapshotNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number <= 0) return std::nullopt;
  return number;
}

[[noreturn]] void ThrowDamaged(const fs::path& what, std::string_view why) {
  throw Error(ErrorCode::kCorrupt,
              fmt::format("{}: {}. Nothing was changed. Run 'pugmark reindex --full' to rebuild the "
                          "index from the catalogue.",
                          what.string(), why));
}

FileSeal SealOf(const fs::path& file) {
  return {file.filename().string(), fs::file_size(file), Sha256::OfFile(file).Hex()};
}

std::string VerifySize(const fs::path& dir, const FileSeal& seal) {
  std::error_code error;
  const uint64_t size = fs::file_size(dir / seal.file, error);
  if (error) return fmt::format("{}: {}", (dir / seal.file).string(), error.message());
  if (size != seal.size_bytes) {
    return fmt::format("{}: has {} bytes where its manifest says {}", (dir / seal.file).string(), size,
                       seal.size_bytes);
  }
  return {};
}

std::string VerifyContent(const fs::path& dir, const FileSeal& seal, HashCache* cache) {
  const fs::path file = dir / seal.file;
  std::string finding = VerifySize(dir, seal);
  if (finding.empty() && cache->HashOf(file) != seal.sha256) {
    finding = fmt::format("{}: its SHA-256 is not the one in its manifest", file.string());
  }
  return finding;
}

std::string HashCache::HashOf(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return Sha256::OfFile(file).Hex();  // Says why it cannot be read.
  std::string& hash = hashes_[{status.st_dev, status.st_ino}];
  if (hash.empty()) hash = Sha256::OfFile(file).Hex();
  return hash;
}

SnapshotInfo ReadManifest(const CollectionPaths& paths, int64_t number) {
  const fs::path file = SnapshotDir(paths, number) / kManifestFile;
  if (!fs::exists(file)) ThrowDamaged(file, "is missing");
  const std::vector<uint8_t> bytes = ReadFile(file, kMaxManifestBytes);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) ThrowDamaged(file, "is not JSON");
  SnapshotInfo info;
  try {
    if (json.at("schema").get<int>() > kManifestSchema) {
      throw Error(ErrorCode::kUnsupported,
                  fmt::format("{}: was written by a newer Pugmark. Update this one, or run 'pugmark reindex --full'.",
                              file.string()));
    }
    // Since schema 2 a manifest ends with a seal on itself.
    const bool sealed = json.contains("seal");
    if (sealed ? !HasItsSeal(text) : json.at("schema").get<int>() > 1) ThrowDamaged(file, "its seal is not its own");
    info.number = json.at("number").get<int64_t>();
    info.created_at = json.at("created_at").get<std::string>();
    info.extractor = json.at("extractor").get<std::string>();
    info.num_words = json.at("num_words").get<int>();
    info.num_photos = json.at("num_photos").get<int64_t>();
    info.last_photo = PhotoId{json.at("last_photo").get<int64_t>()};
    info.last_sha256 = json.at("last_sha256").get<std::string>();
    if (json.at("parts").size() > kMostParts || json.at("files").size() > 3 * kMostParts) {
      ThrowDamaged(file, "it lists more files than any snapshot has");
    }
    for (const Json& part : json.at("parts")) {
      info.parts.push_back({part.at("file").get<std::string>(), part.at("num_photos").get<int64_t>(),
                            part.at("num_entries").get<int64_t>(), part.value("globals", "")});
      info.num_entries += info.parts.back().num_entries;
    }
    info.furniture = json.value("furniture", "");
    for (const Json& seal : json.at("files")) {
      info.files.push_back({seal.at("file").get<std::string>(), seal.at("size_bytes").get<uint64_t>(),
                            seal.at("sha256").get<std::string>()});
    }
  } catch (const nlohmann::json::exception& e) {
    ThrowDamaged(file, fmt::format("a field is missing or of the wrong type ({})", e.what()));
  }
  const auto sealed_file = [&](std::string_view name) {
    return std::any_of(info.files.begin(), info.files.end(), [&](const FileSeal& s) { return s.file == name; });
  };
  const auto counts = [](int64_t count, int64_t most) { return count >= 0 && count <= most; };
  bool complete = info.number == number && sealed_file(kCodebookFile) && info.num_words > 0 &&
                  counts(info.last_photo.value, kMostPhotos) && counts(info.num_photos, kMostPhotos) &&
                  (info.furniture.empty() || sealed_file(info.furniture));
  for (const PartInfo& part : info.parts) {
    complete = complete && counts(part.num_photos, kMostPhotos) && counts(part.num_entries, kMostEntries) &&
               sealed_file(part.file) && (part.globals.empty() || sealed_file(part.globals));
  }
  for (const FileSeal& seal : info.files) complete = complete && IsPlainFileName(seal.file);
  if (!complete) ThrowDamaged(file, "does not describe a complete snapshot");
  return info;
}

std::string ManifestText(const SnapshotInfo& info) {
  Json files = Json::array();
  for (const FileSeal& seal : info.files) {
    files.push_back({{"file", seal.file}, {"size_bytes", seal.size_bytes}, {"sha256", seal.sha256}});
  }
  Json parts = Json::array();
  for (const PartInfo& part : info.parts) {
    parts.push_back({{"file", part.file}, {"num_photos", part.num_photos}, {"num_entries", part.num_entries}});
    if (!part.globals.empty()) parts.back()["globals"] = part.globals;
  }
  Json manifest = {{"schema", kManifestSchema},
                   {"number", info.number},
                   {"created_at", info.created_at},
                   {"extractor", info.extractor},
                   {"num_words", info.num_words},
                   {"num_photos", info.num_photos},
                   {"last_photo", info.last_photo.value},
                   {"last_sha256", info.last_sha256},
                   {"parts", parts}};
  if (!info.furniture.empty()) manifest["furniture"] = info.furniture;
  manifest["files"] = files;
  std::string text = manifest.dump(2);
  text.resize(text.size() - std::string_view("\n}").size());
  return text + SealLine(text);
}

}  // namespace pugmark::internal
