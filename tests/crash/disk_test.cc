// SPDX-License-Identifier: Apache-2.0
//
// A full disk, a limit on the size of files, and places that may not be written: a clear message, exit code 4, a sound
// collection, and the same command works once there is room.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include <iostream>

#include "engine/features/features.h"
#include "tests/crash/program.h"
#include "tests/crash/state.h"

namespace pugmark::crash {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr uid_t kNobody = 65534;

class DiskTest : public testing::Test {
 protected:
  void SetUp() override {
    PrepareProcess();
    fs::permissions(scratch_.path(), fs::perms(0755));
  }

  RunResult Run(const fs::path& collection, const Words& words, const RunOptions& options = {}) const {
    Words arguments = {"-c", collection.string()};
    for (const std::string& word : words) {
      arguments.push_back(word[0] == '@' ? pictures_.folder(word.substr(1)).string() : word);
    }
    return RunProgram(arguments, scratch_.path(), options);
  }

  void Prepare(const fs::path& collection) const {
    ASSERT_EQ(Run(collection, {"init", "--size", "200", "--keypoints", "80"}).exit_code, 0);
    ASSERT_EQ(Run(collection, {"ingest", "@first"}).exit_code, 3);
  }

  // The command failed as it should. Returns whether it failed.
  static bool FailsClearly(const RunResult& run, int otherwise) {
    if (run.exit_code == otherwise) return false;
    EXPECT_EQ(run.exit_code, 4) << run.err;
    EXPECT_NE(run.err.find("pugmark: "), std::string::npos) << run.err;
    EXPECT_EQ(run.err.find("bug"), std::string::npos) << run.err;
    return true;
  }

  static void ExpectSound(const fs::path& collection) {
    for (const std::string& finding : Check(collection)) ADD_FAILURE() << finding;
  }

  // What both commands lead to on a disk with room.
  State Undisturbed() {
    const fs::path collection = scratch_ / "undisturbed";
    Prepare(collection);
    EXPECT_EQ(Run(collection, {"ingest", "@second"}).exit_code, 0);
    EXPECT_EQ(Run(collection, {"reindex", "--full"}).exit_code, 0);
    return ReadState(collection, pictures_);
  }

  void ExpectItWorksNow(const fs::path& collection, const State& undisturbed) const {
    EXPECT_EQ(Run(collection, {"ingest", "@second"}).exit_code, 0);
    EXPECT_EQ(Run(collection, {"reindex", "--full"}).exit_code, 0);
    ExpectSound(collection);
    EXPECT_EQ(ReadState(collection, pictures_), undisturbed);
  }

  Scratch scratch_;
  Pictures pictures_;
};

// Leaves so much room and no more.
void Fill(const fs::path& disk, int room_kb) {
  std::ofstream filler(disk / "filler", std::ios::binary);
  const std::string block(4096, 'x');
  for (struct statvfs info {};;) {
    ASSERT_EQ(::statvfs(disk.c_str(), &info), 0);
    if (info.f_bavail * info.f_frsize <= static_cast<uint64_t>(room_kb) * 1024) break;
    filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush();
    ASSERT_TRUE(filler);
  }
}

struct Unmount {
  ~Unmount() { ::umount2(disk.c_str(), MNT_DETACH); }
  const fs::path disk;
};

TEST_F(DiskTest, FullDisk) {
  const fs::path disk = scratch_ / "disk";
  fs::create_directories(disk);
  const State undisturbed = Undisturbed();
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=16m") != 0) {
    GTEST_SKIP() << "SKIPPED: a small disk cannot be mounted here (not root?). The limit on file sizes is tried all the same.";
  }
  const Unmount unmount{disk};
  int num_failed = 0;
  // Room that is left when the command begins.
  for (const int room_kb : {0, 24, 72, 140, 240}) {
    SCOPED_TRACE(std::to_string(room_kb) + " KiB of room");
    const fs::path collection = disk / "c";
    fs::remove_all(collection);
    Prepare(collection);
    Fill(disk, room_kb);
    num_failed += FailsClearly(Run(collection, {"ingest", "@second"}), 0) ? 1 : 0;
    fs::remove(disk / "filler");  // Even a check needs a little room: SQLite's shared memory.
    ExpectSound(collection);
    Fill(disk, room_kb);
    num_failed += FailsClearly(Run(collection, {"reindex", "--full"}), 0) ? 1 : 0;
    fs::remove(disk / "filler");
    ExpectSound(collection);
    ExpectItWorksNow(collection, undisturbed);
  }
  std::cout << num_failed << " of 10 commands met a full disk\n";
  EXPECT_GE(num_failed, 4);
}

