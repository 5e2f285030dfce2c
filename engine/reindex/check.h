// SPDX-License-Identifier: Apache-2.0
//
// Are catalogue, snapshot and thumbnails sound and in agreement?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/collection/collection.h"

namespace pugmark {

struct CheckReport {
  int64_t num_photos = 0;             // Whose features and thumbnails were looked at.
  int64_t num_unindexed = 0;          // Catalogued but not in the index yet; no damage.
  std::vector<std::string> findings;  // One message per finding, with the command that mends it; empty if sound.
};

// Reads every byte of the current snapshot, every feature row and the presence of every thumbnail. Changes nothing.
CheckReport CheckCollection(const Collection& collection);

}  // namespace pugmark
