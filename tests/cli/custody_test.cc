// SPDX-License-Identifier: Apache-2.0
//
// Chain of custody as a user meets it: what is logged, repeated, reviewed, and what tampering looks like. One collection of
// own pictures, taken in once for all cases.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "index/base/sha256.h"
#include "tests/cli/program.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

using testing::HasSubstr;
using testing::Not;

class CustodyTest : public CliTest {
 protected:
  static constexpr int kPictures = 5;

  void SetUp() override {
    fs::create_directories(scratch_ / "in");
    for (int i = 0; i < kPictures; ++i) WriteJpeg(Picture(i), MakePicture(static_cast<uint64_t>(i), 400, 300));
    // A copy of picture 0, edited, and of nothing else.
    WriteJpeg((scratch_ / "query.jpg").string(), MakePicture(0, 400, 300)(cv::Rect(20, 20, 340, 260)), 70);
    WriteJpeg((scratch_ / "stranger.jpg").string(), MakePicture(77, 400, 300));
    query_ = (scratch_ / "query.jpg").string();
    ASSERT_EQ(InCollection({"init", "--size", "320", "--keypoints", "200"}).exit_code, 0);
    ASSERT_EQ(InCollection({"ingest", (scratch_ / "in").string(), "--platform", "bazaar"}).exit_code, 0);
  }

  std::string Picture(int i) const { return (scratch_ / "in" / ("p" + std::to_string(i) + ".jpg")).string(); }
  static std::string HashOf(const std::string& file) { return Sha256::OfFile(file).Hex(); }
  std::vector<Json> Log(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"log", "--format", "json"});
    return Lines(InCollection(more).out);
  }
  Json Search(const std::string& photo, int exit_code = 0) const {
    const Outcome outcome = InCollection({"search", photo, "--format", "json"});
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    return Lines(outcome.out).at(0);
  }

  std::string query_;
};

TEST_F(CustodyTest, EveryCommandIsLogged) {
  ASSERT_EQ(InCollection({"search", query_, "--top", "3"}).exit_code, 0);
  ASSERT_EQ(InCollection({"search", "/no/such.jpg"}).exit_code, 3);
  ASSERT_EQ(InCollection({"compare", query_, Picture(0)}).exit_code, 0);
  ASSERT_EQ(InCollection({"reindex", "--full"}).exit_code, 0);
  ASSERT_EQ(InCollection({"ingest", "/no/such/folder"}).exit_code, 4);
  for (const char* silent : {"status", "check", "doctor"}) ASSERT_EQ(InCollection({silent}).exit_code, 0) << silent;
  const std::vector<Json> log = Log();
  std::vector<std::string> commands;
  for (const Json& entry : log)
    commands.push_back(entry["command"].get<std::string>() + " " + entry["outcome"].get<std::string>());
  EXPECT_THAT(commands,
              testing::ElementsAre("init done", "ingest begun", "ingest done", "search done", "search done", "compare done",
                                   "reindex begun", "reindex done", "ingest begun", "ingest failed"));
  const Json& search = log[3];
  EXPECT_EQ(search["parameters"]["top"], Json::array({"3"}));
  EXPECT_EQ(search["inputs"][0]["sha256"], HashOf(query_));
  EXPECT_EQ(search["inputs"][0]["path"], query_);
  EXPECT_EQ(search["results"][0]["hits"][0]["photo"], HashOf(Picture(0)));
  EXPECT_EQ(search["snapshot"], 1);
  EXPECT_EQ(search["exit_code"], 0);
  EXPECT_EQ(search["uid"], ::getuid());
  EXPECT_EQ(log[4]["exit_code"], 3);
  EXPECT_TRUE(log[4]["inputs"][0]["sha256"].is_null());
  EXPECT_EQ(log[7]["begun"], 7);
  EXPECT_EQ(log[7]["results"][0]["hash"], HashOf((scratch_ / "c/snapshots/000002/manifest.json").string()));
  EXPECT_EQ(log[9]["exit_code"], 4);
  EXPECT_THAT(log[9]["message"].get<std::string>(), HasSubstr("/no/such/folder"));
  // What ingest admitted, in order of id.
  std::string photos;
  for (int i = 0; i < kPictures; ++i) photos += HashOf(Picture(i)) + "\n";
  EXPECT_EQ(log[2]["results"][0]["hash"],
            Sha256::Of({reinterpret_cast<const uint8_t*>(photos.data()), photos.size()}).Hex());

  EXPECT_EQ(Log({"--command", "search"}).size(), 2u);
  EXPECT_EQ(Log({"--limit", "1"}).at(0)["command"], "ingest");
  EXPECT_EQ(Log({"--since", "2999-01-01"}).size(), 0u);
  const Outcome text = InCollection({"log"});
  EXPECT_THAT(text.out, HasSubstr("search"));
  EXPECT_THAT(text.out, Not(HasSubstr("never ended"))) << "Beginnings that ended are not repeated.";
  const Outcome verify = InCollection({"log", "--verify"});
  EXPECT_EQ(verify.exit_code, 0) << verify.out;
  EXPECT_THAT(verify.out, HasSubstr("Whole: 10 entries"));
}

