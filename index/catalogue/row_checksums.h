// SPDX-License-Identifier: Apache-2.0
//
// A checksum of every row of every table: is a row still what was written? SQLite has no checksums of its own, and what a
// report prints may end up in a case file.
//
// The table row_checksums holds, for a table and a key, 64 bits of SHA-256 over the row's values (xor over rows that share
// the key). The key is the row's id; in tables without one, the first column of the primary key, hashed if it is no integer.
// Triggers that exist only in the writer's own connection keep it up to date, so that no statement has to think of it, and
// tables that are added later are covered without a line. A change takes the old row's checksum out and puts the new
// row's in: of a damaged row the mismatch stays, whatever is written to it. What other programs write has no checksum and
// counts as damage. Values of `features` that have a checksum of their own are left out.
// Cost: 1 µs and about 25 bytes a row; see docs/measuring.md. No protection from people, who can compute it too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace SQLite {
class Database;
}

namespace pugmark::internal {

class Connection;

// The SQL functions row_checksum(values...), row_key(value) and fold_checksum(a, b). For every connection.
void AddRowChecksumFunctions(SQLite::Database& database);

// Takes the rows of all tables as they are. After migrations, in their transaction. Nothing if the schema has no place for
// them. Cost: reads every table.
void AdoptAllRows(SQLite::Database& database);

// The triggers of a connection that writes. Once, when the schema is the newest.
void KeepRowChecksums(SQLite::Database& database);

// Throws Error(kCorrupt) unless the rows of this key are those that were written: at least one, or none if there may be none.
// table: a literal; cost: two look-ups.
enum class Missing { kIsDamage, kIsFine };
void RequireSoundRows(Connection& connection, const char* table, int64_t key, Missing missing = Missing::kIsDamage);
int64_t RowKey(const std::string& text);

// One message a finding, at most max_findings of each table; empty if all rows of all tables are what was written, none is
// missing and none was added, and the schema is ours. Cost: reads all rows but the large values of `features`.
std::vector<std::string> CheckRowChecksums(Connection& connection, int max_findings);

}  // namespace pugmark::internal
