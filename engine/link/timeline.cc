// SPDX-License-Identifier: Apache-2.0
#include "engine/link/timeline.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "engine/link/days.h"

namespace pugmark {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"new", "relisted", "back", "moved", "changed"};

bool Differ(const std::string& a, const std::string& b) { return !a.empty() && !b.empty() && a != b; }

class Teller {
 public:
  Teller(const LinkGraph& graph, const Group& group) : graph_(graph) {
    for (const size_t seller : group.sellers) {
      const std::vector<size_t>& listings = graph.sellers[seller].listings;
      order_.insert(order_.end(), listings.begin(), listings.end());
    }
    // Those without a date come last.
    std::sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
      const std::string &x = graph.listings[a].first_seen, &y = graph.listings[b].first_seen;
      return std::forward_as_tuple(x.empty(), x, a) < std::forward_as_tuple(y.empty(), y, b);
    });
    for (size_t i = 0; i < order_.size(); ++i) {
      for (const size_t photo : graph.listings[order_[i]].photos) shown_in_[photo].push_back(i);
    }
    for (const PhotoEdge& edge : graph.photo_edges) {
      if (edge.kind > EdgeKind::kSameObject || edge.review == Answer::kNo) continue;
      if (!shown_in_.contains(edge.a) || !shown_in_.contains(edge.b)) continue;
      same_[edge.a].emplace_back(edge.b, edge.kind);
      same_[edge.b].emplace_back(edge.a, edge.kind);
    }
  }

  std::vector<TimelineEntry> Tell() const {
    std::vector<TimelineEntry> entries;
    for (size_t i = 0; i < order_.size(); ++i) {
      entries.push_back(EntryOf(i));
      const std::vector<ListingChange>& changes = graph_.listings[order_[i]].changes;
      for (size_t c = 0; c < changes.size(); ++c) {
        TimelineEntry& entry = entries.emplace_back();
        entry.at = changes[c].at;
        entry.kind = TimelineKind::kChanged;
        entry.listing = order_[i];
        entry.change = c;
      }
    }
    std::stable_sort(entries.begin(), entries.end(), [](const TimelineEntry& a, const TimelineEntry& b) {
      return std::forward_as_tuple(a.at.empty(), a.at) < std::forward_as_tuple(b.at.empty(), b.at);
    });
    return entries;
  }

 private:
  // Earlier listings with the same goods, by their place in order_, and by what they are the same at best.
  std::map<size_t, EdgeKind> Earlier(size_t i) const {
    std::map<size_t, EdgeKind> earlier;
    const auto add = [&](size_t photo, EdgeKind kind) {
      for (const size_t j : shown_in_.at(photo)) {
        if (j >= i) break;
        const auto [place, is_new] = earlier.try_emplace(j, kind);
        if (!is_new) place->second = std::min(place->second, kind);
      }
    };
    for (const size_t photo : graph_.listings[order_[i]].photos) {
      add(photo, EdgeKind::kSameFile);
      const auto same = same_.find(photo);
      if (same == same_.end()) continue;
      for (const auto& [other, kind] : same->second) add(other, kind);
    }
    return earlier;
  }

  TimelineEntry EntryOf(size_t i) const {
    const ListingNode& listing = graph_.listings[order_[i]];
    TimelineEntry entry;
    entry.at = listing.first_seen;
    entry.listing = order_[i];
    const std::map<size_t, EdgeKind> earlier = Earlier(i);
    if (earlier.empty()) return entry;
    const auto on_platform = [&](size_t j) { return graph_.listings[order_[j]].platform == listing.platform; };
    entry.kind = TimelineKind::kMoved;
    size_t before = earlier.rbegin()->first;
    for (const auto& [j, kind] : earlier) {
      if (!on_platform(j)) continue;
      entry.kind = TimelineKind::kRelisted;
      before = j;
    }
    entry.before = order_[before];
    entry.same_by = earlier.at(before);
    std::string last_seen;
    for (const auto& [j, kind] : earlier) last_seen = std::max(last_seen, graph_.listings[order_[j]].last_seen);
    entry.absent_days = DaysBetween(last_seen, listing.first_seen);
    if (entry.absent_days) entry.absent_days = std::max<int64_t>(*entry.absent_days, 0);
    if (entry.kind == TimelineKind::kRelisted && entry.absent_days.value_or(0) >= kAbsence_days)
      entry.kind = TimelineKind::kBack;
    const ListingNode& old = graph_.listings[*entry.before];
    entry.price_changed = Differ(old.price, listing.price) ||
                          (!old.price.empty() && !listing.price.empty() && Differ(old.currency, listing.currency));
    entry.caption_changed = Differ(old.title, listing.title);
    return entry;
  }

  const LinkGraph& graph_;
  std::vector<size_t> order_;                                 // The group's listings, earliest first.
  std::unordered_map<size_t, std::vector<size_t>> shown_in_;  // Of a photo: places in order_, ascending.
  std::unordered_map<size_t, std::vector<std::pair<size_t, EdgeKind>>> same_;
};

}  // namespace

std::string_view TimelineKindName(TimelineKind kind) { return kNames[static_cast<size_t>(kind)]; }

std::vector<TimelineEntry> TimelineOf(const LinkGraph& graph, const Group& group) {
  return Teller(graph, group).Tell();
}

}  // namespace pugmark
