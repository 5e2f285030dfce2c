// SPDX-License-Identifier: Apache-2.0
#include "cli/link_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/progress.h"
#include "engine/link/link_words.h"
#include "engine/report/wording.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kReasons = 4;  // Shown of a link in text; JSON has all.
constexpr size_t kNewLinks = 50;

std::string Day(const std::string& time) { return EscapeText(time.substr(0, 10)); }

Json ListingJson(const ListingNode& listing) {
  return {{"platform", listing.platform},
          {"listing_id", listing.external_id},
          {"url", listing.url},
          {"title", listing.title},
          {"first_seen", listing.first_seen}};
}

Json SellerJson(const SellerNode& seller) {
  return {{"platform", seller.platform}, {"seller", seller.handle}};
}

Json ReasonJson(const LinkGraph& graph, const Evidence& e, bool swapped) {
  Json a = ListingJson(graph.listings[e.listing_a]), b = ListingJson(graph.listings[e.listing_b]);
  a["photo"] = graph.photos[e.photo_a].sha256.Hex();
  b["photo"] = graph.photos[e.photo_b].sha256.Hex();
  if (swapped) std::swap(a, b);
  return {{"kind", EdgeKindName(e.kind)},
          {"soft", IsSoft(e.kind)},
          {"value", e.value.empty() ? Json(nullptr) : Json(e.value)},
          {"match_probability", e.match_probability},
          {"weight", e.weight},
          {"unrelated_sellers", e.num_unrelated},
          {"photo_pairs", e.num_pairs},
          {"since", e.since},
          {"from", std::move(a)},
          {"to", std::move(b)}};
}

std::string DecisionText(const SellerEdge& edge) {
  return edge.decision == Decision::kConfirmed ? ", confirmed by a person"
         : edge.decision == Decision::kCut     ? ", cut by a person"
                                               : "";
}

Json EdgeJson(const LinkGraph& graph, const SellerEdge& edge, size_t from) {
  const bool swapped = edge.b == from;
  Json reasons = Json::array();
  for (const Evidence& e : edge.evidence) reasons.push_back(ReasonJson(graph, e, swapped));
  return {{"from", SellerJson(graph.sellers[swapped ? edge.b : edge.a])},
          {"to", SellerJson(graph.sellers[swapped ? edge.a : edge.b])},
          {"probability", edge.probability},
          {"link", edge.is_link},
          {"decision", edge.decision == Decision::kConfirmed ? Json("yes")
                       : edge.decision == Decision::kCut     ? Json("no")
                                                             : Json(nullptr)},
          {"since", edge.since},
          {"evidence", std::move(reasons)}};
}

std::string ReasonsText(const LinkGraph& graph, const SellerEdge& edge, size_t from, const std::string& indent) {
  std::string text;
  const size_t shown = std::min(edge.evidence.size(), kReasons);
  for (size_t i = 0; i < shown; ++i) text += indent + ReasonText(graph, edge.evidence[i], edge.b == from) + "\n";
  if (edge.evidence.size() > shown)
    text += fmt::format("{}and {}\n", indent, Counted(edge.evidence.size() - shown, "more reason"));
  return text;
}

std::string EventText(const GroupEvent& event) {
  std::string text = fmt::format("{}  {}", Day(event.at), GroupEventName(event.kind));
  if (!event.handle.empty()) text += fmt::format(" {} {}", EscapeText(event.platform), EscapeText(event.handle));
  if (event.other != 0) text += fmt::format(" group {}", event.other);
  return text;
}

std::string EntryText(const LinkGraph& graph, const TimelineEntry& entry) {
  const ListingNode& listing = graph.listings[entry.listing];
  const std::string seller = listing.seller ? EscapeText(graph.sellers[*listing.seller].handle) : "";
  std::string text = fmt::format("{:<10}  {:<8}  {} of {}", entry.at.empty() ? "undated" : Day(entry.at),
                                 TimelineKindName(entry.kind), ListingText(listing), seller);
  if (entry.change) {
    const ListingChange& change = listing.changes[*entry.change];
    return text + fmt::format(": {} \"{}\" -> \"{}\"", change.field, EscapeText(change.before), EscapeText(change.after));
  }
  if (!listing.title.empty()) text += fmt::format(": {}", EscapeText(listing.title));
  if (!listing.price.empty()) text += fmt::format(", {} {}", EscapeText(listing.price), EscapeText(listing.currency));
  if (!entry.before) return text;
  const ListingNode& before = graph.listings[*entry.before];
  text += fmt::format("\n            {} as in {}", EdgeKindName(entry.same_by), ListingText(before));
  if (entry.absent_days && *entry.absent_days > 0)
    text += fmt::format("; out of sight for {} days", *entry.absent_days);
  if (entry.price_changed)
    text += fmt::format("; price before: {} {}", EscapeText(before.price), EscapeText(before.currency));
  if (entry.caption_changed) text += fmt::format("; caption before: {}", EscapeText(before.title));
  return text;
}

Json ChangeJson(const ListingChange& change) {
  return {{"field", change.field}, {"before", change.before}, {"after", change.after}};
}

