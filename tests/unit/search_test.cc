// SPDX-License-Identifier: Apache-2.0
#include "engine/search/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/search/filter.h"
#include "engine/search/listing.h"
#include "engine/search/regions.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

TEST(Regions, AreReadInPixelsAndPercent) {
  const Region pixels = PlaceOf(ParseRectangle("10,20.5,300,200"), 400, 300);
  EXPECT_FLOAT_EQ(pixels.x_px, 10);
  EXPECT_FLOAT_EQ(pixels.y_px, 20.5);
  EXPECT_FLOAT_EQ(pixels.width_px, 300);
  EXPECT_FLOAT_EQ(pixels.height_px, 200);
  const Region percent = PlaceOf(ParseRectangle("10%,20%,50%,80%"), 400, 300);
  EXPECT_FLOAT_EQ(percent.x_px, 40);
  EXPECT_FLOAT_EQ(percent.y_px, 60);
  EXPECT_FLOAT_EQ(percent.width_px, 200);
  EXPECT_FLOAT_EQ(percent.height_px, 240);
}

TEST(Regions, MayEndWithThePhotoAndNoFurther) {
  const Region whole = PlaceOf(ParseRectangle("0,0,400,300"), 400, 300);
  EXPECT_FLOAT_EQ(whole.width_px, 400);
  const Region rounded = PlaceOf(ParseRectangle("33.4%,0%,66.7%,100%"), 400, 300);  // 400.4 px.
  EXPECT_FLOAT_EQ(rounded.x_px + rounded.width_px, 400);
  EXPECT_THROW(PlaceOf(ParseRectangle("1,0,400,300"), 400, 300), Error);
  EXPECT_THROW(PlaceOf(ParseRectangle("0%,1%,100%,100%"), 400, 300), Error);
  EXPECT_THROW(PlaceOf(ParseRectangle("0,0,7,300"), 400, 300), Error) << "Too small to match.";
}

TEST(Regions, RefuseWhatIsNoRectangle) {
  for (const char* text :
       {"", "1", "1,2,3", "1,2,3,4,", "1,2,3,4,5", "1,2,3,x", "1,2,3,4 ", "nan,0,10,10", "0,0,inf,10", "0,0,1e999,10",
        "0,0,-5,10", "0,0,0,10", "-1,0,10,10", "10%,10%,10,10", "%,%,%,%"}) {
    EXPECT_THROW(ParseRectangle(text), Error) << text;
  }
}

TEST(Regions, DropKeypointsByTheirPlaceInTheOriginal) {
  Features features;
  features.width_px = 100;
  features.height_px = 100;
  for (const float x_px : {5.f, 45.f, 55.f, 95.f}) features.keypoints.push_back({x_px, 50, 1, 0});
  for (uint8_t i = 0; i < 4; ++i) features.descriptors.insert(features.descriptors.end(), kDescriptorSize, i);
  // A part of 200 × 200 original pixels that begins at (1000, 500).
  const Region place{1000, 500, 200, 200};
  const Features kept = WithoutRegions(features, place, {{1080, 590, 40, 20}}, 10);  // Those at 1090 and 1110.
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_FLOAT_EQ(kept.keypoints[0].x_px, 5);
  EXPECT_FLOAT_EQ(kept.keypoints[1].x_px, 95);
  EXPECT_EQ(kept.descriptor(0)[0], 0);
  EXPECT_EQ(kept.descriptor(1)[127], 3);
  EXPECT_EQ(kept.width_px, 100);
  EXPECT_EQ(WithoutRegions(features, place, {{0, 0, 900, 900}}, 10).size(), 4u) << "Elsewhere.";
  EXPECT_EQ(WithoutRegions(features, place, {}, 3).size(), 3u) << "The strongest.";
}

Sighting Seen(const std::string& platform, const std::string& id, const std::string& seller,
              const std::string& posted_at = "", const std::string& captured_at = "") {
  Sighting sighting;
  sighting.listing.platform = platform;
  sighting.listing.external_id = id;
  sighting.listing.seller = seller;
  sighting.listing.posted_at = posted_at;
  sighting.captured_at = captured_at;
  return sighting;
}

