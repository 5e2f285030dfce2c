// SPDX-License-Identifier: Apache-2.0
//
// Runs the program on the staged ads, as a user would: exit codes, what goes to stdout and what to stderr, and whether the
// right listings are found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "index/base/files.h"
#include "tests/cli/program.h"
#include "tests/onnx.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST_F(CliTest, WithoutACommandItExplainsItself) {
  const Outcome none = Run({});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_TRUE(none.out.empty());
  const Outcome help = Run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* command : {"init", "ingest", "search", "compare", "reindex", "status", "check"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
    EXPECT_EQ(Run({command, "--help"}).exit_code, 0);
  }
  EXPECT_THAT(Run({"--version"}).out, HasSubstr("pugmark "));
}

TEST_F(CliTest, ExitCodesSayWhatHappened) {
  EXPECT_EQ(Run({"search", "--no-such-option"}).exit_code, 2);
  EXPECT_EQ(Run({"search", "x.jpg"}).exit_code, 2) << "No collection named.";
  for (const char* command : {"reindex", "status", "check"}) {
    const Outcome outcome = InCollection({command});
    EXPECT_EQ(outcome.exit_code, 10) << command;
    EXPECT_THAT(outcome.err, HasSubstr("init"));
  }
  EXPECT_EQ(InCollection({"search", "x.jpg"}).exit_code, 10);
  EXPECT_EQ(InCollection({"ingest", "."}).exit_code, 10);
  EXPECT_EQ(InCollection({"init"}).exit_code, 0);
  EXPECT_EQ(InCollection({"init"}).exit_code, 4) << "There is one already.";
  EXPECT_EQ(InCollection({"ingest"}).exit_code, 2) << "Nothing named.";
  EXPECT_EQ(InCollection({"ingest", "/no/such/folder"}).exit_code, 4);
  EXPECT_EQ(InCollection({"reindex"}).exit_code, 0) << "Nothing to do is no failure.";
  EXPECT_EQ(InCollection({"search", Sample("queries/q01.jpg")}).exit_code, 1) << "An empty collection has no hit.";
  const Outcome missing = InCollection({"search", "/no/such.jpg", "--format", "json"});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_EQ(Lines(missing.out).at(0).at("type"), "error");
  {
    const FileLock lock(scratch_ / "c/LOCK");
    EXPECT_EQ(InCollection({"ingest", Sample("queries")}).exit_code, 11);
    EXPECT_EQ(InCollection({"reindex"}).exit_code, 11);
    EXPECT_EQ(InCollection({"status"}).exit_code, 0) << "Readers do not wait for the writer.";
  }
  EXPECT_EQ(InCollection({"check"}).exit_code, 0);
}

TEST_F(CliTest, AnEmbeddingIsTakenOrRefusedWithAReason) {
  const std::string model = (scratch_ / "net.onnx").string();
  std::ofstream(model) << "no network";
  const Outcome alone = InCollection({"init", "--embedding", model});
  EXPECT_EQ(alone.exit_code, 4);
  EXPECT_THAT(alone.err, HasSubstr("net.json: is missing"));
  std::ofstream(scratch_ / "net.json") << R"({"name": "my net", "width": 16, "height": 16})";
  const Outcome bad = InCollection({"init", "--embedding", model});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.err, HasSubstr("net.onnx: cannot be loaded"));
  EXPECT_EQ(std::count(bad.err.begin(), bad.err.end(), '\n'), 1) << "One message, ours: " << bad.err;
  EXPECT_FALSE(fs::exists(scratch_ / "c"));

  const std::vector<uint8_t> bytes = TinyNetwork(1);
  std::ofstream(model, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  EXPECT_EQ(InCollection({"init", "--embedding", model}).exit_code, 0);
  EXPECT_EQ(Lines(InCollection({"status", "--format", "json"}).out).at(0).at("embedding"), "my net");
  EXPECT_THAT(InCollection({"status"}).out, HasSubstr("embedding: my net, 6 values"));
  EXPECT_EQ(InCollection({"ingest", Sample("queries/q01.jpg"), Sample("queries/q02.jpg")}).exit_code, 0);
  EXPECT_EQ(InCollection({"check"}).exit_code, 0);
  EXPECT_EQ(InCollection({"search", Sample("queries/q02.jpg")}).exit_code, 0);
  std::ofstream(scratch_ / "c/embedding/model.json") << "{}";
  const Outcome changed = InCollection({"search", Sample("queries/q02.jpg")});
  EXPECT_EQ(changed.exit_code, 12);
  EXPECT_THAT(changed.err, HasSubstr("is not the file that this collection was made with"));
}

