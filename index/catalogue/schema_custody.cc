// SPDX-License-Identifier: Apache-2.0
//
// What a court asks about: the log of what was done with the collection, and what people said of pairs of photos.
#include "index/catalogue/schema.h"

namespace pugmark::internal {

// Both tables only grow. The triggers keep our own mistakes out, and say to everybody else that rows are not to be
// touched; they do not stop somebody who can write to the file. That is what the hashes are for (audit_log.h).
const char kCustodySchema[] = R"sql(
-- body: one JSON object, the very text that was hashed. hash = SHA-256 of (hexadecimal previous, line feed, body).
-- previous: hash of the entry before; 32 zero bytes for the first. number counts from 1 without gaps.
CREATE TABLE audit_log (
  number INTEGER PRIMARY KEY CHECK (number > 0),
  previous BLOB NOT NULL UNIQUE CHECK (length(previous) = 32),
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  body TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_log_is_not_edited BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'entries of the audit log are never changed'); END;
CREATE TRIGGER audit_log_is_not_deleted BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'entries of the audit log are never deleted'); END;

-- A person's answer on a pair of photos, whichever of them was the query: low_sha256 < high_sha256. The latest answer
-- counts. No reference to photos: a query need not be catalogued, and a photo's row may go.
-- machine_verdict, machine_probability: what Pugmark said of the pair at that time; '' and 0 if it could not be asked.
CREATE TABLE reviews (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  low_sha256 BLOB NOT NULL CHECK (length(low_sha256) = 32),
  high_sha256 BLOB NOT NULL CHECK (length(high_sha256) = 32),
  answer TEXT NOT NULL CHECK (answer IN ('yes', 'no', 'unsure')),
  note TEXT NOT NULL,
  reviewer TEXT NOT NULL CHECK (reviewer <> ''),
  reviewed_at TEXT NOT NULL,
  machine_verdict TEXT NOT NULL,
  machine_probability REAL NOT NULL CHECK (machine_probability BETWEEN 0 AND 1),
  CHECK (low_sha256 < high_sha256)
) STRICT;
CREATE INDEX reviews_pair ON reviews (low_sha256, high_sha256);
CREATE INDEX reviews_high ON reviews (high_sha256);
CREATE TRIGGER reviews_are_not_edited BEFORE UPDATE ON reviews
BEGIN SELECT RAISE(ABORT, 'reviews are never changed; a later one supersedes'); END;
CREATE TRIGGER reviews_are_not_deleted BEFORE DELETE ON reviews
BEGIN SELECT RAISE(ABORT, 'reviews are never deleted; a later one supersedes'); END;
)sql";

}  // namespace pugmark::internal
