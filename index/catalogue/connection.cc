// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/connection.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "index/base/error.h"
#include "index/base/fault.h"
#include "index/base/files.h"
#include "index/catalogue/row_checksums.h"
#include "index/catalogue/schema.h"

namespace pugmark::internal {
namespace {

constexpr int kBusyTimeoutMs = 10'000;
// Blobs are large: transactions of many megabytes are moved into the database in larger pieces than SQLite's 4 MB, and
// the write-ahead log shrinks again after an exceptional one.
constexpr char kWriterPragmas[] =
    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = 67108864;"
    "PRAGMA cache_size = -65536";
// 8 KiB instead of 4: reading all features (100 KB per photo) was a third faster; 16 KiB brought nothing more and makes
// every small row dearer to commit.
constexpr char kCreationPragmas[] = "PRAGMA page_size = 8192; PRAGMA encoding = 'UTF-8'";
constexpr char kPragmas[] = "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON";

// SQLite's primary result code → what the user can do.
std::pair<ErrorCode, const char*> Advice(int code) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return {ErrorCode::kLocked, "Another pugmark is writing to it; wait for it to end, then run the command again."};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt, "Run 'pugmark check' to see what is damaged; restore the file from a backup."};
    case SQLITE_FULL:
      return {ErrorCode::kIo, "What was committed is safe; free space on the disk, then run the command again."};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {ErrorCode::kIo,
              "What was committed is safe; look at the disk and at the permissions of file and directory."};
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return {ErrorCode::kLimit, "It is too large for this machine or for SQLite; give less at a time."};
    default: return {ErrorCode::kInternal, "This is a bug in Pugmark; please report it."};
  }
}

[[noreturn]] void Rethrow(const SQLite::Exception& exception, const std::string& name, const char* doing) {
  const auto [code, next_step] = Advice(exception.getErrorCode());
  throw Error(code, fmt::format("{}: {} failed: {} (SQLite {}). {}", name, doing, EscapeText(exception.what()),
                                exception.getExtendedErrorCode(), next_step));
}

// A WAL database in a directory where we may not write can only be read as "immutable": without locks, assuming that
// nobody writes. Only right if no write-ahead log waits beside it.
bool HasWriteAheadLog(const std::filesystem::path& path) {
  std::filesystem::path wal = path;
  wal += "-wal";
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(wal, error);
  return error ? error != std::errc::no_such_file_or_directory : size > 0;
}

