// SPDX-License-Identifier: Apache-2.0
//
// What strangers put into photos, folders and manifests, through the program as a user runs it.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <set>

#include "index/base/sha256.h"
#include "tests/cli/program.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

using testing::HasSubstr;
using testing::Not;

class HostileInputTest : public CliTest {
 protected:
  void SetUp() override {
    fs::create_directories(scratch_ / "in");
    fs::create_directories(scratch_ / "elsewhere");
    WriteJpeg((scratch_ / "in/good.jpg").string(), MakePicture(1));
    WriteJpeg((scratch_ / "elsewhere/private.jpg").string(), MakePicture(2));
    ASSERT_EQ(InCollection({"init"}).exit_code, 0);
  }

  // Takes in what is named beside the collection and returns the summary.
  Json Ingest(std::vector<std::string> words, int exit_code) {
    words.insert(words.begin(), {"ingest", "--format", "json", "--no-alerts"});
    const Outcome outcome = InCollection(words);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    return Lines(outcome.out).at(0);
  }
  static std::multiset<std::string> Codes(const Json& summary) {
    std::multiset<std::string> codes;
    for (const Json& skipped : summary.at("skipped")) codes.insert(skipped.at("error").get<std::string>());
    return codes;
  }
  std::string In(const std::string& name) const { return (scratch_ / name).string(); }
  void WriteNoise(const std::string& name, int side_px) const {
    cv::Mat noise(side_px, side_px, CV_8UC3);
    cv::randu(noise, 0, 256);
    cv::imwrite(In(name), noise);
  }
};

TEST_F(HostileInputTest, LinksThatLeadOutOfTheirFolderAreRefused) {
  fs::create_symlink(In("elsewhere/private.jpg"), In("in/link.jpg"));
  fs::create_symlink("good.jpg", In("in/inside.jpg"));
  Json summary = Ingest({In("in")}, 3);
  EXPECT_EQ(Codes(summary), (std::multiset<std::string>{"outside"}));
  EXPECT_EQ(summary["new_photos"], 1);
  EXPECT_EQ(Ingest({In("in"), "--allow-outside"}, 0)["new_photos"], 1);
  EXPECT_EQ(Ingest({In("in/link.jpg")}, 0)["known_photos"], 1) << "Who names a link means it.";
}

TEST_F(HostileInputTest, ManifestsCannotNameWhatLiesElsewhere) {
  fs::create_symlink(In("elsewhere"), In("in/folder"));
  std::ofstream(In("in/ads.csv")) << "file\ngood.jpg\nfolder/private.jpg\n../elsewhere/private.jpg\n"
                                  << In("elsewhere/private.jpg") << "\n";
  Json summary = Ingest({"--manifest", In("in/ads.csv")}, 3);
  EXPECT_EQ(summary["new_photos"], 1);
  EXPECT_EQ(Codes(summary), (std::multiset<std::string>{"manifest", "manifest", "manifest"}));
  EXPECT_THAT(summary.dump(), HasSubstr("symbolic link"));
  EXPECT_EQ(Ingest({"--manifest", In("in/ads.csv"), "--allow-outside"}, 0)["new_photos"], 1);
}

TEST_F(HostileInputTest, PipesAndDevicesAreNeverRead) {
  ASSERT_EQ(::mkfifo(In("in/pipe.jpg").c_str(), 0600), 0);
  EXPECT_EQ(Ingest({In("in")}, 0)["inputs"], 1) << "In folders they are passed over.";
  EXPECT_EQ(Codes(Ingest({In("in/pipe.jpg"), "/dev/zero"}, 3)), (std::multiset<std::string>{"io", "io"}));
  std::ofstream(In("in/ads.csv")) << "file\npipe.jpg\n";
  EXPECT_EQ(Codes(Ingest({"--manifest", In("in/ads.csv")}, 3)), (std::multiset<std::string>{"io"}));
}