Json EntryJson(const LinkGraph& graph, const TimelineEntry& entry) {
  const ListingNode& listing = graph.listings[entry.listing];
  return {{"at", entry.at},
          {"kind", TimelineKindName(entry.kind)},
          {"listing", ListingJson(listing)},
          {"seller", listing.seller ? SellerJson(graph.sellers[*listing.seller]) : Json(nullptr)},
          {"before", entry.before ? ListingJson(graph.listings[*entry.before]) : Json(nullptr)},
          {"same_by", entry.before ? Json(EdgeKindName(entry.same_by)) : Json(nullptr)},
          {"absent_days", entry.absent_days ? Json(*entry.absent_days) : Json(nullptr)},
          {"price_changed", entry.price_changed},
          {"caption_changed", entry.caption_changed},
          {"change", entry.change ? ChangeJson(listing.changes[*entry.change]) : Json(nullptr)}};
}

std::map<int64_t, size_t> PlacesOf(const LinkGraph& graph) {
  std::map<int64_t, size_t> places;
  for (size_t s = 0; s < graph.sellers.size(); ++s) places.emplace(graph.sellers[s].id.value, s);
  return places;
}

const SellerEdge* EdgeBetween(const LinkGraph& graph, size_t a, size_t b) {
  for (const SellerEdge& edge : graph.seller_edges) {
    if (edge.a == std::min(a, b) && edge.b == std::max(a, b)) return &edge;
  }
  return nullptr;
}

}  // namespace

Json ToJson(const LinkReport& report, const LinkGraph& graph) {
  const std::map<int64_t, size_t> places = PlacesOf(graph);
  Json links = Json::array();
  for (const SellerLink& link : report.new_links) {
    if (!places.contains(link.low.value) || !places.contains(link.high.value)) continue;
    links.push_back({{"sellers",
                      {SellerJson(graph.sellers[places.at(link.low.value)]),
                       SellerJson(graph.sellers[places.at(link.high.value)])}},
                     {"probability", link.probability}});
  }
  Json events = Json::array();
  for (const SellerGroupEvent& event : report.group_events) {
    const bool known = places.contains(event.seller.value);
    events.push_back({{"group", event.group},
                      {"event", event.kind},
                      {"seller", known ? SellerJson(graph.sellers[places.at(event.seller.value)]) : Json(nullptr)},
                      {"other_group", event.other_group == 0 ? Json(nullptr) : Json(event.other_group)}});
  }
  return {{"schema", 1},
          {"type", "link_run"},
          {"run", report.run},
          {"snapshot", report.snapshot},
          {"matched", report.num_matched},
          {"photo_links", report.num_photo_links},
          {"verified", report.num_verified},
          {"damaged", report.num_damaged},
          {"unindexed", report.num_unindexed},
          {"sellers", report.num_sellers},
          {"links", report.num_links},
          {"leads", report.num_leads},
          {"groups", report.num_groups},
          {"interrupted", report.cancelled},
          {"new_links", std::move(links)},
          {"group_events", std::move(events)}};
}

std::string TextOf(const LinkReport& report, const LinkGraph& graph) {
  const std::map<int64_t, size_t> places = PlacesOf(graph);
  std::string text;
  size_t num_shown = 0;
  for (const SellerLink& link : report.new_links) {
    if (!places.contains(link.low.value) || !places.contains(link.high.value)) continue;
    if (num_shown++ == kNewLinks) {
      text += fmt::format("… and {} more.\n", report.new_links.size() - kNewLinks);
      break;
    }
    const size_t a = places.at(link.low.value), b = places.at(link.high.value);
    text += fmt::format("newly linked: {} and {}, {}\n", NameOf(graph.sellers[a]), NameOf(graph.sellers[b]),
                        LinkPercent(link.probability));
    if (const SellerEdge* edge = EdgeBetween(graph, a, b); edge != nullptr && !edge->evidence.empty()) {
      text += "    " + ReasonText(graph, edge->evidence.front(), false) + "\n";
    }
  }
  for (const SellerGroupEvent& event : report.group_events) {
    if (event.kind == "founded") continue;  // Its links were told.
    text += fmt::format("group {}: {}", event.group, event.kind);
    if (places.contains(event.seller.value)) text += " " + NameOf(graph.sellers[places.at(event.seller.value)]);
    if (event.other_group != 0) text += fmt::format(" group {}", event.other_group);
    text += "\n";
  }
  return text;
}

Json ToJson(const LinkGraph& graph, size_t from, const SellerPath& path) {
  Json way = Json::array();
  size_t at = from;
  for (const size_t e : path.edges) {
    const SellerEdge& edge = graph.seller_edges[e];
    way.push_back(EdgeJson(graph, edge, at));
    at = edge.a == at ? edge.b : edge.a;
  }
  const bool same_group = graph.sellers[from].group && graph.sellers[from].group == graph.sellers[path.seller].group;
  return {{"schema", 1},
          {"type", "linked_seller"},
          {"seller", SellerJson(graph.sellers[from])},
          {"linked", SellerJson(graph.sellers[path.seller])},
          {"probability", path.probability},
          {"group", same_group ? Json(graph.groups[*graph.sellers[from].group].id) : Json(nullptr)},
          {"path", std::move(way)}};
}

