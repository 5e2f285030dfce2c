// SPDX-License-Identifier: Apache-2.0
//
// What is counted how often, capture histories, and the estimate against a market whose size is known.
#include "engine/stats/stats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "engine/stats/stats_output.h"
#include "index/base/error.h"

// Options are written with the few fields that matter to a test; g++ 12 warns of the others even so.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace pugmark {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class StatsTest : public testing::Test {
 protected:
  ListingId Ad(const std::string& platform, const std::string& seller, const std::string& posted_at,
               std::vector<std::string> products) {
    SellerId seller_id;
    for (const MarketSeller& known : market_.sellers) {
      if (known.platform == platform && known.handle == seller) seller_id = known.id;
    }
    if (seller_id.value == 0) {
      seller_id.value = static_cast<int64_t>(market_.sellers.size()) + 1;
      market_.sellers.push_back({seller_id, platform, seller, ""});
    }
    MarketListing& ad = market_.listings.emplace_back();
    ad.id.value = static_cast<int64_t>(market_.listings.size());
    ad.seller = seller_id;
    ad.listing.platform = platform;
    ad.listing.posted_at = posted_at;
    ad.listing.products = std::move(products);
    return ad.id;
  }
  // Photos come in the order of their ids.
  MarketPhoto& See(ListingId listing, int64_t photo, const std::string& captured_at = "") {
    market_.sightings.push_back({PhotoId{photo}, listing, captured_at});
    if (market_.photos.empty() || market_.photos.back().id.value < photo) {
      MarketPhoto& added = market_.photos.emplace_back();
      added.id.value = photo;
      added.sha256.bytes[0] = static_cast<uint8_t>(photo);
    }
    return market_.photos[static_cast<size_t>(photo) - 1];
  }
  Stats Compute(const StatsOptions& options = {},
                const std::optional<std::vector<std::vector<PhotoId>>>& objects = std::nullopt) const {
    return ComputeStats(market_, objects, options);
  }
  // "ivory 2 listings 1 sellers 3 photos"
  static std::vector<std::string> Lines(const std::vector<StatsRow>& rows) {
    std::vector<std::string> lines;
    for (const StatsRow& row : rows) {
      lines.push_back(row.key + " " + std::to_string(row.num_listings) + " " + std::to_string(row.num_sellers) + " " +
                      std::to_string(row.num_photos));
    }
    return lines;
  }

  Market market_;
};

TEST_F(StatsTest, AnAdWithSeveralProductsCountsOncePerProductAndOnceInAll) {
  const ListingId both = Ad("dark", "ndovu", "2016-12-02T03:12:01Z", {"rhino_horn", "ivory"});
  const ListingId horn = Ad("dark", "ndovu", "2017-01-05", {"rhino_horn"});
  const ListingId cup = Ad("bazaar", "ndovu", "", {});
  See(both, 1);
  See(both, 2);
  See(horn, 2);
  See(cup, 3, "2017-01-09T10:00:00Z");
  const Stats stats = Compute();
  EXPECT_THAT(Lines({stats.all}), ElementsAre("all 3 2 3")) << "One handle on two platforms is two sellers.";
  EXPECT_THAT(Lines(stats.products), ElementsAre("rhino_horn 2 1 2", " 1 1 1", "ivory 1 1 2"));
  EXPECT_THAT(Lines(stats.platforms), ElementsAre("dark 2 1 2", "bazaar 1 1 1"));
  EXPECT_THAT(Lines(stats.periods), ElementsAre("2016-12 1 1 2", "2017-01 2 2 2"));
  EXPECT_THAT(stats.copies, ElementsAre(0, 2, 1)) << "Photo 2 stands in two listings.";
  EXPECT_EQ(stats.num_sightings, 4);
  EXPECT_EQ(stats.all.first_day, "2016-12-02");
  EXPECT_EQ(stats.all.last_day, "2017-01-09");
}

TEST_F(StatsTest, PlatformsAndDaysNarrowWhatIsCounted) {
  See(Ad("dark", "a", "2016-12-02", {"ivory"}), 1);
  See(Ad("dark", "b", "2017-01-31T23:59:59Z", {"ivory"}), 2);
  See(Ad("bazaar", "c", "2017-02-01", {"ivory"}), 3);
  See(Ad("bazaar", "c", "", {"ivory"}), 4);
  EXPECT_EQ(Compute({.platforms = {"dark"}}).all.num_listings, 2);
  EXPECT_EQ(Compute({.from = "2016-12-03", .to = "2017-01-31"}).all.num_listings, 1) << "Both days are included.";
  EXPECT_EQ(Compute({.from = "2017-02-01"}).all.num_listings, 1) << "Without a day it cannot be said.";
  EXPECT_EQ(Compute().num_without_day, 1);
  EXPECT_THAT(Lines(Compute({.period = Period::kYear}).periods), ElementsAre(" 1 1 1", "2016 1 1 1", "2017 2 2 2"));
}

TEST_F(StatsTest, ReferencesAreNoAds) {
  const ListingId museum = Ad("museum", "m", "2017-01-01", {});
  See(museum, 1).is_benign = true;
  const ListingId ad = Ad("bazaar", "a", "2017-01-01", {"ivory"});
  See(ad, 1).is_benign = true;
  See(ad, 2);
  Ad("bazaar", "without photos", "2017-01-01", {"ivory"});
  EXPECT_EQ(Compute().all.num_listings, 1) << "An ad with one copied photo stays an ad.";
  EXPECT_EQ(Compute().num_left_out, 1);
  EXPECT_EQ(Compute({.with_references = true}).all.num_listings, 2);
}

