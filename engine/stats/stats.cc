// SPDX-License-Identifier: Apache-2.0
#include "engine/stats/stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "index/base/error.h"

namespace pugmark {
namespace {

constexpr size_t kDayLength = 10;  // YYYY-MM-DD
constexpr size_t kMaxCells = 200'000'000;

std::string DayOf(const std::string& time) {
  return time.size() < kDayLength ? std::string() : time.substr(0, kDayLength);
}

size_t LengthOf(Period period) { return period == Period::kYear ? 4 : period == Period::kMonth ? 7 : kDayLength; }

// What is counted for one line of a table.
struct Tally {
  std::unordered_set<int64_t> listings, photos, objects;
  std::set<std::pair<std::string, std::string>> sellers;
  std::string first_day, last_day;

  StatsRow Row(const std::string& key) const {
    return {key,
            static_cast<int64_t>(listings.size()),
            static_cast<int64_t>(sellers.size()),
            static_cast<int64_t>(photos.size()),
            static_cast<int64_t>(objects.size()),
            first_day,
            last_day};
  }
};

using Tallies = std::map<std::string, Tally>;

std::vector<StatsRow> RowsOf(const Tallies& tallies, bool by_size) {
  std::vector<StatsRow> rows;
  for (const auto& [key, tally] : tallies) rows.push_back(tally.Row(key));
  if (by_size) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const StatsRow& a, const StatsRow& b) { return a.num_listings > b.num_listings; });
  }
  return rows;
}

// A listing with what its sightings say of it.
struct Ad {
  const MarketListing* listing = nullptr;
  std::string seller;  // Handle; empty: unknown.
  std::vector<const MarketSighting*> sightings;
  std::string first_captured;
  bool is_reference = true;
  std::string day;
};

// The row with this id; null if there is none: what a writer commits meanwhile may be there in part.
template <typename Row, typename RowId>
const Row* Find(const std::vector<Row>& rows, RowId id) {
  const auto place = std::lower_bound(rows.begin(), rows.end(), id, [](const Row& row, RowId i) { return row.id < i; });
  return place != rows.end() && place->id == id ? &*place : nullptr;
}

std::vector<Ad> AdsOf(const Market& market) {
  std::vector<Ad> ads(market.listings.size());
  for (const MarketSighting& sighting : market.sightings) {
    const MarketListing* listing = Find(market.listings, sighting.listing);
    const MarketPhoto* photo = Find(market.photos, sighting.photo);
    if (listing == nullptr || photo == nullptr) continue;
    Ad& ad = ads[static_cast<size_t>(listing - market.listings.data())];
    ad.sightings.push_back(&sighting);
    if (!photo->is_benign && !photo->is_seized) ad.is_reference = false;
    if (!sighting.captured_at.empty() && (ad.first_captured.empty() || sighting.captured_at < ad.first_captured)) {
      ad.first_captured = sighting.captured_at;
    }
  }
  for (size_t i = 0; i < ads.size(); ++i) {
    Ad& ad = ads[i];
    ad.listing = &market.listings[i];
    if (const MarketSeller* seller = Find(market.sellers, ad.listing->seller)) ad.seller = seller->handle;
    ad.day = DayOf(ad.listing->listing.posted_at);
    if (ad.day.empty()) ad.day = DayOf(ad.first_captured);
  }
  return ads;
}

bool IsWanted(const std::string& platform, const std::string& day, const StatsOptions& options) {
  if (!options.platforms.empty() &&
      std::find(options.platforms.begin(), options.platforms.end(), platform) == options.platforms.end()) {
    return false;
  }
  if (options.from.empty() && options.to.empty()) return true;
  return !day.empty() && (options.from.empty() || day >= options.from) && (options.to.empty() || day <= options.to);
}

struct Thing {
  PhotoId first;
  Sha256 sha256;
  std::set<PhotoId> photos;
  std::set<std::string> days;
};

void AddHistories(const std::map<int64_t, Thing>& things, Stats* stats) {
  std::set<std::string> days;
  std::vector<const Thing*> by_photo;
  for (const auto& entry : things) {
    days.insert(entry.second.days.begin(), entry.second.days.end());
    by_photo.push_back(&entry.second);
  }
  std::sort(by_photo.begin(), by_photo.end(), [](const Thing* a, const Thing* b) { return a->first < b->first; });
  stats->days.assign(days.begin(), days.end());
  std::vector<int64_t> days_seen;
  for (const Thing* thing : by_photo) {
    CaptureHistory& history = stats->histories.emplace_back();
    history.photo = thing->sha256;
    history.num_photos = static_cast<int64_t>(thing->photos.size());
    for (const std::string& day : thing->days) {
      history.days.push_back(
          static_cast<size_t>(std::lower_bound(stats->days.begin(), stats->days.end(), day) - stats->days.begin()));
    }
    if (!history.days.empty()) days_seen.push_back(static_cast<int64_t>(history.days.size()));
  }
  stats->estimate = EstimateMarket(days_seen, static_cast<int64_t>(stats->days.size()));
}

}  // namespace

