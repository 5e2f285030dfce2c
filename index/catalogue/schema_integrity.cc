// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/schema.h"

namespace pugmark::internal {

// row_checksums: what row_checksums.h keeps of every row of every table. key is the row's id, or what stands for it.
// sealed_files: of a file that only grows, how much of it was there when a batch ended, and the SHA-256 of that much.
const char kIntegritySchema[] = R"sql(
CREATE TABLE checked_tables (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE row_checksums (
  table_id INTEGER NOT NULL,
  key INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (table_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE sealed_files (
  name TEXT PRIMARY KEY,
  size_bytes INTEGER NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace pugmark::internal
