// SPDX-License-Identifier: Apache-2.0
//
// remove, bank and alerts as a user types them: exit codes, receipts, what is refused and what is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "index/base/files.h"
#include "index/base/sha256.h"
#include "tests/cli/program.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

using testing::HasSubstr;
using testing::Not;

class TakedownCliTest : public CliTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(InCollection({"init", "--size", "320", "--keypoints", "200"}).exit_code, 0);
    fs::create_directories(scratch_ / "in");
    for (int i = 0; i < 3; ++i) WriteJpeg(File(i), MakePicture(static_cast<uint64_t>(i), 400, 300));
    std::ofstream(scratch_ / "m.csv") << "file,platform,listing_id,seller\n"
                                         "in/p0.jpg,bazaar,1,joe\nin/p1.jpg,bazaar,2,joe\nin/p1.jpg,market,7,jim\n"
                                         "in/p2.jpg,market,8,kim\n";
    ASSERT_EQ(InCollection({"ingest", "--manifest", (scratch_ / "m.csv").string()}).exit_code, 0);
  }
  std::string File(int i) const { return (scratch_ / ("in/p" + std::to_string(i) + ".jpg")).string(); }
  std::string Copy(int i, int quality = 60) const {
    const std::string copy = (scratch_ / ("copy" + std::to_string(i) + ".jpg")).string();
    WriteJpeg(copy, cv::imread(File(i)), quality);
    return copy;
  }
  Json First(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--format", "json"});
    return Lines(InCollection(arguments).out).at(0);
  }
  void TearDown() override { EXPECT_EQ(InCollection({"check"}).exit_code, 0); }
};

TEST_F(TakedownCliTest, ARemovalNeedsAReasonAndSomethingToRemove) {
  EXPECT_EQ(InCollection({"remove", File(0)}).exit_code, 2);
  EXPECT_EQ(InCollection({"remove", "--reason", "x"}).exit_code, 2);
  EXPECT_EQ(InCollection({"remove", "--seller", "joe", "--reason", "x"}).exit_code, 2) << "Of which platform?";
  EXPECT_EQ(InCollection({"remove", "no such file", "--reason", "x"}).exit_code, 4);
  EXPECT_EQ(InCollection({"remove", Copy(0), "--reason", "x"}).exit_code, 4) << "Other bytes are another photo.";
  const Outcome unknown = InCollection({"remove", File(0), "--seller", "bazaar:nobody", "--reason", "x"});
  EXPECT_EQ(unknown.exit_code, 4);
  EXPECT_THAT(unknown.err, HasSubstr("no seller 'nobody' of platform 'bazaar'"));
  EXPECT_EQ(Run({"-c", (scratch_ / "none").string(), "remove", "--list"}).exit_code, 10);
  EXPECT_THAT(InCollection({"remove", "--list"}).out, HasSubstr("Nothing was removed"));
  {
    const FileLock lock(scratch_ / "c/LOCK");
    EXPECT_EQ(InCollection({"remove", File(0), "--reason", "x"}).exit_code, 11);
    EXPECT_EQ(InCollection({"remove", File(0), "--dry-run"}).exit_code, 0) << "A plan waits for nobody.";
  }
  EXPECT_EQ(First({"status"}).at("photos"), 3);
}

