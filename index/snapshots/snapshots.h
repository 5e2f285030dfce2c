// SPDX-License-Identifier: Apache-2.0
//
// Snapshots: immutable, numbered states of the index, published atomically.
//
// A snapshot is a directory with one codebook, one or more parts, beside each part the hashes and vectors of its photos,
// and a manifest.json that names each file with its size and SHA-256. The file CURRENT names the one in use. Parts are
// shared between snapshots by hard links, so publishing a small new part costs the part, not the collection. Everything
// here can be rebuilt from the catalogue.
//
// Order of writes: files of the new snapshot in a staging directory, each synced; manifest; the directory synced and
// renamed to its number; snapshots/ synced: it is sealed, and can be opened and tested by its number. Then CURRENT is
// replaced atomically. A crash before that leaves the old snapshot current and at most a directory that pruning removes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "index/base/collection.h"
#include "index/base/ids.h"
#include "index/vectors/codebook.h"
#include "index/vectors/globals.h"
#include "index/vectors/merge.h"
#include "index/vectors/part.h"

namespace pugmark {

struct PartInfo {
  std::string file;  // Name within the snapshot's directory.
  int64_t num_photos = 0;
  int64_t num_entries = 0;
  std::string globals;  // File of hashes and vectors of its photos; empty if there are none (older snapshots).
};

// What a file must be: FAISS trusts what it reads, so we do not.
struct FileSeal {
  std::string file;
  uint64_t size_bytes = 0;
  std::string sha256;  // 64 hexadecimal digits.
};

struct SnapshotInfo {
  int64_t number = 0;
  std::string created_at;   // UTC.
  std::string extractor;    // Features of another extractor are not comparable with this snapshot.
  int num_words = 0;
  int64_t num_photos = 0;   // With at least one keypoint or none: all that the snapshot covers.
  int64_t num_entries = 0;
  PhotoId last_photo;       // Every catalogued photo up to this one is covered.
  std::string last_sha256;  // Of that photo: a catalogue that was restored from a backup gives its number to another.
  std::vector<PartInfo> parts;
  std::vector<FileSeal> files;  // Codebook, parts and globals.
};

// A snapshot opened for searching. Stays valid if a newer one is published or this one is pruned meanwhile.
// Threads: immutable; safe from any number at once.
struct Snapshot {
  SnapshotInfo info;
  Codebook codebook;
  std::vector<Part> parts;
  std::vector<Globals> globals;  // Of those parts that have them.
};

// The current snapshot's number; nothing before the first publish. Throws Error(kCorrupt) if CURRENT is unreadable.
std::optional<int64_t> CurrentSnapshot(const CollectionPaths& paths);

// Numbers of all sealed snapshots, ascending; also of those that were never current.
std::vector<int64_t> ListSnapshots(const CollectionPaths& paths);

// Reads a snapshot's manifest. Throws Error(kNotFound | kCorrupt).
SnapshotInfo ReadSnapshotInfo(const CollectionPaths& paths, int64_t number);

// Opens a sealed snapshot, as OpenCurrentSnapshot.
Snapshot OpenSnapshot(const CollectionPaths& paths, int64_t number);

// Opens the current snapshot; nothing before the first publish. Sizes of all files and the codebook's SHA-256 are
// verified before FAISS reads them; parts were verified when published and are verified again by CheckSnapshot.
// Throws Error(kCorrupt). Cost: reading the codebook; parts are mapped.
std::optional<Snapshot> OpenCurrentSnapshot(const CollectionPaths& paths);

// Verifies manifest, size and SHA-256 of every file of a snapshot; one message per finding, empty if sound.
std::vector<std::string> CheckSnapshot(const CollectionPaths& paths, int64_t number);

// The same for several, reading a file that they share only once.
class SnapshotChecker {
 public:
  explicit SnapshotChecker(const CollectionPaths& paths);
  ~SnapshotChecker();
  SnapshotChecker(const SnapshotChecker&) = delete;
  SnapshotChecker& operator=(const SnapshotChecker&) = delete;
  std::vector<std::string> Check(int64_t number);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Makes a sealed snapshot the one in use. The caller holds the lock and has checked it. Throws Error(kIo); the old one
// then stays current.
void MakeCurrent(const CollectionPaths& paths, int64_t number);

// Builds the next snapshot beside the published ones. The caller holds the collection's lock.
// What was not sealed is removed by the destructor, or after a crash by the next pruning.
class SnapshotWriter {
 public:
  explicit SnapshotWriter(const CollectionPaths& paths);
  ~SnapshotWriter();
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  int64_t number() const { return number_; }

  // Exactly one of the three, before anything else: a new codebook; the codebook of a published snapshot; its codebook
  // and its parts. What is taken over is hard-linked.
  void SetCodebook(const Codebook& codebook);
  void LinkCodebook(const SnapshotInfo& base);
  void ContinueFrom(const SnapshotInfo& base);

  // globals: of the part's photos; no file is written if it is empty.
  void AddPart(const PartBuilder& part, const GlobalsBuilder& globals = {});

  // One part with what all of these hold, written without holding it in memory. num_photos: that it covers; a photo without
  // keypoints leaves no trace in a part, so the caller knows better. progress: as for MergeParts.
  void AddMergedPart(std::span<const PartSource> parts, std::span<const GlobalsSource> globals, int64_t num_photos,
                     const std::function<void(int64_t)>& progress);

  // A part that is only to be merged: on disk, mapped, without a name. Gone when it is closed.
  struct Spilled {
    Part part;
    std::optional<Globals> globals;
  };
  Spilled Spill(const PartBuilder& part, const GlobalsBuilder& globals);

  // Gives it its number: complete and immutable, but not current. Throws Error(kIo); nothing of it then stays.
  SnapshotInfo Seal(const std::string& extractor, PhotoId last_photo, const std::string& last_sha256, int64_t num_photos);
  // Seals it and makes it current. Returns what was published. Throws Error(kIo); the old snapshot then stays current.
  SnapshotInfo Publish(const std::string& extractor, PhotoId last_photo, const Sha256& last_sha256, int64_t num_photos);

 private:
  void Link(const SnapshotInfo& base, const std::string& file);
  std::string NewPart(int64_t num_photos, int64_t num_entries);
  std::string GlobalsName() const;  // Of the newest part.

  CollectionPaths paths_;
  int64_t number_ = 0;
  std::filesystem::path staging_;
  bool sealed_ = false;
  int num_words_ = 0;
  std::vector<PartInfo> parts_;
  std::vector<FileSeal> files_;
};

// Whether a snapshot was ever current; what was not is kept for inspection only.
using WasCurrent = std::function<bool(int64_t number)>;

struct PruneOptions {
  int keep = 3;                // Snapshots that are or were current, at least 1.
  bool keep_held_back = true;  // And the newest that never was.
  WasCurrent was_current = [](int64_t) { return true; };
};

// Snapshots that may go, ascending: all but the current one, the newest others that were current, `keep` together with it,
// and the newest one that never was.
std::vector<int64_t> PlanPrune(const CollectionPaths& paths, const PruneOptions& options);

// Directories of snapshots that were being built or removed when a run was killed.
std::vector<std::filesystem::path> StagingLeftovers(const CollectionPaths& paths);

// Removes those. The caller holds the collection's lock. Returns the removed numbers.
std::vector<int64_t> PruneSnapshots(const CollectionPaths& paths, const PruneOptions& options);

// Removes one snapshot, which must not be the current one. False if it could not.
bool RemoveSnapshot(const CollectionPaths& paths, int64_t number);

}  // namespace pugmark