TEST_F(HostileInputTest, NamesThatAreNotUtf8AreFoundAgain) {
  const std::string name = In("in/caf\xE9 \xFF\xE2\x80\xAEgpj.jpg");
  fs::rename(In("in/good.jpg"), name);
  EXPECT_EQ(Ingest({In("in")}, 0)["new_photos"], 1);
  // The packet holds the original: its path has survived byte for byte.
  const Outcome outcome = InCollection({"search", name, "--format", "json", "--packet", In("packet")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json hit = Lines(outcome.out).at(0).at("hits").at(0);
  EXPECT_THAT(hit.at("path").get<std::string>(), HasSubstr("caf\\xE9 \\xFF\\u{202E}gpj.jpg"));
  std::multiset<std::string> copies;
  for (const auto& entry : fs::recursive_directory_iterator(scratch_ / "packet")) {
    if (entry.path().extension() == ".jpg") copies.insert(Sha256::OfFile(entry.path()).Hex());
  }
  EXPECT_GE(copies.count(Sha256::OfFile(name).Hex()), 1u);
  EXPECT_EQ(InCollection({"check", "--originals"}).exit_code, 0);
}

TEST_F(HostileInputTest, TextsOfAdsAreHarmlessWhereverTheyAreShown) {
  std::ofstream(In("in/ads.csv")) << "file,platform,listing_id,seller,title,url\n"
                                  << "good.jpg,\"p\x1b[2J\",=1+1,\"s\xE2\x80\xAEx\",\"=HYPERLINK(1)\x07\xC2\x9B\xE2\x81\xA6\","
                                  << "\"javascript:alert(1)\x1b]0;x\x07\"\n";
  Ingest({"--manifest", In("in/ads.csv")}, 0);
  const std::vector<std::vector<std::string>> commands = {
      {"search", In("in/good.jpg")},
      {"search", In("in/good.jpg"), "--format", "json"},
      {"search", In("in/good.jpg"), "--format", "csv"},
      {"search", In("in/good.jpg"), "--html", In("page.html")},
      {"search", "--listing", "p\x1b[2J:=1+1"},
      {"status"},
      {"log"},
      {"check"}};
  for (const auto& words : commands) {
    const Outcome outcome = InCollection(words);
    std::string shown = outcome.out + outcome.err;
    if (fs::exists(In("page.html"))) shown += Slurp(In("page.html"));
    for (const char* bad : {"\x1b", "\x07", "\xC2\x9B", "\xE2\x80\xAE", "\xE2\x81\xA6", "href=\"javascript:", "\n=HYPERLINK", ",=HYPERLINK"}) {
      EXPECT_THAT(shown, Not(HasSubstr(bad))) << words[0];
    }
  }
}

TEST_F(HostileInputTest, APhotoThatTakesTooMuchIsListedWithItsHashAndCostsNoOther) {
  WriteNoise("in/slow.tiff", 2400);
  const Json summary = Ingest({In("in"), "--photo-seconds", "0.02"}, 3);
  EXPECT_EQ(Codes(summary), (std::multiset<std::string>{"too_slow"})) << summary;
  EXPECT_EQ(summary["new_photos"], 1);
  const std::string quarantine = Slurp(scratch_ / "c/quarantine.jsonl");
  EXPECT_THAT(quarantine, HasSubstr(Sha256::OfFile(In("in/slow.tiff")).Hex()));
  EXPECT_THAT(quarantine, HasSubstr("too_slow"));
  EXPECT_EQ(Codes(Ingest({In("in"), "--photo-memory", "16"}, 3)), (std::multiset<std::string>{"too_large"}));
  EXPECT_EQ(Ingest({In("in")}, 0)["new_photos"], 1);
}

TEST_F(HostileInputTest, WithoutTheSandboxTheResultIsTheSameAndTheLogSaysSo) {
  EXPECT_EQ(Ingest({In("in"), "--no-sandbox"}, 0)["new_photos"], 1);
  cv::Mat copy;
  cv::resize(MakePicture(1), copy, cv::Size(), 0.7, 0.7, cv::INTER_AREA);
  WriteJpeg(In("query.jpg"), copy, 70);
  Json with = Lines(InCollection({"search", In("query.jpg"), "--format", "json"}).out).at(0);
  Json without = Lines(InCollection({"--no-sandbox", "search", In("query.jpg"), "--format", "json"}).out).at(0);
  ASSERT_FALSE(with.at("hits").empty());
  with.erase("elapsed_ms");
  without.erase("elapsed_ms");
  EXPECT_EQ(with, without);
  EXPECT_THAT(InCollection({"log", "--format", "json"}).out, HasSubstr("no-sandbox"));
}

}  // namespace
}  // namespace pugmark
