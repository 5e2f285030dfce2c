// SPDX-License-Identifier: Apache-2.0
//
// The nightly run: drop folder in, digest out; killed, hindered or fed with hostile names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "index/base/files.h"
#include "tests/cli/program.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

using testing::HasSubstr;
using testing::Not;

class NightlyTest : public CliTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(InCollection({"init", "--size", "320", "--keypoints", "200"}).exit_code, 0);
    fs::create_directories(scratch_ / "drop");
    WriteJpeg((scratch_ / "known.jpg").string(), MakePicture(0, 400, 300));
    std::ofstream(scratch_ / "m.csv") << "file,platform,listing_id,seller,bank\nknown.jpg,bazaar,1,joe,baobab\n";
    ASSERT_EQ(InCollection({"ingest", "--manifest", (scratch_ / "m.csv").string()}).exit_code, 0);
    ASSERT_EQ(InCollection({"bank", "watch", "baobab"}).exit_code, 0);
  }
  void TearDown() override { EXPECT_EQ(InCollection({"check"}).exit_code, 0); }

  std::vector<std::string> Arguments(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"nightly", "--drop", (scratch_ / "drop").string(), "--settle", "0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // One copy of the watched photo per number, each a little different.
  void DropCopies(int num_copies, const std::string& platform = "market") const {
    std::ofstream manifest(scratch_ / "drop/m.csv");
    manifest << "file,platform,listing_id,seller\n";
    for (int i = 0; i < num_copies; ++i) {
      const cv::Mat picture = MakePicture(0, 400, 300);
      WriteJpeg((scratch_ / ("drop/c" + std::to_string(i) + ".jpg")).string(),
                picture(cv::Rect(0, 0, 400 - 4 * i, 300)), 80);
      manifest << "c" << i << ".jpg," << platform << "," << i << ",kim\n";
    }
  }
  static std::map<std::string, std::vector<Json>> ByType(const std::string& text) {
    std::map<std::string, std::vector<Json>> lines;
    for (Json& line : Lines(text)) lines[line.at("type")].push_back(std::move(line));
    return lines;
  }
};

TEST_F(NightlyTest, TakesInTheDropFolderAndTellsWhatIsNewOnce) {
  DropCopies(2);
  WriteJpeg((scratch_ / "drop/other.jpg").string(), MakePicture(5, 400, 300));
  std::ofstream(scratch_ / "drop/broken.jpg") << "no photo";
  ASSERT_EQ(InCollection({"nightly", "--settle", "0"}).exit_code, 0) << "Without a drop folder.";
  const Outcome night = InCollection(Arguments({"--format", "json", "--digest-dir", (scratch_ / "digests").string()}));
  EXPECT_EQ(night.exit_code, 3) << night.err;
  auto lines = ByType(night.out);
  const Json digest = lines["digest"].at(0);
  EXPECT_EQ(digest.at("new_photos"), 3);
  EXPECT_EQ(digest.at("alerts"), 2);
  EXPECT_EQ(digest.at("unreadable"), 1);
  EXPECT_EQ(digest.at("problems"), Json::array());
  EXPECT_FALSE(digest.at("since").is_null()) << "The first run told what came before.";
  ASSERT_EQ(lines["digest_alert"].size(), 2u);
  EXPECT_EQ(lines["digest_alert"][0].at("new_platforms"), "market");
  EXPECT_EQ(lines["digest_alert"][0].at("banked").at("sightings").at(0).at("seller"), "joe");
  EXPECT_THAT(lines["digest_unreadable"].at(0).at("path").get<std::string>(), HasSubstr("broken.jpg"));
  ASSERT_EQ(lines["digest_stage"].size(), 4u) << "ingest, reindex, links, alerts";
  for (const Json& stage : lines["digest_stage"]) EXPECT_EQ(stage.at("outcome"), "done");
  for (const char* stage : {"ingest: begins", "ingest: done", "reindex: done", "alerts: done", "digest: written"}) {
    EXPECT_THAT(night.err, HasSubstr(stage));
  }
  std::vector<fs::path> folders(fs::directory_iterator(scratch_ / "digests"), {});
  ASSERT_EQ(folders.size(), 1u);
  EXPECT_EQ(Slurp(folders[0] / "digest.jsonl"), night.out);
  EXPECT_THAT(Slurp(folders[0] / "digest.txt"), HasSubstr("NOT KNOWN BEFORE"));
  EXPECT_THAT(Slurp(folders[0] / "digest.html"), HasSubstr("data:image/jpeg;base64,/9j/"));

  const Outcome second = InCollection(Arguments({"--format", "json"}));
  EXPECT_EQ(second.exit_code, 3) << "The broken file still lies there.";
  lines = ByType(second.out);
  EXPECT_EQ(lines["digest"].at(0).at("new_photos"), 0);
  EXPECT_EQ(lines["digest"].at(0).at("alerts"), 0);
  EXPECT_EQ(lines["digest"].at(0).at("unreadable"), 0) << "It has been told.";
  EXPECT_EQ(lines["digest"].at(0).at("open_alerts"), 2);
  EXPECT_EQ(Lines(InCollection({"status", "--format", "json"}).out).at(0).at("parts"), 1);
}

