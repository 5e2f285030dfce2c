// SPDX-License-Identifier: Apache-2.0
//
// One offline HTML page of the linked sellers: groups by reach, who is in them and why with the photos side by side,
// leads, and the graph to walk through by mouse or keys (Cytoscape.js, built in).
//
// As the page of a search (engine/report/html.h): pictures are data in it and encoded anew, its Content-Security-Policy
// names this page's own style and scripts by their SHA-256 and forbids all else, text from outside is escaped, and
// without scripts everything but the graph can be read.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/link/graph.h"
#include "engine/report/html.h"

namespace pugmark {

struct LinkHtmlOptions {
  std::string version;                                          // Of Pugmark.
  std::string created_at;                                       // UTC, "2026-11-24T06:55:54Z".
  std::string collection;                                       // Its directory.
  std::function<ReportPicture(const PhotoNode&)> picture;       // May be empty. Called once per photo in the page.
  bool blur = false, grey = false;                              // As HtmlOptions.
  size_t max_groups = 100;                                      // In the page; what is beyond is counted in it.
  size_t max_links = 60;                                        // Of a group.
  size_t max_reasons = 6;                                       // Of a link.
  size_t max_leads = 200;
  size_t max_picture_bytes = 30 << 20;  // Of all JPEGs. Those beyond are left out; the page says how many.
};

// Cost: some 15 KB and 2 ms per photo that is evidence; holds the page in memory about three times.
std::string FormatLinkHtml(const LinkGraph& graph, const LinkHtmlOptions& options);

}  // namespace pugmark