TEST_F(StatsTest, ObjectsJoinPhotosInTablesAndMatrix) {
  const ListingId first = Ad("dark", "a", "2017-01-01", {"ivory"}), second = Ad("bazaar", "b", "2017-02-01", {"ivory"});
  See(first, 1, "2017-01-02T09:00:00Z");
  See(first, 2, "2017-01-02T09:00:00Z");
  See(second, 3, "2017-02-03");
  See(second, 3, "2017-02-05");
  See(second, 4);
  const Stats stats = Compute({}, {{{PhotoId{1}, PhotoId{3}}}});
  EXPECT_EQ(stats.all.num_photos, 4);
  EXPECT_EQ(stats.all.num_objects, 3);
  EXPECT_EQ(stats.platforms.at(0).num_objects, 2);
  const std::string zeros(62, '0');
  EXPECT_EQ(CaptureMatrixCsv(stats),
            "object,photos,2017-01-02,2017-02-01,2017-02-03,2017-02-05\r\n"
            "01" +
                zeros +
                ",2,1,0,1,1\r\n"
                "02" +
                zeros +
                ",1,1,0,0,0\r\n"
                "04" +
                zeros + ",1,0,1,0,0\r\n")
      << "Photo 4 is dated by its listing.";
  EXPECT_THAT(FormatStatsText(stats, {}, 80), Not(HasSubstr("not linked")));
  EXPECT_THAT(FormatStatsText(Compute(), {}, 80), HasSubstr("not linked"));
}

TEST_F(StatsTest, AMatrixBeyondTheLimitIsRefused) {
  Stats stats;
  stats.days.assign(20'000, "2017-01-01");
  stats.histories.resize(10'001);
  EXPECT_THROW(CaptureMatrixCsv(stats), Error);
}

TEST_F(StatsTest, OutputEscapesAndParses) {
  const std::string hostile = "=cmd\x1b[2J\"<x>";
  See(Ad(hostile, "a", "2017-01-01", {hostile}), 1);
  const Stats stats = Compute();
  const auto json = nlohmann::json::parse(FormatStatsJson(stats, {}));
  EXPECT_EQ(json.at("by_product").at(0).at("key"), "=cmd\\u{001B}[2J\"<x>");
  EXPECT_EQ(json.at("all").at("objects"), nullptr);
  EXPECT_THAT(FormatStatsCsv(stats, {}),
              HasSubstr("product,\"'=cmd\\u{001B}[2J\"\"<x>\",1,1,1,,2017-01-01,2017-01-01\r\n"));
  EXPECT_THAT(FormatStatsText(stats, {}, 80), Not(HasSubstr("\x1b")));
  EXPECT_THAT(nlohmann::json::parse(FormatStatsJson(ComputeStats({}, std::nullopt, {}), {})).at("by_month"), IsEmpty());
}

// The printed example of the bias-corrected form, worked by hand: share = 3/4, unseen = 3/4 · 4·3 / (2·3) = 1.5.
TEST(EstimateMarket, IsChao2) {
  const std::vector<int64_t> days_seen = {1, 1, 1, 1, 2, 2, 3};
  const std::optional<MarketEstimate> e = EstimateMarket(days_seen, 4);
  ASSERT_TRUE(e);
  EXPECT_EQ(e->num_seen, 7);
  EXPECT_EQ(e->num_once, 4);
  EXPECT_EQ(e->num_twice, 2);
  EXPECT_DOUBLE_EQ(e->estimate, 8.5);
  // Variance 1.5 + 9/16 · 4·49/36 + 9/16 · 16·2·9/324 = 5.0625; factor = exp(1.96 √ln(1 + 5.0625/2.25)) = 8.380.
  EXPECT_NEAR(e->low, 7 + 1.5 / 8.380, 0.005);
  EXPECT_NEAR(e->high, 7 + 1.5 * 8.380, 0.05);
}

TEST(EstimateMarket, SaysNothingWithoutASecondSight) {
  EXPECT_FALSE(EstimateMarket(std::vector<int64_t>{1, 1, 1}, 3));
  EXPECT_FALSE(EstimateMarket(std::vector<int64_t>{}, 0));
  EXPECT_FALSE(EstimateMarket(std::vector<int64_t>{2}, 1));
  const auto all_again = EstimateMarket(std::vector<int64_t>{2, 3, 2}, 3);
  ASSERT_TRUE(all_again);
  EXPECT_DOUBLE_EQ(all_again->estimate, 3);
  EXPECT_DOUBLE_EQ(all_again->high, 3);
}

// 500 things, each seen on each of 20 days with a chance of its own: the interval holds the truth in most markets, and
// where chances differ the bound lies below it.
TEST(EstimateMarket, HoldsTheTruthOfSimulatedMarkets) {
  std::mt19937_64 random(7);
  int num_held = 0, num_below = 0;
  constexpr int kMarkets = 200, kThings = 500, kDays = 20;
  for (int market = 0; market < kMarkets; ++market) {
    std::vector<int64_t> equal, unequal;
    for (int thing = 0; thing < kThings; ++thing) {
      const double chance = thing % 2 == 0 ? 0.02 : 0.15;
      const int64_t seen = std::binomial_distribution<int64_t>(kDays, 0.08)(random);
      if (seen > 0) equal.push_back(seen);
      const int64_t seen_unequal = std::binomial_distribution<int64_t>(kDays, chance)(random);
      if (seen_unequal > 0) unequal.push_back(seen_unequal);
    }
    const MarketEstimate e = EstimateMarket(equal, kDays).value();
    if (e.low <= kThings && kThings <= e.high) ++num_held;
    if (EstimateMarket(unequal, kDays)->estimate < kThings) ++num_below;
  }
  EXPECT_GE(num_held, 180) << "of 200, where 190 are promised.";
  EXPECT_GE(num_below, 190) << "of 200: a lower bound.";
}

}  // namespace
}  // namespace pugmark
