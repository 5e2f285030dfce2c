// SPDX-License-Identifier: Apache-2.0
//
// Which nodes of a weighted graph belong together?
//
// Communities by the constant Potts model [1]: a community is worth the weight of the links inside it, less
// `resolution` for every pair of its members. So its members are linked, on average over all pairs, by at least
// `resolution`; a bridge between two groups does not make them one, and, unlike with modularity, the answer for one
// corner of the graph does not depend on how large the rest is. Found by moving nodes, then whole communities (Louvain
// [2]), with communities that fall apart divided (what [3] found missing in [2]), until nothing gains. [1] Traag, Van
// Dooren, Nesterov, Narrow scope for resolution-limit-free community detection, Phys. Rev. E 84 (2011). [2] Blondel et
// al., Fast unfolding of communities in large networks, J. Stat. Mech. (2008). [3] Traag, Waltman, van Eck, From
// Louvain to Leiden: guaranteeing well-connected communities, Sci. Rep. 9 (2019). Departure from [3]: no random
// refinement. Nodes are visited in order, ties go to the smallest, so that one graph has one answer.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pugmark {

// Between two different nodes. Negative: they are not to be in one community.
struct WeightedLink {
  size_t a = 0, b = 0;
  double weight = 0;
};

// The community of each of num_nodes nodes, numbered from 0 in the order of their first nodes. A node without links is
// a community of its own. Every community is connected by links of positive weight. links: any order; of several links
// between two nodes the weights are summed. resolution: (0, 1].
// Threads: pure. Deterministic. Cost: a few passes over the links.
std::vector<size_t> Communities(size_t num_nodes, std::span<const WeightedLink> links, double resolution);

}  // namespace pugmark
