// SPDX-License-Identifier: Apache-2.0
#include "engine/report/html_timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <map>

#include "engine/report/wording.h"

namespace pugmark::html {
namespace {

constexpr size_t kMaxLanes = 12;
constexpr int kMaxMarks = 400;
constexpr int kMaxStack = 6;  // Marks of one place above each other; the others lie on the last.
constexpr int kMaxTicks = 6;
constexpr double kMarkStep_px = 13;       // A mark is 12 pixels high.
constexpr double kMinApart = 1.6;         // Percent of the width: marks closer than this are stacked.
constexpr double kLeft = 2, kWidth = 96;  // Percent of the width in which days lie.

struct Mark {
  int day = 0;
  const Hit* hit = nullptr;
  const Sighting* sighting = nullptr;
  std::string id;
};

std::chrono::year_month_day DateOf(int day) { return std::chrono::sys_days(std::chrono::days(day)); }

int NumberOf(std::chrono::year_month_day date) {
  return static_cast<int>(std::chrono::sys_days(date).time_since_epoch().count());
}

std::string Text(std::chrono::year_month_day date, bool with_day) {
  const std::string month = fmt::format("{}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()));
  return with_day ? month + fmt::format("-{:02}", static_cast<unsigned>(date.day())) : month;
}

// Firsts of months, evenly spaced and few; of a short time its two ends.
std::vector<std::pair<int, std::string>> Ticks(int first, int last) {
  using std::chrono::months;
  std::vector<std::pair<int, std::string>> ticks;
  for (const int step : {1, 2, 3, 6, 12, 24, 60, 120, 240, 600}) {
    ticks.clear();
    const std::chrono::year_month_day start = DateOf(first);
    auto month = start.year() / std::chrono::January / 1;
    if (step > 12) month -= std::chrono::years(static_cast<int>(month.year()) % (step / 12));
    for (; NumberOf(month) <= last; month += months(step)) {
      if (NumberOf(month) >= first) ticks.emplace_back(NumberOf(month), Text(month, false));
      if (ticks.size() > kMaxTicks) break;
    }
    if (ticks.size() <= kMaxTicks) break;
  }
  if (ticks.size() < 2) {
    ticks = {{first, Text(DateOf(first), true)}};
    if (last > first) ticks.emplace_back(last, Text(DateOf(last), true));
  }
  return ticks;
}

data MarkOf(const Mark& mark, double percent, int level) {
  const Listing& listing = mark.sighting->listing;
  std::string label = Text(DateOf(mark.day), true);
  for (const std::string& text : {listing.platform, listing.seller, ListingName(*mark.sighting)}) {
    if (!text.empty()) label += " · " + Safe(text);
  }
  data item;
  item.set("id", mark.id);
  item.set("verdict", std::string(VerdictName(mark.hit->verdict)));
  item.set("x", Percent(percent));
  item.set("y", Number(9 + kMarkStep_px * level));
  item.set("label", fmt::format("{}: {}, hit {}", label, VerdictName(mark.hit->verdict), mark.hit->rank));
  return item;
}

}  // namespace

std::optional<int> DayNumber(std::string_view time) {
  if (time.size() < 10 || time[4] != '-' || time[7] != '-') return std::nullopt;
  if (time.size() > 10 && time[10] != 'T' && time[10] != ' ') return std::nullopt;
  int parts[3] = {};
  constexpr std::pair<size_t, size_t> kParts[3] = {{0, 4}, {5, 7}, {8, 10}};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = kParts[i].first; j < kParts[i].second; ++j) {
      if (std::isdigit(static_cast<unsigned char>(time[j])) == 0) return std::nullopt;
      parts[i] = parts[i] * 10 + (time[j] - '0');
    }
  }
  const std::chrono::year_month_day date(std::chrono::year(parts[0]),
                                         std::chrono::month(static_cast<unsigned>(parts[1])),
                                         std::chrono::day(static_cast<unsigned>(parts[2])));
  if (!date.ok() || parts[0] < 1900 || parts[0] > 2200) return std::nullopt;
  return NumberOf(date);
}

data Timeline(const std::vector<TimelineHit>& hits) {
  std::map<std::string, std::vector<Mark>> lanes;
  int num_marks = 0, num_undated = 0, num_left_out = 0, first = 0, last = 0;
  for (const TimelineHit& entry : hits) {
    for (const Sighting& sighting : entry.hit->sightings) {
      std::optional<int> day = DayNumber(sighting.listing.posted_at);
      if (!day) day = DayNumber(sighting.captured_at);
      if (!day) {
        ++num_undated;
        continue;
      }
      const bool is_new_lane = !lanes.contains(sighting.listing.platform);
      if (num_marks >= kMaxMarks || (is_new_lane && lanes.size() >= kMaxLanes)) {
        ++num_left_out;
        continue;
      }
      first = num_marks == 0 ? *day : std::min(first, *day);
      last = num_marks == 0 ? *day : std::max(last, *day);
      ++num_marks;
      lanes[sighting.listing.platform].push_back({*day, entry.hit, &sighting, entry.id});
    }
  }
  if (num_marks < 2 || (first == last && lanes.size() == 1)) return false;  // Nothing to compare.
  const auto place = [&](int day) {
    return last == first ? kLeft + kWidth / 2 : kLeft + kWidth * (day - first) / (last - first);
  };

  data lane_list(data::type::list);
  for (auto& [platform, marks] : lanes) {
    std::stable_sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.day < b.day; });
    data mark_list(data::type::list);
    std::vector<double> ends;  // Of each level: the place of its last mark.
    for (const Mark& mark : marks) {
      const double x = place(mark.day);
      size_t level = 0;
      while (level < ends.size() && x - ends[level] < kMinApart) ++level;
      level = std::min<size_t>(level, kMaxStack - 1);
      if (level == ends.size()) ends.push_back(x);
      ends[level] = x;
      mark_list.push_back(MarkOf(mark, x, static_cast<int>(level)));
    }
    data lane;
    lane.set("platform", platform.empty() ? "(unknown platform)" : Safe(platform));
    lane.set("height", Number(18 + kMarkStep_px * (static_cast<double>(ends.size()) - 1)));
    lane.set("marks", mark_list);
    lane_list.push_back(lane);
  }
  data tick_list(data::type::list);
  for (const auto& [day, label] : Ticks(first, last)) {
    data tick;
    const double x = place(day);
    tick.set("x", Percent(x));
    tick.set("label", label);
    tick.set("anchor", x < 6 ? "start" : x > 94 ? "end" : "middle");
    tick_list.push_back(tick);
  }
  std::string note;
  if (num_undated > 0) note = fmt::format("{} without a known day not drawn.", Counted(num_undated, "sighting"));
  if (num_left_out > 0) note += fmt::format(" {} more left out.", Counted(num_left_out, "sighting"));
  data timeline;
  timeline.set("lanes", lane_list);
  timeline.set("ticks", tick_list);
  timeline.set("note", Optional(note));
  const std::string from = Text(DateOf(first), true), to = Text(DateOf(last), true);
  timeline.set("heading", Counted(num_marks, "sighting") +
                              (first == last ? fmt::format(" on {}", from) : fmt::format(" from {} to {}", from, to)));
  return timeline;
}

}  // namespace pugmark::html