Stats ComputeStats(const Market& market, const std::optional<std::vector<std::vector<PhotoId>>>& objects,
                   const StatsOptions& options) {
  Stats stats;
  stats.has_objects = objects.has_value();
  // Things are numbered from 1 on by their place among `objects`, photos of which it knows nothing by -id.
  std::unordered_map<int64_t, int64_t> thing_of;
  if (objects) {
    for (size_t i = 0; i < objects->size(); ++i) {
      for (const PhotoId photo : (*objects)[i]) thing_of[photo.value] = static_cast<int64_t>(i) + 1;
    }
  }
  const auto thing_number = [&](PhotoId photo) {
    const auto found = thing_of.find(photo.value);
    return found != thing_of.end() ? found->second : -photo.value;
  };

  Tally all;
  Tallies products, species, platforms, periods;
  std::map<int64_t, Thing> things;
  std::map<PhotoId, std::set<ListingId>> listings_of;
  for (const Ad& ad : AdsOf(market)) {
    const Listing& listing = ad.listing->listing;
    if (ad.sightings.empty() || !IsWanted(listing.platform, ad.day, options)) continue;
    if (ad.is_reference && !options.with_references) {
      ++stats.num_left_out;
      continue;
    }
    if (ad.day.empty()) ++stats.num_without_day;
    std::vector<Tally*> lines = {&all, &platforms[listing.platform],
                                 &periods[ad.day.substr(0, std::min(ad.day.size(), LengthOf(options.period)))]};
    static const std::vector<std::string> kUnknown(1);
    for (const std::string& product : listing.products.empty() ? kUnknown : listing.products) {
      lines.push_back(&products[product]);
    }
    for (const std::string& name : listing.species.empty() ? kUnknown : listing.species)
      lines.push_back(&species[name]);
    for (Tally* tally : lines) {
      tally->listings.insert(ad.listing->id.value);
      if (!ad.seller.empty()) tally->sellers.emplace(listing.platform, ad.seller);
      if (!ad.day.empty() && (tally->first_day.empty() || ad.day < tally->first_day)) tally->first_day = ad.day;
      tally->last_day = std::max(tally->last_day, ad.day);
      for (const MarketSighting* sighting : ad.sightings) {
        tally->photos.insert(sighting->photo.value);
        tally->objects.insert(thing_number(sighting->photo));
      }
    }
    for (const MarketSighting* sighting : ad.sightings) {
      ++stats.num_sightings;
      listings_of[sighting->photo].insert(ad.listing->id);
      Thing& thing = things[thing_number(sighting->photo)];
      if (thing.photos.empty() || sighting->photo < thing.first) {
        thing.first = sighting->photo;
        thing.sha256 = Find(market.photos, sighting->photo)->sha256;
      }
      thing.photos.insert(sighting->photo);
      const std::string day = DayOf(sighting->captured_at.empty() ? listing.posted_at : sighting->captured_at);
      if (!day.empty()) thing.days.insert(day);
    }
  }
  stats.all = all.Row("all");
  stats.products = RowsOf(products, /*by_size=*/true);
  stats.species = RowsOf(species, /*by_size=*/true);
  stats.platforms = RowsOf(platforms, /*by_size=*/true);
  stats.periods = RowsOf(periods, /*by_size=*/false);
  stats.copies.assign(1, 0);
  for (const auto& entry : listings_of) {
    stats.copies.resize(std::max(stats.copies.size(), entry.second.size() + 1));
    ++stats.copies[entry.second.size()];
  }
  AddHistories(things, &stats);
  return stats;
}

std::string CaptureMatrixCsv(const Stats& stats) {
  if (stats.days.size() > 0 && stats.histories.size() > kMaxCells / stats.days.size()) {
    throw Error(ErrorCode::kLimit,
                fmt::format("The matrix would have {} × {} cells, more than {} million. Choose fewer listings with "
                            "--platform, --from and --to.",
                            stats.histories.size(), stats.days.size(), kMaxCells / 1'000'000));
  }
  std::string csv = "object,photos";
  for (const std::string& day : stats.days) csv += "," + day;
  csv += "\r\n";
  for (const CaptureHistory& history : stats.histories) {
    csv += fmt::format("{},{}", history.photo.Hex(), history.num_photos);
    size_t next = 0;
    for (size_t day = 0; day < stats.days.size(); ++day) {
      const bool seen = next < history.days.size() && history.days[next] == day;
      csv += seen ? ",1" : ",0";
      if (seen) ++next;
    }
    csv += "\r\n";
  }
  return csv;
}

}  // namespace pugmark
