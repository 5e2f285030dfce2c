// SPDX-License-Identifier: Apache-2.0
//
// What search and compare leave for a case file: the page, the packet, and a clean stdout.
#include <gmock/gmock.h>

#include <cstdlib>

#include "index/base/sha256.h"
#include "tests/cli/program.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

using testing::HasSubstr;
using testing::Not;

class EvidenceTest : public CliTest {
 protected:
  void SetUp() override {
    fs::create_directories(scratch_ / "in");
    WriteJpeg(Photo("a.jpg"), MakePicture(1));
    WriteJpeg(Photo("b.jpg"), MakePicture(2));
    cv::Mat copy;
    cv::resize(MakePicture(1), copy, cv::Size(), 0.8, 0.8, cv::INTER_AREA);
    WriteJpeg((scratch_ / "query.jpg").string(), copy, 80);
    WriteJpeg((scratch_ / "other.jpg").string(), MakePicture(77));
    ASSERT_EQ(InCollection({"init"}).exit_code, 0);
    ASSERT_EQ(InCollection({"ingest", (scratch_ / "in").string(), "--platform", "bazaar"}).exit_code, 0);
  }
  std::string Photo(const std::string& name) const { return (scratch_ / "in" / name).string(); }
  std::string In(const std::string& name) const { return (scratch_ / name).string(); }

  void ExpectSumsAreRight(const std::string& packet, size_t num_files) const {
    std::istringstream sums(Slurp(scratch_ / packet / "SHA256SUMS"));
    size_t num_lines = 0;
    for (std::string line; std::getline(sums, line); ++num_lines) {
      EXPECT_EQ(Sha256::OfFile(scratch_ / packet / line.substr(66)).Hex(), line.substr(0, 64)) << line;
    }
    EXPECT_EQ(num_lines, num_files);
  }
};

TEST_F(EvidenceTest, SearchMakesPageAndPacketAndStdoutHoldsResultsOnly) {
  const Outcome plain = InCollection({"search", In("query.jpg"), "--format", "json"});
  ASSERT_EQ(plain.exit_code, 0) << plain.err;
  const Outcome outcome = InCollection({"search", In("query.jpg"), "--format", "json", "--html", In("page.html"),
                                        "--packet", In("packet"), "--blur", "--grey"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  ASSERT_EQ(Lines(outcome.out).size(), 1u);
  Json with = Lines(outcome.out)[0], without = Lines(plain.out)[0];
  with.erase("elapsed_ms");
  without.erase("elapsed_ms");
  EXPECT_EQ(with, without) << "Writing the page changes no result.";
  EXPECT_THAT(outcome.err, HasSubstr("Report: "));
  EXPECT_THAT(outcome.err, HasSubstr("Packet: "));
  EXPECT_THAT(outcome.err, HasSubstr("2 originals"));

  const std::string page = Slurp(scratch_ / "page.html");
  EXPECT_THAT(page, HasSubstr("class=\"blur grey\""));
  EXPECT_THAT(page, HasSubstr("from the original, SHA-256 checked"));
  EXPECT_THAT(page, HasSubstr("What was not searched"));
  EXPECT_THAT(page, HasSubstr("Query, aligned"));
  // The page, its JSON, both originals and the contents.
  ExpectSumsAreRight("packet", 5);
  Json packed = Json::parse(Slurp(scratch_ / "packet" / "results.jsonl"));
  packed.erase("elapsed_ms");
  EXPECT_EQ(packed, with);
  const std::string original = with["hits"][0]["photo"].get<std::string>() + ".jpg";
  EXPECT_EQ(Slurp(scratch_ / "packet" / "originals" / original), Slurp(Photo("a.jpg")));
}

TEST_F(EvidenceTest, AnExistingPacketIsRefusedBeforeTheSearch) {
  fs::create_directory(scratch_ / "packet");
  const Outcome outcome = InCollection({"search", In("query.jpg"), "--packet", In("packet")});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_TRUE(outcome.out.empty());
  EXPECT_THAT(outcome.err, HasSubstr("never written over"));
  EXPECT_TRUE(fs::is_empty(scratch_ / "packet"));
  EXPECT_EQ(InCollection({"search", In("query.jpg"), "--blur"}).exit_code, 2) << "Of what?";
  EXPECT_EQ(InCollection({"search", In("query.jpg"), "--packet", In("no/packet")}).exit_code, 4);
}

TEST_F(EvidenceTest, WhereTheOriginalIsGoneTheThumbnailIsShownAndThePageSaysSo) {
  fs::remove(Photo("a.jpg"));
  const Outcome outcome =
      InCollection({"search", In("query.jpg"), "--html", In("page.html"), "--packet", In("packet")});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("1 missing, see CONTENTS.txt"));
  EXPECT_THAT(Slurp(scratch_ / "page.html"), HasSubstr("thumbnail: the original is no longer at its place"));
  EXPECT_THAT(Slurp(scratch_ / "packet" / "CONTENTS.txt"), HasSubstr("its thumbnail: thumbnails/"));
  ExpectSumsAreRight("packet", 5);
  // Another picture under the same name is not taken for it.
  WriteJpeg(Photo("a.jpg"), MakePicture(5));
  InCollection({"search", In("query.jpg"), "--html", In("page.html")});
  EXPECT_THAT(Slurp(scratch_ / "page.html"), HasSubstr("thumbnail: the file at its place has other bytes now"));
}

TEST_F(EvidenceTest, ComparisonsAndMissesHaveThemToo) {
  const Outcome same = Run({"compare", In("query.jpg"), Photo("a.jpg"), "--packet", In("same"), "-v"});
  EXPECT_EQ(same.exit_code, 0) << same.err;
  EXPECT_THAT(same.out, HasSubstr("inliers"));
  ExpectSumsAreRight("same", 5);
  EXPECT_EQ(Json::parse(Slurp(scratch_ / "same" / "results.jsonl"))["type"], "comparison");
  EXPECT_THAT(Run({"compare", In("query.jpg"), Photo("a.jpg")}).out, Not(HasSubstr("inliers"))) << "Only with -v.";

  EXPECT_EQ(Run({"compare", In("query.jpg"), Photo("b.jpg"), "--packet", In("none")}).exit_code, 1);
  ExpectSumsAreRight("none", 5);  // Both photos, although they are no hit.
  EXPECT_EQ(InCollection({"search", In("other.jpg"), "--packet", In("miss")}).exit_code, 1);
  ExpectSumsAreRight("miss", 4);
  EXPECT_THAT(Slurp(scratch_ / "miss" / "report.html"), HasSubstr("No hit among 2 photos."));

  const Outcome broken = Run({"compare", In("query.jpg"), In("gone.jpg"), "--packet", In("broken")});
  EXPECT_EQ(broken.exit_code, 3);
  ExpectSumsAreRight("broken", 4);
}

TEST_F(EvidenceTest, AFileGetsNoColour) {
  ::setenv("CLICOLOR_FORCE", "1", 1);  // Not ours; nothing may switch it on.
  const Outcome outcome = InCollection({"search", In("query.jpg"), "-v"});
  ::unsetenv("CLICOLOR_FORCE");
  EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(outcome.out, HasSubstr("same-photo"));
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << "80 columns: " << line;
}

}  // namespace
}  // namespace pugmark
