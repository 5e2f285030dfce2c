// SPDX-License-Identifier: Apache-2.0
//
// What a search did not look at, in sentences for a reader who must not take silence for an answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/search/compare.h"
#include "engine/search/search.h"

namespace pugmark {

// num_unindexed: photos of the collection that are not in the index yet. Texts of the filter are escaped.
std::vector<std::string> LimitsOf(const SearchOptions& options, int64_t num_unindexed);
std::vector<std::string> LimitsOf(const CompareOptions& options);

// Of one query: regions, what the filters left out, what was damaged. Empty if there is nothing to say.
std::vector<std::string> LimitsOf(const QueryResult& result);

}  // namespace pugmark