TEST_F(DiskTest, LimitOnFileSizes) {
  const State undisturbed = Undisturbed();
  int num_failed = 0;
  for (const uint64_t limit : {1'000u, 5'000u, 20'000u, 50'000u, 100'000u, 300'000u}) {
    SCOPED_TRACE(std::to_string(limit) + " bytes");
    const fs::path collection = scratch_ / ("c" + std::to_string(limit));
    Prepare(collection);
    RunOptions options;
    options.max_file_bytes = limit;
    for (const Words& words : {Words{"ingest", "@second"}, Words{"reindex", "--full"}}) {
      num_failed += FailsClearly(Run(collection, words, options), 0) ? 1 : 0;
      ExpectSound(collection);
    }
    ExpectItWorksNow(collection, undisturbed);
  }
  std::cout << num_failed << " of 12 commands met the limit\n";
  EXPECT_GE(num_failed, 6);
}

TEST_F(DiskTest, PlacesThatMayNotBeWritten) {
  if (::geteuid() != 0) GTEST_SKIP() << "SKIPPED: needs root, to give the collection to another user.";
  RunOptions as_nobody;
  as_nobody.user = kNobody;
  if (RunProgram({"--version"}, scratch_.path(), as_nobody).exit_code != 0) {
    GTEST_SKIP() << "SKIPPED: the program cannot be run as another user from where it was built.";
  }
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(pictures_.folder("first").parent_path())) {
    fs::permissions(entry.path(), fs::perms(entry.is_directory() ? 0755 : 0644));
  }
  fs::permissions(pictures_.folder("first").parent_path(), fs::perms(0755));
  const State undisturbed = Undisturbed();
  // A file or folder of a collection that otherwise belongs to the user; "." is the collection itself.
  for (const std::string& place : {std::string("."), std::string("snapshots"), std::string("thumbs"), std::string("catalogue.db")}) {
    SCOPED_TRACE(place);
    const fs::path collection = scratch_ / ("c" + place);
    Prepare(collection);
    const auto give = [&](uid_t user) {
      ASSERT_EQ(::chown(collection.c_str(), user, user), 0);
      for (const fs::directory_entry& entry : fs::recursive_directory_iterator(collection)) {
        ASSERT_EQ(::chown(entry.path().c_str(), user, user), 0);
      }
    };
    give(kNobody);
    const fs::path closed = place == "." ? collection : collection / place;
    const bool is_folder = fs::is_directory(closed);
    ASSERT_EQ(::chown(closed.c_str(), 0, 0), 0);
    if (place == ".") {
      ASSERT_EQ(::chown((collection / "LOCK").c_str(), 0, 0), 0);
    }
    fs::permissions(closed, fs::perms(is_folder ? 0755 : 0444));
    EXPECT_TRUE(FailsClearly(Run(collection, {"ingest", "@second"}, as_nobody), 0)) << place;
    if (place != "thumbs") {
      EXPECT_TRUE(FailsClearly(Run(collection, {"reindex", "--full"}, as_nobody), 0)) << place;
    }
    const RunResult check = Run(collection, {"check"}, as_nobody);
    EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
    EXPECT_EQ(Run(collection, {"search", pictures_.query(0).string()}, as_nobody).exit_code, 0);
    give(0);
    fs::permissions(closed, fs::perms(is_folder ? 0755 : 0644));
    ExpectItWorksNow(collection, undisturbed);
  }
}

}  // namespace
}  // namespace pugmark::crash
