// SPDX-License-Identifier: Apache-2.0
#include "engine/link/graph.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "engine/link/days.h"
#include "engine/link/weigh.h"
#include "index/catalogue/links.h"
#include "index/catalogue/listing_history.h"

namespace pugmark {
namespace {

constexpr std::array<std::string_view, 9> kKindNames = {
    "same-file",    "same-photo", "same-object",         "same-scene", "camera-serial",
    "camera-owner", "lens",       "quantisation-tables", "qr-code"};
constexpr std::array<std::string_view, 6> kEventNames = {"founded",    "joined",      "left",
                                                         "split-from", "merged-into", "dissolved"};

// Places of the nodes by the catalogue's ids.
struct Places {
  std::unordered_map<int64_t, size_t> photos, listings, sellers;

  static std::optional<size_t> Of(const std::unordered_map<int64_t, size_t>& places, int64_t id) {
    const auto place = places.find(id);
    return place == places.end() ? std::nullopt : std::optional(place->second);
  }
};

void Widen(const std::string& first, const std::string& last, std::string* first_seen, std::string* last_seen) {
  if (!first.empty() && (first_seen->empty() || first < *first_seen)) *first_seen = first;
  if (!last.empty() && last > *last_seen) *last_seen = last;
}

Places AddNodes(const Market& market, LinkGraph* graph) {
  Places places;
  std::set<int64_t> seen_photos, seen_listings, busy_sellers;
  for (const MarketSighting& s : market.sightings) {
    seen_photos.insert(s.photo.value);
    seen_listings.insert(s.listing.value);
  }
  for (const MarketListing& m : market.listings) {
    if (seen_listings.contains(m.id.value)) busy_sellers.insert(m.seller.value);
  }
  for (const MarketSeller& m : market.sellers) {
    if (!busy_sellers.contains(m.id.value)) continue;
    places.sellers.emplace(m.id.value, graph->sellers.size());
    SellerNode& seller = graph->sellers.emplace_back();
    seller.platform = m.platform;
    seller.handle = m.handle;
    seller.url = m.url;
    seller.id = m.id;
  }
  for (const MarketListing& m : market.listings) {
    if (!seen_listings.contains(m.id.value)) continue;
    const size_t place = graph->listings.size();
    places.listings.emplace(m.id.value, place);
    ListingNode& listing = graph->listings.emplace_back();
    const Listing& l = m.listing;
    std::tie(listing.platform, listing.external_id, listing.url, listing.title) =
        std::tie(l.platform, l.external_id, l.url, l.title);
    std::tie(listing.price, listing.currency, listing.posted_at) = std::tie(l.price, l.currency, l.posted_at);
    std::tie(listing.products, listing.species) = std::tie(l.products, l.species);
    listing.seller = Places::Of(places.sellers, m.seller.value);
    listing.first_seen = listing.last_seen = listing.posted_at;
    listing.id = m.id;
    if (listing.seller) graph->sellers[*listing.seller].listings.push_back(place);
  }
  for (const MarketPhoto& m : market.photos) {
    if (!seen_photos.contains(m.id.value)) continue;
    places.photos.emplace(m.id.value, graph->photos.size());
    graph->photos.push_back({m.id, m.sha256, m.path, m.width_px, m.height_px, m.is_benign, {}, m.is_seized});
  }
  for (const MarketSighting& s : market.sightings) {
    const std::optional<size_t> photo = Places::Of(places.photos, s.photo.value);
    const std::optional<size_t> listing = Places::Of(places.listings, s.listing.value);
    if (!photo || !listing) continue;
    ListingNode& l = graph->listings[*listing];
    if (l.photos.empty() || l.photos.back() != *photo) l.photos.push_back(*photo);
    std::vector<size_t>& listings = graph->photos[*photo].listings;
    if (listings.empty() || listings.back() != *listing) listings.push_back(*listing);
    if (!s.captured_at.empty()) l.captured.push_back(s.captured_at);
  }
  for (ListingNode& l : graph->listings) {
    std::sort(l.captured.begin(), l.captured.end());
    l.captured.erase(std::unique(l.captured.begin(), l.captured.end()), l.captured.end());
    if (!l.captured.empty()) Widen(l.captured.front(), l.captured.back(), &l.first_seen, &l.last_seen);
    if (l.seller) {
      SellerNode& seller = graph->sellers[*l.seller];
      Widen(l.first_seen, l.last_seen, &seller.first_seen, &seller.last_seen);
    }
  }
  return places;
}

EdgeKind KindOf(const std::string& verdict) {
  for (const EdgeKind kind : {EdgeKind::kSamePhoto, EdgeKind::kSameObject}) {
    if (verdict == EdgeKindName(kind)) return kind;
  }
  return EdgeKind::kSameScene;  // The schema allows no fourth.
}

void AddPhotoEdges(const Catalogue& catalogue, const Places& places, LinkGraph* graph) {
  std::map<std::pair<size_t, size_t>, PhotoEdge> edges;
  for (const PhotoLink& link : PhotoLinks(catalogue)) {
    const std::optional<size_t> a = Places::Of(places.photos, link.low.value),
                                b = Places::Of(places.photos, link.high.value);
    if (!a || !b) continue;
    edges[{*a, *b}] = {*a,
                       *b,
                       KindOf(link.verdict),
                       link.probability,
                       link.num_inliers,
                       link.log10_nfa,
                       link.mirrored,
                       link.found_at,
                       std::nullopt};
  }
  std::unordered_map<Sha256, size_t> by_sha256;
  for (size_t i = 0; i < graph->photos.size(); ++i) by_sha256.emplace(graph->photos[i].sha256, i);
  std::map<std::pair<size_t, size_t>, Review> last_words;
  for (Review& review : Reviews(catalogue).History()) {  // Oldest first.
    const auto low = by_sha256.find(review.low), high = by_sha256.find(review.high);
    if (low == by_sha256.end() || high == by_sha256.end()) continue;
    last_words[std::minmax(low->second, high->second)] = std::move(review);
  }
  for (const auto& [pair, review] : last_words) {
    auto known = edges.find(pair);
    if (known == edges.end()) {
      if (review.answer != Answer::kYes) continue;
      // What a person confirmed and the machine does not find is the thing itself: of a copy the machine would know.
      const PhotoEdge found{pair.first, pair.second, EdgeKind::kSameObject, 1, 0, 0, false, review.reviewed_at, {}};
      known = edges.emplace(pair, found).first;
    }
    known->second.review = review.answer;
  }
  for (auto& entry : edges) {
    PhotoEdge& edge = entry.second;
    if (edge.review == Answer::kYes) edge.probability = 1;
    if (edge.review == Answer::kNo) edge.probability = 0;
    graph->photo_edges.push_back(std::move(edge));
  }
}

Places AddPhotoGraph(const Catalogue& catalogue, const Market& market, LinkGraph* graph) {
  Places places = AddNodes(market, graph);
  AddPhotoEdges(catalogue, places, graph);
  graph->linked_at = LastLinkedAt(catalogue);
  const PhotoId linked = LastLinkedPhoto(catalogue);
  graph->num_unlinked_photos =
      std::count_if(graph->photos.begin(), graph->photos.end(), [&](const PhotoNode& p) { return p.id > linked; });
  return places;
}

void AddTraces(std::span<const PhotoTrace> traces, const Places& places, LinkGraph* graph) {
  std::map<std::pair<EdgeKind, std::string>, std::set<size_t>> photos;
  for (const PhotoTrace& trace : traces) {
    const std::optional<size_t> photo = Places::Of(places.photos, trace.photo.value);
    if (photo && IsSoft(trace.kind) && !trace.value.empty()) photos[{trace.kind, trace.value}].insert(*photo);
  }
  for (const auto& [key, places_of] : photos) {
    std::set<size_t> listings;
    for (const size_t photo : places_of) {
      listings.insert(graph->photos[photo].listings.begin(), graph->photos[photo].listings.end());
    }
    if (listings.size() > 1) graph->traces.push_back({key.first, key.second, {places_of.begin(), places_of.end()}});
  }
}

void AddDecisions(const Catalogue& catalogue, const Places& places, LinkGraph* graph) {
  for (const SellerReview& review : LatestSellerReviews(catalogue)) {
    const std::optional<size_t> a = Places::Of(places.sellers, review.low.value),
                                b = Places::Of(places.sellers, review.high.value);
    if (!a || !b || review.answer == Answer::kUnsure) continue;
    SellerEdge& edge = graph->seller_edges.emplace_back();
    edge.a = *a;
    edge.b = *b;
    edge.decision = review.answer == Answer::kYes ? Decision::kConfirmed : Decision::kCut;
  }
}

void MeasureReach(const LinkGraph& graph, Group* group) {
  std::set<std::string> platforms, products;
  std::set<size_t> photos;
  for (const size_t s : group->sellers) {
    const SellerNode& seller = graph.sellers[s];
    platforms.insert(seller.platform);
    Widen(seller.first_seen, seller.last_seen, &group->first_seen, &group->last_seen);
    for (const size_t l : seller.listings) {
      const ListingNode& listing = graph.listings[l];
      ++group->num_listings;
      products.insert(listing.products.begin(), listing.products.end());
      photos.insert(listing.photos.begin(), listing.photos.end());
    }
  }
  platforms.erase("");
  group->platforms.assign(platforms.begin(), platforms.end());
  group->products.assign(products.begin(), products.end());
  group->num_photos = photos.size();
}

void AddGroups(const Catalogue& catalogue, const Places& places, LinkGraph* graph) {
  std::unordered_map<int64_t, Group> groups;
  for (const SellerGroup& row : SellerGroups(catalogue)) {
    Group group;
    group.id = row.id;
    group.founded_at = row.founded_at;
    for (const SellerId member : row.members) {
      if (const std::optional<size_t> seller = Places::Of(places.sellers, member.value))
        group.sellers.push_back(*seller);
    }
    if (group.sellers.size() < 2) continue;  // The others were removed since; the next run says so.
    MeasureReach(*graph, &group);
    groups.emplace(row.id, std::move(group));
  }
  for (const SellerGroupEvent& row : SellerGroupEvents(catalogue)) {
    const auto group = groups.find(row.group);
    if (group == groups.end()) continue;
    const auto kind = std::find(kEventNames.begin(), kEventNames.end(), row.kind);
    GroupEvent event{row.at, static_cast<GroupEventKind>(kind - kEventNames.begin()), {}, {}, row.other_group};
    if (const std::optional<size_t> seller = Places::Of(places.sellers, row.seller.value)) {
      event.platform = graph->sellers[*seller].platform;
      event.handle = graph->sellers[*seller].handle;
    }
    group->second.events.push_back(std::move(event));
  }
  for (auto& entry : groups) graph->groups.push_back(std::move(entry.second));
  std::sort(graph->groups.begin(), graph->groups.end(), [](const Group& a, const Group& b) {
    const auto reach = [](const Group& g) {
      return std::tuple(g.platforms.size(), g.num_listings, DaysBetween(g.first_seen, g.last_seen).value_or(0),
                        g.products.size());
    };
    return std::tuple(reach(b), a.id) < std::tuple(reach(a), b.id);
  });
  for (size_t g = 0; g < graph->groups.size(); ++g) {
    for (const size_t seller : graph->groups[g].sellers) graph->sellers[seller].group = g;
  }
  for (size_t e = 0; e < graph->seller_edges.size(); ++e) {
    const SellerEdge& edge = graph->seller_edges[e];
    const std::optional<size_t> group = graph->sellers[edge.a].group;
    if (edge.is_link && group && group == graph->sellers[edge.b].group) graph->groups[*group].edges.push_back(e);
  }
}

}  // namespace

std::string_view EdgeKindName(EdgeKind kind) { return kKindNames[static_cast<size_t>(kind)]; }
std::string_view GroupEventName(GroupEventKind kind) { return kEventNames[static_cast<size_t>(kind)]; }

LinkGraph LoadGraph(const Catalogue& catalogue, std::span<const PhotoTrace> traces) {
  return LoadGraph(catalogue, traces, {});
}

LinkGraph LoadGraph(const Catalogue& catalogue, std::span<const PhotoTrace> traces, const LinkModel& model) {
  LinkGraph graph;
  const Places places = AddPhotoGraph(catalogue, ReadMarket(catalogue), &graph);
  AddTraces(traces, places, &graph);
  AddDecisions(catalogue, places, &graph);
  WeighSellers(model, &graph);
  AddGroups(catalogue, places, &graph);
  return graph;
}

LinkGraph LoadPhotoGraph(const Catalogue& catalogue, const Market& market) {
  LinkGraph graph;
  AddPhotoGraph(catalogue, market, &graph);
  return graph;
}

void AddListingChanges(const Catalogue& catalogue, const Group& group, LinkGraph* graph) {
  for (const size_t seller : group.sellers) {
    for (const size_t place : graph->sellers[seller].listings) {
      ListingNode& listing = graph->listings[place];
      listing.changes.clear();
      const std::vector<ListingValue> values = ValuesOf(catalogue, listing.id);
      for (size_t i = 1; i < values.size(); ++i) {
        if (values[i].field != values[i - 1].field) continue;
        listing.changes.push_back({values[i].first_seen, values[i].field, values[i - 1].value, values[i].value});
      }
      std::stable_sort(listing.changes.begin(), listing.changes.end(),
                       [](const ListingChange& a, const ListingChange& b) { return a.at < b.at; });
    }
  }
}

}  // namespace pugmark
