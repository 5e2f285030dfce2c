// SPDX-License-Identifier: Apache-2.0
//
// What listings said when, and that an older catalogue is brought up to date with what it knew.
#include "index/catalogue/listing_history.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "index/base/error.h"
#include "index/catalogue/links.h"
#include "index/catalogue/schema.h"
#include "index/catalogue/takedown.h"
#include "index/catalogue/traces.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ListingHistoryTest : public testing::Test {
 protected:
  Catalogue MakeCatalogue() const {
    Catalogue::Create(database_);
    return {database_, Catalogue::Access::kWrite};
  }
  static Listing Ad(const std::string& price, const std::string& title = "Horn") {
    Listing listing;
    listing.platform = "bazaar";
    listing.external_id = "7";
    listing.seller = "ndovu";
    listing.title = title;
    listing.price = price;
    return listing;
  }
  static ListingId See(Catalogue& catalogue, const Listing& listing, const std::string& captured_at) {
    const ListingId id = catalogue.AddListing(listing);
    KeepListingValues(catalogue, id, listing, captured_at);
    return id;
  }
  // "price 100 2017-01-01..2017-02-01", of one field.
  static std::vector<std::string> Runs(const Catalogue& catalogue, ListingId id, const std::string& field = "price") {
    std::vector<std::string> runs;
    for (const ListingValue& v : ValuesOf(catalogue, id)) {
      if (v.field == field) runs.push_back(v.value + " " + v.first_seen + ".." + v.last_seen);
    }
    return runs;
  }

  Scratch scratch_;
  const std::filesystem::path database_ = scratch_ / "catalogue.db";
};

TEST_F(ListingHistoryTest, KeepsFormerPricesAndTitlesWithTheirDates) {
  Catalogue catalogue = MakeCatalogue();
  See(catalogue, Ad("100"), "2017-01-01");
  See(catalogue, Ad("100"), "2017-02-01");
  See(catalogue, Ad("80", "Horn, reduced"), "2017-03-01");
  const ListingId id = See(catalogue, Ad("100", ""), "2017-04-01");
  EXPECT_THAT(Runs(catalogue, id),
              ElementsAre("100 2017-01-01..2017-02-01", "80 2017-03-01..2017-03-01", "100 2017-04-01..2017-04-01"));
  EXPECT_THAT(Runs(catalogue, id, "title"),
              ElementsAre("Horn 2017-01-01..2017-02-01", "Horn, reduced 2017-03-01..2017-03-01"));
  EXPECT_THAT(catalogue.CheckIntegrity(), IsEmpty());
}

TEST_F(ListingHistoryTest, AnyOrderAndAnyRepetitionGiveTheSame) {
  std::vector<std::pair<std::string, std::string>> seen = {
      {"100", "2017-01-01"}, {"80", "2017-02-01"}, {"100", "2017-03-01"}, {"60", "2017-04-01T09:00:00Z"}};
  std::sort(seen.begin(), seen.end());
  int num_orders = 0;
  do {
    std::filesystem::remove(database_);
    Catalogue catalogue = MakeCatalogue();
    ListingId id;
    for (int twice = 0; twice < 2; ++twice) {
      for (const auto& [price, at] : seen) id = See(catalogue, Ad(price), at);
    }
    ASSERT_THAT(Runs(catalogue, id),
                ElementsAre("100 2017-01-01..2017-01-01", "80 2017-02-01..2017-02-01", "100 2017-03-01..2017-03-01",
                            "60 2017-04-01T09:00:00Z..2017-04-01T09:00:00Z"))
        << seen[0].first << seen[1].first << seen[2].first << seen[3].first;
    ++num_orders;
  } while (std::next_permutation(seen.begin(), seen.end()));
  EXPECT_EQ(num_orders, 24);
}

TEST_F(ListingHistoryTest, WithoutADateOnlyWhatIsNewCounts) {
  Catalogue catalogue = MakeCatalogue();
  See(catalogue, Ad("100"), "");
  See(catalogue, Ad("100"), "");
  ListingId id = See(catalogue, Ad("80"), "");
  EXPECT_THAT(Runs(catalogue, id), SizeIs(2));
  id = See(catalogue, Ad("100"), "");
  EXPECT_THAT(Runs(catalogue, id), SizeIs(2)) << "The same manifest again is no new observation.";
  EXPECT_FALSE(ValuesOf(catalogue, id).front().dated);
}

