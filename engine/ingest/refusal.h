// SPDX-License-Identifier: Apache-2.0
//
// Refuses what was removed and comes again: the same bytes, another copy of the picture, or a removed sighting.
//
// Another copy is known by its PDQ hash: at most kConfidentPdqDistance (31) of 256 bits differ, the published limit of
// a confident match, and both hashes have a quality of at least kReliablePdqQuality (50); below that, pictures with
// hardly any contrast resemble each other by chance. The picture is compared as it is, turned and mirrored. Re-encoded,
// resized and slightly retouched copies are refused; crops, collages and copies with text across them are mostly not.
// Two photos of one burst can be that near as well, and are refused although nobody removed them: so every refusal
// names the removed photo, the distance and the reason, and --readmit takes the file in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/decode/decode.h"
#include "engine/features/pdq.h"
#include "engine/ingest/ingest.h"
#include "index/catalogue/takedown.h"

namespace pugmark {

// The hashes of all tombstones, ready for comparing. Threads: immutable.
class TombstoneHashes {
 public:
  explicit TombstoneHashes(const std::vector<TombstoneHash>& hashes);

  // The nearest tombstone that refuses the picture; of equally near ones the first by SHA-256. distance: receives the
  // bits that differ. Cost: 0.8 ms, and 15 ns a tombstone; nothing if there are none.
  const Tombstone* Find(const Image& image, int* distance) const;

 private:
  struct Entry {
    Tombstone tombstone;
    PdqHash hash;
  };
  std::vector<Entry> entries_;
};

// Why, in a sentence for people, with the reason of the removal.
std::string RefusalMessage(const Refused& refused);

}  // namespace pugmark
