// SPDX-License-Identifier: Apache-2.0
//
// The program is killed at every fault point of every command that writes, and at random moments. After each kill the
// collection is sound, holds all that it held before, and answers from the old or the new snapshot; the same command
// again then ends in the very state of an undisturbed run.
//
// PUGMARK_KILL_ALL=1: also at the middle ones of points that are reached many times (by default the first two and the last).
// PUGMARK_TIMER_KILLS: kills at random moments (default 20). PUGMARK_KILL_SEED: of those moments (default 1).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include "engine/features/features.h"
#include "index/base/error.h"
#include "tests/crash/program.h"
#include "tests/crash/state.h"

namespace pugmark::crash {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

// Words that begin with '@' name a folder of Pictures.
struct Command {
  const char* name;
  std::vector<Words> before;  // Run undisturbed, once: what the collection holds when the command begins.
  Words words;
  int exit_code;
  int exit_code_if_done = exit_code;  // Of the same command after one that got as far as to do it.
  Words afterwards = {};              // Completes what such a one left.
};

void PrintTo(const Command& command, std::ostream* out) { *out << command.name; }

const Words kInit = {"init", "--size", "200", "--keypoints", "80"};
const Words kFirst = {"ingest", "@first", "--threads", "1"};
const Words kSecond = {"ingest", "@second", "--threads", "1"};
const Words kThird = {"ingest", "@third", "--platform", "bazaar", "--threads", "1"};
// Copies of the first: two sellers who are one hand.
const Words kAnn = {"ingest", "@first", "--platform", "bazaar", "--seller", "ann", "--threads", "1"};
const Words kBob = {"ingest", "@queries", "--platform", "market", "--seller", "bob", "--threads", "1"};

// A command that writes and is not here has not been tried. One line each.
const std::vector<Command> kCommands = {
    {"IngestFirst", {kInit}, kFirst, 3},
    {"IngestSecond", {kInit, kFirst}, kSecond, 0},
    {"IngestCopy", {kInit}, {"ingest", "@third", "@first", "--copy", "--threads", "1"}, 3},
    {"IngestThatPrunes", {kInit, kFirst, kSecond, {"reindex", "--full"}}, kThird, 0},
    {"Reindex", {kInit, kFirst, kSecond}, {"reindex"}, 0},
    {"ReindexThatPrunes", {kInit, kFirst, kSecond}, {"reindex", "--keep", "1"}, 0},
    {"ReindexFull", {kInit, kFirst, kSecond}, {"reindex", "--full"}, 0},
    {"Rollback", {kInit, kFirst, kSecond}, {"rollback", "1"}, 0},
    {"Prune", {kInit, kFirst, kSecond, {"reindex", "--full"}}, {"prune", "--keep", "1"}, 0},
    {"Remove", {kInit, kFirst, kThird}, {"remove", "--platform", "bazaar", "--reason", "court order"}, 0, 4, {"reindex"}},
    {"Link", {kInit, kAnn, kBob}, {"link", "--threads", "1"}, 0},
    {"LinkAgain", {kInit, kAnn, kBob, {"link"}}, {"link", "--again", "--threads", "1"}, 0},
    {"Nightly", {kInit, kFirst, {"bank", "watch", "evidence"}}, {"nightly", "--drop", "@third", "--settle", "0"}, 0},
};

int Number(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoi(text);
}

const Pictures& ThePictures() {
  static const Pictures pictures;
  return pictures;
}

class Bench {
 public:
  explicit Bench(const Command& command) : command_(command) {
    PrepareProcess();
    for (const Words& words : command.before) {
      const RunResult run = Run(prepared_, words);
      if (run.exit_code != 0 && run.exit_code != 3) throw std::runtime_error(run.err);
    }
    before_ = ReadState(prepared_, ThePictures());
    Restore();
    RunOptions options;
    const fs::path list = scratch_ / "points";
    options.variables["PUGMARK_FAULT_LIST"] = list.string();
    const auto start = std::chrono::steady_clock::now();
    const RunResult undisturbed = Run(collection_, command.words, options);
    duration_ = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
    EXPECT_EQ(undisturbed.exit_code, command.exit_code) << undisturbed.err;
    std::ifstream in(list);
    for (std::string point; std::getline(in, point);) points_.push_back(point);
    Complete();
    EXPECT_TRUE(Check(collection_).empty());
    after_ = ReadState(collection_, ThePictures());
    EXPECT_EQ(after_.links.empty(), command.words[0] != "link") << after_;
  }

