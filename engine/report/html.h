// SPDX-License-Identifier: Apache-2.0
//
// One offline HTML page per search or comparison, on which a person checks each hit: both photos side by side, the
// query laid over the photo, what matched, where and when it was seen, how it was found, and what was not searched.
//
// The page asks nothing of any network: pictures are data in it, its Content-Security-Policy allows this page's own
// style and script by their SHA-256 and forbids all else. Text from outside passes through EscapeText and the
// template's own escaping. Without scripts everything can still be read; the overlay then shows its three pictures
// beside each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/decode/decode.h"
#include "engine/report/report.h"

namespace pugmark {

// A picture for the page. It is encoded anew, so that no browser parses bytes as they were received.
struct ReportPicture {
  std::optional<Image>
      image;           // The upright photo at any size; stretched to the frame of the original. None: a grey box.
  std::string source;  // Where it is from, for the reader: "thumbnail: the original is no longer at its place".
};

// What they throw passes through.
using QueryPicture = std::function<ReportPicture(const QueryResult&)>;
using HitPicture = std::function<ReportPicture(const Hit&)>;

struct HtmlOptions {
  std::string title = "Image search";
  std::string version;     // Of Pugmark.
  std::string created_at;  // UTC, "2026-11-24T06:55:54Z". Empty: now.
  std::string collection;  // Its directory. Empty: there is none (a comparison of two files).
  std::vector<std::pair<std::string, std::string>> parameters;  // Name and value of what decides the result.
  std::vector<std::string> not_searched;  // Sentences (limits.h). The page adds those of each query.
  QueryPicture query_picture;             // May be empty. Called once per query.
  HitPicture hit_picture;                 // May be empty. Called once per hit.
  // What the results say together, if they are the photos of one advertisement: a table before the summary. Borrowed;
  // its `queries` are the results of the page.
  const ListingResult* listing = nullptr;
  // Pictures are blurred, or without colour, until the reader reveals them. The page holds them all the same: this
  // spares the reader and hides nothing.
  bool blur = false;
  bool grey = false;
  int max_lines = 60;  // Of inliers, drawn per hit; evenly chosen. [0, 1000].
  int max_hits = 500;  // In the page. Those beyond are left out, and the page says so.
  // Of all JPEGs in the page. Beyond three quarters of it pictures are small and without overlay, beyond the whole they
  // are left out; the page says so where it happens.
  size_t max_picture_bytes = 40 << 20;
};

// Cost: holds the page in memory about three times; about 0.4 MB and 0.1 s per hit.
std::string FormatHtml(std::span<const QueryResult> results, const HtmlOptions& options);

// FormatHtml into a file, atomically. Throws Error(kIo) if it cannot be written; an old file is then untouched.
void WriteHtml(const std::filesystem::path& path, std::span<const QueryResult> results, const HtmlOptions& options);

}  // namespace pugmark
