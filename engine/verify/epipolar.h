// SPDX-License-Identifier: Apache-2.0
//
// Does what was found again move as one rigid thing?
//
// Seen from two places, every point of a rigid thing, whatever its depth, lies on a line in the second photo that its
// place in the first tells: the epipolar geometry, the same for all of them [1]. Two things of one make that stand on
// equal bases agree in the base and in the figures, but each by a geometry of its own. [1] Hartley and Zisserman,
// Multiple View Geometry in Computer Vision, 2nd ed. 2004, chapter 9.
#pragma once

#include <vector>

#include "engine/verify/verify.h"

namespace pugmark {

// Those of `some` that agree with the epipolar geometry of most of `all`, which contains them; all of `some` where none
// can be fitted. max_error: from the line, as a fraction of the photo's long side. Threads: pure. Deterministic. Cost:
// about 1 ms for 100 matches.
std::vector<Match> WithoutIndependent(const std::vector<Match>& some, const std::vector<Match>& all,
                                      const Features& query, const Features& photo, float max_error);

}  // namespace pugmark