TEST_F(NightlyTest, TheSameFileOnAnotherPlatformATakedownAndItsReturnAreTold) {
  ASSERT_EQ(InCollection({"nightly"}).exit_code, 0);
  fs::copy(scratch_ / "known.jpg", scratch_ / "drop/known.jpg");
  std::ofstream(scratch_ / "drop/m.jsonl")
      << R"({"file":"known.jpg","platform":"pikpals","listing_id":"77","seller":"ndovu"})"
      << "\n";
  Outcome night = InCollection(Arguments());
  EXPECT_EQ(night.exit_code, 0) << night.err;
  EXPECT_THAT(night.out, HasSubstr("same file on pikpals: pikpals 77 of ndovu"));
  EXPECT_THAT(night.out, HasSubstr("seen again: pikpals id:77 ndovu"));
  ASSERT_EQ(
      InCollection({"remove", (scratch_ / "known.jpg").string(), "--reason", "court order 7", "--by", "ana"}).exit_code,
      0);
  night = InCollection(Arguments());
  EXPECT_THAT(night.out, HasSubstr("TAKEDOWNS: 1"));
  EXPECT_THAT(night.out, HasSubstr("by ana: photo "));
  EXPECT_THAT(night.out, HasSubstr("REFUSED, BECAUSE IT WAS REMOVED BEFORE: 1"));
  EXPECT_THAT(night.out, HasSubstr("court order 7"));
}

TEST_F(NightlyTest, HostileNamesAreHarmlessEverywhere) {
  DropCopies(1);
  std::ofstream(scratch_ / "drop/m.csv")
      << "file,platform,title,seller\nc0.jpg,\"<b>plat</b>\",\"<script>alert(1)</script>\xE2\x80\xAE"
      << "\"\"'&\",\"<img src=x onerror=alert(1)>\"\n";
  const std::string hostile_file = (scratch_ / "drop").string() + "/\x1b[2J<script>.jpg";
  std::ofstream(hostile_file) << "no photo";
  const Outcome night = InCollection(Arguments({"--digest-dir", (scratch_ / "digests").string()}));
  EXPECT_EQ(night.exit_code, 3) << night.err;
  const fs::path folder = fs::directory_iterator(scratch_ / "digests")->path();
  const std::string page = Slurp(folder / "digest.html");
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  for (const char* bad : {"<script", "<img src=x", "<b>plat", "\xE2\x80\xAE", "\x1b", "http://", "https://", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(bad)));
  }
  for (const std::string& text : {night.out, night.err, Slurp(folder / "digest.jsonl")}) {
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\xE2\x80\xAE")));
  }
}

TEST_F(NightlyTest, OneBadManifestAndGrowingFilesDoNotStopTheRest) {
  DropCopies(1);
  std::ofstream(scratch_ / "drop/bad.csv") << "this,has,no,column,of,files\n1,2,3,4,5,6\n";
  std::ofstream(scratch_ / "drop/growing.jpg.part") << "half";
  Outcome night = InCollection(Arguments({"--format", "json"}));
  EXPECT_EQ(night.exit_code, 3);
  auto lines = ByType(night.out);
  EXPECT_EQ(lines["digest"].at(0).at("alerts"), 1) << night.out;
  ASSERT_EQ(lines["digest_unreadable"].size(), 1u);
  EXPECT_THAT(lines["digest_unreadable"][0].at("path").get<std::string>(), HasSubstr("bad.csv"));
  EXPECT_THAT(lines["digest_stage"].at(0).at("message").get<std::string>(),
              HasSubstr("1 files are still being written"));

  WriteJpeg((scratch_ / "drop/fresh.jpg").string(), MakePicture(8, 400, 300));
  night = InCollection({"nightly", "--drop", (scratch_ / "drop").string(), "--settle", "3600", "--format", "json"});
  EXPECT_EQ(ByType(night.out)["digest"].at(0).at("new_photos"), 0) << "It was written just now.";
  EXPECT_EQ(InCollection({"nightly", "--drop", (scratch_ / "nowhere").string()}).exit_code, 4);
}

