// SPDX-License-Identifier: Apache-2.0
#include "engine/link/weigh.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "engine/link/communities.h"

namespace pugmark {
namespace {

constexpr size_t kMaxSharing =
    50;                           // Sellers of one photo, or of one trace. More: it says nothing about any two of them.
constexpr double kDecided = 100;  // Weight of a person's word among communities: more than any group can outvote.
constexpr double kMostOfTrace = 0.5;

using SellerPair = std::pair<size_t, size_t>;

// One pair of photos of a pair of sellers, a < b.
struct Item {
  SellerPair sellers;
  EdgeKind kind;
  size_t photo_a, photo_b;
  double match_probability;
};

bool IsPicture(EdgeKind kind) { return kind == EdgeKind::kSameFile || kind == EdgeKind::kSamePhoto; }

// Sets of numbers that grow together.
class Sets {
 public:
  size_t Root(size_t i) {
    size_t parent = parents_.try_emplace(i, i).first->second;
    if (parent == i) return i;
    return parents_[i] = Root(parent);
  }
  void Unite(size_t a, size_t b) {
    a = Root(a), b = Root(b);
    parents_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::map<size_t, size_t> parents_;
};

class Scale {
 public:
  Scale(const LinkModel& model, const LinkGraph& graph)
      : model_(model),
        graph_(graph),
        sellers_(graph.photos.size()),
        edges_(graph.photos.size()),
        mute_(graph.photos.size()) {
    for (size_t i = 0; i < graph.photos.size(); ++i) {
      mute_[i] = graph.photos[i].is_benign || graph.photos[i].is_seized;
      for (const size_t listing : graph.photos[i].listings) {
        if (const std::optional<size_t> seller = graph.listings[listing].seller) sellers_[i].push_back(*seller);
      }
      std::sort(sellers_[i].begin(), sellers_[i].end());
      sellers_[i].erase(std::unique(sellers_[i].begin(), sellers_[i].end()), sellers_[i].end());
    }
    for (const PhotoEdge& edge : graph.photo_edges) {
      if (edge.review == Answer::kNo) continue;
      edges_[edge.a].push_back({edge.b, edge.kind});
      edges_[edge.b].push_back({edge.a, edge.kind});
      if (edge.kind != EdgeKind::kSamePhoto) continue;
      if (graph.photos[edge.a].is_benign) mute_[edge.b] = true;
      if (graph.photos[edge.b].is_benign) mute_[edge.a] = true;
    }
  }

  // All pairs of photos of different sellers that say something, by pair of sellers.
  std::vector<Item> Items() const {
    std::vector<Item> items;
    const auto add = [&](size_t s, size_t t, EdgeKind kind, size_t a, size_t b, double probability) {
      if (s == t) return;
      if (s > t) std::swap(s, t), std::swap(a, b);
      items.push_back({{s, t}, kind, a, b, probability});
    };
    for (size_t i = 0; i < sellers_.size(); ++i) {
      if (mute_[i] || sellers_[i].size() > kMaxSharing) continue;
      for (const size_t s : sellers_[i]) {
        for (const size_t t : sellers_[i]) {
          if (s < t) add(s, t, EdgeKind::kSameFile, i, i, 1);
        }
      }
    }
    for (const PhotoEdge& edge : graph_.photo_edges) {
      if (edge.review == Answer::kNo || mute_[edge.a] || mute_[edge.b]) continue;
      if (sellers_[edge.a].size() * sellers_[edge.b].size() > kMaxSharing * kMaxSharing) continue;
      for (const size_t s : sellers_[edge.a]) {
        for (const size_t t : sellers_[edge.b]) {
          // What one has of the other's by copying is no second photo of the thing.
          if (!IsPicture(edge.kind) && (Offers(t, edge.a) || Offers(s, edge.b))) continue;
          add(s, t, edge.kind, edge.a, edge.b, edge.probability);
        }
      }
    }
    std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.sellers < b.sellers; });
    return items;
  }

  // One reason of two sellers, from the pairs of photos that stand for it.
  Evidence Reason(const std::vector<Item>& items, const std::vector<size_t>& class_of) const {
    const Item& best = *std::min_element(items.begin(), items.end(), [](const Item& a, const Item& b) {
      return std::tuple(a.kind, -a.match_probability, a.photo_a, a.photo_b) <
             std::tuple(b.kind, -b.match_probability, b.photo_a, b.photo_b);
    });
    const auto [s, t] = best.sellers;
    Evidence e;
    e.kind = best.kind;
    e.photo_a = best.photo_a;
    e.photo_b = best.photo_b;
    e.listing_a = FirstListing(best.photo_a, s);
    e.listing_b = FirstListing(best.photo_b, t);
    e.since = Later(graph_.listings[e.listing_a].first_seen, graph_.listings[e.listing_b].first_seen);
    e.match_probability = best.match_probability;
    e.num_pairs = static_cast<int>(items.size());
    std::set<size_t> sharing;
    for (const Item& item : items) {
      for (const size_t photo : {item.photo_a, item.photo_b}) AddSharing(photo, best.kind, class_of, &sharing);
    }
    sharing.erase(class_of[s]);
    sharing.erase(class_of[t]);
    e.num_unrelated = 2 + static_cast<int>(sharing.size());
    const double alone = IsPicture(e.kind)                 ? model_.picture
                         : e.kind == EdgeKind::kSameObject ? model_.object
                                                           : model_.scene;
    e.weight = e.num_unrelated > model_.max_unrelated
                   ? 0
                   : alone * e.match_probability * std::pow(2.0 / e.num_unrelated, model_.falloff);
    return e;
  }

