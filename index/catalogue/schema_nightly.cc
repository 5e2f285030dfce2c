// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/schema.h"

namespace pugmark::internal {

const char kNightlySchema[] = R"sql(
-- What became of a snapshot: held_back = 1 if it failed its test and was never current. gate: 'none' if it was not tested,
-- 'accepted' if it failed and a person published it all the same. compared_with: the snapshot before; 0: none.
ALTER TABLE snapshots ADD COLUMN held_back INTEGER NOT NULL DEFAULT 0 CHECK (held_back IN (0, 1));
ALTER TABLE snapshots ADD COLUMN gate TEXT NOT NULL DEFAULT 'none'
  CHECK (gate IN ('none', 'passed', 'failed', 'accepted'));
ALTER TABLE snapshots ADD COLUMN compared_with INTEGER NOT NULL DEFAULT 0;

-- One row per kind of canary. No reference to snapshots: figures are written and replaced together with their snapshot.
CREATE TABLE gate_figures (
  number INTEGER NOT NULL,
  canary TEXT NOT NULL,
  num_tried INTEGER NOT NULL,
  found_old INTEGER NOT NULL,
  found_new INTEGER NOT NULL,
  first_old INTEGER NOT NULL,
  first_new INTEGER NOT NULL,
  num_lost INTEGER NOT NULL,
  PRIMARY KEY (number, canary)
) STRICT, WITHOUT ROWID;

-- Photos that were described anew after they were admitted. after_snapshot: the largest number of a snapshot there was
-- then; it and all before it know the photo by its old features, or not at all.
CREATE TABLE reextracted (
  photo_id INTEGER PRIMARY KEY,
  after_snapshot INTEGER NOT NULL
) STRICT;

-- First 8 bytes of the SHA-256 of a photo's thumbnail. Thumbnails that are older than this table have no row. No reference
-- to photos: the thumbnail of a removed photo may outlive its row.
CREATE TABLE thumbnail_checksums (
  photo_id INTEGER PRIMARY KEY,
  checksum BLOB NOT NULL CHECK (length(checksum) = 8)
) STRICT;
)sql";

}  // namespace pugmark::internal
