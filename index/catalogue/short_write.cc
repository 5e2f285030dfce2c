// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/short_write.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "index/base/error.h"
#include "index/catalogue/schema.h"

namespace pugmark::internal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPollInterval = std::chrono::milliseconds(2);

// False: another writer has the database.
bool BeginNow(Connection& connection, const char* doing) {
  try {
    connection.Use("BEGIN IMMEDIATE", doing).Run();
    return true;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kLocked) throw;
    return false;
  }
}

}  // namespace

void RequireNewestSchema(Connection& connection) {
  if (connection.SchemaVersion() == static_cast<int64_t>(CatalogueMigrations().size())) return;
  throw Error(ErrorCode::kUnsupported, fmt::format("{}: was written by an older Pugmark. Run 'pugmark reindex' once; it "
                                                   "brings the catalogue up to date.",
                                                   connection.name()));
}

ShortWrite::ShortWrite(const std::filesystem::path& database, int max_wait_ms, const char* doing)
    : connection_(database, Connection::Mode::kWrite), doing_(doing) {
  RequireNewestSchema(connection_);
  connection_.PrepareToWrite();
  const Clock::time_point deadline = Clock::now() + std::chrono::milliseconds(max_wait_ms);
  connection_.Execute("PRAGMA busy_timeout = 0", doing);
  while (!BeginNow(connection_, doing)) {
    if (Clock::now() >= deadline) {
      throw Error(ErrorCode::kLocked, fmt::format("{}: another pugmark has been writing to it for {:.1f} seconds.",
                                                  connection_.name(), max_wait_ms / 1000.0));
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  connection_.Execute("PRAGMA busy_timeout = 10000", doing);
}

ShortWrite::~ShortWrite() {
  if (!connection_.in_transaction()) return;
  try {
    connection_.Use("ROLLBACK", "rolling back").Run();
  } catch (const Error&) {
    // SQLite rolls back when the connection closes.
  }
}

void ShortWrite::Commit() { connection_.Use("COMMIT", doing_).Run(); }

}  // namespace pugmark::internal
