// SPDX-License-Identifier: Apache-2.0
//
// Are catalogue, snapshots, thumbnails and copied originals sound and in agreement?
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/collection/collection.h"

namespace pugmark {

struct CheckOptions {
  // Also reread the originals outside of the collection where they were seen, and compare their SHA-256.
  bool originals = false;
  int num_threads = 1;
  std::stop_token stop;
  std::function<void(std::string_view stage, int64_t done, int64_t total)> progress = [](std::string_view, int64_t, int64_t) {};
};

struct CheckFinding {
  std::string object;   // What is damaged: a file, "catalogue", "photo 17". Escaped.
  std::string problem;  // A sentence.
  std::string mend;     // Which command mends it, a sentence. Empty if `problem` says it.

  std::string Text() const;
};

struct CheckReport {
  int64_t num_photos = 0;             // Whose features and thumbnails were looked at.
  int64_t num_unindexed = 0;          // Catalogued but not in the index yet; no damage.
  int64_t num_older_features = 0;     // Described by an older extractor: not searchable until described anew; no damage.
  int64_t num_snapshots = 0;          // Whose files were read.
  int64_t num_copies = 0;             // Originals in the collection that were read.
  int64_t num_originals = 0;          // Originals outside that were read.
  int64_t num_unsealed_thumbnails = 0;  // Older than their checksums: only decoded.
  std::vector<CheckFinding> details;
  std::vector<std::string> findings;  // The same as text, one message each; empty if sound.
  std::vector<std::string> notes;     // What is untidy, but no damage.

  void Add(CheckFinding finding);
};

// Reads every byte of every snapshot, every feature row, thumbnail and copied original, and compares what they say of each
// other. Changes nothing. Throws Error(kCancelled).
// Cost: reading the collection once, and the current snapshot twice; a thumbnail takes about a millisecond of one core.
CheckReport CheckCollection(const Collection& collection, const CheckOptions& options = {});

}  // namespace pugmark