TEST_F(NightlyTest, TwoAtOnceAndWaitingForAWriter) {
  {
    const FileLock lock(scratch_ / "c/NIGHTLY");
    const Outcome second = InCollection(Arguments());
    EXPECT_EQ(second.exit_code, 11);
    EXPECT_THAT(second.err, HasSubstr("another nightly run"));
  }
  DropCopies(1);
  {
    const FileLock lock(scratch_ / "c/LOCK");
    const Outcome night = InCollection(Arguments({"--wait", "0"}));
    EXPECT_EQ(night.exit_code, 11);
    EXPECT_THAT(night.out, HasSubstr("FAILED: ingest")) << "The digest comes all the same.";
  }
  // A writer that ends in time is waited for.
  std::optional<FileLock> lock(std::in_place, scratch_ / "c/LOCK");
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    lock.reset();
  });
  const Outcome night = InCollection(Arguments({"--wait", "60"}));
  release.join();
  EXPECT_EQ(night.exit_code, 0) << night.err;
  EXPECT_THAT(night.err, HasSubstr("waiting for another writer"));
  EXPECT_THAT(night.out, HasSubstr("NEW ALERTS: 1"));
}

TEST_F(NightlyTest, AFailingStageIsToldAndTheOthersRun) {
  DropCopies(1);
  fs::create_directory(scratch_ / "c/CURRENT.tmp");  // Nothing can be published.
  const Outcome night = InCollection(Arguments());
  EXPECT_EQ(night.exit_code, 4);
  EXPECT_THAT(night.out, HasSubstr("FAILED: ingest"));
  EXPECT_THAT(night.out, HasSubstr("FAILED: reindex"));
  EXPECT_THAT(night.out, HasSubstr("NEW PHOTOS: 2"));
  EXPECT_THAT(night.out, HasSubstr("NEW ALERTS: 0"));
  EXPECT_THAT(night.out, HasSubstr("1 photo is not searchable yet"));
  fs::remove(scratch_ / "c/CURRENT.tmp");
  const Outcome next = InCollection(Arguments());
  EXPECT_EQ(next.exit_code, 0) << next.err;
  EXPECT_THAT(next.out, HasSubstr("NEW ALERTS: 1")) << "What could not be matched is matched now.";
}

// Killed again and again at growing distances from its begin, it gets further each time; in the end everything was done
// once and is told.
TEST_F(NightlyTest, KilledItContinues) {
  constexpr int kCopies = 8;
  ASSERT_EQ(InCollection({"nightly"}).exit_code, 0);
  DropCopies(kCopies);
  std::vector<std::string> arguments = Arguments({"--threads", "1"});
  arguments.insert(arguments.begin(), {"-c", (scratch_ / "c").string()});
  int num_killed = 0;
  for (int i = 0; i < 14; ++i) {
    const pid_t pid = Start(arguments, scratch_ / "out", scratch_ / "err");
    std::this_thread::sleep_for(std::chrono::milliseconds(40 + 90 * i));
    kill(pid, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    if (!WIFSIGNALED(status)) break;
    ++num_killed;
    ASSERT_EQ(InCollection({"check"}).exit_code, 0) << "After kill " << num_killed;
  }
  EXPECT_GT(num_killed, 2);
  const Outcome night = InCollection(Arguments({"--format", "json"}));
  EXPECT_EQ(night.exit_code, 0) << night.err;
  const std::vector<Json> alerts = Lines(InCollection({"alerts", "--format", "json"}).out);
  EXPECT_EQ(alerts.size(), static_cast<size_t>(kCopies));
  std::set<std::string> photos;
  for (const Json& alert : alerts) photos.insert(alert.at("photo").at("sha256"));
  EXPECT_EQ(photos.size(), static_cast<size_t>(kCopies));
  EXPECT_EQ(Lines(InCollection({"status", "--format", "json"}).out).at(0).at("photos"), kCopies + 1);
}

TEST_F(NightlyTest, InterruptedItLeavesTheDigestToTheNextRun) {
  DropCopies(8);
  std::vector<std::string> arguments = Arguments({"--threads", "1"});
  arguments.insert(arguments.begin(), {"-c", (scratch_ / "c").string()});
  const pid_t pid = Start(arguments, scratch_ / "out", scratch_ / "err");
  // As soon as it says that it is at work.
  for (int i = 0; i < 500 && Slurp(scratch_ / "err").find("ingest: begins") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(pid, SIGTERM);
  EXPECT_EQ(Wait(pid), 130);
  EXPECT_EQ(Slurp(scratch_ / "out"), "");
  const Outcome night = InCollection(Arguments({"--format", "json"}));
  EXPECT_EQ(night.exit_code, 0) << night.err;
  EXPECT_EQ(ByType(night.out)["digest"].at(0).at("new_photos"), 9);
  EXPECT_EQ(ByType(night.out)["digest"].at(0).at("alerts"), 8);
}

}  // namespace
}  // namespace pugmark
