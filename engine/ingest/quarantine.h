// SPDX-License-Identifier: Apache-2.0
//
// quarantine.jsonl: inputs that could not be read, and why. One JSON object a line; a file is listed once per reason.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/ingest/ingest.h"
#include "index/base/sha256.h"

namespace pugmark {

class Quarantine {
 public:
  // Reads what is listed already, so that the same batch again adds nothing. Lines that are not JSON are left alone.
  explicit Quarantine(const std::filesystem::path& file);

  // sha256: nothing if the bytes could not be read. Buffered until Flush().
  void Add(const Unreadable& unreadable, const std::optional<Sha256>& sha256, int64_t batch);

  // Appends and syncs. Throws Error(kIo).
  void Flush();

 private:
  std::filesystem::path file_;
  std::unordered_set<std::string> known_;
  std::string pending_;
};

// A line of the file.
struct QuarantineEntry {
  std::string path;  // Escaped, as are the others.
  std::string code;
  std::string message;
  std::string at;  // UTC.
  int64_t batch = 0;
};

// What batches after this one added, oldest first; at most `limit`, and how many more there are. Lines that are not ours are
// passed over; no file means no lines.
std::vector<QuarantineEntry> ReadQuarantine(const std::filesystem::path& file, int64_t after_batch, size_t limit,
                                            int64_t* num_more);

}  // namespace pugmark