TEST_F(ListingHistoryTest, CaptionsStandInFurtherColumns) {
  Catalogue catalogue = MakeCatalogue();
  Listing listing = Ad("1");
  listing.extra_json = R"({"caption":"fresh","description":7,"weight":"2 kg"})";
  ListingId id = See(catalogue, listing, "2017-01-01");
  listing.extra_json = R"({"caption":"last one"})";
  id = See(catalogue, listing, "2017-02-01");
  EXPECT_THAT(Runs(catalogue, id, "caption"),
              ElementsAre("fresh 2017-01-01..2017-01-01", "last one 2017-02-01..2017-02-01"));
  EXPECT_THAT(Runs(catalogue, id, "description"), IsEmpty()) << "A number is no text.";
}

TEST_F(ListingHistoryTest, AnOlderCatalogueBringsWhatItKnew) {
  {
    SQLite::Database database(database_.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("PRAGMA journal_mode = WAL");
    internal::Migrate(database, internal::CatalogueMigrations().first(5));
    database.exec(R"sql(
      INSERT INTO batches (id, source, started_at) VALUES (1, 'x', '2026-11-24T00:00:00Z');
      INSERT INTO platforms VALUES (1, 'bazaar');
      INSERT INTO photos VALUES (1, zeroblob(32), x'2f', 1, 'jpeg', 8, 8, '', '', '', '', 0, '', 1);
      INSERT INTO listings VALUES (1, 1, NULL, 'id:1', '1', '', 'Horn', '100', 'USD', '', '', '{"caption":"fresh"}');
      INSERT INTO listings VALUES (2, 1, NULL, 'id:2', '2', '', 'Cup', '', '', '', '', 'no json');
      INSERT INTO sightings VALUES (1, 1, 1, '2017-02-01', x'2f', 1), (2, 1, 1, '2017-01-01', x'2f', 1), (3, 1, 2, '', x'2f', 1);
    )sql");
  }
  const Catalogue catalogue(database_, Catalogue::Access::kWrite);
  EXPECT_THAT(Runs(catalogue, ListingId{1}), ElementsAre("100 2017-01-01..2017-02-01"));
  EXPECT_THAT(Runs(catalogue, ListingId{1}, "caption"), ElementsAre("fresh 2017-01-01..2017-02-01"));
  EXPECT_TRUE(ValuesOf(catalogue, ListingId{1}).front().dated);
  EXPECT_THAT(Runs(catalogue, ListingId{2}, "title"), ElementsAre("Cup 2026-11-24T00:00:00Z..2026-11-24T00:00:00Z"));
  EXPECT_FALSE(ValuesOf(catalogue, ListingId{2}).front().dated);
  EXPECT_THAT(catalogue.CheckIntegrity(), IsEmpty());
}

class TracesTableTest : public ListingHistoryTest {
 protected:
  PhotoId Add(Catalogue& catalogue, uint8_t number, const std::string& seller,
              const std::vector<FileTrace>& traces) const {
    Photo photo;
    photo.sha256.bytes[0] = number;
    photo.batch = catalogue.StartBatch("test");
    const PhotoId id = catalogue.AddPhoto(photo, {});
    KeepTraces(catalogue, id, traces);
    Listing listing = Ad("1");
    listing.seller = seller;
    const ListingId listing_id = See(catalogue, listing, "2017-01-01");
    catalogue.AddSighting(id, listing_id, "/x", "", photo.batch);
    return id;
  }
};

TEST_F(TracesTableTest, JoinsPhotosOnEqualValuesAndCountsTheirSellers) {
  Catalogue catalogue = MakeCatalogue();
  const FileTrace camera{TraceKind::kCamera, "Canon, EOS, 0123456"}, code{TraceKind::kQr, "https://t.example/ndovu"};
  const FileTrace tables{TraceKind::kTables, "standard 85 2x2,1x1,1x1 640x480"};
  const PhotoId a = Add(catalogue, 1, "ndovu", {camera, tables, tables});
  const PhotoId b = Add(catalogue, 2, "tembo", {camera, tables, code});
  const PhotoId c = Add(catalogue, 3, "tembo", {tables});
  EXPECT_THAT(TracesOf(catalogue, a), ElementsAre(camera, tables));
  const std::vector<SharedTrace> shared = SharedTraces(catalogue, 100);
  ASSERT_THAT(shared, SizeIs(2)) << "The code is in one photo only.";
  EXPECT_EQ(shared[0].trace, camera);
  EXPECT_THAT(shared[0].photos, ElementsAre(a, b));
  EXPECT_EQ(shared[0].num_sellers, 2);
  EXPECT_EQ(shared[1].trace, tables);
  EXPECT_THAT(shared[1].photos, ElementsAre(a, b, c));
  EXPECT_EQ(shared[1].num_sellers, 2);
  EXPECT_TRUE(IsCommonplace(tables));
  EXPECT_FALSE(IsCommonplace(camera));
  EXPECT_THAT(SharedTraces(catalogue, 2), SizeIs(1)) << "What more photos share is common.";
  KeepTraces(catalogue, a, {});
  EXPECT_THAT(SharedTraces(catalogue, 100), SizeIs(1)) << "Traces are replaced.";
  EXPECT_THAT(catalogue.CheckIntegrity(), IsEmpty());
}

TEST_F(TracesTableTest, ATakedownTakesTracesAndFormerValues) {
  Catalogue catalogue = MakeCatalogue();
  const PhotoId id = Add(catalogue, 1, "ndovu", {{TraceKind::kOwner, "A. Person"}});
  const ListingId listing = See(catalogue, Ad("2"), "2017-03-01");
  ASSERT_THAT(Runs(catalogue, listing), SizeIs(2));
  Takedown(catalogue).Remove({{.kind = RemovalTarget::Kind::kSeller, .platform = "bazaar", .name = "ndovu"}}, "order",
                             "me");
  EXPECT_THAT(TracesOf(catalogue, id), IsEmpty());
  EXPECT_THAT(ValuesOf(catalogue, listing), IsEmpty());
  EXPECT_THAT(catalogue.CheckIntegrity(), IsEmpty());
}

TEST_F(TracesTableTest, LinksAndDecisionsThatWereChangedAreNotBelieved) {
  const auto attack = [&](const char* sql) { SQLite::Database(database_.native(), SQLite::OPEN_READWRITE).exec(sql); };
  {
    Catalogue catalogue = MakeCatalogue();
    const PhotoId a = Add(catalogue, 1, "ndovu", {});
    const PhotoId b = Add(catalogue, 2, "tembo", {}), c = Add(catalogue, 3, "kifaru", {});
    Links links(catalogue);
    links.AddPhotoLinks({{a, b, "same-object", 0.9, -30, 40, false, "2026-12-01T00:00:00Z"},
                         {a, c, "same-scene", 0.8, -20, 30, false, "2026-12-01T00:00:00Z"}});
    links.AddReview(*FindSeller(catalogue, "bazaar", "ndovu"), *FindSeller(catalogue, "bazaar", "tembo"), Answer::kNo, "",
                    "analyst");
    EXPECT_THAT(PhotoLinks(catalogue), SizeIs(2));
    EXPECT_THAT(LatestSellerReviews(catalogue), SizeIs(1));
  }
  attack("UPDATE photo_links SET probability = 0.99 WHERE verdict = 'same-scene'");
  attack("UPDATE seller_reviews SET answer = 'yes'");
  const Catalogue catalogue(database_, Catalogue::Access::kRead);
  EXPECT_THROW(PhotoLinks(catalogue), Error);
  EXPECT_THROW(LatestSellerReviews(catalogue), Error);
  EXPECT_THAT(catalogue.CheckIntegrity(), SizeIs(2));
}

TEST_F(TracesTableTest, AChangedRowIsNotBelieved) {
  {
    Catalogue catalogue = MakeCatalogue();
    Add(catalogue, 1, "ndovu", {{TraceKind::kOwner, "A. Person"}});
    Add(catalogue, 2, "tembo", {{TraceKind::kOwner, "B. Person"}});
  }
  SQLite::Database(database_.native(), SQLite::OPEN_READWRITE).exec("UPDATE photo_traces SET value = 'A. Person'");
  const Catalogue catalogue(database_, Catalogue::Access::kRead);
  EXPECT_THROW(SharedTraces(catalogue, 100), Error);
  EXPECT_THAT(catalogue.CheckIntegrity(), SizeIs(1));
}

}  // namespace
}  // namespace pugmark
