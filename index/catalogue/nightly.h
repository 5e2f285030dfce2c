// SPDX-License-Identifier: Apache-2.0
//
// What the nightly run remembers: how far its last digest had come, so that the next one begins there; and what the
// digest counts in between.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "index/base/ids.h"
#include "index/catalogue/catalogue.h"

namespace pugmark {

// Ids up to which a digest has told everything; 0: from the beginning.
struct DigestMark {
  int64_t photo = 0, sighting = 0, batch = 0, alert = 0, removal = 0, link_run = 0;
};

struct PlatformCount {
  std::string platform;
  int64_t num_photos = 0;     // New photos with a sighting on it; a photo on two platforms counts on both.
  int64_t num_sightings = 0;  // New ones, of whatever photos.
};

// Borrows the catalogue. Threads and errors: as Catalogue.
class NightlyLog {
 public:
  explicit NightlyLog(Catalogue& catalogue) : catalogue_(catalogue) {}

  // The mark of the last run that wrote its digest, and when that began (empty: never).
  DigestMark LastMark(std::string* since) const;
  DigestMark Now() const;
  // Records a run whose digest was written. From here on the next digest begins at `mark`.
  void Record(const std::string& started_at, int exit_code, const DigestMark& mark);

  // Of batches after this one: their counts, summed. num_killed: batches that were never finished.
  BatchCounts CountsAfter(int64_t batch, int64_t* num_killed) const;
  int64_t NumPhotosBetween(const DigestMark& from, const DigestMark& to) const;
  // Most new photos first. At most `limit`.
  std::vector<PlatformCount> PlatformsBetween(const DigestMark& from, const DigestMark& to, int64_t limit) const;

 private:
  Catalogue& catalogue_;
};

}  // namespace pugmark
