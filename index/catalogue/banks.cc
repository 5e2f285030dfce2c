// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/banks.h"

#include <fmt/format.h>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/catalogue_impl.h"
#include "index/catalogue/connection.h"

namespace pugmark {

using internal::Atomic;
using internal::CatalogueAccess;
using internal::Connection;
using internal::Query;

namespace {

constexpr char kDoing[] = "changing a bank";
constexpr size_t kMaxNameBytes = 200;

// Returns whether it was watched.
bool EndWatch(Connection& connection, int64_t bank) {
  connection.Use("DELETE FROM watched_photos WHERE bank_id = ?", kDoing).Int(bank).Run();
  connection.Use("DELETE FROM bank_watches WHERE bank_id = ?", kDoing).Int(bank).Run();
  return connection.num_changes() > 0;
}

}  // namespace

std::optional<BankRole> BankRoleOf(std::string_view name) {
  for (const BankRole role : {BankRole::kEvidence, BankRole::kSeizure, BankRole::kBenign}) {
    if (name == BankRoleName(role)) return role;
  }
  return std::nullopt;
}

std::vector<BankInfo> Banks::List() const {
  Query query = CatalogueAccess::Reader(catalogue_)
                    .Use(
                        "SELECT b.name, b.role, (SELECT count(*) FROM bank_photos WHERE bank_id = b.id), "
                        "ifnull(w.watched_at, '') FROM banks AS b LEFT JOIN bank_watches AS w ON w.bank_id = b.id "
                        "ORDER BY b.name",
                        "reading banks");
  std::vector<BankInfo> banks;
  while (query.Next()) {
    banks.push_back({query.GetText(0), BankRoleOf(query.GetText(1)).value_or(BankRole::kEvidence), query.GetInt(2),
                     query.GetText(3)});
  }
  return banks;
}

int64_t Banks::Require(const std::string& name) const {
  {
    Query query = CatalogueAccess::Reader(catalogue_).Use("SELECT id FROM banks WHERE name = ?", "reading banks");
    if (query.Text(name).Next()) return query.GetInt(0);
  }
  std::string names;
  for (const BankInfo& bank : List()) names += (names.empty() ? "" : ", ") + EscapeText(bank.name);
  throw Error(ErrorCode::kNotFound, fmt::format("There is no bank '{}' in the collection. Its banks: {}.",
                                                EscapeText(name), names.empty() ? "none yet" : names));
}

void Banks::Create(const std::string& name, BankRole role) {
  if (name.empty() || name.size() > kMaxNameBytes || EscapeText(name) != name) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}' cannot be a bank's name: it must have 1 to {} bytes of readable text.",
                            EscapeText(name), kMaxNameBytes));
  }
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  connection.Use("INSERT INTO banks (name, role) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", kDoing)
      .Text(name)
      .Text(std::string(BankRoleName(role)))
      .Run();
  if (connection.num_changes() == 0) {
    throw Error(ErrorCode::kExists,
                fmt::format("There is a bank '{}' already. It was left as it is.", EscapeText(name)));
  }
}

int64_t Banks::Add(const std::string& name, const std::vector<PhotoId>& photos) {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  Atomic atomic(connection, kDoing);
  const int64_t bank = Require(name);
  int64_t num_added = 0;
  for (const PhotoId photo : photos) {
    connection
        .Use(
            "INSERT INTO bank_photos (photo_id, bank_id, added_at) VALUES (?, ?, ?) ON CONFLICT (photo_id, bank_id) DO "
            "NOTHING",
            kDoing)
        .Int(photo.value)
        .Int(bank)
        .Text(UtcNow())
        .Run();
    num_added += connection.num_changes();
  }
  atomic.Done();
  return num_added;
}

int64_t Banks::TakeOut(const std::string& name, const std::vector<PhotoId>& photos) {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  Atomic atomic(connection, kDoing);
  const int64_t bank = Require(name);
  int64_t num_taken = 0;
  for (const PhotoId photo : photos) {
    connection.Use("DELETE FROM watched_photos WHERE photo_id = ? AND bank_id = ?", kDoing)
        .Int(photo.value)
        .Int(bank)
        .Run();
    connection.Use("DELETE FROM bank_photos WHERE photo_id = ? AND bank_id = ?", kDoing)
        .Int(photo.value)
        .Int(bank)
        .Run();
    num_taken += connection.num_changes();
  }
  atomic.Done();
  return num_taken;
}

int64_t Banks::Drop(const std::string& name) {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  Atomic atomic(connection, kDoing);
  const int64_t bank = Require(name);
  EndWatch(connection, bank);
  connection.Use("DELETE FROM bank_photos WHERE bank_id = ?", kDoing).Int(bank).Run();
  const int64_t num_photos = connection.num_changes();
  connection.Use("DELETE FROM banks WHERE id = ?", kDoing).Int(bank).Run();
  atomic.Done();
  return num_photos;
}

bool Banks::Watch(const std::string& name) {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  Atomic atomic(connection, kDoing);
  const int64_t bank = Require(name);
  {
    Query role = connection.Use("SELECT role FROM banks WHERE id = ?", kDoing);
    if (role.Int(bank).Next() && role.GetText(0) == BankRoleName(BankRole::kBenign)) {
      throw Error(
          ErrorCode::kInvalidArgument,
          fmt::format(
              "Bank '{}' has the role benign: its photos are known to be harmless, so they cannot be watched for.",
              EscapeText(name)));
    }
  }
  // The first watch: what came until now is no news. Its photos are searched for in it all the same.
  for (const char* sql :
       {"INSERT OR REPLACE INTO alert_progress (key, value) SELECT 'photo', ifnull(max(id), 0) FROM photos "
        "HAVING NOT EXISTS (SELECT 1 FROM bank_watches)",
        "INSERT OR REPLACE INTO alert_progress (key, value) SELECT 'sighting', ifnull(max(id), 0) FROM sightings "
        "HAVING NOT EXISTS (SELECT 1 FROM bank_watches)"}) {
    connection.Use(sql, kDoing).Run();
  }
  connection
      .Use("INSERT INTO bank_watches (bank_id, watched_at) VALUES (?, ?) ON CONFLICT (bank_id) DO NOTHING", kDoing)
      .Int(bank)
      .Text(UtcNow())
      .Run();
  const bool is_new = connection.num_changes() > 0;
  atomic.Done();
  return is_new;
}

bool Banks::Unwatch(const std::string& name) {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  Atomic atomic(connection, kDoing);
  const int64_t bank = Require(name);
  const bool was_watched = EndWatch(connection, bank);
  atomic.Done();
  return was_watched;
}

}  // namespace pugmark
