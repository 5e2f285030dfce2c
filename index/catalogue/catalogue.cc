// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/catalogue.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "index/base/error.h"
#include "index/base/fault.h"
#include "index/base/files.h"
#include "index/catalogue/catalogue_impl.h"
#include "index/catalogue/connection.h"
#include "index/catalogue/row_checksums.h"
#include "index/catalogue/schema.h"

namespace pugmark {

using internal::Connection;
using internal::Query;

namespace {

// Puts `from` in the place of `to` unless something is there. renameat2 is not offered by every file system.
void RenameToNew(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  if ((errno == EINVAL || errno == ENOSYS) && !std::filesystem::exists(to) && ::rename(from.c_str(), to.c_str()) == 0) {
    return;
  }
  throw Error(errno == EEXIST ? ErrorCode::kExists : ErrorCode::kIo,
              fmt::format("{}: creating the catalogue failed: {}.", EscapeText(to.native()), std::strerror(errno)));
}

}  // namespace

// --- Opening

void Catalogue::Create(const std::filesystem::path& database) {
  if (std::filesystem::exists(std::filesystem::symlink_status(database))) {
    throw Error(ErrorCode::kExists,
                fmt::format("{}: there is a catalogue already. It was not changed.", EscapeText(database.native())));
  }
  std::filesystem::path temporary = database;
  temporary += ".tmp";
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {  // Of an attempt that was killed.
    std::filesystem::remove(temporary.native() + suffix, ignored);
  }
  // Closing moves everything into the one file and removes its write-ahead log.
  Connection(temporary, Connection::Mode::kCreate).MigrateToNewest();
  PUGMARK_FAULT_POINT("catalogue.created");
  Sync(temporary);
  RenameToNew(temporary, database);
  PUGMARK_FAULT_POINT("catalogue.named");
  Sync(database.has_parent_path() ? database.parent_path() : std::filesystem::path("."));
}

Catalogue::Catalogue(const std::filesystem::path& database, Access access)
    : impl_(std::make_unique<Impl>(database, access)) {
  Connection& connection = impl_->connection;
  const bool newest = connection.SchemaVersion() == static_cast<int64_t>(internal::CatalogueMigrations().size());
  if (access == Access::kRead) {
    if (newest) return;
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{}: was written by an older Pugmark. Run 'pugmark reindex' once; it "
                            "brings the catalogue up to date.",
                            connection.name()));
  }
  if (!newest) connection.MigrateToNewest();
  connection.PrepareToWrite();
}

Catalogue::~Catalogue() = default;
Catalogue::Catalogue(Catalogue&&) noexcept = default;
Catalogue& Catalogue::operator=(Catalogue&&) noexcept = default;

struct Catalogue::Transaction::Impl {
  Connection& connection;
};

Catalogue::Transaction::Transaction(Catalogue& catalogue) : impl_(new Impl{catalogue.impl_->connection}) {
  Connection& connection = impl_->connection;
  PUGMARK_CHECK(!connection.in_transaction());
  static constexpr char kDoing[] = "starting a transaction";
  if (connection.writable()) {
    connection.Use("BEGIN IMMEDIATE", kDoing).Run();
  } else {
    connection.Use("BEGIN", kDoing).Run();
    connection.Use("SELECT 1 FROM settings LIMIT 1", kDoing).Run();  // Only now the state that will be seen is fixed.
  }
}

Catalogue::Transaction::~Transaction() {
  if (!impl_ || !impl_->connection.in_transaction()) return;
  try {
    impl_->connection.Use("ROLLBACK", "rolling back").Run();
  } catch (const Error&) {
    // SQLite rolls back when the connection closes, or when the file is next opened.
  }
}

void Catalogue::Transaction::Commit() {
  PUGMARK_CHECK(impl_ != nullptr);
  // SQLite rolls back by itself after some errors. Whoever swallowed such an error must not believe in a commit.
  if (!impl_->connection.in_transaction()) {
    throw Error(ErrorCode::kIo,
                fmt::format("{}: the transaction was rolled back after an error. Run the command again.",
                            impl_->connection.name()));
  }
  impl_->connection.Use("COMMIT", "committing").Run();
  PUGMARK_FAULT_POINT("catalogue.committed");
  impl_.reset();
}

int64_t Catalogue::Impl::FindOrAdd(const char* find, const char* add, const std::string& name, const char* doing) {
  {
    Query query = connection.Use(find, doing);
    if (query.Text(name).Next()) return query.GetInt(0);
  }
  connection.Use(add, doing).Text(name).Run();
  return connection.last_row_id();
}

// --- Settings, batches

std::optional<std::string> Catalogue::Setting(const std::string& key) const {
  Query query = impl_->connection.Use("SELECT value FROM settings WHERE key = ?", "reading a setting");
  if (!query.Text(key).Next()) return std::nullopt;
  internal::RequireSoundRows(impl_->connection, "settings", internal::RowKey(key));
  return query.GetText(0);
}

void Catalogue::SetSetting(const std::string& key, const std::string& value) {
  impl_->Writer()
      .Use("INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
           "changing a setting")
      .Text(key)
      .Text(value)
      .Run();
}

BatchId Catalogue::StartBatch(const std::string& source) {
  Connection& connection = impl_->Writer();
  connection.Use("INSERT INTO batches (source, started_at) VALUES (?, ?)", "starting a batch")
      .Text(source)
      .Text(UtcNow())
      .Run();
  return BatchId{connection.last_row_id()};
}

void Catalogue::FinishBatch(BatchId batch, const BatchCounts& counts) {
  Connection& connection = impl_->Writer();
  connection
      .Use(
          "UPDATE batches SET finished_at = ?, num_new_photos = ?, num_known_photos = ?, num_new_sightings = ?, "
          "num_unreadable = ?, num_removed_earlier = ? WHERE id = ?",
          "finishing a batch")
      .Text(UtcNow())
      .Int(counts.num_new_photos)
      .Int(counts.num_known_photos)
      .Int(counts.num_new_sightings)
      .Int(counts.num_unreadable)
      .Int(counts.num_removed_earlier)
      .Int(batch.value)
      .Run();
  if (connection.num_changes() == 0) {
    throw Error(ErrorCode::kNotFound, fmt::format("{}: there is no batch {}.", connection.name(), batch.value));
  }
}

// --- Counts and checks

CatalogueCounts Catalogue::Counts() const {
  static constexpr char kDoing[] = "counting";
  CatalogueCounts counts;
  Query query = impl_->connection.Use(
      "SELECT (SELECT count(*) FROM photos), (SELECT count(*) FROM listings), (SELECT count(*) FROM sellers), "
      "(SELECT count(*) FROM sightings), (SELECT count(*) FROM batches), (SELECT count(*) FROM tombstones)",
      kDoing);
  PUGMARK_CHECK(query.Next());
  int column = 0;
  for (int64_t* count : {&counts.num_photos, &counts.num_listings, &counts.num_sellers, &counts.num_sightings,
                         &counts.num_batches, &counts.num_tombstones}) {
    *count = query.GetInt(column++);
  }
  Query banks = impl_->connection.Use(
      "SELECT b.name, count(p.photo_id) FROM banks AS b LEFT JOIN bank_photos AS p ON p.bank_id = b.id GROUP BY b.id",
      kDoing);
  while (banks.Next()) counts.photos_per_bank[banks.GetText(0)] = banks.GetInt(1);
  return counts;
}

}  // namespace pugmark
