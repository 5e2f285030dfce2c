// SPDX-License-Identifier: Apache-2.0
//
// What linking costs as a collection grows.
//
// Real photos of an ingested collection, and copies of them made without decoding anything: of a copy's keypoints six
// in ten are kept, moved by one shift and scale and half a pixel each, and their descriptors get noise. So words and
// lists have natural lengths, unrelated photos look as unrelated photos do, and every photo has some that truly show
// the same. Copies share the thumbnail of their original.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace pugmark::bench {

// Grows a collection in `work` to a quarter, half and all of num_photos. source: a collection with at least a few
// hundred photos. Figures are appended to `text` as they come, and printed on stderr.
nlohmann::ordered_json MeasureGrowth(const std::filesystem::path& source, size_t num_photos, int num_threads,
                                     const std::filesystem::path& work, std::string* text);

// Links and says what it cost; `again`: everything anew.
nlohmann::ordered_json LinkShown(const std::filesystem::path& collection, int num_threads, bool again,
                                 std::string* text);

}  // namespace pugmark::bench