  const std::vector<std::string>& points() const { return points_; }
  std::chrono::microseconds duration() const { return duration_; }
  int num_stale() const { return num_stale_; }

  // Runs the command with a kill, and looks. Returns whether it was killed before its end.
  bool Try(const RunOptions& options) {
    Restore();
    const RunResult run = Run(collection_, command_.words, options);
    if (!run.killed) {
      EXPECT_EQ(run.exit_code, command_.exit_code) << run.err;
    }
    EXPECT_EQ(run.err.find("bug"), std::string::npos) << run.err;
    ExpectSound();
    LookAtTheRest();
    const RunResult again = Run(collection_, command_.words);
    EXPECT_TRUE(again.exit_code == command_.exit_code || again.exit_code == command_.exit_code_if_done) << again.err;
    Complete();
    ExpectSound();
    EXPECT_EQ(ReadState(collection_, ThePictures()), after_);
    return run.killed;
  }

 private:
  void Complete() const {
    if (command_.afterwards.empty()) return;
    const RunResult run = Run(collection_, command_.afterwards);
    EXPECT_EQ(run.exit_code, 0) << run.err;
  }

  void ExpectSound() const {
    for (const std::string& finding : Check(collection_)) ADD_FAILURE() << finding;
  }

  // What a killed run may have left.
  void LookAtTheRest() {
    const State state = ReadState(collection_, ThePictures());
    EXPECT_TRUE(state.photos == after_.photos || (state.photos.size() >= before_.photos.size() &&
                std::equal(before_.photos.begin(), before_.photos.end(), state.photos.begin())))
        << "A photo was lost.";
    EXPECT_TRUE(state.sightings == after_.sightings ||
                std::includes(state.sightings.begin(), state.sightings.end(), before_.sightings.begin(),
                              before_.sightings.end()));
    for (const auto& [name, sha256] : before_.files) {
      const auto found = state.files.find(name);
      if (found == state.files.end()) {
        EXPECT_EQ(after_.files.count(name), 0u) << name;
      } else {
        EXPECT_EQ(found->second, sha256) << name;
      }
    }
    EXPECT_TRUE(std::includes(state.unreadable.begin(), state.unreadable.end(), before_.unreadable.begin(),
                              before_.unreadable.end()));
    for (const std::string& link : state.links) {
      EXPECT_TRUE(before_.links.count(link) + after_.links.count(link) > 0) << "Nobody would have found: " << link;
    }
    EXPECT_TRUE(state.answers == before_.answers || state.answers == after_.answers) << state;
    if (state.snapshot == before_.snapshot) ++num_stale_;
    EXPECT_TRUE(state.num_indexed == before_.num_indexed || state.num_indexed == after_.num_indexed) << state;
  }

  void Restore() const {
    fs::remove_all(collection_);
    fs::copy(prepared_, collection_, fs::copy_options::recursive);
  }

  RunResult Run(const fs::path& collection, const Words& words, const RunOptions& options = {}) const {
    Words arguments = {"-c", collection.string()};
    for (const std::string& word : words) {
      arguments.push_back(word[0] == '@' ? ThePictures().folder(word.substr(1)).string() : word);
    }
    RunOptions one_core = options;
    for (const char* library : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}) one_core.variables[library] = "1";
    return RunProgram(arguments, scratch_.path(), one_core);
  }

  const Command& command_;
  Scratch scratch_;
  const fs::path prepared_ = scratch_ / "prepared", collection_ = scratch_ / "c";
  State before_, after_;
  std::vector<std::string> points_;
  std::chrono::microseconds duration_{};
  int num_stale_ = 0;
};

