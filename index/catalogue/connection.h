// SPDX-License-Identifier: Apache-2.0
//
// Our connection to one SQLite database: opened with our safeguards, statements kept, errors translated.
//
// For the catalogue's own .cc files. Every SQLite::Exception leaves here as pugmark::Error that says what was being
// done
// (`doing`, a gerund: "adding a photo"), in which file, why it failed and what to do next.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "index/base/sha256.h"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace pugmark::internal {

class Connection;

// A statement in use. Values are bound to the '?' in order; rows come from Next(). Reset when it goes out of scope.
class Query {
 public:
  Query(Query&& other) noexcept;
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  Query& operator=(Query&&) = delete;

  Query& Int(int64_t value);
  Query& Real(double value);
  Query& Null();
  Query& Text(const std::string& value);
  // Borrowed, not copied: must live until the statement has run. Throws Error(kLimit) beyond SQLite's 1,000,000,000.
  Query& Blob(std::span<const uint8_t> bytes);
  // A path as BLOB. Borrowed as well.
  Query& Path(const std::string& path);

  bool Next();   // False: no further row.
  void Run();    // To the end, for statements that return nothing.
  void Reset();  // Ready for new values, for loops.

  // Column of the current row, from 0.
  int64_t GetInt(int column) const;
  double GetReal(int column) const;
  std::string GetText(int column) const;  // Also for paths.
  void GetBlob(int column, std::vector<uint8_t>* bytes) const;
  Sha256 GetSha256(int column) const;  // Zeros if it has not 32 bytes.

 private:
  friend class Connection;
  struct Kept;
  Query(Connection* connection, Kept* kept, std::unique_ptr<Kept> own, const char* doing);

  Connection* connection_;
  Kept* kept_;
  std::unique_ptr<Kept> own_;
  const char* doing_;
  int num_bound_ = 0;
};

class Connection {
 public:
  enum class Mode { kRead, kWrite, kCreate };

  // kRead, kWrite: as Catalogue's constructor, except that nothing is migrated. kCreate: makes an empty database in WAL
  // mode; the file must not exist.
  Connection(const std::filesystem::path& path, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The statement is prepared once and kept, by the address of `sql` (a literal). Not in use twice at once.
  Query Use(const char* sql, const char* doing);
  // A statement of its own, for those that stay in use while callers' code runs.
  Query Prepare(const char* sql, const char* doing);
  void Execute(const char* sql, const char* doing);

  // PRAGMA user_version.
  int64_t SchemaVersion();
  // Brings an older schema up to the newest.
  void MigrateToNewest();
  // Before the first row is written, once the schema is the newest: from now on every row has a checksum.
  void PrepareToWrite();

  bool writable() const { return writable_; }
  bool in_transaction() const;
  int64_t last_row_id() const;
  int64_t num_changes() const;                       // Rows that the last INSERT, UPDATE or DELETE touched.
  const std::string& name() const { return name_; }  // The path, escaped for messages.

 private:
  friend class Query;
  struct Statements;

  void Open(const std::filesystem::path& path, Mode mode);
  void RefuseForeignFiles();
  template <typename F>
  auto Translated(const char* doing, F&& function) const;

  std::string name_;
  bool writable_;
  std::unique_ptr<SQLite::Database> database_;
  std::unique_ptr<Statements> statements_;  // Destroyed before the database.
};

// Makes several statements one: all of them happen or none. Inside of a transaction a savepoint, else a transaction of
// its own. Undone by the destructor unless Done() was reached.
class Atomic {
 public:
  Atomic(Connection& connection, const char* doing);
  ~Atomic();
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;
  void Done();

 private:
  Connection& connection_;
  const char* doing_;
  bool nested_;
  bool done_ = false;
};

}  // namespace pugmark::internal
