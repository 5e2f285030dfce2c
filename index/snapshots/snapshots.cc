// SPDX-License-Identifier: Apache-2.0
#include "index/snapshots/snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <system_error>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/base/sha256.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kCodebookFile = "codebook.faiss";
constexpr std::string_view kManifestFile = "manifest.json";
constexpr std::string_view kStagingSuffix = ".tmp";
constexpr int kManifestSchema = 1;
constexpr uint64_t kMaxManifestBytes = 64 << 20;

fs::path SnapshotDir(const CollectionPaths& paths, int64_t number) {
  return paths.snapshots() / fmt::format("{:06}", number);
}

std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number <= 0) return std::nullopt;
  return number;
}

[[noreturn]] void ThrowDamaged(const fs::path& what, std::string_view why) {
  throw Error(ErrorCode::kCorrupt, fmt::format("{}: {}. Nothing was changed. Run 'pugmark reindex --full' to rebuild the "
                                               "index from the catalogue.",
                                               what.string(), why));
}

// File names come from a manifest that a stranger may have written; they must stay inside the snapshot.
bool IsPlainFileName(const std::string& name) {
  return !name.empty() && name.size() < 128 && name[0] != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

FileSeal Seal(const fs::path& file) {
  return {file.filename().string(), fs::file_size(file), Sha256::OfFile(file).Hex()};
}

std::string VerifySize(const fs::path& dir, const FileSeal& seal) {
  std::error_code error;
  const uint64_t size = fs::file_size(dir / seal.file, error);
  if (error) return fmt::format("{}: {}", (dir / seal.file).string(), error.message());
  if (size != seal.size_bytes) {
    return fmt::format("{}: has {} bytes where its manifest says {}", (dir / seal.file).string(), size, seal.size_bytes);
  }
  return {};
}

std::string VerifyContent(const fs::path& dir, const FileSeal& seal) {
  std::string finding = VerifySize(dir, seal);
  if (finding.empty() && Sha256::OfFile(dir / seal.file).Hex() != seal.sha256) {
    finding = fmt::format("{}: its SHA-256 is not the one in its manifest", (dir / seal.file).string());
  }
  return finding;
}

SnapshotInfo ReadManifest(const CollectionPaths& paths, int64_t number) {
  const fs::path file = SnapshotDir(paths, number) / kManifestFile;
  if (!fs::exists(file)) ThrowDamaged(file, "is missing");
  const std::vector<uint8_t> text = ReadFile(file, kMaxManifestBytes);
  const Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) ThrowDamaged(file, "is not JSON");
  SnapshotInfo info;
  try {
    if (json.at("schema").get<int>() > kManifestSchema) {
      throw Error(ErrorCode::kUnsupported,
                  fmt::format("{}: was written by a newer Pugmark. Update this one, or run 'pugmark reindex --full'.",
                              file.string()));
    }
    info.number = json.at("number").get<int64_t>();
    info.created_at = json.at("created_at").get<std::string>();
    info.extractor = json.at("extractor").get<std::string>();
    info.num_words = json.at("num_words").get<int>();
    info.num_photos = json.at("num_photos").get<int64_t>();
    info.last_photo = PhotoId{json.at("last_photo").get<int64_t>()};
    info.last_sha256 = json.at("last_sha256").get<std::string>();
    for (const Json& part : json.at("parts")) {
      info.parts.push_back({part.at("file").get<std::string>(), part.at("num_photos").get<int64_t>(),
                            part.at("num_entries").get<int64_t>(), part.value("globals", "")});
      info.num_entries += info.parts.back().num_entries;
    }
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
  bool complete = info.number == number && sealed_file(kCodebookFile) && info.num_words > 0;
  for (const PartInfo& part : info.parts) {
    complete = complete && sealed_file(part.file) && (part.globals.empty() || sealed_file(part.globals));
  }
  for (const FileSeal& seal : info.files) complete = complete && IsPlainFileName(seal.file);
  if (!complete) ThrowDamaged(file, "does not describe a complete snapshot");
  return info;
}

}  // namespace

std::optional<int64_t> CurrentSnapshot(const CollectionPaths& paths) {
  if (!fs::exists(paths.current())) return std::nullopt;
  const std::vector<uint8_t> bytes = ReadFile(paths.current(), 64);
  std::string text(bytes.begin(), bytes.end());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::optional<int64_t> number = ParseNumber(text);
  if (!number) ThrowDamaged(paths.current(), "does not name a snapshot");
  return number;
}

