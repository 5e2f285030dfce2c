// SPDX-License-Identifier: Apache-2.0
//
// Links between sellers as text and JSON. Text from outside is escaped in the former, and as it is in the latter.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/link/link.h"
#include "engine/link/paths.h"
#include "engine/link/timeline.h"

namespace pugmark::cli {

// What a linking run did: {"schema":1,"type":"link_run", ...}.
nlohmann::ordered_json ToJson(const LinkReport& report, const LinkGraph& graph);
std::string TextOf(const LinkReport& report, const LinkGraph& graph);

// One seller and how the path leads there: {"schema":1,"type":"linked_seller", ...}.
nlohmann::ordered_json ToJson(const LinkGraph& graph, size_t from, const SellerPath& path);
std::string TextOf(const LinkGraph& graph, size_t from, const SellerPath& path);

// Two sellers who are no link, and what speaks for one: {"schema":1,"type":"seller_lead", ...}.
nlohmann::ordered_json LeadJson(const LinkGraph& graph, size_t from, const SellerEdge& edge);
std::string LeadText(const LinkGraph& graph, size_t from, const SellerEdge& edge);

// One line of the ranking: {"schema":1,"type":"seller_group", ...}.
nlohmann::ordered_json ToJson(const LinkGraph& graph, const Group& group);
std::string TextOf(const LinkGraph& graph, const Group& group);

// A group with its members, what became of it, and its timeline: "seller_group" as above, with "links" and "timeline".
nlohmann::ordered_json DetailsJson(const LinkGraph& graph, const Group& group);
std::string DetailsText(const LinkGraph& graph, const Group& group);

}  // namespace pugmark::cli
