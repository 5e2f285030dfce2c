// SPDX-License-Identifier: Apache-2.0
//
// Script: links between photos, decisions on sellers, groups of sellers. Conventions: schema.cc.
#include "index/catalogue/schema.h"

namespace pugmark::internal {

const char kLinksSchema[] = R"sql(
-- finished_at is NULL while it runs, and for ever if it was killed. last_photo: every indexed photo up to this one has been
-- matched against all before it; grows while the run works.
CREATE TABLE link_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cause TEXT NOT NULL,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  snapshot INTEGER NOT NULL,
  last_photo INTEGER NOT NULL,
  num_matched INTEGER NOT NULL DEFAULT 0,
  num_links INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Two photos that show the same, as the machine sees it. Found once, when the newer of them was matched.
CREATE TABLE photo_links (
  low_photo INTEGER NOT NULL REFERENCES photos (id),
  high_photo INTEGER NOT NULL REFERENCES photos (id),
  verdict TEXT NOT NULL CHECK (verdict IN ('same-photo', 'same-object', 'same-scene')),
  probability REAL NOT NULL,
  log10_nfa REAL NOT NULL,
  num_inliers INTEGER NOT NULL,
  mirrored INTEGER NOT NULL CHECK (mirrored IN (0, 1)),
  found_at TEXT NOT NULL,
  PRIMARY KEY (low_photo, high_photo),
  CHECK (low_photo < high_photo)
) STRICT, WITHOUT ROWID;
CREATE INDEX photo_links_high ON photo_links (high_photo);

-- What people said of two sellers. The latest answer counts; nothing is deleted but with a seller.
CREATE TABLE seller_reviews (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  low_seller INTEGER NOT NULL REFERENCES sellers (id),
  high_seller INTEGER NOT NULL REFERENCES sellers (id),
  answer TEXT NOT NULL CHECK (answer IN ('yes', 'no', 'unsure')),
  note TEXT NOT NULL,
  reviewer TEXT NOT NULL CHECK (reviewer <> ''),
  reviewed_at TEXT NOT NULL,
  CHECK (low_seller < high_seller)
) STRICT;
CREATE INDEX seller_reviews_pair ON seller_reviews (low_seller, high_seller);

-- Links between sellers that the last run told, so that the next one knows what is new.
CREATE TABLE seller_links (
  low_seller INTEGER NOT NULL REFERENCES sellers (id),
  high_seller INTEGER NOT NULL REFERENCES sellers (id),
  probability REAL NOT NULL,
  run_id INTEGER NOT NULL REFERENCES link_runs (id),
  PRIMARY KEY (low_seller, high_seller)
) STRICT, WITHOUT ROWID;
CREATE INDEX seller_links_high ON seller_links (high_seller);
CREATE INDEX seller_links_run ON seller_links (run_id);

-- A group keeps its number as long as it lives, and the number is never given again.
CREATE TABLE seller_groups (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  founded_at TEXT NOT NULL,
  dissolved_at TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE seller_group_members (
  seller_id INTEGER PRIMARY KEY REFERENCES sellers (id),
  group_id INTEGER NOT NULL REFERENCES seller_groups (id)
) STRICT;
CREATE INDEX seller_group_members_group ON seller_group_members (group_id);

CREATE TABLE seller_group_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id INTEGER NOT NULL REFERENCES seller_groups (id),
  run_id INTEGER NOT NULL REFERENCES link_runs (id),
  kind TEXT NOT NULL CHECK (kind IN ('founded', 'joined', 'left', 'split-from', 'merged-into', 'dissolved')),
  seller_id INTEGER REFERENCES sellers (id),
  other_group INTEGER REFERENCES seller_groups (id)
) STRICT;
CREATE INDEX seller_group_events_group ON seller_group_events (group_id);
CREATE INDEX seller_group_events_seller ON seller_group_events (seller_id);

-- The run of the last linking that the digest has told.
ALTER TABLE nightly_runs ADD COLUMN last_link_run INTEGER NOT NULL DEFAULT 0;
)sql";

}  // namespace pugmark::internal