// The main job, whole: staged ads in, re-index, the query photos out.
TEST_F(CliTest, StagedQueriesFindTheirListings) {
  ASSERT_EQ(InCollection({"init"}).exit_code, 0);
  const Outcome ingest = InCollection({"ingest", "--manifest", Sample("ads/manifest.csv"), "--format", "json"});
  ASSERT_EQ(ingest.exit_code, 0) << ingest.err;
  ASSERT_EQ(InCollection({"ingest", "--manifest", Sample("ads/manifest.jsonl")}).exit_code, 0);
  const Json counts = Lines(ingest.out).at(0);
  EXPECT_GT(counts.at("new_photos"), 150);
  EXPECT_EQ(counts.at("unreadable"), 0);
  const Json again = Lines(InCollection({"ingest", "--manifest", Sample("ads/manifest.csv"), "--format", "json"}).out).at(0);
  EXPECT_EQ(again.at("new_photos"), 0);
  EXPECT_EQ(again.at("new_sightings"), 0);
  ASSERT_EQ(InCollection({"reindex"}).exit_code, 0);
  const Json status = Lines(InCollection({"status", "--format", "json"}).out).at(0);
  EXPECT_EQ(status.at("state"), "ready");
  EXPECT_EQ(status.at("parts"), 1);

  // truth/queries.csv: query,kind,expected_photo,object,expected_listings; no cell holds a comma.
  std::ifstream truth(Sample("truth/queries.csv"));
  std::string line;
  std::getline(truth, line);
  std::map<std::string, std::vector<std::string>> expected;
  while (std::getline(truth, line)) {
    std::vector<std::string> cells;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
    while (!cells.empty() && !cells.back().empty() && cells.back().back() == '\r') cells.back().pop_back();
    cells.resize(5);
    expected[fs::path(cells[0]).filename().string()] = cells;
  }
  ASSERT_GE(expected.size(), 24u);

  const std::string html = (scratch_ / "report.html").string();
  const Outcome search = InCollection({"search", Sample("queries"), "--format", "json", "--html", html});
  ASSERT_EQ(search.exit_code, 0) << search.err;
  int num_same_photo = 0, num_same_photo_found = 0, num_same_object = 0, num_same_object_found = 0, num_false = 0;
  for (const Json& query : Lines(search.out)) {
    const auto& truth_row = expected.at(fs::path(query.at("query").get<std::string>()).filename().string());
    bool right = false;
    const Json& hits = query.at("hits");
    if (!hits.empty()) {
      for (const Json& s : hits[0].at("sightings")) {
        const std::string listing = s.at("platform").get<std::string>() + ":" + s.at("listing_id").get<std::string>();
        right = right || (";" + truth_row[4] + ";").find(";" + listing + ";") != std::string::npos;
      }
    }
    if (truth_row[1] == "same-photo") {
      ++num_same_photo;
      num_same_photo_found += right && hits[0].at("verdict") == "same-photo" ? 1 : 0;
    } else if (truth_row[1] == "same-object") {
      ++num_same_object;
      num_same_object_found += right ? 1 : 0;
    } else {
      for (const Json& hit : hits) num_false += hit.at("verdict") != "look-alike" ? 1 : 0;
    }
  }
  RecordProperty("same_photo_found", num_same_photo_found);
  RecordProperty("same_object_found", num_same_object_found);
  // Floors just under what this version finds (docs/measuring.md): a change that loses one must say so.
  EXPECT_GE(num_same_photo_found, 7) << "of " << num_same_photo;
  EXPECT_GE(num_same_object_found, 14) << "of " << num_same_object;
  EXPECT_EQ(num_false, 0) << "Strangers must be recognised as look-alikes at best.";

  const std::string page = Slurp(html);
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy"));
  EXPECT_THAT(page, HasSubstr("same-photo"));
  EXPECT_EQ(InCollection({"check"}).exit_code, 0);
}

