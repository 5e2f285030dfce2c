// SPDX-License-Identifier: Apache-2.0
#include "engine/link/communities.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace pugmark {
namespace {

constexpr double kLeastGain = 1e-12;  // So that rounding cannot move a node to and fro for ever.

struct Neighbour {
  size_t node;
  double weight;
};

// Nodes that stand for communities of the graph below.
struct Level {
  std::vector<std::vector<Neighbour>> neighbours;  // Of each node, ascending, each once.
  std::vector<double> sizes;                       // Nodes of the lowest level that each stands for.
};

Level LevelOf(size_t num_nodes, const std::map<std::pair<size_t, size_t>, double>& weights, std::vector<double> sizes) {
  Level level{std::vector<std::vector<Neighbour>>(num_nodes), std::move(sizes)};
  for (const auto& [pair, weight] : weights) {
    level.neighbours[pair.first].push_back({pair.second, weight});
    level.neighbours[pair.second].push_back({pair.first, weight});
  }
  return level;
}

// Numbers communities from 0 in the order of their first nodes. Returns how many.
size_t Renumber(std::vector<size_t>* community) {
  std::map<size_t, size_t> numbers;
  for (size_t& c : *community) c = numbers.try_emplace(c, numbers.size()).first->second;
  return numbers.size();
}

// Moves each node to the community that gains most by it, until none gains. Returns whether any moved.
bool MoveNodes(const Level& level, double resolution, std::vector<size_t>* community) {
  const size_t n = level.neighbours.size();
  std::vector<double> size(n);
  for (size_t i = 0; i < n; ++i) size[(*community)[i]] += level.sizes[i];
  bool any_moved = false;
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t i = 0; i < n; ++i) {
      const size_t own = (*community)[i];
      std::map<size_t, double> weight_to;  // Communities in order: ties go to the smallest.
      for (const Neighbour& neighbour : level.neighbours[i])
        weight_to[(*community)[neighbour.node]] += neighbour.weight;
      const auto worth = [&](size_t c) {
        const double others = size[c] - (c == own ? level.sizes[i] : 0);
        const auto link = weight_to.find(c);
        return (link == weight_to.end() ? 0 : link->second) - resolution * level.sizes[i] * others;
      };
      size_t best = own;
      double best_worth = worth(own);
      for (const auto& entry : weight_to) {
        if (worth(entry.first) > best_worth + kLeastGain) best = entry.first, best_worth = worth(entry.first);
      }
      if (best == own) continue;
      size[own] -= level.sizes[i];
      size[best] += level.sizes[i];
      (*community)[i] = best;
      moved = any_moved = true;
    }
  }
  return any_moved;
}

// Divides communities whose members do not hang together by links of positive weight.
void Divide(const Level& level, std::vector<size_t>* community) {
  const size_t n = level.neighbours.size();
  std::vector<size_t> piece(n, n);
  for (size_t first = 0; first < n; ++first) {
    if (piece[first] != n) continue;
    std::vector<size_t> reached = {first};
    piece[first] = first;
    while (!reached.empty()) {
      const size_t i = reached.back();
      reached.pop_back();
      for (const Neighbour& neighbour : level.neighbours[i]) {
        if (neighbour.weight <= 0 || piece[neighbour.node] != n) continue;
        if ((*community)[neighbour.node] != (*community)[first]) continue;
        piece[neighbour.node] = first;
        reached.push_back(neighbour.node);
      }
    }
  }
  *community = std::move(piece);
}

}  // namespace

std::vector<size_t> Communities(size_t num_nodes, std::span<const WeightedLink> links, double resolution) {
  std::map<std::pair<size_t, size_t>, double> weights;
  for (const WeightedLink& link : links) {
    if (link.a != link.b) weights[std::minmax(link.a, link.b)] += link.weight;
  }
  const Level lowest = LevelOf(num_nodes, weights, std::vector<double>(num_nodes, 1));
  std::vector<size_t> community(num_nodes);
  std::iota(community.begin(), community.end(), 0);
  for (;;) {
    const bool nodes_moved = MoveNodes(lowest, resolution, &community);
    Divide(lowest, &community);
    // Communities as nodes: two of them may gain by becoming one where no single node does.
    bool merged = false;
    for (;;) {
      const size_t num_communities = Renumber(&community);
      std::map<std::pair<size_t, size_t>, double> between;
      for (const auto& [pair, weight] : weights) {
        const size_t a = community[pair.first], b = community[pair.second];
        if (a != b) between[std::minmax(a, b)] += weight;
      }
      std::vector<double> sizes(num_communities);
      for (const size_t c : community) ++sizes[c];
      std::vector<size_t> above(num_communities);
      std::iota(above.begin(), above.end(), 0);
      if (!MoveNodes(LevelOf(num_communities, between, std::move(sizes)), resolution, &above)) break;
      for (size_t& c : community) c = above[c];
      merged = true;
    }
    if (!nodes_moved && !merged) break;
  }
  Divide(lowest, &community);
  Renumber(&community);
  return community;
}

}  // namespace pugmark