TEST_F(CustodyTest, TamperingIsFoundWhateverTheAttackerDoes) {
  ASSERT_EQ(InCollection({"search", query_}).exit_code, 0);
  ASSERT_EQ(InCollection({"search", query_}).exit_code, 0);
  const std::string head = Lines(InCollection({"log", "--head", "--format", "json"}).out).at(0)["hash"];
  EXPECT_EQ(InCollection({"log", "--verify", "--expect", head}).exit_code, 0);
  EXPECT_EQ(InCollection({"log", "--verify", "--expect", std::string(64, '0')}).exit_code, 12);
  EXPECT_EQ(InCollection({"log", "--verify", "--expect", "what"}).exit_code, 2);
  EXPECT_EQ(InCollection({"log", "--expect", head}).exit_code, 2);
  {
    SQLite::Database database((scratch_ / "c/catalogue.db").string(), SQLite::OPEN_READWRITE);
    database.exec("DROP TRIGGER audit_log_is_not_edited; DROP TRIGGER audit_log_is_not_deleted;"
                  "UPDATE audit_log SET body = replace(body, '/query.jpg', '/other.jpg') WHERE number = 4;"
                  "DELETE FROM audit_log WHERE number = 5");
  }
  const Outcome verify = InCollection({"log", "--verify"});
  EXPECT_EQ(verify.exit_code, 12);
  EXPECT_THAT(verify.out, HasSubstr("Entry 4 was changed"));
  EXPECT_THAT(verify.out, HasSubstr("ends with entry 4, but audit.heads knows entry 5"));
  EXPECT_THAT(verify.out, HasSubstr("trigger"));
  EXPECT_THAT(verify.out, HasSubstr("NOT whole"));
  const Json json = Lines(InCollection({"log", "--verify", "--format", "json"}).out).at(0);
  EXPECT_EQ(json["whole"], false);
  EXPECT_EQ(json["findings"].size(), 4u);
  EXPECT_EQ(InCollection({"doctor"}).exit_code, 12);
  const Outcome replay = InCollection({"search", "--replay", "4"});
  EXPECT_EQ(replay.exit_code, 12) << "What was tampered with is not repeated.";
}

TEST_F(CustodyTest, ASearchIsRepeatedOnItsSnapshot) {
  ASSERT_EQ(InCollection({"search", query_, (scratch_ / "stranger.jpg").string(), "--candidates", "7"}).exit_code, 0);  // 4
  const Outcome same = InCollection({"search", "--replay", "4"});
  EXPECT_EQ(same.exit_code, 0) << same.out << same.err;
  EXPECT_THAT(same.out, HasSubstr("2 of 2 queries have the same answer"));

  // New photos, one of them a copy of the query; the old snapshot does not know them, only the bytes of the query do.
  fs::create_directories(scratch_ / "more");
  fs::copy_file(query_, scratch_ / "more/again.jpg");
  ASSERT_EQ(InCollection({"ingest", (scratch_ / "more").string()}).exit_code, 0);
  const Outcome added = InCollection({"search", "--replay", "4", "--format", "json"});
  EXPECT_EQ(added.exit_code, 1);
  const Json json = Lines(added.out).at(0);
  EXPECT_EQ(json["snapshot"], 1);
  EXPECT_EQ(json["same"], false);
  EXPECT_THAT(json["queries"][0]["differences"][0].get<std::string>(),
              HasSubstr("(same-file) was not among the hits; it was admitted"));
  EXPECT_EQ(json["queries"][1]["same"], true);

  // A query that was moved is found by its hash where it is named, or where the same photo was ingested from.
  fs::rename(scratch_ / "stranger.jpg", scratch_ / "moved.jpg");
  EXPECT_EQ(InCollection({"search", "--replay", "4"}).exit_code, 3);
  EXPECT_EQ(InCollection({"search", "--replay", "4", (scratch_ / "moved.jpg").string()}).exit_code, 1);
  fs::remove(query_);
  const Outcome found = InCollection({"search", "--replay", "4", (scratch_ / "moved.jpg").string(), "--format", "json"});
  EXPECT_EQ(Lines(found.out).at(0)["queries"][0]["same"], false) << "Found as more/again.jpg.";

  EXPECT_EQ(InCollection({"search", "--replay", "99"}).exit_code, 4) << "No such entry.";
  EXPECT_EQ(InCollection({"search", "--replay", "4", "--top", "3"}).exit_code, 2) << "The entry says how many.";
  EXPECT_EQ(InCollection({"search", "--replay", "3"}).exit_code, 2) << "An ingest.";
  fs::remove_all(scratch_ / "c/snapshots/000001");
  const Outcome gone = InCollection({"search", "--replay", "4"});
  EXPECT_EQ(gone.exit_code, 4);
  EXPECT_THAT(gone.err, HasSubstr("Snapshot 1 is not kept any more; kept are: 2"));
}

