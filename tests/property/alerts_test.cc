// SPDX-License-Identifier: Apache-2.0
//
// Alerts: what is new against the watch-list, what is newly watched against everything, each pair once, whatever
// happens.
#include "engine/alerts/alerts.h"

#include <gmock/gmock.h>

#include <fstream>

#include "engine/alerts/news.h"
#include "engine/collection/takedown.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/banks.h"
#include "index/catalogue/reviews.h"
#include "tests/picture_collection.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AlertsTest : public PictureCollectionTest {
 protected:
  void SetUp() override {
    PictureCollectionTest::SetUp();
    CreateCollection(collection_, kOptions);
    Take("in/p0.jpg", "bazaar", "1", "joe", "seizure");
    Take("in/p1.jpg", "bazaar", "1", "joe", "evidence");
    Take("in/p2.jpg", "market", "2", "jim", "evidence");
  }

  // One photo in one listing.
  void Take(const std::string& file, const std::string& platform, const std::string& number, const std::string& seller,
            const std::string& bank) const {
    std::ofstream(scratch_ / "m.csv") << "file,platform,listing_id,seller,bank\n"
                                      << file << "," << platform << "," << number << "," << seller << "," << bank
                                      << "\n";
    IngestOptions options;
    options.manifests = {scratch_ / "m.csv"};
    pugmark::Ingest(collection_, options, {}, {});
  }
  std::string Copy(int i, const std::string& name, double crop = 1) const {
    cv::Mat picture = cv::imread(Picture(i).string());
    picture = picture(cv::Rect(0, 0, static_cast<int>(picture.cols * crop), picture.rows));
    WriteJpeg((scratch_ / name).string(), picture, 75);
    return name;
  }
  void Watch(const std::string& bank) const {
    Catalogue catalogue(CollectionPaths{collection_}.catalogue(), Catalogue::Access::kWrite);
    Banks(catalogue).Watch(bank);
  }
  AlertReport Run(AlertOptions options = {}, std::stop_token stop = {}) const {
    options.num_threads = 2;
    return RunAlerts(collection_, options, stop, [](int64_t, int64_t) {});
  }
  std::vector<Alert> Alerts() const {
    Catalogue catalogue(CollectionPaths{collection_}.catalogue(), Catalogue::Access::kRead);
    return AlertLog(catalogue).List({.also_same_seller = true});
  }
  Sha256 ShaOf(const std::string& name) const { return Sha256::OfFile(scratch_ / name); }
};

TEST_F(AlertsTest, WhatIsNewIsMatchedAgainstTheWatchedBanksOnly) {
  EXPECT_FALSE(Run().is_any_watched);
  Watch("seizure");
  Run();
  EXPECT_THAT(Alerts(), IsEmpty());
  Take(Copy(0, "c0.jpg"), "market", "7", "kim", "evidence");
  Take(Copy(1, "c1.jpg"), "market", "8", "kim", "evidence");  // Known, but in no watched bank.
  const AlertReport report = Run();
  EXPECT_EQ(report.num_new, 2);
  EXPECT_EQ(report.num_searched, 2);
  EXPECT_EQ(report.num_alerts, 1);
  const std::vector<Alert> alerts = Alerts();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0].photo, ShaOf("c0.jpg"));
  EXPECT_EQ(alerts[0].banked, ShaOf("in/p0.jpg"));
  EXPECT_EQ(alerts[0].bank, "seizure");
  EXPECT_EQ(alerts[0].verdict, "same-photo");
  EXPECT_GT(alerts[0].probability, 0.9);
  EXPECT_EQ(alerts[0].relation, AlertRelation::kNews);
  EXPECT_EQ(alerts[0].new_platforms, "market");
  EXPECT_EQ(report.by_verdict.at("same-photo"), 1);

  const AlertReport again = Run();
  EXPECT_EQ(again.run, 0) << "There was nothing to do.";
  EXPECT_EQ(again.num_searched, 0);
  EXPECT_EQ(Alerts().size(), 1u);
}

