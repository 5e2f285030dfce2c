// SPDX-License-Identifier: Apache-2.0
//
// Who did what with this collection, and when: a log that only grows, each entry bound to the one before by its hash.
//
// An entry's hash is the SHA-256 of
//
//   previous hash (64 hexadecimal digits)  LF  body
//
// where `previous` of the first entry is 64 zeros, and `body` is one JSON object on one line, stored as it was hashed: so
// there is nothing to agree upon about spaces or the order of fields, and sqlite3 and sha256sum suffice to check it
// (docs/formats.md, "Audit log"). Its first two fields are "entry", the entry's number, and "at", UTC.
//
// After each entry its number and hash are appended to a second file, audit.heads. The chain shows that nothing before the
// last entry was changed; audit.heads, and every head that somebody wrote down elsewhere (`log --head`), that nothing was
// cut off at its end. Who can write both files can rewrite everything, and only a head kept elsewhere will show it.
//
// Appending needs no lock of the collection: it is one short transaction, beside whatever else is going on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/base/collection.h"
#include "index/base/ids.h"
#include "index/base/sha256.h"

namespace pugmark {

struct LogEntry {
  int64_t number = 0;  // From 1, without gaps.
  Sha256 previous;
  Sha256 hash;
  std::string body;  // One JSON object on one line.
};

// Longest body, bytes. Whoever writes one leaves details out before that.
inline constexpr size_t kMaxLogBody = 8 << 20;

// Hash of an entry with this body after that entry.
Sha256 LogHash(const Sha256& previous, std::string_view body);

// Writes the next entry; its body is `fields`, a JSON object without "entry" and "at", with these two put in front.
// Durable when it returns. Waits for other writers at most max_wait_ms.
// Throws Error(kLocked) if they take longer, kUnsupported if the catalogue has an older schema (it has no log yet, or needs
// a writer first), kIo if it cannot be written, kLimit beyond kMaxLogBody. Cost: one synced commit, some milliseconds.
// A file audit.heads that cannot be written is no error: the entry stands, its end is only less well guarded.
LogEntry AppendToLog(const CollectionPaths& paths, const std::string& fields, int max_wait_ms);

// Reading. Threads: one object, one thread. Throws Error as Catalogue does; kUnsupported for an older schema.
class AuditLog {
 public:
  explicit AuditLog(const CollectionPaths& paths);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // The last entry; nothing if there is none.
  std::optional<LogEntry> Head() const;
  std::optional<LogEntry> Find(int64_t number) const;
  // Calls `visit` with every entry, oldest or newest first, until it returns false.
  void Visit(bool newest_first, const std::function<bool(const LogEntry&)>& visit) const;

  // SHA-256 over the photos that a batch admitted: their SHA-256 in order of id, 64 digits and a line feed each.
  Sha256 PhotosOfBatch(BatchId batch) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct LogVerification {
  int64_t num_entries = 0;
  std::optional<LogEntry> head;
  int64_t num_heads = 0;                 // Lines of audit.heads that agree.
  std::vector<std::string> findings;     // One sentence each, at most 100; empty: the chain is whole.
  std::optional<int64_t> expected_entry;  // Which entry has the head that was noted elsewhere.
};

// Reads the whole log. noted_head: 16 to 64 hexadecimal digits, the beginning of a hash that must be in the chain; empty:
// none was noted. Throws Error(kInvalidArgument) if it is neither. Changes nothing.
LogVerification VerifyLog(const CollectionPaths& paths, const std::string& noted_head);

}  // namespace pugmark
