// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "index/base/error.h"
#include "index/base/fault.h"
#include "index/base/files.h"
#include "index/snapshots/manifest.h"
#include "index/snapshots/snapshots.h"

namespace pugmark {

namespace fs = std::filesystem;
using namespace internal;  // Of this room.

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
  RemoveDirectory(staging_);
  fs::create_directories(staging_, error);
  if (error) {
    throw Error(ErrorCode::kIo, fmt::format("{}: cannot be created: {}.", staging_.string(), error.message()));
  }
  PUGMARK_FAULT_POINT("snapshot.staging_made");
}

SnapshotWriter::~SnapshotWriter() {
  std::error_code ignored;
  if (!sealed_) fs::remove_all(staging_, ignored);
}

void SnapshotWriter::SetCodebook(const Codebook& codebook) {
  PUGMARK_CHECK(num_words_ == 0);
  codebook.Save(staging_ / kCodebookFile);
  Sync(staging_ / kCodebookFile);
  files_.push_back(SealOf(staging_ / kCodebookFile));
  num_words_ = codebook.num_words();
}

void SnapshotWriter::Link(const SnapshotInfo& base, const std::string& file) {
  const fs::path from = SnapshotDir(paths_, base.number) / file;
  std::error_code error;
  fs::create_hard_link(from, staging_ / file, error);
  // Some file systems have no hard links; a copy serves as well.
  if (error) fs::copy_file(from, staging_ / file, fs::copy_options::overwrite_existing, error);
  PUGMARK_FAULT_POINT("snapshot.linked");
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
  furniture_ = base.furniture;
  if (!furniture_.empty()) Link(base, furniture_);
}

std::string SnapshotWriter::NewPart(int64_t num_photos, int64_t num_entries) {
  // The number of the snapshot that made the part keeps names distinct when parts are carried on.
  parts_.push_back({fmt::format("part-{:06}-{}.faiss", number_, parts_.size()), num_photos, num_entries, ""});
  return parts_.back().file;
}

void SnapshotWriter::AddPart(const PartBuilder& part, const GlobalsBuilder& globals) {
  const std::string file = NewPart(part.num_photos(), part.num_entries());
  part.Write(staging_ / file);
  files_.push_back(SealOf(staging_ / file));
  if (globals.empty()) return;
  parts_.back().globals = GlobalsName();
  globals.Write(staging_ / parts_.back().globals);
  files_.push_back(SealOf(staging_ / parts_.back().globals));
}

SnapshotWriter::Spilled SnapshotWriter::Spill(const PartBuilder& part, const GlobalsBuilder& globals) {
  // The names go at once; what is mapped stays until the last reader closes it, also if we are killed.
  const auto unlinked = [](const fs::path& path, auto opened) {
    fs::remove(path);
    return opened;
  };
  const fs::path part_path = staging_ / "spilled.faiss", globals_path = staging_ / "spilled.bin";
  part.Write(part_path);
  Spilled spilled{unlinked(part_path, Part::Open(part_path, num_words_, part.num_entries())), std::nullopt};
  if (!globals.empty()) {
    globals.Write(globals_path);
    spilled.globals = unlinked(globals_path, Globals::Open(globals_path));
  }
  return spilled;
}

void SnapshotWriter::AddMergedPart(std::span<const PartSource> parts, std::span<const GlobalsSource> globals,
                                   int64_t num_photos, const std::function<void(int64_t)>& progress) {
  const std::string file = NewPart(num_photos, 0);
  parts_.back().num_entries = MergeParts(parts, num_words_, staging_ / file, progress);
  files_.push_back(SealOf(staging_ / file));
  const std::string globals_file = GlobalsName();
  if (!MergeGlobals(globals, staging_ / globals_file)) return;
  parts_.back().globals = globals_file;
  files_.push_back(SealOf(staging_ / globals_file));
}

std::vector<Part> SnapshotWriter::OpenParts() const {
  std::vector<Part> parts;
  for (const PartInfo& part : parts_) parts.push_back(Part::Open(staging_ / part.file, num_words_, part.num_entries));
  return parts;
}

void SnapshotWriter::SetFurniture(const Furniture& furniture) {
  PUGMARK_CHECK(furniture_.empty());
  if (furniture.empty()) return;
  furniture_ = fmt::format("furniture-{:06}.bin", number_);
  furniture.Write(staging_ / furniture_);
  files_.push_back(SealOf(staging_ / furniture_));
}

std::string SnapshotWriter::GlobalsName() const {
  return fmt::format("globals-{:06}-{}.bin", number_, parts_.size() - 1);
}

SnapshotInfo SnapshotWriter::Seal(const std::string& extractor, PhotoId last_photo, const std::string& last_sha256,
                                  int64_t num_photos) {
  PUGMARK_CHECK(num_words_ > 0 && !sealed_);
  SnapshotInfo info{number_, UtcNow(), extractor, num_words_, num_photos, 0, last_photo, last_sha256, parts_, furniture_, files_};
  for (const PartInfo& part : parts_) info.num_entries += part.num_entries;
  WriteFileAtomically(staging_ / kManifestFile, ManifestText(info));

  std::error_code error;
  fs::rename(staging_, SnapshotDir(paths_, number_), error);
  if (error)
    throw Error(ErrorCode::kIo, fmt::format("{}: cannot be published: {}.", staging_.string(), error.message()));
  sealed_ = true;
  PUGMARK_FAULT_POINT("snapshot.renamed");
  Sync(paths_.snapshots());
  return info;
}

SnapshotInfo SnapshotWriter::Publish(const std::string& extractor, PhotoId last_photo, const Sha256& last_sha256,
                                     int64_t num_photos) {
  SnapshotInfo info = Seal(extractor, last_photo, last_sha256.Hex(), num_photos);
  MakeCurrent(paths_, number_);
  return info;
}

}  // namespace pugmark
