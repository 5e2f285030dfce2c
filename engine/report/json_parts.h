// SPDX-License-Identifier: Apache-2.0
//
// The parts of which JSON results are made. Private to the report room.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/search/search.h"

namespace pugmark {

using Json = nlohmann::ordered_json;

// The text itself if it is valid UTF-8, else its escaped form.
Json JsonText(std::string_view text);
Json JsonTextOrNull(std::string_view text);  // null if it is empty.
Json JsonTexts(const std::vector<std::string>& texts);

// Decimals beyond what was measured are noise that makes lines long. NaN and infinities become 0.
double Rounded(double value, double steps_per_unit);

// Rounded down: only the same bytes are certain.
double JsonProbability(Verdict verdict, double probability);

Json ToJson(const Region& region);  // [x, y, width, height]
Json ToJson(const Sighting& sighting);
Json ToJson(const Hit& hit);

// A query that could not be read: an object of type "error".
Json ErrorToJson(const QueryResult& result);

// One line. What EscapeText finds dangerous is written as \uXXXX: the same string to a program, harmless to a terminal.
std::string JsonLine(const Json& json);

}  // namespace pugmark
