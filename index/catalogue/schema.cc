// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/schema.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <array>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/row_checksums.h"

namespace pugmark::internal {
namespace {

// Conventions of all tables:
//   * STRICT: a column holds what it says.
//   * Paths are BLOBs: on Linux they are bytes, not text, and come back exactly as they went in.
//   * '' is "unknown" in text columns; times are ISO 8601 text, ours in UTC.
//   * No ON DELETE CASCADE: what is removed is removed by name, never by the way.
//   * AUTOINCREMENT where an id is remembered outside of the database (snapshots, logs): never given twice.
constexpr char kVersion1[] = R"sql(
CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One run of ingest. finished_at is NULL while it runs, and for ever if it was killed.
CREATE TABLE batches (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  num_new_photos INTEGER NOT NULL DEFAULT 0,
  num_known_photos INTEGER NOT NULL DEFAULT 0,
  num_new_sightings INTEGER NOT NULL DEFAULT 0,
  num_unreadable INTEGER NOT NULL DEFAULT 0,
  num_removed_earlier INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE photos (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
  path BLOB NOT NULL,
  size_bytes INTEGER NOT NULL,
  format TEXT NOT NULL,
  width_px INTEGER NOT NULL,
  height_px INTEGER NOT NULL,
  camera_make TEXT NOT NULL,
  camera_model TEXT NOT NULL,
  camera_serial TEXT NOT NULL,
  taken_at TEXT NOT NULL,
  truncated INTEGER NOT NULL CHECK (truncated IN (0, 1)),
  admitted_at TEXT NOT NULL,
  batch_id INTEGER NOT NULL REFERENCES batches (id)
) STRICT;

-- Name and parameters of what computed features; a table, so that a million rows do not repeat it.
CREATE TABLE extractors (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- At most one row per photo. Small columns first: the blobs spill to overflow pages, which then need not be read.
-- checksum: see FeaturesChecksum() in catalogue.cc; SQLite itself would not notice a flipped bit in a blob.
CREATE TABLE features (
  photo_id INTEGER PRIMARY KEY REFERENCES photos (id),
  extractor_id INTEGER NOT NULL REFERENCES extractors (id),
  width_px INTEGER NOT NULL,
  height_px INTEGER NOT NULL,
  num_keypoints INTEGER NOT NULL CHECK (num_keypoints >= 0),
  checksum BLOB NOT NULL CHECK (length(checksum) = 8),
  pdq BLOB NOT NULL,
  global_descriptor BLOB NOT NULL,
  keypoints BLOB NOT NULL,
  descriptors BLOB NOT NULL
) STRICT;
-- Answers "how much is there after photo n, and by which extractor" from 20 bytes per photo instead of its leaf page.
CREATE INDEX features_totals ON features (photo_id, num_keypoints, extractor_id);

-- '' is the platform of what came without one.
CREATE TABLE platforms (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- A handle on one platform. An unknown seller has no row.
CREATE TABLE sellers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  platform_id INTEGER NOT NULL REFERENCES platforms (id),
  handle TEXT NOT NULL CHECK (handle <> ''),
  url TEXT NOT NULL,
  UNIQUE (platform_id, handle)
) STRICT;

-- identity: what tells listings of one seller on one platform apart; 'id:' external id, or else 'url:' url, or else
-- 'title:' title, or else ''. Fixed when the listing is first seen. seller_id is NULL if the seller is unknown.
CREATE TABLE listings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  platform_id INTEGER NOT NULL REFERENCES platforms (id),
  seller_id INTEGER REFERENCES sellers (id),
  identity TEXT NOT NULL,
  external_id TEXT NOT NULL,
  url TEXT NOT NULL,
  title TEXT NOT NULL,
  price TEXT NOT NULL,
  currency TEXT NOT NULL,
  posted_at TEXT NOT NULL,
  operation TEXT NOT NULL,
  extra_json TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX listings_identity ON listings (platform_id, identity, ifnull(seller_id, 0));
CREATE INDEX listings_seller ON listings (seller_id);

-- Products and species of a listing, in the order in which they were first named.
CREATE TABLE listing_labels (
  id INTEGER PRIMARY KEY,
  listing_id INTEGER NOT NULL REFERENCES listings (id),
  kind TEXT NOT NULL CHECK (kind IN ('product', 'species')),
  label TEXT NOT NULL CHECK (label <> ''),
  UNIQUE (listing_id, kind, label)
) STRICT;
CREATE INDEX listing_labels_label ON listing_labels (kind, label);

CREATE TABLE sightings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  photo_id INTEGER NOT NULL REFERENCES photos (id),
  listing_id INTEGER NOT NULL REFERENCES listings (id),
  captured_at TEXT NOT NULL,
  path BLOB NOT NULL,
  batch_id INTEGER NOT NULL REFERENCES batches (id),
  UNIQUE (photo_id, listing_id, captured_at)
) STRICT;
CREATE INDEX sightings_listing ON sightings (listing_id);

CREATE TABLE banks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('evidence', 'seizure', 'benign'))
) STRICT;

CREATE TABLE bank_photos (
  photo_id INTEGER NOT NULL REFERENCES photos (id),
  bank_id INTEGER NOT NULL REFERENCES banks (id),
  added_at TEXT NOT NULL,
  PRIMARY KEY (photo_id, bank_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bank_photos_bank ON bank_photos (bank_id);

-- No reference to photos: the row of a removed photo may go, its tombstone stays.
CREATE TABLE tombstones (
  sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
  reason TEXT NOT NULL,
  removed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
  number INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  num_parts INTEGER NOT NULL,
  num_photos INTEGER NOT NULL,
  published_at TEXT NOT NULL
) STRICT;
)sql";

constexpr std::array<const char*, 7> kMigrations = {kVersion1,      kNightlySchema,  kIntegritySchema,
                                                    kCustodySchema, kTakedownSchema, kTracesSchema, kLinksSchema};

// PRAGMA foreign_keys does nothing inside of a transaction, so it is switched around one; back on in any case.
class ForeignKeysOff {
 public:
  explicit ForeignKeysOff(SQLite::Database& database) : database_(database) {
    database_.exec("PRAGMA foreign_keys = OFF");
  }
  ~ForeignKeysOff() { database_.tryExec("PRAGMA foreign_keys = ON"); }
  ForeignKeysOff(const ForeignKeysOff&) = delete;
  ForeignKeysOff& operator=(const ForeignKeysOff&) = delete;

 private:
  SQLite::Database& database_;
};

}  // namespace

std::span<const char* const> CatalogueMigrations() { return kMigrations; }

void Migrate(SQLite::Database& database, std::span<const char* const> migrations) {
  const ForeignKeysOff foreign_keys_off(database);
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  // Read inside of the transaction: another writer may have migrated while we waited for it.
  const int64_t version = database.execAndGet("PRAGMA user_version").getInt64();
  PUGMARK_CHECK(version >= 0 && static_cast<size_t>(version) <= migrations.size());
  for (size_t i = static_cast<size_t>(version); i < migrations.size(); ++i) database.exec(migrations[i]);
  {
    SQLite::Statement orphans(database, "PRAGMA foreign_key_check");
    if (orphans.executeStep()) {
      throw Error(ErrorCode::kCorrupt,
                  fmt::format("{}: a row of '{}' refers to nothing, so the catalogue cannot be brought up to date. "
                              "Nothing was changed. Run 'pugmark check', or restore it from a backup.",
                              EscapeText(database.getFilename()), orphans.getColumn(0).getString()));
    }
  }
  // Rows may have been rewritten by the scripts.
  if (static_cast<size_t>(version) < migrations.size()) AdoptAllRows(database);
  database.exec(fmt::format("PRAGMA application_id = {}", kCatalogueApplicationId));
  database.exec(fmt::format("PRAGMA user_version = {}", migrations.size()));
  transaction.commit();
}

}  // namespace pugmark::internal
