// SPDX-License-Identifier: Apache-2.0
//
// The answer of a search as one hash, so that it can be shown later that the same question has the same answer.
#pragma once

#include <string>

#include "engine/search/search.h"
#include "index/base/sha256.h"

namespace pugmark {

// The answer as text, one line per hit and per sighting: rank, verdict, photo, review, figures rounded to what was
// measured, regions to whole pixels, and what the manifests said. Without paths of files, times of day and durations: these
// differ from run to run and from machine to machine. Figures may differ in their last digit between processors of other
// makes.
std::string CanonicalAnswer(const QueryResult& result);

// SHA-256 of CanonicalAnswer.
Sha256 DigestOf(const QueryResult& result);

}  // namespace pugmark
