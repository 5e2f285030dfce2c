// SPDX-License-Identifier: Apache-2.0
//
// The graph on the page of linked sellers, as page/link.js reads it. Private to export_html.cc.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "engine/link/graph.h"

namespace pugmark {

// What of the link graph is drawn. Places are those in its vectors.
struct DrawnGraph {
  std::set<size_t> edges;                                // Seller edges; their sellers are drawn.
  std::set<std::pair<size_t, size_t>> offers;            // Seller, photo.
  std::map<size_t, std::set<int64_t>> groups_of_seller;  // Numbers of groups.
  std::map<size_t, std::set<int64_t>> groups_of_photo;   // Photos that are drawn.
  std::map<size_t, std::string> pictures;                // Of photos: ids in the page.
};

// JSON in which nothing can end the element that holds it: {groups: [{id, label}], nodes: [{id, kind, label, groups,
// picture, lines}], edges: [{a, b, kind, label, weight}]}. Texts are escaped. max_groups: the first of the graph's that
// can be chosen.
std::string DrawnGraphJson(const LinkGraph& graph, const DrawnGraph& drawn, size_t max_groups);

// "97.1 %"; "soft" if only soft evidence speaks for it; "by a person".
std::string ProbabilityText(const SellerEdge& edge);

}  // namespace pugmark
