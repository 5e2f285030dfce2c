// SPDX-License-Identifier: Apache-2.0
//
// Which hits a user wants to see: by where, by whom, when and in which bank their photos were seen.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/catalogue/catalogue.h"

namespace pugmark {

struct Hit;

struct HitFilter {
  bool other_platforms = false;  // Sightings on another platform than the query's.
  bool other_sellers = false;    // Sightings under another seller's name than the query's, on whatever platform.
  std::string query_platform;    // The query's, if the user says so. Else what the catalogue knows of the same file.
  std::string query_seller;
  std::string before;                  // "2017-01-31": sightings posted or captured before that day. Empty: whenever.
  std::vector<std::string> banks;      // Photos in one of these. Empty: in any.
  std::vector<std::string> not_banks;  // Photos in none of these.
};

// Where a query comes from; empty: not known.
struct Origin {
  std::vector<std::string> platforms;
  std::vector<std::string> sellers;
  std::optional<Listing> listing;  // The advertisement that is searched for; its own sightings are no news.
};

// The day of the filter as it is compared. Throws Error(kInvalidArgument) if it is no "YYYY-MM-DD".
void RequireDay(std::string_view day);

// Throws Error(kInvalidArgument) if a bank of the filter is none of the catalogue's; it names those.
void RequireBanks(const HitFilter& filter, const Catalogue& catalogue);

// Adds what the user said of the query, which counts instead of what the catalogue knows.
Origin OriginOf(const HitFilter& filter, const std::vector<Sighting>& known_sightings);

// What the filter needs to know of the query and does not: a sentence for the user. Empty: nothing.
std::string WhatIsMissing(const HitFilter& filter, const Origin& origin);

// Whether the hit remains. Removes the sightings that do not match and counts them in hit->num_sightings_left_out. A
// sighting of which the platform, the seller or both days are unknown does not match a filter that asks for them.
bool Passes(const HitFilter& filter, const Origin& origin, Hit* hit);

}  // namespace pugmark
