// SPDX-License-Identifier: Apache-2.0
//
// The digest: what is new since the digest before, for the person who reads it in the morning.
//
// It begins where the last recorded digest ended, so that what came by day is told as well, and nothing is lost by a
// night that failed. Every text from outside is escaped in all three forms; see engine/report/report.h for why.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/alerts/alerts.h"
#include "engine/collection/collection.h"
#include "engine/ingest/quarantine.h"
#include "index/catalogue/nightly.h"
#include "index/catalogue/takedown.h"

namespace pugmark {

// One stage of the nightly run.
struct DigestStage {
  std::string name;     // "ingest", "reindex", "alerts", "link".
  std::string outcome;  // "done", "skipped", "failed", "interrupted".
  double seconds = 0;
  std::string message;  // What was done, or what failed. Escaped.
};

struct DigestPhoto {
  Sha256 sha256;
  std::optional<Photo> photo;  // Nothing if it was removed meanwhile.
  std::vector<Sighting> sightings;
};

struct DigestAlert {
  Alert alert;
  DigestPhoto photo, banked;
};

// A known photo, byte for byte, in a listing on a platform where it had not been seen.
struct DigestSighting {
  DigestPhoto photo;
  Listing listing;
};

// Two sellers who became linked, and the strongest reason. Escaped.
struct DigestLink {
  std::string seller, other;  // "bazaarly savanna-curios".
  double probability = 0;
  std::string reason;
  int64_t group = 0;          // Of both; 0: of none.
};

struct Digest {
  std::string since;  // UTC, when the run of the digest before began. Empty: this is the first.
  std::string started_at, finished_at;
  std::string collection;  // Its directory. Not escaped.
  std::string version;
  std::vector<DigestStage> stages;
  std::vector<std::pair<std::string, std::string>> index_figures;  // Name and value: of the re-index and its gate.
  std::vector<std::string> problems;  // What of the digest itself could not be told, and why.

  int64_t num_photos = 0;  // In the collection.
  int64_t snapshot = 0;
  int64_t num_unindexed = 0;
  int64_t num_new_photos = 0;
  BatchCounts counts;  // Of the batches since.
  int64_t num_killed_batches = 0;
  std::vector<PlatformCount> platforms;
  std::vector<std::string> watched_banks;

  std::vector<DigestSighting> new_platform_sightings;
  std::vector<DigestAlert>
      alerts;  // Of the relation `news`: those on new platforms first, then by verdict, then as given.
  int64_t num_same_seller = 0;
  int64_t num_open_alerts = 0;  // In all, neither dismissed nor of one seller.
  std::vector<DigestLink> new_links;     // Surest first.
  std::vector<std::string> group_events;  // "group 3: joined bazaarly savanna-curios". Escaped.
  std::vector<QuarantineEntry> unreadable;
  int64_t num_more_unreadable = 0;
  std::vector<QuarantineEntry> refused;  // Removed earlier, and came again.
  int64_t num_more_refused = 0;
  std::vector<Removal> removals;

  DigestMark mark;  // Up to which this digest tells everything.
};

// What the catalogue knows; stages and figures are the caller's. A part that cannot be read is named in `problems`.
// Long lists are cut at 100,000 entries and say so.
Digest GatherDigest(Collection& collection, const std::string& version);

// Most urgent first: new platforms, alerts, refused and unreadable inputs, counts, stages.
std::string FormatDigestText(const Digest& digest);

// One object a line: {"schema":1,"type":"digest", ...} with the counts, then one object per entry: "digest_platform",
// "digest_sighting", "digest_alert", "digest_link", "digest_unreadable", "digest_refused", "digest_removal",
// "digest_stage".
std::string FormatDigestJson(const Digest& digest);

// JPEG made by us, or nothing.
using DigestPicture = std::function<std::optional<std::vector<uint8_t>>(const Sha256&)>;

// One self-contained page without scripts or requests. Pictures are blurred until they are clicked: not everybody who
// opens it should have to see them. Pictures beyond 32 MiB in all are left out, and the page says so.
std::string FormatDigestHtml(const Digest& digest, const DigestPicture& picture);

// Writes digest.txt, digest.jsonl and digest.html into a new folder `dir`/2026-11-24T020000Z, which appears complete or
// not at all. Returns it. `dir` is made if it is missing. Throws Error(kIo).
std::filesystem::path WriteDigest(const Digest& digest, const DigestPicture& picture, const std::filesystem::path& dir);

// The thumbnails of the collection, as pictures.
DigestPicture ThumbnailsOf(const CollectionPaths& paths);

}  // namespace pugmark
