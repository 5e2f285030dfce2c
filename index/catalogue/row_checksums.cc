// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/row_checksums.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <span>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/base/sha256.h"
#include "index/catalogue/connection.h"
#include "index/catalogue/schema.h"

namespace pugmark::internal {
namespace {

constexpr char kDoing[] = "looking at checksums";

// The first 8 bytes of SHA-256 over type, length and bytes of each value. 0 stands for "no row".
int64_t ChecksumOf(std::span<sqlite3_value* const> values) {
  std::vector<uint8_t> bytes;
  const auto add = [&](const void* data, size_t size) {
    const auto* begin = static_cast<const uint8_t*>(data);
    bytes.insert(bytes.end(), begin, begin + size);
  };
  for (sqlite3_value* const value : values) {
    const int type = sqlite3_value_type(value);
    bytes.push_back(static_cast<uint8_t>(type));
    if (type == SQLITE_INTEGER) {
      const int64_t number = sqlite3_value_int64(value);
      add(&number, sizeof(number));
    } else if (type == SQLITE_FLOAT) {
      const double number = sqlite3_value_double(value);
      add(&number, sizeof(number));
    } else if (type != SQLITE_NULL) {
      const void* data = type == SQLITE_TEXT ? sqlite3_value_text(value) : sqlite3_value_blob(value);
      const int64_t size = sqlite3_value_bytes(value);
      add(&size, sizeof(size));
      if (size > 0) add(data, static_cast<size_t>(size));
    }
  }
  const Sha256 sha256 = Sha256::Of(bytes);
  int64_t checksum = 0;
  std::memcpy(&checksum, sha256.bytes.data(), sizeof(checksum));
  return checksum == 0 ? 1 : checksum;
}

void RowChecksum(sqlite3_context* context, int num_values, sqlite3_value** values) {
  sqlite3_result_int64(context, ChecksumOf({values, static_cast<size_t>(num_values)}));
}

void RowKeyOf(sqlite3_context* context, int, sqlite3_value** values) {
  const bool is_integer = sqlite3_value_type(values[0]) == SQLITE_INTEGER;
  sqlite3_result_int64(context, is_integer ? sqlite3_value_int64(values[0]) : ChecksumOf({values, 1}));
}

void Fold(sqlite3_context* context, int, sqlite3_value** values) {
  sqlite3_result_int64(context, sqlite3_value_int64(values[0]) ^ sqlite3_value_int64(values[1]));
}

struct Table {
  std::string name;
  std::vector<std::string> columns;  // That the checksum covers.
  std::string key_column;            // Empty: the row's id.
  bool integer_key = true;

