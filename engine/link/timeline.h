// SPDX-License-Identifier: Apache-2.0
//
// What became of a group's goods: first offered, offered again, back after an absence, moved to another platform, offered
// in other words or at another price.
//
// A listing offers goods again if one of its photos shows what an earlier listing of the group showed: the same file,
// photo or object; a shared table is none. Goods are out of sight from the last time that any listing of the group with
// them was seen; that they were taken down is inferred, never known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/link/graph.h"

namespace pugmark {

enum class TimelineKind {
  kNew,       // Goods that the group had not offered before.
  kRelisted,  // Offered again on a platform where they had been offered.
  kBack,      // As kRelisted, after they had been out of sight everywhere for kAbsence_days or longer.
  kMoved,     // Offered on a platform where they had not been: displacement.
  kChanged,   // The listing itself said something else than before.
};
inline constexpr int64_t kAbsence_days = 21;
std::string_view TimelineKindName(TimelineKind kind);  // "new", "relisted", "back", "moved", "changed"

struct TimelineEntry {
  std::string at;  // The listing's first_seen, or when it changed; empty: not known, which comes last.
  TimelineKind kind = TimelineKind::kNew;
  size_t listing = 0;
  // Not of kNew: the latest earlier listing with the same goods, of kMoved on another platform; by what they are the
  // same; and how long the goods had been out of sight, nothing if that is not known, 0 if they were still on offer.
  std::optional<size_t> before;
  EdgeKind same_by = EdgeKind::kSameFile;
  std::optional<int64_t> absent_days;
  bool price_changed = false, caption_changed = false;  // Against `before`; only if both have one.
  std::optional<size_t> change;  // Of kChanged and no other: the place in the listing's changes.
};

// The listings of the group and their changes, earliest first. Threads: pure. Cost: linear in the graph's photo edges.
std::vector<TimelineEntry> TimelineOf(const LinkGraph& graph, const Group& group);

}  // namespace pugmark