TEST_F(AlertsTest, WhatIsNewlyWatchedIsHuntedInEverythingThatIsThere) {
  Take(Copy(2, "c2.jpg"), "bazaar", "5", "kim", "evidence");
  Run();
  EXPECT_THAT(Alerts(), IsEmpty());
  {
    Catalogue catalogue(CollectionPaths{collection_}.catalogue(), Catalogue::Access::kWrite);
    Banks banks(catalogue);
    banks.Create("baobab", BankRole::kEvidence);
    banks.Watch("baobab");
    banks.Add("baobab", {*catalogue.FindPhoto(ShaOf("in/p2.jpg"))});
  }
  const AlertReport report = Run();
  EXPECT_EQ(report.num_new, 0);
  EXPECT_EQ(report.num_banked, 1);
  ASSERT_EQ(Alerts().size(), 1u);
  EXPECT_EQ(Alerts()[0].photo, ShaOf("c2.jpg"));
  EXPECT_EQ(Alerts()[0].banked, ShaOf("in/p2.jpg"));
  EXPECT_EQ(Alerts()[0].bank, "baobab");
  {
    // The other way round it is the same pair: no second alert.
    Catalogue catalogue(CollectionPaths{collection_}.catalogue(), Catalogue::Access::kWrite);
    Banks(catalogue).Add("baobab", {*catalogue.FindPhoto(ShaOf("c2.jpg"))});
  }
  EXPECT_EQ(Run().num_searched, 1);
  EXPECT_EQ(Alerts().size(), 1u);
  // Nor when the bank is watched anew, which hunts again.
  {
    Catalogue catalogue(CollectionPaths{collection_}.catalogue(), Catalogue::Access::kWrite);
    Banks(catalogue).Unwatch("baobab");
    Banks(catalogue).Watch("baobab");
  }
  EXPECT_EQ(Run().num_searched, 2);
  EXPECT_EQ(Alerts().size(), 1u);
}

TEST_F(AlertsTest, PhotosOfOneSellerAreKeptApartAndBenignOnesNeverAlert) {
  Watch("seizure");
  Run();
  Take(Copy(0, "same.jpg"), "bazaar", "9", "joe", "evidence");
  Take(Copy(0, "press.jpg", 0.9), "news", "1", "paper", "benign");
  AlertReport report = Run();
  EXPECT_EQ(report.num_alerts, 0);
  EXPECT_EQ(report.num_same_seller, 1);
  ASSERT_EQ(Alerts().size(), 1u);
  EXPECT_EQ(Alerts()[0].relation, AlertRelation::kSameSeller);
  // A copy of what is also in a benign bank is told, and marked.
  Take(Copy(0, "other.jpg", 0.95), "market", "3", "lee", "evidence");
  report = Run();
  ASSERT_EQ(report.num_alerts, 1);
  EXPECT_EQ(Alerts()[1].benign_bank, "benign");
}

TEST_F(AlertsTest, AWatchedPhotoThatIsSeenElsewhereIsAnAlert) {
  Watch("seizure");
  Run();
  Take("in/p0.jpg", "bazaar", "1", "joe", "seizure");   // Nothing new at all.
  Take("in/p0.jpg", "bazaar", "4", "joe", "evidence");  // The same seller's next ad.
  Take("in/p0.jpg", "pikpals", "77", "ndovu", "evidence");
  const AlertReport report = Run();
  EXPECT_EQ(report.num_alerts, 1);
  EXPECT_EQ(report.num_same_seller, 1);
  const std::vector<Alert> alerts = Alerts();
  ASSERT_EQ(alerts.size(), 2u);
  EXPECT_EQ(alerts[0].relation, AlertRelation::kSameSeller);
  EXPECT_EQ(alerts[1].verdict, "same-file");
  EXPECT_EQ(alerts[1].photo, alerts[1].banked);
  EXPECT_EQ(alerts[1].listing, "pikpals\nid:77\nndovu");
  EXPECT_EQ(alerts[1].new_platforms, "pikpals");
  EXPECT_EQ(Run().run, 0);
}