  // prefix: "", "NEW." or "OLD.".
  std::string Checksum(const std::string& prefix) const {
    std::string values;
    for (const std::string& column : columns) values += (values.empty() ? "" : ", ") + prefix + "\"" + column + "\"";
    return "row_checksum(" + values + ")";
  }
  std::string Key(const std::string& prefix) const {
    if (key_column.empty()) return prefix + "rowid";
    return integer_key ? prefix + "\"" + key_column + "\"" : "row_key(" + prefix + "\"" + key_column + "\")";
  }
};

struct Schema {
  std::vector<Table> tables;            // By name; the position, from 1, is the table's id.
  std::set<std::string> definitions;    // "type name sql" of everything that was created.
  std::map<std::string, std::string> row_queries;  // By table: checksum now and as stored, of the rows of a key.
};

// Large values of features have a checksum of their own, which the row's covers.
bool IsCovered(const std::string& table, const std::string& column) {
  static const std::set<std::string> kOthers = {"pdq", "global_descriptor", "keypoints", "descriptors"};
  return table != "features" || kOthers.count(column) == 0;
}

Schema ReadSchema(SQLite::Database& database) {
  Schema schema;
  SQLite::Statement tables(database, "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND "
                                     "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'row_checksums' ORDER BY name");
  while (tables.executeStep()) {
    Table& table = schema.tables.emplace_back();
    table.name = tables.getColumn(0).getString();
    SQLite::Statement columns(database, "SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid");
    columns.bind(1, table.name);
    while (columns.executeStep()) {
      const std::string column = columns.getColumn(0).getString();
      if (IsCovered(table.name, column)) table.columns.push_back(column);
      if (tables.getColumn(1).getInt() == 0 || columns.getColumn(2).getInt() != 1) continue;
      table.key_column = column;
      table.integer_key = columns.getColumn(1).getString() == "INTEGER";
    }
    schema.row_queries[table.name] =
        fmt::format("SELECT {}, (SELECT checksum FROM row_checksums WHERE table_id = {} AND key = ?) FROM \"{}\" NOT INDEXED "
                    "WHERE {} = ?",
                    table.Checksum(""), schema.tables.size(), table.name, table.Key(""));
  }
  SQLite::Statement created(database, "SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema");
  while (created.executeStep()) {
    std::string definition;
    for (int i = 0; i < 4; ++i) definition += created.getColumn(i).getString() + "\n";
    schema.definitions.insert(definition);
  }
  return schema;
}

const Schema& NewestSchema() {
  static const Schema schema = [] {
    SQLite::Database database(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    for (const char* script : CatalogueMigrations()) database.exec(script);
    return ReadSchema(database);
  }();
  return schema;
}

}  // namespace

void AddRowChecksumFunctions(SQLite::Database& database) {
  // Innocuous: they compute and touch nothing.
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  sqlite3* handle = database.getHandle();
  sqlite3_create_function(handle, "row_checksum", -1, kFlags, nullptr, RowChecksum, nullptr, nullptr);
  sqlite3_create_function(handle, "row_key", 1, kFlags, nullptr, RowKeyOf, nullptr, nullptr);
  sqlite3_create_function(handle, "fold_checksum", 2, kFlags, nullptr, Fold, nullptr, nullptr);
}

void AdoptAllRows(SQLite::Database& database) {
  if (!database.tableExists("row_checksums")) return;
  AddRowChecksumFunctions(database);
  const Schema schema = ReadSchema(database);
  database.exec("DELETE FROM row_checksums; DELETE FROM checked_tables");
  for (size_t i = 0; i < schema.tables.size(); ++i) {
    SQLite::Statement add(database, "INSERT INTO checked_tables (id, name) VALUES (?, ?)");
    add.bind(1, static_cast<int64_t>(i) + 1);
    add.bind(2, schema.tables[i].name);
    add.exec();
  }
  for (size_t i = 0; i < schema.tables.size(); ++i) {
    const Table& table = schema.tables[i];
    database.exec(fmt::format("INSERT INTO row_checksums (table_id, key, checksum) SELECT {0}, {1}, {2} FROM \"{3}\" WHERE "
                              "true ON CONFLICT (table_id, key) DO UPDATE SET checksum = fold_checksum(checksum, "
                              "excluded.checksum)",
                              i + 1, table.Key(""), table.Checksum(""), table.name));
  }
}

void KeepRowChecksums(SQLite::Database& database) {
  // REPLACE deletes rows, and only then are triggers told.
  database.exec("PRAGMA temp_store = MEMORY; PRAGMA recursive_triggers = ON");
  std::string sql = "BEGIN;";  // One commit for all of them; it touches the temporary schema only.
  const Schema& schema = NewestSchema();
  for (size_t i = 0; i < schema.tables.size(); ++i) {
    const Table& table = schema.tables[i];
    const auto where = [&](const char* row) { return fmt::format("table_id = {} AND key = {}", i + 1, table.Key(row)); };
    const auto fold = [&](const char* row) {
      return fmt::format("UPDATE row_checksums SET checksum = fold_checksum(checksum, {}) WHERE {};", table.Checksum(row),
                         where(row));
    };
    // No conflict clauses: that of the statement which fired the trigger would take their place.
    const std::string put_in = fmt::format("INSERT INTO row_checksums SELECT {}, {}, 0 WHERE NOT EXISTS (SELECT 1 FROM "
                                           "row_checksums WHERE {}); {}",
                                           i + 1, table.Key("NEW."), where("NEW."), fold("NEW."));
    const std::string drop = fmt::format("DELETE FROM row_checksums WHERE {} AND checksum = 0;", where("OLD."));
    const auto trigger = [&](const char* event, const std::string& body) {
      sql += fmt::format("CREATE TEMP TRIGGER \"{1}_{0}_checksum\" AFTER {0} ON main.\"{1}\" BEGIN {2} END;", event,
                         table.name, body);
    };
    trigger("INSERT", put_in);
    trigger("UPDATE", fold("OLD.") + put_in + drop);
    trigger("DELETE", fold("OLD.") + drop);
  }
  database.exec(sql + "COMMIT");
}

void RequireSoundRows(Connection& connection, const char* table, int64_t key, Missing missing) {
  const std::string& sql = NewestSchema().row_queries.at(table);
  Query query = connection.Use(sql.c_str(), kDoing);
  query.Int(key).Int(key);
  int64_t now = 0, stored = 0;
  while (query.Next()) {
    now ^= query.GetInt(0);
    stored = query.GetInt(1);
  }
  if (now == stored && (now != 0 || missing == Missing::kIsFine)) return;
  throw Error(ErrorCode::kCorrupt,
              fmt::format("{}: a row of '{}' (number {}) is not what was written. Run 'pugmark check' to see what else is "
                          "damaged; restore the file from a backup.",
                          connection.name(), table, key));
}

int64_t RowKey(const std::string& text) {
  std::vector<uint8_t> bytes = {SQLITE_TEXT};
  const int64_t size = static_cast<int64_t>(text.size());
  const auto* size_bytes = reinterpret_cast<const uint8_t*>(&size);
  bytes.insert(bytes.end(), size_bytes, size_bytes + sizeof(size));
  bytes.insert(bytes.end(), text.begin(), text.end());
  int64_t key = 0;
  std::memcpy(&key, Sha256::Of(bytes).bytes.data(), sizeof(key));
  return key == 0 ? 1 : key;
}

std::vector<std::string> CheckRowChecksums(Connection& connection, int max_findings) {
  std::vector<std::string> findings;
  const Schema& schema = NewestSchema();
  // Names are known by now; whatever is in the way of reading ends the check of that table.
  const auto guarded = [&](const auto& check) {
    try {
      check();
    } catch (const Error& error) {
      findings.push_back(error.what());
    }
  };
  guarded([&] {
    std::set<std::string> definitions;
    Query created = connection.Prepare("SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema", kDoing);
    while (created.Next()) {
      std::string definition;
      for (int i = 0; i < 4; ++i) definition += created.GetText(i) + "\n";
      definitions.insert(definition);
    }
    if (definitions != schema.definitions) findings.emplace_back("the tables are not defined as Pugmark defines them");
  });
  for (size_t i = 0; i < schema.tables.size(); ++i) {
    const Table& table = schema.tables[i];
    int num_here = 0;
    const auto add = [&](const std::string& finding) {
      if (num_here++ < max_findings) findings.push_back(finding);
    };
    guarded([&] {
      Query named = connection.Prepare("SELECT 1 FROM checked_tables WHERE id = ? AND name = ?", kDoing);
      if (!named.Int(static_cast<int64_t>(i) + 1).Text(table.name).Next()) add(table.name + ": is not known as checked");
      // Both in the order of the key, so that neither has to be held in memory; hashed keys are few (settings, tombstones).
      const std::string rows_sql = fmt::format("SELECT {0}, {1} FROM \"{2}\" NOT INDEXED ORDER BY {0}", table.Key(""),
                                               table.Checksum(""), table.name);
      Query rows = connection.Prepare(rows_sql.c_str(), kDoing);
      Query stored = connection.Prepare("SELECT key, checksum FROM row_checksums WHERE table_id = ? ORDER BY key", kDoing);
      stored.Int(static_cast<int64_t>(i) + 1);
      bool has_row = rows.Next();
      bool has_stored = stored.Next();
      while (has_row || has_stored) {
        const int64_t key = !has_stored || (has_row && rows.GetInt(0) <= stored.GetInt(0)) ? rows.GetInt(0) : stored.GetInt(0);
        int64_t now = 0, then = 0;
        for (; has_row && rows.GetInt(0) == key; has_row = rows.Next()) now ^= rows.GetInt(1);
        for (; has_stored && stored.GetInt(0) == key; has_stored = stored.Next()) then ^= stored.GetInt(1);
        if (now == then) continue;
        add(fmt::format("{}: row {} {}", table.name, key,
                        now == 0    ? "is missing"
                        : then == 0 ? "was not written by Pugmark"
                                    : "does not match its checksum"));
      }
    });
  }
  guarded([&] {
    // Ids that were given must not be given again.
    Query sequences = connection.Prepare("SELECT name, seq FROM sqlite_sequence", kDoing);
    std::map<std::string, int64_t> given;
    while (sequences.Next()) given[sequences.GetText(0)] = sequences.GetInt(1);
    for (const Table& table : schema.tables) {
      const bool counted = std::any_of(schema.definitions.begin(), schema.definitions.end(), [&](const std::string& text) {
        return text.starts_with("table\n" + table.name + "\n") && text.find("AUTOINCREMENT") != std::string::npos;
      });
      if (!counted) continue;
      const std::string sql = fmt::format("SELECT ifnull(max(rowid), 0) FROM \"{}\"", table.name);
      Query largest = connection.Prepare(sql.c_str(), kDoing);
      largest.Next();
      const int64_t last = largest.GetInt(0), next = given.count(table.name) > 0 ? given.at(table.name) : 0;
      if (next < last || next > 0xFFFFFFFFll) {
        findings.push_back(fmt::format("{}: the counter of its ids says {} where the largest is {}", table.name, next, last));
      }
    }
  });
  return findings;
}

}  // namespace pugmark::internal
