// SPDX-License-Identifier: Apache-2.0
//
// The traces inside photos' files (engine/traces) as the graph takes them.
#pragma once

#include <vector>

#include "engine/link/graph.h"

namespace pugmark {

// Those that at least two photos share, but for what is common: the JPEG standard's own tables, and what more than
// 1,000 photos or 50 sellers have. Threads, errors: as Catalogue.
std::vector<PhotoTrace> ReadPhotoTraces(const Catalogue& catalogue);

}  // namespace pugmark
