// SPDX-License-Identifier: Apache-2.0
//
// Decode workers are killed at random while photos are taken in; the result is that of an undisturbed run.
//
// PUGMARK_KILL_FOLDERS: folders to take in, separated by ':'; otherwise 80 pictures of our own and files that are none.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "index/base/collection.h"
#include "index/base/files.h"
#include "index/base/sha256.h"
#include "tests/crash/program.h"
#include "tests/pictures.h"
#include "tests/qr_codes.h"
#include "tests/scratch.h"

namespace pugmark::crash {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::vector<std::string> Folders(const fs::path& scratch) {
  std::vector<std::string> folders;
  if (const char* named = std::getenv("PUGMARK_KILL_FOLDERS")) {
    std::istringstream in(named);
    for (std::string folder; std::getline(in, folder, ':');) folders.push_back(folder);
    return folders;
  }
  fs::create_directories(scratch / "in");
  for (int i = 0; i < 80; ++i) {
    const std::string name = (scratch / "in/p").string() + std::to_string(i);
    if (i % 20 == 7) {
      std::ofstream(name + ".jpg") << "\xFF\xD8\xFF no photo " << i;
    } else {
      cv::Mat picture = MakePicture(static_cast<uint64_t>(i), 640, 480);
      if (i % 4 == 0) QrCode("code " + std::to_string(i), 160).copyTo(picture(cv::Rect(40, 60, 160, 160)));
      cv::imwrite(name + (i % 3 == 0 ? ".png" : i % 3 == 1 ? ".jpg" : ".webp"), picture);
    }
  }
  return {(scratch / "in").string()};
}

// Photos, features and traces, thumbnails, and what was refused and why: all of it, without times.
std::vector<std::string> ContentOf(const fs::path& collection) {
  const auto digest = [](std::span<const uint8_t> bytes) { return Sha256::Of(bytes).Hex(); };
  std::vector<std::string> content;
  SQLite::Database database((collection / "catalogue.db").native(), SQLite::OPEN_READONLY);
  SQLite::Statement rows(
      database,
      "SELECT p.id, hex(p.sha256), p.format, p.width_px, p.height_px, p.truncated, f.num_keypoints, "
      "f.keypoints, f.descriptors, f.pdq FROM photos p JOIN features f ON f.photo_id = p.id ORDER BY p.id");
  while (rows.executeStep()) {
    std::string line;
    for (int i = 0; i < 7; ++i) line += rows.getColumn(i).getString() + " ";
    for (int i = 7; i < 10; ++i) {
      const SQLite::Column blob = rows.getColumn(i);
      line += digest({static_cast<const uint8_t*>(blob.getBlob()), static_cast<size_t>(blob.getBytes())}) + " ";
    }
    content.push_back(line);
  }
  SQLite::Statement traces(database, "SELECT photo_id, kind, value FROM photo_traces");
  while (traces.executeStep()) {
    content.push_back(traces.getColumn(0).getString() + " " + traces.getColumn(1).getString() + " " +
                      traces.getColumn(2).getString());
  }
  for (const auto& entry : fs::recursive_directory_iterator(collection / "thumbs")) {
    if (entry.is_regular_file()) {
      content.push_back(entry.path().filename().string() + " " + digest(ReadFile(entry.path(), 4 << 20)));
    }
  }
  std::ifstream quarantine(collection / "quarantine.jsonl");
  for (std::string text; std::getline(quarantine, text);) {
    const auto line = nlohmann::json::parse(text);
    content.push_back(line.at("path").get<std::string>() + " " + line.value("sha256", "") + " " +
                      line.at("code").get<std::string>() + " " + line.at("message").get<std::string>());
  }
  std::sort(content.begin(), content.end());
  return content;
}

// Children of all threads of a process.
std::vector<pid_t> ChildrenOf(pid_t pid) {
  std::vector<pid_t> children;
  std::error_code error;
  for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
    std::ifstream in(task.path() / "children");
    for (pid_t child = 0; in >> child;) children.push_back(child);
  }
  return children;
}

TEST(WorkersKilled, TheResultIsThatOfAnUndisturbedRun) {
  const Scratch scratch;
  const std::vector<std::string> folders = Folders(scratch.path());
  std::vector<std::vector<std::string>> contents;
  int num_kills = 0;
  double seconds = 0;  // That the undisturbed run takes.
  for (const std::string name : {"undisturbed", "disturbed"}) {
    const std::string collection = (scratch / name).string();
    ASSERT_EQ(RunProgram({"-c", collection, "init", "--size", "320", "--keypoints", "200"}, scratch.path()).exit_code,
              0);
    std::vector<std::string> words = {"-c", collection, "ingest", "--threads", "2"};
    words.insert(words.end(), folders.begin(), folders.end());
    std::atomic<bool> done = false;
    std::thread killer;
    if (name == "disturbed") {
      // As often as the machine's load allows: who kills workers faster than they can start only shows that nothing is
      // done.
      const double interval = std::max(0.3, seconds / 100);
      killer = std::thread([&, interval] {
        std::mt19937_64 random(7);
        while (!done) {
          const double factor = 0.5 + static_cast<double>(random() % 1000) / 1000;
          const auto next = Clock::now() + std::chrono::duration<double>(interval * factor);
          while (!done && Clock::now() < next) std::this_thread::sleep_for(std::chrono::milliseconds(20));
          for (const pid_t program : ChildrenOf(::getpid())) {
            const std::vector<pid_t> workers = ChildrenOf(program);
            if (workers.empty()) continue;
            ::kill(workers[random() % workers.size()], SIGKILL);
            ++num_kills;
          }
        }
      });
    }
    const Clock::time_point start = Clock::now();
    const RunResult run = RunProgram(words, scratch.path());
    seconds = std::chrono::duration<double>(Clock::now() - start).count();
    done = true;
    if (killer.joinable()) killer.join();
    EXPECT_TRUE(run.exit_code == 0 || run.exit_code == 3) << run.exit_code << ": " << run.err;
    contents.push_back(ContentOf(collection));
    EXPECT_EQ(RunProgram({"-c", collection, "check"}, scratch.path()).exit_code, 0);
  }
  std::cout << contents[0].size() << " facts, " << num_kills << " workers killed\n";
  EXPECT_GE(num_kills, 3) << "Nothing was disturbed.";
  EXPECT_GE(contents[0].size(), 80u);
  EXPECT_EQ(contents[0], contents[1]);
}

}  // namespace
}  // namespace pugmark::crash
