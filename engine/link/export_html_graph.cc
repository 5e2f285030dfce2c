// SPDX-License-Identifier: Apache-2.0
#include "engine/link/export_html_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/link/export_tables.h"
#include "engine/link/link_words.h"
#include "engine/report/wording.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxLines = 6;  // Of a node's description.

class Drawing {
 public:
  Drawing(const LinkGraph& graph, const DrawnGraph& drawn) : graph_(graph), drawn_(drawn) {}

  Json Build(size_t max_groups) {
    AddEdges();
    for (const size_t seller : sellers_) AddSeller(seller);
    for (const auto& [photo, groups] : drawn_.groups_of_photo) AddPhoto(photo, groups);
    Json groups = Json::array();
    for (size_t i = 0; i < std::min(graph_.groups.size(), max_groups); ++i) {
      const Group& group = graph_.groups[i];
      groups.push_back(
          {{"id", group.id}, {"label", fmt::format("group {}: {}", group.id, Counted(group.sellers.size(), "seller"))}});
    }
    return {{"groups", std::move(groups)}, {"nodes", std::move(nodes_)}, {"edges", std::move(edges_)}};
  }

 private:
  static std::string SellerId(size_t idx) { return fmt::format("s{}", idx); }
  std::string PhotoName(size_t idx) const { return fmt::format("p{}", graph_.photos[idx].id.value); }

  void AddEdge(const std::string& a, const std::string& b, std::string_view kind, const std::string& label,
               double weight) {
    edges_.push_back({{"a", a}, {"b", b}, {"kind", kind}, {"label", label}, {"weight", weight}});
  }

  void AddEdges() {
    for (const size_t idx : drawn_.edges) {
      const SellerEdge& edge = graph_.seller_edges[idx];
      sellers_.insert({edge.a, edge.b});
      AddEdge(SellerId(edge.a), SellerId(edge.b), StatusOf(edge),
              fmt::format("{} {}", StatusOf(edge), ProbabilityText(edge)), edge.probability);
    }
    for (const auto& [seller, photo] : drawn_.offers)
      AddEdge(SellerId(seller), PhotoName(photo), "offers", "offers", 0);
    for (const PhotoEdge& edge : graph_.photo_edges) {
      const auto is_drawn = [&](size_t photo) { return drawn_.groups_of_photo.contains(photo); };
      if (!is_drawn(edge.a) || !is_drawn(edge.b) || edge.review == Answer::kNo) continue;
      AddEdge(PhotoName(edge.a), PhotoName(edge.b), EdgeKindName(edge.kind),
              fmt::format("{} {}", EdgeKindName(edge.kind), LinkPercent(edge.probability)), edge.probability);
    }
  }

  void AddSeller(size_t idx) {
    const SellerNode& seller = graph_.sellers[idx];
    const auto groups = drawn_.groups_of_seller.find(idx);
    Json lines = Json::array({Counted(seller.listings.size(), "listing")});
    if (!seller.first_seen.empty()) {
      lines.push_back(EscapeText(fmt::format("{} to {}", DayOf(seller.first_seen), DayOf(seller.last_seen))));
    }
    nodes_.push_back({{"id", SellerId(idx)},
                      {"kind", "seller"},
                      {"label", EscapeText(LabelOf(seller))},
                      {"groups", groups != drawn_.groups_of_seller.end() ? Json(groups->second) : Json::array()},
                      {"picture", ""},
                      {"lines", std::move(lines)}});
  }

  void AddPhoto(size_t idx, const std::set<int64_t>& groups) {
    const PhotoNode& photo = graph_.photos[idx];
    Json lines = Json::array({"SHA-256 " + photo.sha256.Hex()});
    for (const size_t listing : photo.listings) {
      if (lines.size() < kMaxLines) lines.push_back(EscapeText(ListingLine(graph_.listings[listing])));
    }
    const auto picture = drawn_.pictures.find(idx);
    nodes_.push_back({{"id", PhotoName(idx)},
                      {"kind", "photo"},
                      {"label", "photo " + photo.sha256.Hex().substr(0, 8)},
                      {"groups", groups},
                      {"picture", picture != drawn_.pictures.end() ? picture->second : ""},
                      {"lines", std::move(lines)}});
  }

  std::string ListingLine(const ListingNode& listing) const {
    std::string line = listing.first_seen.empty() ? "" : DayOf(listing.first_seen) + ": ";
    line += LabelOf(listing);
    if (listing.seller) line += ", " + LabelOf(graph_.sellers[*listing.seller]);
    return line;
  }

  const LinkGraph& graph_;
  const DrawnGraph& drawn_;
  std::set<size_t> sellers_;
  Json nodes_ = Json::array(), edges_ = Json::array();
};

}  // namespace

std::string DrawnGraphJson(const LinkGraph& graph, const DrawnGraph& drawn, size_t max_groups) {
  const Json json = Drawing(graph, drawn).Build(max_groups);
  std::string text;
  for (const char c : json.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

std::string ProbabilityText(const SellerEdge& edge) {
  if (edge.decision != Decision::kNone) return "by a person";
  return edge.probability > 0 ? LinkPercent(edge.probability) : "soft";
}

}  // namespace pugmark