std::string ImmutableUri(const std::filesystem::path& path) {
  std::string uri = "file:";
  for (const char c : path.native()) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '.';
    if (plain) {
      uri += c;
    } else {
      fmt::format_to(std::back_inserter(uri), "%{:02X}", static_cast<uint8_t>(c));
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

struct Query::Kept {
  Kept(const SQLite::Database& database, const char* sql) : statement(database, sql) {}
  SQLite::Statement statement;
  bool lent = false;
};

struct Connection::Statements {
  std::unordered_map<const char*, Query::Kept> kept;
};

template <typename F>
auto Connection::Translated(const char* doing, F&& function) const {
  try {
    return function();
  } catch (const SQLite::Exception& exception) {
    Rethrow(exception, name_, doing);
  }
}

// --- Query

Query::Query(Connection* connection, Kept* kept, std::unique_ptr<Kept> own, const char* doing)
    : connection_(connection), kept_(kept), own_(std::move(own)), doing_(doing) {
  if (own_) kept_ = own_.get();
  PUGMARK_CHECK(!kept_->lent);
  kept_->lent = true;
}

Query::Query(Query&& other) noexcept
    : connection_(other.connection_),
      kept_(std::exchange(other.kept_, nullptr)),
      own_(std::move(other.own_)),
      doing_(other.doing_),
      num_bound_(other.num_bound_) {}

Query::~Query() {
  if (kept_ == nullptr) return;
  // The error of a failed step was thrown by that step; resetting repeats it.
  kept_->statement.tryReset();
  kept_->lent = false;
}

Query& Query::Int(int64_t value) {
  connection_->Translated(doing_, [&] { kept_->statement.bind(++num_bound_, value); });
  return *this;
}

Query& Query::Real(double value) {
  connection_->Translated(doing_, [&] { kept_->statement.bind(++num_bound_, value); });
  return *this;
}

Query& Query::Null() {
  connection_->Translated(doing_, [&] { kept_->statement.bind(++num_bound_); });
  return *this;
}

Query& Query::Text(const std::string& value) {
  connection_->Translated(doing_, [&] { kept_->statement.bind(++num_bound_, value); });
  return *this;
}

Query& Query::Blob(std::span<const uint8_t> bytes) {
  if (bytes.size() > 1'000'000'000) {
    throw Error(ErrorCode::kLimit, fmt::format("{}: {} failed: a value of {} bytes is too large for SQLite.",
                                               connection_->name(), doing_, bytes.size()));
  }
  // SQLite takes a null pointer for NULL, and an empty vector may have one.
  static constexpr uint8_t kEmpty = 0;
  connection_->Translated(doing_, [&] {
    kept_->statement.bindNoCopy(++num_bound_, bytes.empty() ? &kEmpty : bytes.data(), static_cast<int>(bytes.size()));
  });
  return *this;
}

Query& Query::Path(const std::string& path) {
  return Blob({reinterpret_cast<const uint8_t*>(path.data()), path.size()});
}

bool Query::Next() {
  return connection_->Translated(doing_, [&] { return kept_->statement.executeStep(); });
}

void Query::Run() {
  while (Next()) continue;
}

void Query::Reset() {
  num_bound_ = 0;
  connection_->Translated(doing_, [&] { kept_->statement.reset(); });
}

int64_t Query::GetInt(int column) const {
  return connection_->Translated(doing_, [&] { return kept_->statement.getColumn(column).getInt64(); });
}

double Query::GetReal(int column) const {
  return connection_->Translated(doing_, [&] { return kept_->statement.getColumn(column).getDouble(); });
}

std::string Query::GetText(int column) const {
  return connection_->Translated(doing_, [&] { return kept_->statement.getColumn(column).getString(); });
}

void Query::GetBlob(int column, std::vector<uint8_t>* bytes) const {
  connection_->Translated(doing_, [&] {
    const SQLite::Column value = kept_->statement.getColumn(column);
    const auto* data = static_cast<const uint8_t*>(value.getBlob());  // Before getBytes(), see sqlite3_column_blob().
    const int size = data == nullptr ? 0 : value.getBytes();
    bytes->assign(data, data + size);
  });
}

Sha256 Query::GetSha256(int column) const {
  std::vector<uint8_t> bytes;
  GetBlob(column, &bytes);
  Sha256 sha256;
  if (bytes.size() == sha256.bytes.size()) std::copy(bytes.begin(), bytes.end(), sha256.bytes.begin());
  return sha256;
}

// --- Connection

Connection::Connection(const std::filesystem::path& path, Mode mode)
    : name_(EscapeText(path.native())), writable_(mode != Mode::kRead), statements_(std::make_unique<Statements>()) {
  if (mode != Mode::kCreate) {
    std::error_code error;
    const auto type = std::filesystem::status(path, error).type();
    if (type == std::filesystem::file_type::not_found) {
      throw Error(ErrorCode::kNotFound,
                  fmt::format("{}: there is no catalogue. Run 'pugmark init' to make one.", name_));
    }
    // A FIFO would block for ever.
    if (type != std::filesystem::file_type::regular && type != std::filesystem::file_type::none) {
      throw Error(ErrorCode::kIo, fmt::format("{}: is not a regular file.", name_));
    }
  }
  // Absolute, because SQLite would take a relative name that begins with "file:" for a URI.
  const std::filesystem::path absolute = std::filesystem::absolute(path);
  Translated(mode == Mode::kCreate ? "creating the catalogue" : "opening the catalogue", [&] { Open(absolute, mode); });
}

Connection::~Connection() = default;

void Connection::Open(const std::filesystem::path& path, Mode mode) {
  const auto open = [&](const std::string& name, int flags) {
    database_ = std::make_unique<SQLite::Database>(name, flags | SQLite::OPEN_NOMUTEX, kBusyTimeoutMs);
    for (const int option : {SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL}) {
      sqlite3_db_config(database_->getHandle(), option, 0, nullptr);
    }
    sqlite3_db_config(database_->getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    database_->exec(kPragmas);
    AddRowChecksumFunctions(*database_);
    if (mode == Mode::kCreate) {
      database_->exec(kCreationPragmas);
    } else {
      RefuseForeignFiles();  // Also the first access to the file.
    }
  };
  if (mode == Mode::kRead) {
    try {
      open(path.native(), SQLite::OPEN_READONLY);
    } catch (const SQLite::Exception& exception) {
      const bool denied = exception.getErrorCode() == SQLITE_CANTOPEN || exception.getErrorCode() == SQLITE_READONLY;
      if (!denied || HasWriteAheadLog(path)) throw;
      open(ImmutableUri(path), SQLite::OPEN_READONLY | SQLite::OPEN_URI);
    }
    return;
  }
  open(path.native(), SQLite::OPEN_READWRITE | (mode == Mode::kCreate ? SQLite::OPEN_CREATE : 0));
  if (sqlite3_db_readonly(database_->getHandle(), "main") != 0) {
    throw Error(ErrorCode::kIo, fmt::format("{}: may not be written by this user. Look at its permissions.", name_));
  }
  // Also on an existing file: a copy made by other tools may have lost the WAL mode.
  if (database_->execAndGet("PRAGMA journal_mode = WAL").getString() != "wal") {
    throw Error(ErrorCode::kIo, fmt::format("{}: this file system cannot hold a collection, because it does not share "
                                            "memory between processes. Use a local disk.",
                                            name_));
  }
  database_->exec(kWriterPragmas);
#ifdef PUGMARK_FAULT_POINTS
  const auto committing = [](void*) {
    PUGMARK_FAULT_POINT("catalogue.committing");
    return 0;
  };
  sqlite3_commit_hook(database_->getHandle(), committing, nullptr);
#endif
}

void Connection::RefuseForeignFiles() {
  const int64_t application_id = database_->execAndGet("PRAGMA application_id").getInt64();
  if (application_id != kCatalogueApplicationId) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("{}: is not a catalogue of Pugmark (application id {:#x}). Name the directory that "
                            "'pugmark init' made, or restore the file from a backup.",
                            name_, application_id));
  }
  const int64_t version = SchemaVersion();
  const auto newest = static_cast<int64_t>(CatalogueMigrations().size());
  if (version > newest) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{}: was written by a newer Pugmark (schema {}, this program knows {}). Use that one.",
                            name_, version, newest));
  }
  if (version < 0) throw Error(ErrorCode::kCorrupt, fmt::format("{}: has the impossible schema {}.", name_, version));
}

