// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/schema.h"

namespace pugmark::internal {

// Photos that were admitted before have no traces. Of listings, what they are known to have said is taken over, dated by
// the oldest and the newest sighting that has a date, or else by the run that first saw them.
const char kTracesSchema[] = R"sql(
CREATE TABLE photo_traces (
  photo_id INTEGER NOT NULL REFERENCES photos (id),
  kind TEXT NOT NULL CHECK (kind IN ('camera', 'lens', 'owner', 'jpeg-tables', 'qr')),
  value TEXT NOT NULL CHECK (value <> ''),
  PRIMARY KEY (photo_id, kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX photo_traces_value ON photo_traces (kind, value);

-- What a listing said of itself, and from when to when it was seen to say so. A value that comes back has a row for each
-- time. dated: 1 if the times are those of the manifest, 0 if it had none and they are those of ingest.
CREATE TABLE listing_values (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  listing_id INTEGER NOT NULL REFERENCES listings (id),
  field TEXT NOT NULL CHECK (field IN ('title', 'price', 'currency', 'caption', 'description')),
  value TEXT NOT NULL CHECK (value <> ''),
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL,
  dated INTEGER NOT NULL CHECK (dated IN (0, 1))
) STRICT;
CREATE INDEX listing_values_listing ON listing_values (listing_id, field);

INSERT INTO listing_values (listing_id, field, value, first_seen, last_seen, dated)
  SELECT v.id, v.field, v.value, ifnull(t.first, b.first), ifnull(t.last, b.first), t.first IS NOT NULL
  FROM (SELECT id, 'title' AS field, title AS value FROM listings UNION ALL
        SELECT id, 'price', price FROM listings UNION ALL
        SELECT id, 'currency', currency FROM listings UNION ALL
        SELECT id, 'caption', json_extract(extra_json, '$.caption') FROM listings
          WHERE json_type(CASE WHEN json_valid(extra_json) THEN extra_json END, '$.caption') = 'text' UNION ALL
        SELECT id, 'description', json_extract(extra_json, '$.description') FROM listings
          WHERE json_type(CASE WHEN json_valid(extra_json) THEN extra_json END, '$.description') = 'text') AS v
  LEFT JOIN (SELECT listing_id, min(captured_at) AS first, max(captured_at) AS last FROM sightings
             WHERE captured_at <> '' GROUP BY listing_id) AS t ON t.listing_id = v.id
  JOIN (SELECT s.listing_id, min(b.started_at) AS first FROM sightings AS s JOIN batches AS b ON b.id = s.batch_id
        GROUP BY s.listing_id) AS b ON b.listing_id = v.id
  WHERE v.value <> '' ORDER BY v.id, v.field;
)sql";

}  // namespace pugmark::internal
