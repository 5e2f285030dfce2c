// SPDX-License-Identifier: Apache-2.0
#include "engine/link/objects.h"

#include <algorithm>

#include "engine/link/communities.h"

namespace pugmark {
namespace {

// Photos of one thing from all around are linked to their neighbours only, and so by few of all pairs.
constexpr double kResolution = 0.1;

}  // namespace

std::vector<std::vector<PhotoId>> ObjectsOf(const LinkGraph& graph) {
  std::vector<WeightedLink> links;
  for (const PhotoEdge& edge : graph.photo_edges) {
    if (edge.kind == EdgeKind::kSameScene || edge.review == Answer::kNo) continue;
    links.push_back({edge.a, edge.b, edge.probability});
  }
  const std::vector<size_t> community_of = Communities(graph.photos.size(), links, kResolution);
  std::vector<std::vector<PhotoId>> objects;
  for (size_t photo = 0; photo < community_of.size(); ++photo) {
    objects.resize(std::max(objects.size(), community_of[photo] + 1));
    objects[community_of[photo]].push_back(graph.photos[photo].id);
  }
  std::erase_if(objects, [](const std::vector<PhotoId>& object) { return object.size() < 2; });
  return objects;
}

}  // namespace pugmark