std::vector<int64_t> ListSnapshots(const CollectionPaths& paths) {
  std::vector<int64_t> numbers;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(paths.snapshots(), error)) {
    if (const auto number = ParseNumber(entry.path().filename().string())) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

SnapshotInfo ReadSnapshotInfo(const CollectionPaths& paths, int64_t number) { return ReadManifest(paths, number); }

static Snapshot OpenFiles(const CollectionPaths& paths, int64_t number) {
  const fs::path dir = SnapshotDir(paths, number);
  const SnapshotInfo info = ReadManifest(paths, number);
  for (const FileSeal& seal : info.files) {
    const std::string finding = seal.file == kCodebookFile ? VerifyContent(dir, seal) : VerifySize(dir, seal);
    if (!finding.empty()) ThrowDamaged(dir, finding);
  }
  Snapshot snapshot{info, Codebook::Load(dir / kCodebookFile), {}, {}};
  if (snapshot.codebook.num_words() != info.num_words) ThrowDamaged(dir, "its codebook is another one's");
  for (const PartInfo& part : info.parts) {
    snapshot.parts.push_back(Part::Open(dir / part.file, info.num_words, part.num_entries));
    if (!part.globals.empty()) snapshot.globals.push_back(Globals::Open(dir / part.globals));
  }
  return snapshot;
}

Snapshot OpenSnapshot(const CollectionPaths& paths, int64_t number) {
  if (!fs::exists(SnapshotDir(paths, number))) {
    const std::vector<int64_t> kept = ListSnapshots(paths);
    throw Error(ErrorCode::kNotFound,
                fmt::format("Snapshot {} is not kept any more; kept are: {}. 'pugmark reindex --keep N' keeps more.",
                            number, kept.empty() ? "none" : fmt::format("{}", fmt::join(kept, ", "))));
  }
  return OpenFiles(paths, number);
}

std::optional<Snapshot> OpenCurrentSnapshot(const CollectionPaths& paths) {
  // A writer may publish and prune between our reading CURRENT and opening the files; the next try then sees the newer.
  for (int tries_left = 3;; --tries_left) {
    const std::optional<int64_t> number = CurrentSnapshot(paths);
    if (!number) return std::nullopt;
    try {
      return OpenFiles(paths, *number);
    } catch (const Error&) {
      if (tries_left == 0 || CurrentSnapshot(paths) == number) throw;
    }
  }
}

std::vector<std::string> CheckSnapshot(const CollectionPaths& paths, int64_t number) {
  std::vector<std::string> findings;
  try {
    for (const FileSeal& seal : ReadManifest(paths, number).files) {
      std::string finding = VerifyContent(SnapshotDir(paths, number), seal);
      if (!finding.empty()) findings.push_back(std::move(finding));
    }
  } catch (const Error& e) {
    findings.emplace_back(e.what());
  }
  return findings;
}

SnapshotWriter::SnapshotWriter(const CollectionPaths& paths) : paths_(paths) {
  const std::vector<int64_t> numbers = ListSnapshots(paths);
  int64_t current = 0;
  try {
    current = CurrentSnapshot(paths).value_or(0);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCorrupt) throw;  // A damaged CURRENT is mended by publishing.
  }
  number_ = std::max(numbers.empty() ? 0 : numbers.back(), current) + 1;
  staging_ = SnapshotDir(paths, number_);
  staging_ += kStagingSuffix;
  std::error_code error;
  fs::remove_all(staging_, error);
  fs::create_directories(staging_, error);
  if (error) {
    throw Error(ErrorCode::kIo, fmt::format("{}: cannot be created: {}.", staging_.string(), error.message()));
  }
}

SnapshotWriter::~SnapshotWriter() {
  std::error_code ignored;
  if (!published_) fs::remove_all(staging_, ignored);
}

void SnapshotWriter::SetCodebook(const Codebook& codebook) {
  PUGMARK_CHECK(num_words_ == 0);
  codebook.Save(staging_ / kCodebookFile);
  Sync(staging_ / kCodebookFile);
  files_.push_back(Seal(staging_ / kCodebookFile));
  num_words_ = codebook.num_words();
}

