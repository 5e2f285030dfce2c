// SPDX-License-Identifier: Apache-2.0
//
// Describes photos anew whose features come from an older extractor, from their original files. Their traces
// (engine/traces) are taken anew as well.
//
// When a new Pugmark describes photos in another way, features of the two ways cannot be compared. So a snapshot is
// always of one extractor, and covers the photos that have its features; the others are found by their bytes only until
// they have been described anew. Features are replaced photo by photo, a few dozen a transaction, and are indexed by
// the reindex that follows: it may take many nights, and a kill costs the photos of one transaction. Decided against:
// to go on searching with the old features until all photos have new ones. The program could then not be updated
// without keeping both extractors in it, and queries would have to be described in both ways.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/collection/collection.h"

namespace pugmark {

struct ReextractOptions {
  int64_t limit = -1;      // Photos to describe; negative: all. What cannot be read does not count.
  double max_seconds = 0;  // No photo is begun later than this; 0: no limit.
  int num_threads = 1;
};

// A photo whose bytes are nowhere to be found. It keeps its old features, and cannot be found by its content.
struct LostOriginal {
  PhotoId photo;
  Sha256 sha256;
  std::string path;  // Where it was first seen.
  std::string why;   // A sentence, escaped.
};

struct ReextractReport {
  int64_t num_done = 0;
  int64_t num_left = 0;  // Still with older features; the lost ones among them.
  int64_t num_lost = 0;
  std::vector<LostOriginal> lost;  // At most 100.
};

// Reads each original where it may be: the collection's own copy, the place where it was first seen, the places of its
// sightings; what has not the photo's SHA-256 is another file and is not used. The caller holds the collection's lock.
// progress: called with photos tried and to be tried. If `stop` is requested, what was committed stays and the report
// says how far it came. Cost: as ingest.
ReextractReport Reextract(Collection& collection, const ReextractOptions& options, std::stop_token stop,
                          const std::function<void(int64_t, int64_t)>& progress);

}  // namespace pugmark
