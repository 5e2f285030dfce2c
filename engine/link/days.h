// SPDX-License-Identifier: Apache-2.0
//
// Days between two times as manifests write them.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pugmark {

// The day that an ISO 8601 time begins with, counted from 1 January 1970; nothing if it begins with none.
inline std::optional<int64_t> DayNumber(std::string_view time) {
  int year = 0;
  unsigned month = 0, day = 0;
  const auto number = [&](size_t begin, size_t size, auto* value) {
    const char* first = time.data() + begin;
    const auto [end, error] = std::from_chars(first, first + size, *value);
    return error == std::errc() && end == first + size;
  };
  if (time.size() < 10 || time[4] != '-' || time[7] != '-') return std::nullopt;
  if (!number(0, 4, &year) || !number(5, 2, &month) || !number(8, 2, &day)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

// Negative if `to` is earlier; nothing if one is no day.
inline std::optional<int64_t> DaysBetween(std::string_view from, std::string_view to) {
  const std::optional<int64_t> a = DayNumber(from), b = DayNumber(to);
  return a && b ? std::optional(*b - *a) : std::nullopt;
}

}  // namespace pugmark
