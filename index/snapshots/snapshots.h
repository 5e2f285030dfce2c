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
// renamed to its number; snapshots/ synced; CURRENT replaced atomically. A crash before the last step leaves the old
// snapshot current and at most a directory that Prune() removes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "index/base/collection.h"
#include "index/base/ids.h"
#include "index/vectors/codebook.h"
#include "index/vectors/globals.h"
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

// Numbers of all published snapshots, ascending.
std::vector<int64_t> ListSnapshots(const CollectionPaths& paths);

// Reads a snapshot's manifest. Throws Error(kNotFound | kCorrupt).
SnapshotInfo ReadSnapshotInfo(const CollectionPaths& paths, int64_t number);

// Opens the current snapshot; nothing before the first publish. Sizes of all files and the codebook's SHA-256 are
// verified before FAISS reads them; parts were verified when published and are verified again by CheckSnapshot.
// Throws Error(kCorrupt). Cost: reading the codebook; parts are mapped.
std::optional<Snapshot> OpenCurrentSnapshot(const CollectionPaths& paths);

// Opens a published snapshot, current or not, verified as above. Throws Error(kNotFound) if it is not kept, kCorrupt.
Snapshot OpenSnapshot(const CollectionPaths& paths, int64_t number);

// Verifies size and SHA-256 of every file of a snapshot; one message per finding, empty if sound.
std::vector<std::string> CheckSnapshot(const CollectionPaths& paths, int64_t number);

// Builds the next snapshot beside the published ones and publishes it. The caller holds the collection's lock.
// What was not published is removed by the destructor, or after a crash by the next Prune().
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

  // Makes it current. Returns what was published. Throws Error(kIo); the old snapshot then stays current.
  SnapshotInfo Publish(const std::string& extractor, PhotoId last_photo, const Sha256& last_sha256, int64_t num_photos);

 private:
  void Link(const SnapshotInfo& base, const std::string& file);

  CollectionPaths paths_;
  int64_t number_ = 0;
  std::filesystem::path staging_;
  bool published_ = false;
  int num_words_ = 0;
  std::vector<PartInfo> parts_;
  std::vector<FileSeal> files_;
};

// Removes staging leftovers and all snapshots but the current one and the `keep` newest. The caller holds the
// collection's lock. Returns the removed numbers.
std::vector<int64_t> PruneSnapshots(const CollectionPaths& paths, int keep);

}  // namespace pugmark
