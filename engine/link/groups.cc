// SPDX-License-Identifier: Apache-2.0
#include "engine/link/groups.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

namespace pugmark {

GroupPlan PlanGroups(std::span<const SellerGroup> old_groups, const std::vector<std::vector<SellerId>>& communities) {
  std::unordered_map<SellerId, size_t> old_of;  // Place in old_groups.
  for (size_t g = 0; g < old_groups.size(); ++g) {
    for (const SellerId member : old_groups[g].members) old_of.emplace(member, g);
  }
  // Members that each community has of each old group.
  std::map<std::pair<size_t, size_t>, size_t> shared;
  for (size_t c = 0; c < communities.size(); ++c) {
    for (const SellerId member : communities[c]) {
      if (const auto old = old_of.find(member); old != old_of.end()) ++shared[{c, old->second}];
    }
  }
  std::vector<std::tuple<size_t, size_t, size_t>> by_size;  // Negated members, old group, community.
  for (const auto& [pair, count] : shared) by_size.emplace_back(~count, pair.second, pair.first);
  std::sort(by_size.begin(), by_size.end());
  std::vector<size_t> continued_by(old_groups.size(), communities.size()),
      continues(communities.size(), old_groups.size());
  for (const auto& [order, g, c] : by_size) {
    if (continued_by[g] != communities.size() || continues[c] != old_groups.size()) continue;
    continued_by[g] = c;
    continues[c] = g;
  }

  GroupPlan plan;
  plan.numbers.resize(communities.size());
  for (size_t c = 0; c < communities.size(); ++c) {
    const size_t own = continues[c];
    if (own != old_groups.size()) {
      const SellerGroup& old = old_groups[own];
      plan.numbers[c] = old.id;
      const std::set<SellerId> now(communities[c].begin(), communities[c].end());
      const std::set<SellerId> before(old.members.begin(), old.members.end());
      for (const SellerId s : communities[c]) {
        if (!before.contains(s)) plan.changes.push_back({GroupEventKind::kJoined, c, old.id, s, 0, 0});
      }
      for (const SellerId s : old.members) {
        if (!now.contains(s)) plan.changes.push_back({GroupEventKind::kLeft, c, old.id, s, 0, 0});
      }
      continue;
    }
    plan.changes.push_back({GroupEventKind::kFounded, c, 0, {}, 0, 0});
    for (size_t g = 0; g < old_groups.size(); ++g) {
      if (shared.contains({c, g}) && continued_by[g] != communities.size()) {
        plan.changes.push_back({GroupEventKind::kSplitFrom, c, 0, {}, 0, old_groups[g].id});
      }
    }
  }
  for (size_t g = 0; g < old_groups.size(); ++g) {
    if (continued_by[g] != communities.size()) continue;
    // Where most of it went, if anywhere.
    size_t into = communities.size(), most = 0;
    for (size_t c = 0; c < communities.size(); ++c) {
      const auto count = shared.find({c, g});
      if (count != shared.end() && count->second > most) into = c, most = count->second;
    }
    const bool merged = into != communities.size();
    plan.changes.push_back({merged ? GroupEventKind::kMergedInto : GroupEventKind::kDissolved,
                            0,
                            old_groups[g].id,
                            {},
                            merged ? into : 0,
                            0});
  }
  return plan;
}

}  // namespace pugmark