TEST_F(TakedownCliTest, WhatIsRemovedIsGoneAtOnceAndStaysAway) {
  const Outcome plan = InCollection({"remove", "--seller", "bazaar:joe", "--dry-run"});
  EXPECT_EQ(plan.exit_code, 0);
  EXPECT_THAT(plan.out, HasSubstr("Would remove 1 photo, 2 sightings in 2 listings"));
  EXPECT_THAT(plan.out, HasSubstr("1 photo stays, because it was seen elsewhere too"));
  EXPECT_EQ(InCollection({"search", File(0)}).exit_code, 0);

  const Json receipt = First({"remove", "--seller", "bazaar:joe", "--reason", "court order 7", "--by", "ana"});
  EXPECT_EQ(receipt.at("type"), "removal");
  EXPECT_EQ(receipt.at("removed_by"), "ana");
  EXPECT_EQ(receipt.at("reason"), "court order 7");
  EXPECT_EQ(receipt.at("photos"), Json::array({Sha256::OfFile(File(0)).Hex()}));
  EXPECT_EQ(receipt.at("sightings"), 2);
  EXPECT_EQ(InCollection({"search", File(0)}).exit_code, 1);
  EXPECT_EQ(InCollection({"search", Copy(0)}).exit_code, 1);
  const Json kept = First({"search", File(1)});
  ASSERT_EQ(kept.at("hits").at(0).at("sightings").size(), 1u);
  EXPECT_EQ(kept.at("hits")[0]["sightings"][0]["platform"], "market");
  EXPECT_THAT(InCollection({"remove", "--list"}).out, HasSubstr("by ana: court order 7"));
  EXPECT_EQ(First({"remove", "--list"}).at("targets").at(0).at("seller"), "joe");

  const Outcome again = InCollection({"ingest", "--manifest", (scratch_ / "m.csv").string()});
  EXPECT_EQ(again.exit_code, 0) << "That it stays away is what was wanted.";
  EXPECT_THAT(again.out, HasSubstr("0 new photos"));
  EXPECT_THAT(again.err, HasSubstr("court order 7"));
  const Outcome copy = InCollection({"ingest", Copy(0)});
  EXPECT_EQ(copy.exit_code, 3) << "It may be another photo: somebody should look.";
  EXPECT_THAT(copy.err, HasSubstr("of 256 bits differ"));
  EXPECT_THAT(copy.err, HasSubstr("--readmit"));
  EXPECT_EQ(First({"ingest", Copy(0)}).at("refused").at(0).at("kind"), "same-picture");

  EXPECT_EQ(InCollection({"reindex"}).exit_code, 0);
  EXPECT_EQ(InCollection({"search", File(2)}).exit_code, 0);
  const Outcome back = InCollection({"ingest", "--readmit", "--manifest", (scratch_ / "m.csv").string()});
  EXPECT_EQ(back.exit_code, 0);
  EXPECT_THAT(back.out, HasSubstr("1 new photos"));
  EXPECT_THAT(back.err, HasSubstr("readmitted"));
  EXPECT_EQ(First({"search", File(0)}).at("hits").at(0).at("verdict"), "same-file");
  EXPECT_EQ(First({"status"}).at("sightings"), 4);
}

TEST_F(TakedownCliTest, BanksSayWhatTheyDo) {
  EXPECT_THAT(InCollection({"bank", "list"}).out, HasSubstr("evidence  evidence, 3 photos"));
  EXPECT_EQ(InCollection({"bank"}).exit_code, 2);
  EXPECT_EQ(InCollection({"bank", "create", "press", "--role", "harmless"}).exit_code, 2);
  EXPECT_EQ(InCollection({"bank", "create", "press", "--role", "benign"}).exit_code, 0);
  EXPECT_EQ(InCollection({"bank", "create", "press"}).exit_code, 4) << "There is one.";
  EXPECT_EQ(InCollection({"bank", "watch", "press"}).exit_code, 2) << "Benign photos never alert.";
  EXPECT_EQ(InCollection({"bank", "watch", "nobody"}).exit_code, 4);
  EXPECT_EQ(InCollection({"bank", "create", "baobab", "--role", "seizure"}).exit_code, 0);
  EXPECT_EQ(InCollection({"bank", "add", "baobab"}).exit_code, 2);
  EXPECT_EQ(InCollection({"bank", "add", "baobab", Copy(0)}).exit_code, 4) << "It is not in the collection.";
  EXPECT_THAT(InCollection({"bank", "add", "baobab", File(0), "--listing", "market:7"}).out,
              HasSubstr("Put 2 of 2 photos"));
  EXPECT_EQ(InCollection({"bank", "watch", "baobab"}).exit_code, 0);
  const std::vector<Json> banks = Lines(InCollection({"bank", "list", "--format", "json"}).out);
  ASSERT_EQ(banks.size(), 3u);
  EXPECT_EQ(banks[0].at("name"), "baobab");
  EXPECT_EQ(banks[0].at("role"), "seizure");
  EXPECT_FALSE(banks[0].at("watched_since").is_null());
  EXPECT_TRUE(banks[1].at("watched_since").is_null());
  EXPECT_THAT(InCollection({"bank", "unwatch", "baobab"}).out, HasSubstr("no longer watched"));
  EXPECT_EQ(InCollection({"bank", "drop", "baobab"}).exit_code, 2) << "It is not empty.";
  EXPECT_THAT(InCollection({"bank", "drop", "baobab", File(0)}).out, HasSubstr("Took 1 photos out"));
  EXPECT_EQ(InCollection({"bank", "drop", "baobab", "--force"}).exit_code, 0);
  EXPECT_EQ(First({"status"}).at("photos"), 3) << "Photos of a dropped bank stay.";
}