TEST_F(CustodyTest, AReplayOfAListingAndOfAPart) {
  std::ofstream(scratch_ / "m.csv") << "file,platform,listing_id,seller\nin/p0.jpg,bazaar,7,joe\nin/p1.jpg,bazaar,7,joe\n";
  ASSERT_EQ(InCollection({"ingest", "--manifest", (scratch_ / "m.csv").string()}).exit_code, 0);
  ASSERT_LE(InCollection({"search", "--listing", "bazaar:7"}).exit_code, 1);
  ASSERT_LE(InCollection({"search", query_, "--roi", "0%,0%,60%,60%"}).exit_code, 1);
  const int64_t last = Log({"--limit", "1"}).at(0)["entry"];
  EXPECT_EQ(InCollection({"search", "--replay", std::to_string(last)}).exit_code, 0);
  const Outcome listing = InCollection({"search", "--replay", std::to_string(last - 1)});
  EXPECT_EQ(listing.exit_code, 0) << listing.out << listing.err;
  EXPECT_THAT(listing.out, HasSubstr("2 of 2 queries"));
}

TEST_F(CustodyTest, WithheldDetailsAreNotInTheLogButTheSearchIs) {
  ASSERT_EQ(InCollection({"search", query_, "--no-log"}).exit_code, 0);
  const Json entry = Log({"--limit", "1"}).at(0);
  EXPECT_EQ(entry["command"], "search");
  EXPECT_EQ(entry["withheld"], true);
  EXPECT_THAT(entry.dump(), Not(HasSubstr("query.jpg")));
  EXPECT_THAT(entry.dump(), Not(HasSubstr(HashOf(query_))));
  EXPECT_EQ(InCollection({"search", "--replay", entry["entry"].dump()}).exit_code, 2);
}