std::string TextOf(const LinkGraph& graph, size_t from, const SellerPath& path) {
  const SellerNode& to = graph.sellers[path.seller];
  std::string text = fmt::format("{}  {}", NameOf(to), LinkPercent(path.probability));
  if (path.edges.size() == 1) text += DecisionText(graph.seller_edges[path.edges.front()]);
  if (!to.group || to.group != graph.sellers[from].group) text += "  [linked, but not of the same group]";
  text += "\n";
  size_t at = from;
  for (const size_t e : path.edges) {
    const SellerEdge& edge = graph.seller_edges[e];
    const size_t next = edge.a == at ? edge.b : edge.a;
    if (path.edges.size() > 1) {
      text += fmt::format("  {} to {}, {}{}\n", NameOf(graph.sellers[at]), NameOf(graph.sellers[next]),
                          LinkPercent(edge.probability), DecisionText(edge));
    }
    text += ReasonsText(graph, edge, at, path.edges.size() > 1 ? "      " : "    ");
    at = next;
  }
  return text;
}

Json LeadJson(const LinkGraph& graph, size_t from, const SellerEdge& edge) {
  Json json = {{"schema", 1}, {"type", "seller_lead"}};
  json.update(EdgeJson(graph, edge, from));
  return json;
}

std::string LeadText(const LinkGraph& graph, size_t from, const SellerEdge& edge) {
  const size_t to = edge.a == from ? edge.b : edge.a;
  return fmt::format("lead: {}  {}{}\n{}", NameOf(graph.sellers[to]), LinkPercent(edge.probability), DecisionText(edge),
                     ReasonsText(graph, edge, from, "    "));
}

Json ToJson(const LinkGraph& graph, const Group& group) {
  Json sellers = Json::array();
  for (const size_t s : group.sellers) sellers.push_back(SellerJson(graph.sellers[s]));
  return {{"schema", 1},
          {"type", "seller_group"},
          {"group", group.id},
          {"sellers", std::move(sellers)},
          {"platforms", group.platforms},
          {"products", group.products},
          {"listings", group.num_listings},
          {"photos", group.num_photos},
          {"first_seen", group.first_seen},
          {"last_seen", group.last_seen},
          {"founded_at", group.founded_at}};
}

std::string TextOf(const LinkGraph& graph, const Group& group) {
  std::string text = fmt::format(
      "group {}: {} on {}, {}, {}{}\n", group.id, Counted(group.sellers.size(), "seller"),
      Counted(group.platforms.size(), "platform"), Counted(group.num_listings, "listing"),
      Counted(group.num_photos, "photo"),
      group.first_seen.empty() ? "" : fmt::format(", {} to {}", Day(group.first_seen), Day(group.last_seen)));
  std::string sellers;
  for (const size_t s : group.sellers) sellers += (sellers.empty() ? "" : ", ") + NameOf(graph.sellers[s]);
  text += "    " + sellers + "\n";
  if (!group.products.empty()) text += "    " + EscapeText(Joined(group.products, ", ")) + "\n";
  return text;
}

Json DetailsJson(const LinkGraph& graph, const Group& group) {
  Json json = ToJson(graph, group);
  Json links = Json::array(), events = Json::array(), timeline = Json::array();
  for (const size_t e : group.edges) links.push_back(EdgeJson(graph, graph.seller_edges[e], graph.seller_edges[e].a));
  for (const GroupEvent& event : group.events) {
    events.push_back({{"at", event.at},
                      {"event", GroupEventName(event.kind)},
                      {"platform", event.platform},
                      {"seller", event.handle},
                      {"other_group", event.other == 0 ? Json(nullptr) : Json(event.other)}});
  }
  for (const TimelineEntry& entry : TimelineOf(graph, group)) timeline.push_back(EntryJson(graph, entry));
  json["links"] = std::move(links);
  json["events"] = std::move(events);
  json["timeline"] = std::move(timeline);
  return json;
}

std::string DetailsText(const LinkGraph& graph, const Group& group) {
  std::string text = TextOf(graph, group) + "\nLINKS\n";
  for (const size_t e : group.edges) {
    const SellerEdge& edge = graph.seller_edges[e];
    text += fmt::format("{} and {}, {}{}\n{}", NameOf(graph.sellers[edge.a]), NameOf(graph.sellers[edge.b]),
                        LinkPercent(edge.probability), DecisionText(edge), ReasonsText(graph, edge, edge.a, "    "));
  }
  text += "\nTIMELINE\n";
  for (const TimelineEntry& entry : TimelineOf(graph, group)) text += EntryText(graph, entry) + "\n";
  text += "\nTHE GROUP\n";
  for (const GroupEvent& event : group.events) text += EventText(event) + "\n";
  return text;
}

}  // namespace pugmark::cli