void SnapshotWriter::Link(const SnapshotInfo& base, const std::string& file) {
  const fs::path from = SnapshotDir(paths_, base.number) / file;
  std::error_code error;
  fs::create_hard_link(from, staging_ / file, error);
  // Some file systems have no hard links; a copy serves as well.
  if (error) fs::copy_file(from, staging_ / file, fs::copy_options::overwrite_existing, error);
  if (!error) Sync(staging_ / file);
  if (error) {
    throw Error(ErrorCode::kIo,
                fmt::format("{}: cannot be linked into the new snapshot: {}.", from.string(), error.message()));
  }
  // The old seal is carried on, not made anew: a byte that flipped since must not become the truth.
  for (const FileSeal& seal : base.files) {
    if (seal.file == file) files_.push_back(seal);
  }
}

void SnapshotWriter::LinkCodebook(const SnapshotInfo& base) {
  PUGMARK_CHECK(num_words_ == 0);
  Link(base, std::string(kCodebookFile));
  num_words_ = base.num_words;
}

void SnapshotWriter::ContinueFrom(const SnapshotInfo& base) {
  LinkCodebook(base);
  for (const PartInfo& part : base.parts) {
    Link(base, part.file);
    if (!part.globals.empty()) Link(base, part.globals);
  }
  parts_ = base.parts;
}

void SnapshotWriter::AddPart(const PartBuilder& part, const GlobalsBuilder& globals) {
  // The number of the snapshot that made the part keeps names distinct when parts are carried on.
  const std::string file = fmt::format("part-{:06}-{}.faiss", number_, parts_.size());
  part.Write(staging_ / file);
  files_.push_back(Seal(staging_ / file));
  parts_.push_back({file, part.num_photos(), part.num_entries(), ""});
  if (globals.empty()) return;
  parts_.back().globals = fmt::format("globals-{:06}-{}.bin", number_, parts_.size() - 1);
  globals.Write(staging_ / parts_.back().globals);
  files_.push_back(Seal(staging_ / parts_.back().globals));
}

SnapshotInfo SnapshotWriter::Publish(const std::string& extractor, PhotoId last_photo, const Sha256& last_sha256,
                                     int64_t num_photos) {
  PUGMARK_CHECK(num_words_ > 0 && !published_);
  SnapshotInfo info{number_, UtcNow(), extractor, num_words_, num_photos, 0, last_photo, last_sha256.Hex(),
                    parts_,  files_};
  Json files = Json::array();
  for (const FileSeal& seal : files_) {
    files.push_back({{"file", seal.file}, {"size_bytes", seal.size_bytes}, {"sha256", seal.sha256}});
  }
  Json parts = Json::array();
  for (const PartInfo& part : parts_) {
    parts.push_back({{"file", part.file}, {"num_photos", part.num_photos}, {"num_entries", part.num_entries}});
    if (!part.globals.empty()) parts.back()["globals"] = part.globals;
    info.num_entries += part.num_entries;
  }
  const Json manifest = {{"schema", kManifestSchema},      {"number", number_},       {"created_at", info.created_at},
                         {"extractor", extractor},         {"num_words", num_words_}, {"num_photos", num_photos},
                         {"last_photo", last_photo.value}, {"last_sha256", info.last_sha256}, {"parts", parts}, {"files", files}};
  WriteFileAtomically(staging_ / kManifestFile, manifest.dump(2) + "\n");

  std::error_code error;
  fs::rename(staging_, SnapshotDir(paths_, number_), error);
  if (error) throw Error(ErrorCode::kIo, fmt::format("{}: cannot be published: {}.", staging_.string(), error.message()));
  published_ = true;
  Sync(paths_.snapshots());
  WriteFileAtomically(paths_.current(), fmt::format("{:06}\n", number_));
  return info;
}

std::vector<int64_t> PruneSnapshots(const CollectionPaths& paths, int keep) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(paths.snapshots(), error)) {
    if (entry.path().extension() == kStagingSuffix) fs::remove_all(entry.path(), error);
  }
  const std::optional<int64_t> current = CurrentSnapshot(paths);
  const std::vector<int64_t> numbers = ListSnapshots(paths);
  std::vector<int64_t> removed;
  const auto num_old = static_cast<int64_t>(numbers.size()) - std::max(keep, 1);
  for (int64_t i = 0; i < num_old; ++i) {
    const int64_t number = numbers[static_cast<size_t>(i)];
    if (number == current) continue;
    fs::remove_all(SnapshotDir(paths, number), error);
    if (!error) removed.push_back(number);
  }
  return removed;
}

}  // namespace pugmark
