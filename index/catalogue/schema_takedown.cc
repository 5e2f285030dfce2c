// SPDX-License-Identifier: Apache-2.0
//
// Script: takedowns and their receipts; watched banks, alerts and nightly runs. Conventions: schema.cc.
#include "index/catalogue/schema.h"

namespace pugmark::internal {

const char kTakedownSchema[] = R"sql(
-- One row per takedown: its receipt. What went is in the tables that refer to it.
CREATE TABLE removals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  removed_at TEXT NOT NULL,
  removed_by TEXT NOT NULL,
  reason TEXT NOT NULL CHECK (reason <> ''),
  num_sightings INTEGER NOT NULL
) STRICT;

-- What was asked for, in the order it was named: photo, listing, seller, platform, and its name.
CREATE TABLE removal_targets (
  id INTEGER PRIMARY KEY,
  removal_id INTEGER NOT NULL REFERENCES removals (id),
  kind TEXT NOT NULL CHECK (kind IN ('photo', 'listing', 'seller', 'platform')),
  platform TEXT NOT NULL,
  name TEXT NOT NULL
) STRICT;
CREATE INDEX removal_targets_removal ON removal_targets (removal_id);

-- photo_id refers to nothing: the row is gone, and its number is never given again. Snapshots that end with this photo
-- are told by it that they still belong to this catalogue. purged is 0 until the files beside the catalogue are gone.
CREATE TABLE removed_photos (
  photo_id INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  removal_id INTEGER NOT NULL REFERENCES removals (id),
  purged INTEGER NOT NULL DEFAULT 0 CHECK (purged IN (0, 1))
) STRICT;
CREATE INDEX removed_photos_removal ON removed_photos (removal_id);
CREATE INDEX removed_photos_unpurged ON removed_photos (photo_id) WHERE purged = 0;

-- Listings that lost sightings by a takedown; is_gone is 1 if none were left, so that the listing's row went as well.
CREATE TABLE removed_listings (
  id INTEGER PRIMARY KEY,
  removal_id INTEGER NOT NULL REFERENCES removals (id),
  platform TEXT NOT NULL,
  identity TEXT NOT NULL,
  seller TEXT NOT NULL,
  num_sightings INTEGER NOT NULL,
  is_gone INTEGER NOT NULL CHECK (is_gone IN (0, 1))
) STRICT;
CREATE INDEX removed_listings_removal ON removed_listings (removal_id);

-- Beside a tombstone: the perceptual hash, by which another copy of the removed photo is refused.
CREATE TABLE tombstone_hashes (
  sha256 BLOB PRIMARY KEY REFERENCES tombstones (sha256),
  pdq BLOB NOT NULL CHECK (length(pdq) = 33)
) STRICT, WITHOUT ROWID;

-- Sightings that were removed of photos that stayed, because they were seen elsewhere too: they must not come back either.
CREATE TABLE tombstone_sightings (
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  platform TEXT NOT NULL,
  identity TEXT NOT NULL,
  seller TEXT NOT NULL,
  removal_id INTEGER NOT NULL REFERENCES removals (id),
  PRIMARY KEY (sha256, platform, identity, seller)
) STRICT, WITHOUT ROWID;

-- Photos that were taken in again in spite of a tombstone, by ingest --readmit.
CREATE TABLE readmissions (
  id INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  batch_id INTEGER NOT NULL REFERENCES batches (id),
  readmitted_at TEXT NOT NULL
) STRICT;

CREATE TABLE bank_watches (
  bank_id INTEGER PRIMARY KEY REFERENCES banks (id),
  watched_at TEXT NOT NULL
) STRICT;

-- Photos of watched banks that have been searched for in all that was there. Removed when the watch ends, so that a later
-- watch looks again.
CREATE TABLE watched_photos (
  bank_id INTEGER NOT NULL REFERENCES bank_watches (bank_id),
  photo_id INTEGER NOT NULL REFERENCES photos (id),
  PRIMARY KEY (bank_id, photo_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX watched_photos_photo ON watched_photos (photo_id);

-- How far the alert runs have come: 'photo' and 'sighting', the last id that was looked at.
CREATE TABLE alert_progress (
  key TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- finished_at is NULL while it runs, and for ever if it was killed.
CREATE TABLE alert_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cause TEXT NOT NULL,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  snapshot INTEGER NOT NULL,
  num_searched INTEGER NOT NULL DEFAULT 0,
  num_alerts INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Photos are named by SHA-256: an alert outlives the removal of a photo, as hashes and figures only.
-- listing: '' for two photos; for a photo of a watched bank that was seen again itself, that listing (platform, identity
-- and seller, separated by line feeds).
-- relation: news; or same-listing, same-seller: both photos were only seen there, so the alert says nothing new.
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id INTEGER NOT NULL REFERENCES alert_runs (id),
  raised_at TEXT NOT NULL,
  photo_sha256 BLOB NOT NULL CHECK (length(photo_sha256) = 32),
  banked_sha256 BLOB NOT NULL CHECK (length(banked_sha256) = 32),
  listing TEXT NOT NULL,
  bank TEXT NOT NULL,
  verdict TEXT NOT NULL,
  probability REAL NOT NULL,
  expected_false_hits REAL NOT NULL,
  num_inliers INTEGER NOT NULL,
  mirrored INTEGER NOT NULL CHECK (mirrored IN (0, 1)),
  relation TEXT NOT NULL CHECK (relation IN ('news', 'same-seller', 'same-listing')),
  new_platforms TEXT NOT NULL,
  benign_bank TEXT NOT NULL,
  dismissed_at TEXT,
  dismissed_by TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT ''
) STRICT;
-- A pair is alerted once, whichever of the two was new.
CREATE UNIQUE INDEX alerts_pair ON alerts (min(photo_sha256, banked_sha256), max(photo_sha256, banked_sha256), listing);
CREATE INDEX alerts_run ON alerts (run_id);

-- One row per nightly run. The last_* are what its digest had reached; the next digest begins there.
CREATE TABLE nightly_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  exit_code INTEGER,
  last_photo INTEGER NOT NULL DEFAULT 0,
  last_sighting INTEGER NOT NULL DEFAULT 0,
  last_batch INTEGER NOT NULL DEFAULT 0,
  last_alert INTEGER NOT NULL DEFAULT 0,
  last_removal INTEGER NOT NULL DEFAULT 0
) STRICT;
)sql";

}  // namespace pugmark::internal
