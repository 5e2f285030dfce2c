// SPDX-License-Identifier: Apache-2.0
#include "engine/search/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "engine/search/search.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

constexpr size_t kDayLength = 10;

bool IsDay(std::string_view text) {
  if (text.size() < kDayLength) return false;
  for (size_t i = 0; i < kDayLength; ++i) {
    const bool is_dash = i == 4 || i == 7;
    if (is_dash ? text[i] != '-' : std::isdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

// ISO days order as texts do.
bool IsBefore(std::string_view time, std::string_view day) { return IsDay(time) && time.substr(0, kDayLength) < day; }

bool Contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool IsAnother(const std::string& name, const std::vector<std::string>& known) {
  return !name.empty() && !Contains(known, name);
}

// Numbers are a platform's own: an ad has one, whoever is named as its seller.
bool IsOf(const Listing& listing, const Listing& queried) {
  return listing.platform == queried.platform && listing.external_id == queried.external_id;
}

bool Matches(const HitFilter& filter, const Origin& origin, const Sighting& sighting) {
  const Listing& listing = sighting.listing;
  if (origin.listing && IsOf(listing, *origin.listing)) return false;
  if (filter.other_platforms && !IsAnother(listing.platform, origin.platforms)) return false;
  if (filter.other_sellers && !IsAnother(listing.seller, origin.sellers)) return false;
  return filter.before.empty() || IsBefore(listing.posted_at, filter.before) ||
         IsBefore(sighting.captured_at, filter.before);
}

bool AsksForSightings(const HitFilter& filter, const Origin& origin) {
  return origin.listing || filter.other_platforms || filter.other_sellers || !filter.before.empty();
}

}  // namespace

void RequireDay(std::string_view day) {
  const auto number = [&](size_t from) { return (day[from] - '0') * 10 + (day[from + 1] - '0'); };
  if (day.size() == kDayLength && IsDay(day) && number(5) >= 1 && number(5) <= 12 && number(8) >= 1 && number(8) <= 31)
    return;
  throw Error(ErrorCode::kInvalidArgument, fmt::format("'{}' is no day: write it as 2017-01-31.", EscapeText(day)));
}

void RequireBanks(const HitFilter& filter, const Catalogue& catalogue) {
  if (filter.banks.empty() && filter.not_banks.empty()) return;
  const std::map<std::string, int64_t> known = catalogue.Counts().photos_per_bank;
  for (const std::vector<std::string>* banks : {&filter.banks, &filter.not_banks}) {
    for (const std::string& bank : *banks) {
      if (known.count(bank) > 0) continue;
      std::string names;
      for (const auto& entry : known) names += (names.empty() ? "" : ", ") + EscapeText(entry.first);
      throw Error(ErrorCode::kInvalidArgument, fmt::format("There is no bank '{}' in the collection. Its banks: {}.",
                                                           EscapeText(bank), names.empty() ? "none yet" : names));
    }
  }
}

Origin OriginOf(const HitFilter& filter, const std::vector<Sighting>& known_sightings) {
  Origin origin;
  const auto add = [](const std::string& text, std::vector<std::string>* texts) {
    if (!text.empty() && !Contains(*texts, text)) texts->push_back(text);
  };
  for (const Sighting& sighting : known_sightings) {
    add(sighting.listing.platform, &origin.platforms);
    add(sighting.listing.seller, &origin.sellers);
  }
  if (!filter.query_platform.empty()) origin.platforms = {filter.query_platform};
  if (!filter.query_seller.empty()) origin.sellers = {filter.query_seller};
  return origin;
}

std::string WhatIsMissing(const HitFilter& filter, const Origin& origin) {
  if (filter.other_platforms && origin.platforms.empty()) {
    return "--other-platforms: the platform of this photo is not known to the collection. Say it with --query-platform "
           "NAME.";
  }
  if (filter.other_sellers && origin.sellers.empty()) {
    return "--other-sellers: the seller of this photo is not known to the collection. Say it with --query-seller NAME.";
  }
  return "";
}

bool Passes(const HitFilter& filter, const Origin& origin, Hit* hit) {
  const auto in_one_of = [&](const std::vector<std::string>& banks) {
    return std::any_of(hit->banks.begin(), hit->banks.end(),
                       [&](const Catalogue::BankName& bank) { return Contains(banks, bank.name); });
  };
  if (!filter.banks.empty() && !in_one_of(filter.banks)) return false;
  if (in_one_of(filter.not_banks)) return false;
  if (!AsksForSightings(filter, origin)) return true;
  const size_t num_sightings = hit->sightings.size();
  std::erase_if(hit->sightings, [&](const Sighting& s) { return !Matches(filter, origin, s); });
  hit->num_sightings_left_out = static_cast<int>(num_sightings - hit->sightings.size());
  // A photo without any sighting belongs to no listing, so not to the one that is searched for.
  const bool asks_where = filter.other_platforms || filter.other_sellers || !filter.before.empty();
  return !hit->sightings.empty() || (num_sightings == 0 && !asks_where);
}

}  // namespace pugmark
