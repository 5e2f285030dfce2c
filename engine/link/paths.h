// SPDX-License-Identifier: Apache-2.0
//
// From one seller to another: by which links, and how sure is the way as a whole?
#pragma once

#include <vector>

#include "engine/link/graph.h"

namespace pugmark {

struct SellerPath {
  size_t seller = 0;          // Where it leads.
  std::vector<size_t> edges;  // Places in LinkGraph::seller_edges, from the seller asked about; at least one.
  double probability = 0;     // Product over the links: all of them must hold.
};

// The surest way to every member of the seller's group, and to those outside of it who are linked directly; surest
// first, then by seller. Threads: pure. Deterministic. Cost: linear in the links, but for sorting.
std::vector<SellerPath> PathsFrom(const LinkGraph& graph, size_t seller);

}  // namespace pugmark
