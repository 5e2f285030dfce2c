// SPDX-License-Identifier: Apache-2.0
//
// Which photos show one and the same thing, as far as they are linked: how many ads is one tusk?
#pragma once

#include <vector>

#include "engine/link/graph.h"

namespace pugmark {

// Photos of one thing, each list and the lists in the order of ids; photos that are linked to none are left out. Links
// count if they are same-photo or same-object and nobody said no. Things are communities (communities.h): a collage
// that shows two of them does not make them one. Threads: pure. Cost: a few passes over the links.
std::vector<std::vector<PhotoId>> ObjectsOf(const LinkGraph& graph);

}  // namespace pugmark
