// SPDX-License-Identifier: Apache-2.0
//
// What terminal, CSV and HTML word alike. For the rooms that print.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/search/search.h"

namespace pugmark {

// "certain" for the same bytes; else percent, rounded down, so that 100.0 % never appears.
std::string ProbabilityText(const Hit& hit);

// Same bytes cannot be a chance match.
double ExpectedFalseHitsOf(const Hit& hit);

// 1204 → "1,204".
std::string GroupedNumber(int64_t number);

// (1, "photo") → "1 photo"; (1204, "photo") → "1,204 photos".
std::string Counted(std::integral auto number, std::string_view noun) {
  return GroupedNumber(static_cast<int64_t>(number)) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

// 0.925 → "93 %".
std::string PercentText(double fraction);

// The day of an ISO 8601 time, or the text as it is.
std::string DayOf(std::string_view time);

std::string Joined(const std::vector<std::string>& texts, std::string_view separator);

// "12000 USD".
std::string PriceText(const Listing& listing);

// What to call a sighting's listing: its number, else its title, else the file. Not escaped.
std::string ListingName(const Sighting& sighting);

// "sha256 0123456789ab…".
std::string ShortSha256Text(const Sha256& sha256);

// What of the two photos matched, in a few words: "the whole photo", "a part of the query, mirrored".
std::string MatchedText(const Hit& hit);

// What must not be missed about a hit, a phrase each: copied from a benign bank, in another bank, sightings left out.
// Escaped.
std::vector<std::string> NotesOf(const Hit& hit);

// The numbers behind a hit, one phrase each: inliers, overlaps, agreeing pixels, expected false hits.
std::vector<std::string> NumbersOf(const Hit& hit, std::string_view query, std::string_view photo);

// What a person said: "confirmed by Jane Doe on 2026-11-24: NOTE", "reviewed: no, by Jane Doe (was same-object, 97.0 %)
// on 2026-11-24: NOTE"; empty if nobody did. Not escaped.
std::string ReviewText(const Hit& hit);

// In a column: "yes, Jane Doe"; empty if nobody did. Not escaped.
std::string ReviewMark(const Hit& hit);

// What the answer does to the hit; one or two sentences. Empty if nobody gave one.
std::string_view ReviewEffect(const Hit& hit);

// "only 300 × 200 at 120, 80 searched for", "without 50 × 20 at 0, 0"; empty if the whole query was.
std::vector<std::string> RegionTexts(const QueryResult& result);

std::string FileName(std::string_view path);

}  // namespace pugmark
