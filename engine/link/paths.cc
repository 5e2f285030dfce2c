// SPDX-License-Identifier: Apache-2.0
#include "engine/link/paths.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace pugmark {

std::vector<SellerPath> PathsFrom(const LinkGraph& graph, size_t seller) {
  const std::optional<size_t> group = graph.sellers[seller].group;
  const auto in_group = [&](size_t s) { return group && graph.sellers[s].group == group; };
  std::map<size_t, std::vector<size_t>> links;  // Of each seller who may be on the way.
  for (size_t e = 0; e < graph.seller_edges.size(); ++e) {
    const SellerEdge& edge = graph.seller_edges[e];
    const bool is_near = edge.a == seller || edge.b == seller || (in_group(edge.a) && in_group(edge.b));
    if (!edge.is_link || !is_near) continue;
    links[edge.a].push_back(e);
    links[edge.b].push_back(e);
  }
  // Dijkstra: the largest product first, then the fewest links, then the smallest seller.
  std::map<size_t, SellerPath> found;
  const auto order = [](const SellerPath& a, const SellerPath& b) {
    return std::tuple(-a.probability, a.edges.size(), a.seller, a.edges) <
           std::tuple(-b.probability, b.edges.size(), b.seller, b.edges);
  };
  std::set<SellerPath, decltype(order)> open(order);
  open.insert({seller, {}, 1});
  while (!open.empty()) {
    const SellerPath path = open.extract(open.begin()).value();
    if (!found.emplace(path.seller, path).second) continue;
    if (path.seller != seller && !in_group(path.seller)) continue;  // A stranger is told, and nobody beyond.
    for (const size_t e : links[path.seller]) {
      const SellerEdge& edge = graph.seller_edges[e];
      SellerPath next = path;
      next.seller = edge.a == path.seller ? edge.b : edge.a;
      if (found.contains(next.seller)) continue;
      next.edges.push_back(e);
      next.probability *= edge.probability;
      open.insert(std::move(next));
    }
  }
  found.erase(seller);
  std::vector<SellerPath> paths;
  for (auto& entry : found) paths.push_back(std::move(entry.second));
  std::sort(paths.begin(), paths.end(), order);
  return paths;
}

}  // namespace pugmark