// samples/truth: q22 is a mirrored copy of this ad photo; q25 is in no ad.
TEST_F(CliTest, ComparesTwoPhotosWithoutACollection) {
  const std::string copy = Sample("queries/q22.jpg"), stranger = Sample("queries/q25.jpg");
  const std::string original = Sample("ads/blackacacia/2ed730fe719b4398.jpg");
  const std::string html = (scratch_ / "comparison.html").string();
  const Outcome alike = Run({"compare", copy, original, "--format", "json", "--html", html});
  EXPECT_EQ(alike.exit_code, 0) << alike.err;
  const Json json = Lines(alike.out).at(0);
  EXPECT_EQ(json.at("type"), "comparison");
  EXPECT_EQ(json.at("verdict"), "same-photo");
  EXPECT_EQ(json.at("a").at("path"), copy);
  const Json& hit = json.at("hits").at(0);
  EXPECT_EQ(hit.at("mirrored"), true);
  EXPECT_EQ(hit.at("photo"), json.at("b").at("sha256"));
  EXPECT_NE(json.at("a").at("sha256"), json.at("b").at("sha256"));
  EXPECT_NEAR(hit.at("transform")[0][0].get<double>(), -1, 0.01) << "Of the unmirrored query.";
  EXPECT_THAT(Slurp(html), HasSubstr("compared in"));
  EXPECT_THAT(Run({"compare", copy, original}).out, HasSubstr("comparing these two photos"));

  const Outcome unlike = Run({"compare", stranger, original, "--format", "json"});
  EXPECT_EQ(unlike.exit_code, 1);
  EXPECT_EQ(Lines(unlike.out).at(0).at("verdict"), "none");
  EXPECT_EQ(Lines(Run({"compare", copy, copy, "--format", "json"}).out).at(0).at("verdict"), "same-file");

  const Outcome broken = Run({"compare", copy, Sample("README.md"), "--format", "json"});
  EXPECT_EQ(broken.exit_code, 3);
  EXPECT_EQ(Lines(broken.out).at(0).at("error"), "not_an_image");
  EXPECT_EQ(Run({"compare", copy, "/no/such.jpg", "--html", html}).exit_code, 3);
  EXPECT_EQ(Run({"compare", copy}).exit_code, 2);
  EXPECT_EQ(InCollection({"compare", copy, original}).exit_code, 10) << "The collection that is named must be there.";
}

TEST_F(CliTest, UnreadableInputsAreListedAndDoNotStopTheBatch) {
  ASSERT_EQ(InCollection({"init"}).exit_code, 0);
  fs::create_directories(scratch_ / "in");
  fs::copy_file(Sample("queries/q01.jpg"), scratch_ / "in/good.jpg");
  std::ofstream(scratch_ / "in/bad\x1b[31m.jpg") << "not a photo";
  std::ofstream(scratch_ / "in/empty.jpg");
  const std::string truncated = Slurp(Sample("queries/q02.jpg")).substr(0, 300);
  std::ofstream(scratch_ / "in/cut.jpg", std::ios::binary) << truncated;
  const Outcome outcome = InCollection({"ingest", (scratch_ / "in").string()});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.out, HasSubstr("1 new photos"));
  EXPECT_THAT(outcome.out, HasSubstr("3 unreadable"));
  EXPECT_THAT(outcome.err, testing::Not(HasSubstr("\x1b[31m"))) << "File names must not reach the terminal raw.";
  std::set<std::string> reasons;
  for (const Json& line : Lines(Slurp(scratch_ / "c/quarantine.jsonl"))) reasons.insert(line.at("code"));
  EXPECT_TRUE(reasons.contains("not_an_image"));
  EXPECT_TRUE(reasons.contains("empty"));
  const Outcome search = InCollection({"search", (scratch_ / "in").string(), "--format", "json"});
  EXPECT_EQ(search.exit_code, 3);
  EXPECT_EQ(Lines(search.out).size(), 4u) << "One object per query, readable or not.";
}

TEST_F(CliTest, InterruptedIngestEndsCleanlyAndContinues) {
  ASSERT_EQ(InCollection({"init"}).exit_code, 0);
  const std::string collection = (scratch_ / "c").string();
  const std::vector<std::string> command = {"-c", collection, "ingest", Sample("ads"), "--threads", "1"};
  const pid_t pid = Start(command, scratch_ / "out", scratch_ / "err");
  std::this_thread::sleep_for(std::chrono::seconds(2));
  kill(pid, SIGINT);
  const int exit_code = Wait(pid);
  // On a very fast machine the batch may be done before; what matters is that it is not damaged.
  EXPECT_TRUE(exit_code == 130 || exit_code == 3) << exit_code;
  EXPECT_EQ(InCollection({"check"}).exit_code, 0);

  // Killed without warning: what was committed stays, and the same command finishes the job.
  const pid_t killed = Start(command, scratch_ / "out", scratch_ / "err");
  std::this_thread::sleep_for(std::chrono::seconds(2));
  kill(killed, SIGKILL);
  int status = 0;
  waitpid(killed, &status, 0);
  EXPECT_EQ(InCollection({"check"}).exit_code, 0);
  EXPECT_EQ(InCollection({"ingest", Sample("ads")}).exit_code, 3) << "The manifests beside the photos are no photos.";
  EXPECT_EQ(InCollection({"check"}).exit_code, 0);
  EXPECT_EQ(InCollection({"search", Sample("queries/q18.jpg")}).exit_code, 0);
}

}  // namespace
}  // namespace pugmark
