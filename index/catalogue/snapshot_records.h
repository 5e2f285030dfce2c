// SPDX-License-Identifier: Apache-2.0
//
// The catalogue's memory of snapshots: what each was made for, and how it did in the test before it was published. Also
// the last batch that was taken in. For people, and for pruning, which must know what was never current.
//
// The file CURRENT decides which snapshot is used; a record without directory is history.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "index/catalogue/catalogue.h"

namespace pugmark {

// How the canaries of one kind did in the snapshot before (old; 0 if there was none) and in the new one.
struct GateFigures {
  std::string canary;  // "self", "new", "hash", "vector", "crop", "recompressed", "mirrored".
  int64_t num_tried = 0;
  int64_t found_old = 0, found_new = 0;  // Among the candidates that a search verifies.
  int64_t first_old = 0, first_new = 0;  // The first of them.
  int64_t num_lost = 0;                  // Found in the old one, not in the new one.
};

struct SnapshotRecord {
  int64_t number = 0;
  std::string kind;  // "rebuilt": from the catalogue, "merged", "extended": with one more part.
  int64_t num_parts = 0;
  int64_t num_photos = 0;
  std::string recorded_at;    // UTC; set by Record.
  bool held_back = false;     // Failed its test and was never current.
  std::string gate = "none";  // "none": not tested; "passed", "failed", "accepted": failed, and published all the same.
  int64_t compared_with = 0;  // Number of the snapshot before; 0: none.
  std::vector<GateFigures> figures;
};

struct BatchRecord {
  BatchId id;
  std::string source, started_at, finished_at;  // finished_at: empty while it runs, and for ever if it was killed.
  BatchCounts counts;
};

// Threads, errors: as Catalogue, which outlives this.
class SnapshotRecords {
 public:
  explicit SnapshotRecords(const Catalogue& catalogue) : catalogue_(catalogue) {}

  // A number that is recorded again replaces the record: the first attempt was killed before it was current.
  void Record(const SnapshotRecord& record);

  // By number.
  std::map<int64_t, SnapshotRecord> All() const;

  // The newest run of ingest; nothing before the first.
  std::optional<BatchRecord> LastBatch() const;

 private:
  const Catalogue& catalogue_;
};

}  // namespace pugmark