TEST_F(AlertsTest, WhatAPersonRejectedIsNotAlerted) {
  Watch("seizure");
  Run();
  Take(Copy(0, "c0.jpg"), "market", "7", "kim", "evidence");
  Review no;
  no.answer = Answer::kNo;
  no.reviewer = "ana";
  AddReview(CollectionPaths{collection_}.catalogue(), ShaOf("c0.jpg"), ShaOf("in/p0.jpg"), no);
  EXPECT_EQ(Run().num_rejected, 1);
  EXPECT_THAT(Alerts(), IsEmpty());
}

TEST_F(AlertsTest, AStoppedRunGoesOnWhereItStoppedAndFindsTheSame) {
  Watch("seizure");
  Run();
  for (int k = 0; k < 6; ++k) {
    Take(Copy(0, "c" + std::to_string(k) + ".jpg", 1 - 0.03 * k), "market", std::to_string(k), "kim", "evidence");
  }
  int64_t num_searched = 0, num_runs = 0;
  for (AlertReport report; num_runs == 0 || report.cancelled; ++num_runs) {
    std::stop_source stop;
    AlertOptions options;
    report = RunAlerts(collection_, options, stop.get_token(), [&](int64_t done, int64_t) {
      if (done == 2) stop.request_stop();
    });
    num_searched += report.num_searched;
    ASSERT_LT(num_runs, 10);
  }
  EXPECT_GT(num_runs, 1) << "Nothing was stopped.";
  EXPECT_EQ(num_searched, 6) << "Nothing was searched for twice.";
  EXPECT_EQ(Alerts().size(), 6u);
}

TEST_F(AlertsTest, RemovedPhotosLeaveHashesOnly) {
  Watch("seizure");
  Run();
  Take(Copy(0, "c0.jpg"), "market", "7", "kim", "evidence");
  Run();
  {
    Collection collection = OpenCollection(collection_, Catalogue::Access::kWrite);
    TakeDown(collection, {{RemovalTarget::Kind::kPhoto, "", ShaOf("in/p0.jpg").Hex()}}, "test", "ana");
  }
  EXPECT_EQ(Alerts().size(), 1u);
  Take(Copy(0, "c1.jpg", 0.97), "market", "8", "kim", "evidence");
  EXPECT_EQ(Run().num_alerts, 0) << "What was watched for is gone.";
}

TEST(News, OneSellerOneListing) {
  const auto seen = [](const std::string& platform, const std::string& number, const std::string& seller) {
    Sighting sighting;
    sighting.listing.platform = platform;
    sighting.listing.external_id = number;
    sighting.listing.seller = seller;
    return sighting;
  };
  const Sighting a = seen("bazaar", "1", "joe"), b = seen("bazaar", "2", "joe"), c = seen("market", "1", "joe");
  EXPECT_EQ(RelationOf({a}, {a}), AlertRelation::kSameListing);
  EXPECT_EQ(RelationOf({a}, {b}), AlertRelation::kSameSeller);
  EXPECT_EQ(RelationOf({a}, {c}), AlertRelation::kNews) << "A handle is of one platform.";
  EXPECT_EQ(RelationOf({a}, {a, c}), AlertRelation::kNews);
  EXPECT_EQ(RelationOf({a}, {}), AlertRelation::kNews);
  EXPECT_EQ(RelationOf({seen("bazaar", "1", "")}, {seen("bazaar", "2", "")}), AlertRelation::kNews)
      << "Two unknown sellers are not one.";
  Sighting folder;
  folder.path = "/drop/a.jpg";
  folder.listing.title = "/drop";
  EXPECT_EQ(RelationOf({folder}, {folder}), AlertRelation::kNews) << "A folder is no advertisement.";
  folder.listing.title = "Old horn";
  EXPECT_EQ(RelationOf({folder}, {folder}), AlertRelation::kSameListing);
  EXPECT_EQ(NewPlatforms({a, c}, {{b}}), "market");
  EXPECT_EQ(NewPlatforms({a, c}, {{b}, {c}}), "");
  EXPECT_EQ(NewPlatforms({a, c}, {}), "bazaar, market");
  EXPECT_EQ(NewPlatforms({folder}, {}), "");
}

}  // namespace
}  // namespace pugmark
