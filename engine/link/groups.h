// SPDX-License-Identifier: Apache-2.0
//
// Is this the group we knew last night? Communities of tonight are given the numbers of the groups they continue.
//
// A community continues the old group of which it holds the most members; of several the older one, and of several
// communities the one that holds more of it. So a group keeps its number while members join and leave, the larger part
// of a split keeps it, and of groups that become one the larger one's stays.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/link/graph.h"
#include "index/catalogue/links.h"

namespace pugmark {

struct GroupChange {
  GroupEventKind kind = GroupEventKind::kFounded;
  size_t community = 0;        // Whose group it is about; of kMergedInto and kDissolved: none.
  int64_t group = 0;           // 0: the new number of `community`, which is not known yet.
  SellerId seller;             // Of kJoined and kLeft.
  size_t other_community = 0;  // Of kMergedInto: what it became part of.
  int64_t other_group = 0;     // Of kSplitFrom.
};

struct GroupPlan {
  std::vector<int64_t> numbers;      // Of each community; 0: it is new and needs a number.
  std::vector<GroupChange> changes;  // In the order in which they are to be told.
};

// old_groups: that live, by number. communities: of at least two sellers each, no seller twice.
// Threads: pure. Deterministic.
GroupPlan PlanGroups(std::span<const SellerGroup> old_groups, const std::vector<std::vector<SellerId>>& communities);

}  // namespace pugmark