TEST_F(TakedownCliTest, IngestAlertsOnWatchedBanks) {
  ASSERT_EQ(InCollection({"bank", "create", "baobab"}).exit_code, 0);
  ASSERT_EQ(InCollection({"bank", "add", "baobab", File(2)}).exit_code, 0);
  EXPECT_EQ(InCollection({"alerts"}).exit_code, 1);
  ASSERT_EQ(InCollection({"bank", "watch", "baobab"}).exit_code, 0);
  const Outcome quiet = InCollection({"ingest", "--no-alerts", "--platform", "pikpals", Copy(2), "--format", "json"});
  EXPECT_FALSE(Lines(quiet.out).at(0).contains("alerts"));
  EXPECT_EQ(InCollection({"alerts"}).exit_code, 1);
  // The next ingest makes up for it.
  WriteJpeg((scratch_ / "other.jpg").string(), MakePicture(9, 400, 300));
  const Json ingest = First({"ingest", (scratch_ / "other.jpg").string()});
  EXPECT_EQ(ingest.at("alerts").at("alerts"), 1);
  EXPECT_EQ(ingest.at("alerts").at("by_verdict").at("same-photo"), 1);
  const Outcome alerts = InCollection({"alerts", "--new"});
  EXPECT_EQ(alerts.exit_code, 0);
  EXPECT_THAT(alerts.out, HasSubstr("same-photo"));
  EXPECT_THAT(alerts.out, HasSubstr("not known before on: pikpals"));
  EXPECT_THAT(alerts.out, HasSubstr("A hit is a lead"));
  const Json alert = First({"alerts"});
  EXPECT_EQ(alert.at("photo").at("sha256"), Sha256::OfFile(scratch_ / "copy2.jpg").Hex());
  EXPECT_EQ(alert.at("banked").at("sightings").at(0).at("listing_id"), "8");

  EXPECT_TRUE(alert.at("review").is_null());
  const std::vector<std::string> pair = {alert.at("photo").at("sha256"), alert.at("banked").at("sha256")};
  ASSERT_EQ(InCollection({"review", pair[0], pair[1], "no", "--by", "ana", "--note", "another print"}).exit_code, 0);
  EXPECT_THAT(InCollection({"alerts"}).out, HasSubstr("reviewed: no, by ana at "));
  EXPECT_EQ(First({"alerts"}).at("review").at("note"), "another print");
  EXPECT_EQ(InCollection({"alerts", "--new"}).exit_code, 1) << "Somebody has said that it is nothing.";
  ASSERT_EQ(InCollection({"review", pair[0], pair[1], "yes", "--by", "ana"}).exit_code, 0);
  EXPECT_EQ(InCollection({"alerts", "--new"}).exit_code, 0);

  EXPECT_EQ(InCollection({"alerts", "--note", "x"}).exit_code, 2);
  EXPECT_EQ(InCollection({"alerts", "--dismiss", "99"}).exit_code, 4);
  const std::string id = std::to_string(alert.at("id").get<int>());
  EXPECT_EQ(InCollection({"alerts", "--dismiss", id, "--note", "our own print", "--by", "ana"}).exit_code, 0);
  EXPECT_EQ(InCollection({"alerts", "--new"}).exit_code, 1);
  EXPECT_THAT(InCollection({"alerts"}).out, HasSubstr("by ana: our own print"));
  EXPECT_EQ(InCollection({"alerts", "--run"}).exit_code, 0);
  EXPECT_EQ(InCollection({"alerts", "--new"}).exit_code, 1) << "Dismissed, it is not alerted again.";
}

}  // namespace
}  // namespace pugmark
