// SPDX-License-Identifier: Apache-2.0
//
// The tables of the catalogue, as an ordered list of migrations, and how a database is brought up to date.
//
// Rule: a script that was released is never edited; a change is a new script at the end. PRAGMA user_version holds the
// number of scripts that were applied.
#pragma once

#include <cstdint>
#include <span>

namespace SQLite {
class Database;
}

namespace pugmark::internal {

// Scripts with a file of their own: schema_<topic>.cc.
extern const char kTakedownSchema[];

// PRAGMA application_id of every catalogue: "PUGM". Tells our databases from other programs'.
inline constexpr int32_t kCatalogueApplicationId = 0x5055474D;

// Scripts in files of their own, one per topic.
extern const char kNightlySchema[];  // Snapshots' test figures, re-extraction, checksums of thumbnails.
extern const char kIntegritySchema[];  // Checksums of rows, seals of files.
extern const char kCustodySchema[];  // Audit log and reviews.
extern const char kTracesSchema[];  // Traces inside files, what listings said before.
extern const char kLinksSchema[];  // Links between photos, groups of sellers.

// Migration i leads from version i to version i + 1. Version 0 is an empty database.
std::span<const char* const> CatalogueMigrations();

// Runs the migrations that are missing, all of them in one transaction: afterwards the database has the version
// migrations.size(), or, after an exception, its old one. A script may rebuild tables: foreign keys are off while it
// runs and checked before the commit. Sets the application id as well.
// Requires: opened for writing, no transaction open, version <= migrations.size().
// Throws SQLite::Exception, and Error(kCorrupt) if a foreign key does not hold afterwards.
void Migrate(SQLite::Database& database, std::span<const char* const> migrations);

}  // namespace pugmark::internal