  // items: of one pair of sellers. Reasons, strongest first.
  std::vector<Evidence> Reasons(const std::vector<Item>& items, const std::vector<size_t>& class_of) const {
    std::vector<Evidence> evidence;
    const auto collect = [&](const auto& kinds, const auto& joins) {
      Sets sets;
      for (const Item& item : items) {
        if (joins(item.kind)) sets.Unite(item.photo_a, item.photo_b);
      }
      std::map<size_t, std::vector<Item>> units;
      for (const Item& item : items) {
        if (kinds(item.kind)) units[sets.Root(item.photo_a)].push_back(item);
      }
      for (const auto& unit : units) evidence.push_back(Reason(unit.second, class_of));
    };
    collect(IsPicture, IsPicture);
    // Several photos of one thing are one thing, copies included.
    const auto is_object = [](EdgeKind kind) { return kind == EdgeKind::kSameObject; };
    collect(is_object, [&](EdgeKind kind) { return IsPicture(kind) || is_object(kind); });
    const auto is_scene = [](EdgeKind kind) { return kind == EdgeKind::kSameScene; };
    collect(is_scene, is_scene);
    std::stable_sort(evidence.begin(), evidence.end(),
                     [](const Evidence& a, const Evidence& b) { return a.weight > b.weight; });
    return evidence;
  }

  // evidence: hard, strongest first. Lowers the weights of further pictures as it goes.
  double Combine(std::vector<Evidence>* evidence) const {
    double doubt = 1;
    bool is_first_picture = true;
    std::set<std::pair<size_t, size_t>> listings;
    for (Evidence& e : *evidence) {
      if (IsPicture(e.kind) && e.weight > 0) {
        const bool is_new = listings.emplace(e.listing_a, e.listing_b).second;
        if (!is_first_picture) e.weight *= is_new ? model_.further_picture : model_.same_advertisement;
        is_first_picture = false;
      }
      doubt *= 1 - e.weight;
    }
    return std::min(1 - doubt, model_.max_probability);
  }

  size_t FirstListing(size_t photo, size_t seller) const {
    const std::vector<size_t>& listings = graph_.photos[photo].listings;
    size_t first = listings.front();
    bool found = false;
    for (const size_t listing : listings) {
      if (graph_.listings[listing].seller != seller) continue;
      if (!found || Earlier(listing, first)) first = listing;
      found = true;
    }
    return first;
  }

  const std::vector<size_t>& sellers(size_t photo) const { return sellers_[photo]; }

  static std::string Later(const std::string& a, const std::string& b) {
    return a.empty() || b.empty() ? "" : std::max(a, b);
  }

 private:
  struct Neighbour {
    size_t photo;
    EdgeKind kind;
  };

  bool Earlier(size_t a, size_t b) const {
    const std::string &x = graph_.listings[a].first_seen, &y = graph_.listings[b].first_seen;
    return x.empty() != y.empty() ? y.empty() : x < y;
  }

  bool Holds(size_t seller, size_t photo) const {
    return std::binary_search(sellers_[photo].begin(), sellers_[photo].end(), seller);
  }

  // The photo itself, or a copy of it.
  bool Offers(size_t seller, size_t photo) const {
    return Holds(seller, photo) || std::any_of(edges_[photo].begin(), edges_[photo].end(), [&](const Neighbour& n) {
             return n.kind == EdgeKind::kSamePhoto && Holds(seller, n.photo);
           });
  }

  // Classes of the sellers who share what the photo shows, to the degree that `kind` says.
  void AddSharing(size_t photo, EdgeKind kind, const std::vector<size_t>& class_of, std::set<size_t>* sharing) const {
    const EdgeKind weakest = IsPicture(kind) ? EdgeKind::kSamePhoto : kind;
    for (const size_t seller : sellers_[photo]) sharing->insert(class_of[seller]);
    for (const Neighbour& n : edges_[photo]) {
      if (n.kind > weakest) continue;
      for (const size_t seller : sellers_[n.photo]) sharing->insert(class_of[seller]);
    }
  }