TEST_F(CustodyTest, ALogThatCannotBeWrittenDoesNotStopASearch) {
  SQLite::Database other((scratch_ / "c/catalogue.db").string(), SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = InCollection({"search", query_});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("same-photo"));
  EXPECT_THAT(outcome.err, HasSubstr("This search was not logged"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
  other.exec("COMMIT");
  EXPECT_EQ(InCollection({"log", "--verify"}).exit_code, 0);
}

TEST_F(CustodyTest, APersonsNoSilencesAHitAndAYesOutranksEverything) {
  const Json before = Search(query_);
  ASSERT_EQ(before["hits"][0]["verdict"], "same-photo");
  EXPECT_TRUE(before["hits"][0]["review"].is_null());

  const Outcome no =
      InCollection({"review", query_, Picture(0), "no", "--note", "not the one\x1b[31m", "--by", "Jane Doe"});
  ASSERT_EQ(no.exit_code, 0) << no.err;
  EXPECT_THAT(no.out, HasSubstr("same-photo"));
  EXPECT_THAT(no.out, Not(HasSubstr("\x1b")));
  const Json dismissed = Search(query_, 1);  // No hit any more.
  const Json& hit = dismissed["hits"].back();
  EXPECT_EQ(hit["photo"], HashOf(Picture(0)));
  EXPECT_EQ(hit["verdict"], "look-alike");
  EXPECT_EQ(hit["probability"], 0);
  EXPECT_EQ(hit["review"]["answer"], "no");
  EXPECT_EQ(hit["review"]["by"], "Jane Doe");
  EXPECT_EQ(hit["review"]["machine_verdict"], "same-photo");
  EXPECT_GT(hit["review"]["machine_probability"], 0.5);
  EXPECT_THAT(InCollection({"search", query_}).out, HasSubstr("reviewed: no, by Jane Doe (was same-photo"));

  // By SHA-256, the other way round; a photo that the program does not find.
  ASSERT_EQ(InCollection({"review", HashOf(Picture(3)), HashOf(query_), "yes", "--by", "Joe"}).exit_code, 0);
  const Json confirmed = Search(query_);
  EXPECT_EQ(confirmed["hits"][0]["photo"], HashOf(Picture(3)));
  EXPECT_EQ(confirmed["hits"][0]["verdict"], "none");
  EXPECT_EQ(confirmed["hits"][0]["review"]["answer"], "yes");
  EXPECT_THAT(InCollection({"search", query_}).out, HasSubstr("confirmed by Joe"));

  // Reviews survive a new index; a later one supersedes.
  ASSERT_EQ(InCollection({"reindex", "--full"}).exit_code, 0);
  ASSERT_EQ(InCollection({"review", query_, Picture(0), "unsure"}).exit_code, 0);
  const Json unsure = Search(query_);
  EXPECT_EQ(unsure["hits"][1]["verdict"], "same-photo");
  EXPECT_EQ(unsure["hits"][1]["review"]["answer"], "unsure");

  const std::vector<Json> latest = Lines(InCollection({"review", "--list", "--format", "json"}).out);
  ASSERT_EQ(latest.size(), 2u);
  EXPECT_EQ(Lines(InCollection({"review", "--list", "--all", "--format", "json"}).out).size(), 3u);
  EXPECT_EQ(Lines(InCollection({"review", "--list", Picture(3), "--format", "json"}).out).size(), 1u);
  EXPECT_EQ(latest[0]["machine_verdict"], Json()) << "Pugmark could not be asked: the query's file was not named.";
  EXPECT_EQ(latest[1]["machine_verdict"], "same-photo");
}

TEST_F(CustodyTest, ReviewsOfNothingAreRefused) {
  EXPECT_EQ(InCollection({"review"}).exit_code, 2);
  EXPECT_EQ(InCollection({"review", query_, Picture(0)}).exit_code, 2);
  EXPECT_EQ(InCollection({"review", query_, Picture(0), "maybe"}).exit_code, 2);
  EXPECT_EQ(InCollection({"review", query_, "no-file", "no"}).exit_code, 2);
  EXPECT_EQ(InCollection({"review", Picture(0), Picture(0), "yes"}).exit_code, 2);
  EXPECT_EQ(InCollection({"review", query_, (scratch_ / "stranger.jpg").string(), "no"}).exit_code, 4);
  EXPECT_EQ(InCollection({"review", "--list", query_, Picture(0)}).exit_code, 2);
}

TEST_F(CustodyTest, MistakesAreExplained) {
  const Outcome command = Run({"serch", "x.jpg"});
  EXPECT_EQ(command.exit_code, 2);
  EXPECT_THAT(command.err, HasSubstr("There is no command 'serch'. Did you mean 'search'?"));
  EXPECT_THAT(Run({"-c", "ingets", "stat"}).err, HasSubstr("There is no command 'stat'. Did you mean 'status'?"));
  EXPECT_THAT(Run({"frobnicate"}).err, Not(HasSubstr("Did you mean")));
  EXPECT_THAT(Run({"search", "--tpo", "3"}).err, HasSubstr("'search' has no option '--tpo'. Did you mean '--top'?"));
  EXPECT_THAT(Run({"search", "--top", "99999"}).err, HasSubstr("--top"));
  EXPECT_THAT(Run({}).err, HasSubstr("Start here:"));
  const Outcome help = Run({"--help"});
  EXPECT_LT(help.out.find("pugmark -c cases init"), help.out.find("Options:")) << "What to type first comes first.";
  EXPECT_THAT(Run({"search", "--help"}).out, HasSubstr("Which sightings are shown"));
}

TEST_F(CustodyTest, DoctorSaysWhatIsWrong) {
  const Outcome installation = Run({"doctor"});
  EXPECT_EQ(installation.exit_code, 0) << installation.out;
  EXPECT_THAT(installation.out, HasSubstr("Fit for use"));
  const std::vector<Json> findings = Lines(InCollection({"doctor", "--format", "json"}).out);
  for (const char* topic :
       {"versions", "processor", "sandbox", "decode", "recognition", "snapshot", "self-match", "disk", "audit log", "reviews"}) {
    EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [&](const Json& f) { return f["topic"] == topic; })) << topic;
  }
  fs::remove_all(scratch_ / "c/snapshots");
  EXPECT_EQ(InCollection({"doctor"}).exit_code, 12);
  EXPECT_EQ(Run({"-c", "/no/such", "doctor"}).exit_code, 10);
}

}  // namespace
}  // namespace pugmark