int64_t Connection::SchemaVersion() {
  return Translated("reading the schema version",
                    [&] { return database_->execAndGet("PRAGMA user_version").getInt64(); });
}

void Connection::MigrateToNewest() {
  Translated("bringing the catalogue up to date", [&] { Migrate(*database_, CatalogueMigrations()); });
}

void Connection::PrepareToWrite() {
  Translated("preparing to write", [&] { KeepRowChecksums(*database_); });
}

Query Connection::Use(const char* sql, const char* doing) {
  auto found = statements_->kept.find(sql);
  if (found == statements_->kept.end()) {
    found = Translated(doing, [&] { return statements_->kept.try_emplace(sql, *database_, sql).first; });
  }
  return Query(this, &found->second, nullptr, doing);
}

Query Connection::Prepare(const char* sql, const char* doing) {
  auto own = Translated(doing, [&] { return std::make_unique<Query::Kept>(*database_, sql); });
  return Query(this, nullptr, std::move(own), doing);
}

void Connection::Execute(const char* sql, const char* doing) {
  Translated(doing, [&] { database_->exec(sql); });
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(database_->getHandle()) == 0; }

int64_t Connection::last_row_id() const { return database_->getLastInsertRowid(); }

int64_t Connection::num_changes() const { return database_->getChanges(); }

// --- Atomic

Atomic::Atomic(Connection& connection, const char* doing)
    : connection_(connection), doing_(doing), nested_(connection.in_transaction()) {
  // IMMEDIATE: a transaction that began by reading could not wait for another writer, it would fail.
  connection_.Use(nested_ ? "SAVEPOINT atomic" : "BEGIN IMMEDIATE", doing_).Run();
}

Atomic::~Atomic() {
  // After some errors (disk full) SQLite has rolled everything back by itself.
  if (done_ || !connection_.in_transaction()) return;
  try {
    if (nested_) connection_.Use("ROLLBACK TO atomic", doing_).Run();
    connection_.Use(nested_ ? "RELEASE atomic" : "ROLLBACK", doing_).Run();
  } catch (const Error&) {
    // The caller is told by the exception that brought us here.
  }
}

void Atomic::Done() {
  connection_.Use(nested_ ? "RELEASE atomic" : "COMMIT", doing_).Run();
  done_ = true;
}

}  // namespace pugmark::internal