Hit HitOf(std::vector<Sighting> sightings) {
  Hit hit;
  hit.sightings = std::move(sightings);
  return hit;
}

TEST(Filter, KeepsTheSightingsOnOtherPlatformsAndCountsTheRest) {
  HitFilter filter;
  filter.other_platforms = true;
  const Origin origin = OriginOf(filter, {Seen("pikpals", "1", "ann"), Seen("pikpals", "2", "ann")});
  EXPECT_EQ(origin.platforms, std::vector<std::string>{"pikpals"});
  Hit mixed = HitOf({Seen("pikpals", "3", "bob"), Seen("bazaarly", "4", "bob"), Seen("", "5", "")});
  ASSERT_TRUE(Passes(filter, origin, &mixed));
  ASSERT_EQ(mixed.sightings.size(), 1u);
  EXPECT_EQ(mixed.sightings[0].listing.platform, "bazaarly") << "Unknown is not known to be another.";
  EXPECT_EQ(mixed.num_sightings_left_out, 2);
  Hit same = HitOf({Seen("pikpals", "3", "bob")});
  EXPECT_FALSE(Passes(filter, origin, &same));
}

TEST(Filter, OtherSellersAreOtherNames) {
  HitFilter filter;
  filter.other_sellers = true;
  filter.query_seller = "ann";
  const Origin origin = OriginOf(filter, {Seen("pikpals", "1", "somebody else")});
  EXPECT_EQ(origin.sellers, std::vector<std::string>{"ann"}) << "What the user says counts.";
  Hit hit = HitOf({Seen("bazaarly", "1", "ann"), Seen("pikpals", "2", "bob")});
  ASSERT_TRUE(Passes(filter, origin, &hit));
  ASSERT_EQ(hit.sightings.size(), 1u);
  EXPECT_EQ(hit.sightings[0].listing.seller, "bob");
}

TEST(Filter, AsksForWhatNobodyKnows) {
  HitFilter filter;
  EXPECT_EQ(WhatIsMissing(filter, {}), "");
  filter.other_platforms = true;
  EXPECT_THAT(WhatIsMissing(filter, OriginOf(filter, {})), testing::HasSubstr("--query-platform"));
  EXPECT_THAT(WhatIsMissing(filter, OriginOf(filter, {Seen("", "1", "")})), testing::HasSubstr("--query-platform"));
  filter.query_platform = "pikpals";
  EXPECT_EQ(WhatIsMissing(filter, OriginOf(filter, {})), "");
  filter.other_sellers = true;
  EXPECT_THAT(WhatIsMissing(filter, OriginOf(filter, {})), testing::HasSubstr("--query-seller"));
}

TEST(Filter, ComparesDaysOfEitherDate) {
  HitFilter filter;
  filter.before = "2017-01-31";
  Hit hit = HitOf({Seen("a", "1", "s", "2017-01-30T23:59:00Z"), Seen("a", "2", "s", "2017-01-31T00:00:00Z"),
                   Seen("a", "3", "s", "", "2016-12-31"), Seen("a", "4", "s"), Seen("a", "5", "s", "last week")});
  ASSERT_TRUE(Passes(filter, {}, &hit));
  ASSERT_EQ(hit.sightings.size(), 2u);
  EXPECT_EQ(hit.sightings[0].listing.external_id, "1");
  EXPECT_EQ(hit.sightings[1].listing.external_id, "3");
  EXPECT_EQ(hit.num_sightings_left_out, 3);
  for (const char* day : {"", "2017", "2017-1-31", "31.01.2017", "2017-13-01", "2017-01-32", "2017-01-31T00:00"}) {
    EXPECT_THROW(RequireDay(day), Error) << day;
  }
  EXPECT_NO_THROW(RequireDay("2017-01-31"));
}