  const LinkModel& model_;
  const LinkGraph& graph_;
  std::vector<std::vector<size_t>> sellers_;  // Of each photo, ascending.
  std::vector<std::vector<Neighbour>> edges_;
  std::vector<bool> mute_;  // Benign, a copy of something benign, or seized.
};

// Soft evidence by pair of sellers: one reason per trace.
std::map<SellerPair, std::vector<Evidence>> SoftReasons(const LinkGraph& graph, const Scale& scale) {
  std::map<SellerPair, std::vector<Evidence>> reasons;
  for (const Trace& trace : graph.traces) {
    std::map<size_t, size_t> photo_of;  // The first of each seller.
    for (const size_t photo : trace.photos) {
      for (const size_t seller : scale.sellers(photo)) photo_of.try_emplace(seller, photo);
    }
    if (photo_of.size() < 2 || photo_of.size() > kMaxSharing) continue;
    for (auto a = photo_of.begin(); a != photo_of.end(); ++a) {
      for (auto b = std::next(a); b != photo_of.end(); ++b) {
        Evidence e;
        e.kind = trace.kind;
        e.photo_a = a->second;
        e.photo_b = b->second;
        e.listing_a = scale.FirstListing(e.photo_a, a->first);
        e.listing_b = scale.FirstListing(e.photo_b, b->first);
        e.since = Scale::Later(graph.listings[e.listing_a].first_seen, graph.listings[e.listing_b].first_seen);
        e.num_unrelated = static_cast<int>(photo_of.size());
        e.weight = kMostOfTrace * 2 / e.num_unrelated;
        e.value = trace.value;
        reasons[{a->first, b->first}].push_back(std::move(e));
      }
    }
  }
  return reasons;
}

}  // namespace

void WeighSellers(const LinkModel& model, LinkGraph* graph) {
  const Scale scale(model, *graph);
  std::map<SellerPair, Decision> decisions;
  for (const SellerEdge& edge : graph->seller_edges) decisions[{edge.a, edge.b}] = edge.decision;
  const std::vector<Item> items = scale.Items();
  std::map<SellerPair, std::vector<Evidence>> soft = SoftReasons(*graph, scale);
  std::vector<size_t> class_of(graph->sellers.size());
  std::iota(class_of.begin(), class_of.end(), 0);
  for (const bool is_last : {false, true}) {
    std::map<SellerPair, SellerEdge> edges;
    const auto edge_of = [&](const SellerPair& pair) -> SellerEdge& {
      SellerEdge& edge = edges[pair];
      edge.a = pair.first;
      edge.b = pair.second;
      return edge;
    };
    for (size_t begin = 0, end = 0; begin < items.size(); begin = end) {
      while (end < items.size() && items[end].sellers == items[begin].sellers) ++end;
      const auto at = [&](size_t i) { return items.begin() + static_cast<std::ptrdiff_t>(i); };
      std::vector<Evidence> evidence = scale.Reasons({at(begin), at(end)}, class_of);
      const double probability = scale.Combine(&evidence);
      if (probability <= 0 && !decisions.contains(items[begin].sellers)) continue;
      SellerEdge& edge = edge_of(items[begin].sellers);
      edge.probability = probability;
      edge.evidence = std::move(evidence);
    }
    if (is_last) {
      for (auto& [pair, evidence] : soft) {
        SellerEdge& edge = edge_of(pair);
        edge.evidence.insert(edge.evidence.end(), evidence.begin(), evidence.end());
      }
    }
    for (const auto& [pair, decision] : decisions) {
      if (decision == Decision::kNone) continue;
      SellerEdge& edge = edge_of(pair);
      edge.decision = decision;
      edge.probability = decision == Decision::kConfirmed ? 1 : 0;
    }
    graph->seller_edges.clear();
    for (auto& entry : edges) {
      SellerEdge& edge = entry.second;
      edge.is_link = edge.probability >= model.min_probability;
      for (const Evidence& e : edge.evidence) {
        if (e.weight > 0 && !IsSoft(e.kind) && !e.since.empty() && (edge.since.empty() || e.since < edge.since))
          edge.since = e.since;
      }
      graph->seller_edges.push_back(std::move(edge));
    }
    if (!is_last) class_of = CommunitiesOf(model, *graph);
  }
}

std::vector<size_t> CommunitiesOf(const LinkModel& model, const LinkGraph& graph) {
  std::vector<WeightedLink> links;
  for (const SellerEdge& edge : graph.seller_edges) {
    if (edge.decision != Decision::kNone) {
      links.push_back({edge.a, edge.b, edge.decision == Decision::kConfirmed ? kDecided : -kDecided});
    } else if (edge.is_link) {
      links.push_back({edge.a, edge.b, edge.probability});
    }
  }
  return Communities(graph.sellers.size(), links, model.resolution);
}

}  // namespace pugmark
