// SPDX-License-Identifier: Apache-2.0
//
// When and where what was found had been seen: a lane per platform, a mark per sighting. Private to the report room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/report/html_data.h"
#include "engine/search/search.h"

namespace pugmark::html {

// A hit on this page, borrowed.
struct TimelineHit {
  const Hit* hit = nullptr;
  std::string id;  // Of its place on the page.
};

// Days since 1970 of an ISO 8601 time or day, years 1900 to 2200; nullopt if it begins with none.
std::optional<int> DayNumber(std::string_view time);

// By the day posted, else captured. Marks of one day and platform are stacked. false: there are no two places or days
// to compare.
data Timeline(const std::vector<TimelineHit>& hits);

}  // namespace pugmark::html
