// SPDX-License-Identifier: Apache-2.0
//
// Search results as a person or a program reads them: JSON lines, CSV, a terminal table, one offline HTML page.
//
// Photos, their paths and what sellers write come from criminals. So every text from outside passes through EscapeText
// (JSON: through the equivalent escapes of JSON, which lose nothing) before the rules of the format are applied:
// nothing here can move a terminal's cursor, reverse the reading direction, start a formula or add markup. A path that
// is valid UTF-8 appears as it is. One that is not appears as EscapeText shows it, in all formats; the SHA-256 beside
// it names the file beyond doubt.
//
// Threads: all functions are pure, except that the HTML ones call the picture sources given to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
// products, species, operation, path. Overlaps and agreeing_pixels are fractions in [0, 1], regions and the transform are in
// pixels of the upright originals, the transform maps the unmirrored query to the photo, row by row. What is not known
// is null: fields of a listing, the SHA-256 of a file that could not be read, the transform of a hit that no geometry
// supports. A query that could not be read is an object of type "error".
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
// products, species or banks are joined by "; ". A text that begins with = + - @, or their wide forms, has an
// apostrophe put before it, since spreadsheets would run it as a formula; control characters inside texts are escaped
// as everywhere.
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

// JPEG of the upright photo, made by us and without orientation tag; any size, since it is stretched to the frame of
// the original. nullopt: there is none, and the page shows a grey box. Never give a file as received: the browser's
// decoder would be the first to parse it. What they throw passes through.
using QueryPicture = std::function<std::optional<std::vector<uint8_t>>(const QueryResult&)>;
using HitPicture = std::function<std::optional<std::vector<uint8_t>>(const Hit&)>;

struct HtmlOptions {
  std::string title = "Image search";
  std::string version;     // Of Pugmark.
  std::string created_at;  // UTC, "2026-11-24T06:55:54Z". Empty: now.
  std::string collection;  // Its directory. Empty: there is none (a comparison of two files).
  std::vector<std::pair<std::string, std::string>> parameters;  // Name and value of what decides the result.
  QueryPicture query_picture;                                   // May be empty.
  HitPicture hit_picture;               // May be empty. Called once per photo, however many queries found it.
  // What the results say together, if they are the photos of one advertisement: a table before the summary. Borrowed; its
  // `queries` are the results of the page.
  const ListingResult* listing = nullptr;
  int max_lines = 60;                   // Of inliers, drawn per hit; evenly chosen. [0, 1000].
  size_t max_picture_bytes = 64 << 20;  // Of all JPEGs in the page. Those beyond are left out, and the page says so.
};

// One self-contained page for all queries of a run: no script, no link out, no request (a Content-Security-Policy
// forbids them). Cost: holds the page in memory about three times; about 35 KB per hit with thumbnails of 512 px.
std::string FormatHtml(std::span<const QueryResult> results, const HtmlOptions& options);

// FormatHtml into a file, atomically. Throws Error(kIo) if it cannot be written; an old file is then untouched.
void WriteHtml(const std::filesystem::path& path, std::span<const QueryResult> results, const HtmlOptions& options);

}  // namespace pugmark
