// SPDX-License-Identifier: Apache-2.0
//
// A short write beside a long-running writer, without the collection's lock: log entries and reviews.
#pragma once

#include "index/catalogue/connection.h"

namespace pugmark::internal {

// Opened for writing, and then in a write transaction until Commit(); undone by the destructor otherwise.
class ShortWrite {
 public:
  // Waits at most max_wait_ms for other writers, looking every 2 ms: `ingest` pauses for 10 ms between its transactions,
  // and SQLite's own waiting, which sleeps up to 100 ms at a time, would miss that. Throws Error(kLocked) after that,
  // kUnsupported if the catalogue has an older schema, else as Connection.
  ShortWrite(const std::filesystem::path& database, int max_wait_ms, const char* doing);
  ~ShortWrite();
  ShortWrite(const ShortWrite&) = delete;
  ShortWrite& operator=(const ShortWrite&) = delete;

  Connection& connection() { return connection_; }
  void Commit();

 private:
  Connection connection_;
  const char* doing_;
};

// Throws Error(kUnsupported) unless the catalogue has the newest schema.
void RequireNewestSchema(Connection& connection);

}  // namespace pugmark::internal
