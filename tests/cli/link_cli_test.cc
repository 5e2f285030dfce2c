// SPDX-License-Identifier: Apache-2.0
//
// link as a user types it: who is linked and why, groups and their timeline, decisions, exit codes; and the night's
// digest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/cli/program.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

using testing::HasSubstr;
using testing::Not;

class LinkCliTest : public CliTest {
 protected:
  // joe on bazaar and jim on market show three of the same pictures in advertisements of their own; kim shows her own.
  void SetUp() override {
    ASSERT_EQ(InCollection({"init", "--size", "320", "--keypoints", "200"}).exit_code, 0);
    fs::create_directories(scratch_ / "in");
    std::ofstream manifest(scratch_ / "in/m.csv");
    manifest << "file,platform,listing_id,seller,title,price,posted_at,captured_at,products\n";
    for (int i = 0; i < 4; ++i) {
      const std::string name = "p" + std::to_string(i) + ".jpg";
      WriteJpeg((scratch_ / "in" / name).string(), MakePicture(static_cast<uint64_t>(i), 400, 300));
      manifest << name << (i < 3 ? ",bazaar,a" : ",market,k") << i << (i < 3 ? ",joe" : ",kim")
               << ",bone \x1b[31m,100,2025-01-0" << i + 1 << ",2025-01-0" << i + 2 << ",ivory\n";
      if (i < 3) manifest << name << ",market,b" << i << ",jim,resin,120,2025-03-01,2025-03-02,resin\n";
    }
    manifest.close();
    ASSERT_EQ(InCollection({"ingest", "--manifest", (scratch_ / "in/m.csv").string()}).exit_code, 0);
  }
  void TearDown() override { EXPECT_EQ(InCollection({"check"}).exit_code, 0); }
};

TEST_F(LinkCliTest, TellsWhoIsLinkedAndWhy) {
  const Outcome early = InCollection({"link", "--groups"});
  EXPECT_EQ(early.exit_code, 1);
  EXPECT_THAT(early.err, HasSubstr("Nothing has been linked yet"));

  const Outcome run = InCollection({"link", "--format", "json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json report = Lines(run.out).at(0);
  EXPECT_EQ(report.at("type"), "link_run");
  EXPECT_EQ(report.at("matched"), 4);
  EXPECT_EQ(report.at("links"), 1);
  EXPECT_EQ(report.at("groups"), 1);
  EXPECT_EQ(report.at("new_links").size(), 1u);

  const Outcome text = InCollection({"link", "--seller", "bazaar:joe"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.out, HasSubstr("bazaar joe: group 1"));
  EXPECT_THAT(text.out, HasSubstr("market jim"));
  EXPECT_THAT(text.out, HasSubstr("same-file: photo "));
  EXPECT_THAT(text.out, HasSubstr("A hit is a lead"));
  EXPECT_THAT(text.out, Not(HasSubstr("\x1b")));
  const Json linked = Lines(InCollection({"link", "--seller", "market:jim", "--format", "json"}).out).at(0);
  EXPECT_EQ(linked.at("linked").at("seller"), "joe");
  const Json& evidence = linked.at("path").at(0).at("evidence");
  EXPECT_EQ(evidence.size(), 3u);
  EXPECT_EQ(evidence.at(0).at("from").at("platform"), "market") << "From the seller who was asked about.";
  EXPECT_EQ(InCollection({"link", "--seller", "market:kim"}).exit_code, 1);
  EXPECT_EQ(InCollection({"link", "--seller", "market:nobody"}).exit_code, 4);
  EXPECT_EQ(InCollection({"link", "--seller", "nobody"}).exit_code, 2);
}

TEST_F(LinkCliTest, ShowsGroupsAndTheirTimeline) {
  ASSERT_EQ(InCollection({"link"}).exit_code, 0);
  const Outcome groups = InCollection({"link", "--groups", "--top", "5"});
  EXPECT_EQ(groups.exit_code, 0);
  EXPECT_THAT(groups.out,
              HasSubstr("group 1: 2 sellers on 2 platforms, 6 listings, 3 photos, 2025-01-01 to 2025-03-02"));
  EXPECT_THAT(groups.out, HasSubstr("ivory, resin"));
  const Outcome one = InCollection({"link", "--group", "1"});
  EXPECT_THAT(one.out, HasSubstr("moved"));
  EXPECT_THAT(one.out, HasSubstr("price before: 100"));
  EXPECT_THAT(one.out, Not(HasSubstr("\x1b")));
  const Json details = Lines(InCollection({"link", "--group", "1", "--format", "json"}).out).at(0);
  EXPECT_EQ(details.at("timeline").size(), 6u);
  EXPECT_EQ(details.at("timeline").at(5).at("kind"), "moved");
  EXPECT_EQ(details.at("timeline").at(5).at("absent_days"), 56);
  EXPECT_EQ(details.at("events").at(0).at("event"), "founded");
  EXPECT_EQ(InCollection({"link", "--group", "99"}).exit_code, 4);
}

TEST_F(LinkCliTest, APersonDecides) {
  ASSERT_EQ(InCollection({"link"}).exit_code, 0);
  EXPECT_EQ(
      InCollection({"link", "--different", "bazaar:joe", "market:jim", "--note", "two shops", "--by", "ana"}).exit_code,
      0);
  EXPECT_EQ(InCollection({"link", "--seller", "bazaar:joe"}).exit_code, 1) << "At once.";
  const Outcome leads = InCollection({"link", "--seller", "bazaar:joe", "--leads"});
  EXPECT_THAT(leads.out, HasSubstr("cut by a person"));
  EXPECT_THAT(InCollection({"link", "--again"}).out, HasSubstr("group 1: dissolved"));
  EXPECT_EQ(InCollection({"link", "--same", "market:kim", "market:jim"}).exit_code, 0);
  EXPECT_THAT(InCollection({"link"}).out, HasSubstr("newly linked: market jim and market kim, 100.0 %"));
  EXPECT_EQ(InCollection({"link", "--same", "market:jim", "market:jim"}).exit_code, 2);
  EXPECT_EQ(InCollection({"link", "--note", "x"}).exit_code, 2);
  EXPECT_EQ(InCollection({"link", "--groups", "--again"}).exit_code, 2);
  EXPECT_EQ(InCollection({"link", "--leads"}).exit_code, 2);
  EXPECT_EQ(Run({"-c", (scratch_ / "none").string(), "link"}).exit_code, 10);
}

TEST_F(LinkCliTest, TheDigestTellsOnce) {
  const Outcome first = InCollection({"nightly"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("NEWLY LINKED SELLERS: 1 pair"));
  EXPECT_THAT(first.out, HasSubstr("bazaar joe and market jim, group 1"));
  EXPECT_THAT(InCollection({"nightly"}).out, Not(HasSubstr("NEWLY LINKED")));
  EXPECT_EQ(InCollection({"link", "--different", "bazaar:joe", "market:jim"}).exit_code, 0);
  EXPECT_THAT(InCollection({"nightly"}).out, HasSubstr("group 1: dissolved"));
}

}  // namespace
}  // namespace pugmark