TEST(Filter, BanksAreOfThePhoto) {
  HitFilter filter;
  Hit hit = HitOf({});
  hit.banks = {{"evidence", BankRole::kEvidence}, {"museum", BankRole::kBenign}};
  EXPECT_TRUE(Passes(filter, {}, &hit));
  filter.banks = {"seizure", "museum"};
  EXPECT_TRUE(Passes(filter, {}, &hit));
  filter.not_banks = {"evidence"};
  EXPECT_FALSE(Passes(filter, {}, &hit));
  filter = {};
  filter.banks = {"seizure"};
  EXPECT_FALSE(Passes(filter, {}, &hit));
}

TEST(Filter, TheListingItselfIsNoNews) {
  Origin origin;
  origin.listing = Seen("pikpals", "1", "ann").listing;
  Hit hit = HitOf({Seen("pikpals", "1", "ann"), Seen("pikpals", "1", "named otherwise"), Seen("bazaarly", "1", "ann")});
  ASSERT_TRUE(Passes({}, origin, &hit));
  EXPECT_EQ(hit.sightings.size(), 1u);
  Hit own = HitOf({Seen("pikpals", "1", "ann")});
  EXPECT_FALSE(Passes({}, origin, &own));
}

Hit HitOn(const std::string& id, Verdict verdict, double probability) {
  Hit hit = HitOf({Seen("p", id, "s")});
  hit.verdict = verdict;
  hit.probability = probability;
  return hit;
}

TEST(Listing, IsRankedByVerdictThenPhotosThenProbability) {
  std::vector<QueryResult> queries(3);
  queries[0].hits = {HitOn("strong", Verdict::kSamePhoto, 0.98), HitOn("one", Verdict::kSameObject, 0.96),
                     HitOn("two", Verdict::kSameObject, 0.85)};
  queries[1].hits = {HitOn("two", Verdict::kSameObject, 0.9), HitOn("two", Verdict::kSameScene, 0.7),
                     HitOn("alike", Verdict::kLookAlike, 0.3)};
  queries[2].hits = {HitOn("alike", Verdict::kLookAlike, 0.4)};
  const ListingResult result = GroupByListing(queries, 10);
  ASSERT_EQ(result.listings.size(), 4u);
  const char* expected[] = {"strong", "two", "one", "alike"};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(result.listings[i].listing.external_id, expected[i]);
    EXPECT_EQ(result.listings[i].rank, static_cast<int>(i) + 1);
  }
  const ListingHit& two = result.listings[1];
  EXPECT_EQ(two.num_query_photos, 2) << "Photos, not pairs.";
  EXPECT_EQ(two.pairs.size(), 3u);
  EXPECT_EQ(two.pairs[0].query_idx, 1u) << "Best pair first.";
  EXPECT_DOUBLE_EQ(two.probability, 0.9) << "Of the best pair, not a product.";
  EXPECT_EQ(result.listings[3].num_query_photos, 0) << "A look-alike supports nothing.";
  EXPECT_DOUBLE_EQ(result.listings[3].probability, 0.4);
  const ListingResult cut = GroupByListing(queries, 1);
  EXPECT_EQ(cut.listings.size(), 1u);
  EXPECT_EQ(cut.num_listings_left_out, 3);
}

TEST(Listing, CountsAPhotoOnceHoweverOftenItWasCaptured) {
  std::vector<QueryResult> queries(1);
  Hit hit = HitOf({Seen("p", "1", "s", "", "2017-01-01"), Seen("p", "1", "s", "", "2017-02-01"), Seen("p", "2", "s")});
  hit.verdict = Verdict::kSamePhoto;
  Hit unlisted;
  unlisted.verdict = Verdict::kSameObject;
  queries[0].hits = {hit, unlisted};
  const ListingResult result = GroupByListing(queries, 10);
  ASSERT_EQ(result.listings.size(), 3u);
  EXPECT_EQ(result.listings[0].pairs.size(), 1u);
  EXPECT_EQ(result.listings[2].listing.external_id, "") << "A photo without a listing stands alone.";
}

}  // namespace
}  // namespace pugmark