class KillTest : public testing::TestWithParam<Command> {};

TEST_P(KillTest, EveryFaultPoint) {
  Bench bench(GetParam());
  ASSERT_GE(bench.points().size(), 8u) << "Was the program built with PUGMARK_FAULT_POINTS?";
  int num_killed = 0, num_tried = 0;
  std::map<std::string, int> reached;
  for (size_t i = 0; i < bench.points().size(); ++i) {
    const std::string& point = bench.points()[i];
    const bool is_last = std::find(bench.points().begin() + static_cast<std::ptrdiff_t>(i) + 1, bench.points().end(), point) ==
                         bench.points().end();
    if (++reached[point] > 2 && !is_last && Number("PUGMARK_KILL_ALL", 0) == 0) continue;
    ++num_tried;
    SCOPED_TRACE("Killed at fault point " + std::to_string(i + 1) + ", " + bench.points()[i]);
    RunOptions options;
    options.variables["PUGMARK_FAULT"] = std::to_string(i + 1);
    num_killed += bench.Try(options) ? 1 : 0;
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(num_killed, num_tried);
  std::cout << GetParam().name << ": killed at " << num_killed << " of " << bench.points().size() << " fault points, " << bench.num_stale()
            << " times before the new snapshot was current\n";
}

INSTANTIATE_TEST_SUITE_P(Commands, KillTest, testing::ValuesIn(kCommands),
                         [](const auto& command) { return std::string(command.param.name); });

TEST(TimerTest, RandomMoments) {
  const int num_kills = Number("PUGMARK_TIMER_KILLS", 20);
  std::mt19937_64 random(static_cast<uint64_t>(Number("PUGMARK_KILL_SEED", 1)));
  const int num_commands = static_cast<int>(kCommands.size());
  int num_killed = 0, num_tried = 0;
  for (int c = 0; c < num_commands; ++c) {
    const int num_here = num_kills / num_commands + (c < num_kills % num_commands ? 1 : 0);
    if (num_here == 0) continue;
    Bench bench(kCommands[static_cast<size_t>(c)]);
    for (int i = 0; i < num_here; ++i, ++num_tried) {
      // From before main() to past the end.
      std::uniform_int_distribution<int64_t> moment(0, bench.duration().count() * 11 / 10);
      RunOptions options;
      options.kill_after = std::chrono::microseconds(moment(random));
      SCOPED_TRACE(std::string(kCommands[static_cast<size_t>(c)].name) + " killed after " +
                   std::to_string(options.kill_after->count()) + " us");
      num_killed += bench.Try(options) ? 1 : 0;
    }
  }
  std::cout << num_tried << " timers, of which " << num_killed << " struck before the command had ended\n";
  EXPECT_GT(num_killed, num_tried / 4) << "The timers prove little: most commands had ended.";
}

// There is a collection or there is none; then init makes it.
TEST(InitTest, EveryFaultPoint) {
  PrepareProcess();
  Scratch scratch;
  const fs::path collection = scratch / "c";
  const Words init = {"-c", collection.string(), "init", "--size", "320"};
  RunOptions options;
  for (int n = 1;; ++n) {
    SCOPED_TRACE("Killed at fault point " + std::to_string(n));
    fs::remove_all(collection);
    options.variables["PUGMARK_FAULT"] = std::to_string(n);
    const bool killed = RunProgram(init, scratch.path(), options).killed;
    const RunResult check = RunProgram({"-c", collection.string(), "check"}, scratch.path());
    EXPECT_TRUE(check.exit_code == 10 || check.exit_code == 0) << check.exit_code << check.err;
    const RunResult again = RunProgram(init, scratch.path());
    EXPECT_EQ(again.exit_code, check.exit_code == 10 ? 0 : 4) << again.err;
    EXPECT_TRUE(Check(collection).empty());
    if (killed) continue;
    EXPECT_GT(n, 8);
    std::cout << "init: killed at each of " << n - 1 << " fault points\n";
    break;
  }
}

}  // namespace
}  // namespace pugmark::crash
