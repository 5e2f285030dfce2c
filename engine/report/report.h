// SPDX-License-Identifier: Apache-2.0
//
// Search results as a person or a program reads them: JSON lines, CSV, a terminal table. html.h makes the offline page,
// packet.h the folder for a case file.
//
// Photos, their paths and what sellers write come from criminals. So every text from outside passes through EscapeText
// (JSON: through the equivalent escapes of JSON, which lose nothing) before the rules of the format are applied:
// nothing here can move a terminal's cursor, reverse the reading direction, start a formula or add markup. A path that
// is valid UTF-8 appears as it is. One that is not appears as EscapeText shows it, in all formats; the SHA-256 beside
// it names the file beyond doubt.
//
// Threads: all functions are pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/search/compare.h"
#include "engine/search/listing.h"
#include "engine/search/search.h"

namespace pugmark {

// The sentence that every result for people ends with. The caller prints it once, after the last FormatText.
inline constexpr std::string_view kLeadSentence = "A hit is a lead for a person to check, not proof.";

// What the expected number of false hits of a comparison refers to. In its text and JSON.
inline constexpr std::string_view kComparisonSentence =
    "The false hits expected are those of comparing these two photos, not of a search among many.";

// What the numbers of a listing mean.
inline constexpr std::string_view kListingSentence =
    "'photos': those with same-scene or better. The probability is that of the best pair; pairs of the same two "
    "listings are not independent, so it does not grow with their number.";

// One JSON object on one line, without the line break: the contract of docs/design.md, "The program"; fields are only
// ever added. Beyond the contract: query_width, query_height, keypoints, photos_searched, roi, excluded; per hit cells,
// agreeing_pixels, banks, photo_width, photo_height, sightings_left_out; per sighting title, price, currency, captured_at,
// products, species, operation, path. Overlaps and agreeing_pixels are fractions in [0, 1], regions and the transform
// are in pixels of the upright originals, the transform maps the unmirrored query to the photo, row by row. What is not
// known is null: fields of a listing, the SHA-256 of a file that could not be read, the transform of a hit that no
// geometry supports. A query that could not be read is an object of type "error".
std::string FormatJson(const QueryResult& result);

// {"schema":1,"type":"comparison","a":{path, sha256, width, height, keypoints},"b":{...},"elapsed_ms",
// "photos_searched":1,"expected_false_hits_of":kComparisonSentence,"verdict","hits":[at most one, fields as above]}.
// A photo that cannot be read is an object of type "error", as above; two of them are two lines.
std::string FormatJson(const Comparison& comparison);

// {"schema":1,"type":"listing_query","listing":{platform, listing_id, ...} or null,"photos":[one per query photo, with
// "error" if it could not be read],"listings":[{"rank", platform ... products,"verdict","probability","query_photos",
// "pairs":[{"query":PATH, fields of a hit, sightings in this listing only}]}],"listings_left_out"}.
std::string FormatJson(const ListingResult& result);

// RFC 4180, lines end in CR LF. One line per (query, hit, sighting); a hit without sighting, a query without hit
// (verdict "none") and a query that could not be read ("error") have one line, so that nothing vanishes. Several
// products, species or banks are joined by "; ". A text from outside has an apostrophe put before it if it begins with
// = + - @, or their wide forms, since spreadsheets would run it as a formula, and if it is no time and looks like a
// number with leading zeros or beyond 15 digits, a fraction, a date or a truth value, since they would change it.
// Control characters inside texts are escaped as everywhere. After the sighting: review, reviewed_by, reviewed_at,
// review_note, machine_verdict, empty if nobody has reviewed the pair.
std::string CsvHeader();
std::string FormatCsv(const QueryResult& result);

struct TextOptions {
  int width = 80;        // Columns of the terminal; less than 60 counts as 60. More of them cut fewer texts short.
  bool colour = false;   // ANSI colours. They never carry meaning alone.
  bool verbose = false;  // The numbers behind each hit, and all its sightings.
};

// A heading, a table of hits and a blank line, each line ending in a line break and no line wider than the terminal,
// measured as terminals do (CJK is two columns wide) whatever the user's locale. UTF-8.
std::string FormatText(const QueryResult& result, const TextOptions& options);

// Both photos, the verdict with its meaning and numbers, or that there is none.
std::string FormatText(const Comparison& comparison, const TextOptions& options);

// A table of listings; verbose: and of their pairs of photos.
std::string FormatText(const ListingResult& result, const TextOptions& options);

// One line per query with its best hit, for a run over many: "query verdict prob. platform listing seller posted".
std::string FormatSummary(std::span<const QueryResult> results, const TextOptions& options);

}  // namespace pugmark
