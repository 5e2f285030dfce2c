// SPDX-License-Identifier: Apache-2.0
//
// One writer and several readers at once, as processes and as threads of one process: no search fails, every photo that was
// acknowledged before a search began is found, and every answer is of one snapshot.
//
// PUGMARK_CONCURRENT_SECONDS: least duration of each test (default 5).
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "engine/ingest/ingest.h"
#include "engine/search/search.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "tests/crash/program.h"
#include "tests/pictures.h"
#include "tests/scratch.h"

namespace pugmark::crash {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kPictures = 60;
constexpr int kReaders = 3;
constexpr int kFewestSearches = 10, kFewestWrites = 3;
// TBB and FAISS are not built for ThreadSanitizer, which sees races wherever they synchronise.
#if defined(__SANITIZE_THREAD__)
constexpr int kThreads = 1;
#else
constexpr int kThreads = 2;
#endif

std::chrono::seconds Duration() {
  const char* text = std::getenv("PUGMARK_CONCURRENT_SECONDS");
  return std::chrono::seconds(text == nullptr ? 5 : std::atoi(text));
}

// Shared by the processes.
struct Board {
  std::atomic<int> num_acknowledged = 0;  // Photos 0 … n - 1 are promised to be found.
  std::atomic<bool> stop = false;
  std::atomic<int> num_searches = 0, num_snapshots_seen = 0, num_failures = 0, num_writes = 0;
};

class ConcurrentTest : public testing::Test {
 protected:
  ConcurrentTest() {
    PrepareProcess();
    for (int i = 0; i < kPictures; ++i) {
      const cv::Mat pixels = MakePicture(static_cast<uint64_t>(i) + 500, 220, 165);
      WriteJpeg(Photo(i).string(), pixels);
      cv::Mat small;
      cv::resize(pixels, small, {}, 0.8, 0.8, cv::INTER_AREA);
      WriteJpeg(Query(i).string(), small, 70);
      sha256_.push_back(Sha256::OfFile(Photo(i)));
    }
    CreateCollection(collection_, {.working_size_px = 200, .max_keypoints = 80, .contrast_threshold = 0.01f});
    void* memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    board_ = new (memory) Board;
  }
  ~ConcurrentTest() override { ::munmap(board_, sizeof(Board)); }

  fs::path Photo(int i) const { return scratch_ / ("p" + std::to_string(i) + ".jpg"); }
  fs::path Query(int i) const { return scratch_ / ("q" + std::to_string(i) + ".jpg"); }

  // Searches until it is told to stop.
  void Read(uint64_t seed) const {
    std::mt19937_64 random(seed);
    int64_t newest = 0;
    std::map<int64_t, int64_t> photos_of;  // Snapshot → photos.
    const auto fail = [&](const std::string& what) {
      ++board_->num_failures;
      std::cerr << what << "\n";
    };
    while (!board_->stop) {
      const int num_acknowledged = board_->num_acknowledged;
      if (num_acknowledged == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        continue;
      }
      try {
        const Searcher searcher(collection_, {});
        for (int i = 0; i < 3; ++i) {  // The same snapshot, whatever is published and pruned meanwhile.
          const int picture = static_cast<int>(random() % static_cast<uint64_t>(num_acknowledged));
          const QueryResult result = searcher.Search(i == 2 ? Photo(picture) : Query(picture));
          ++board_->num_searches;
          if (!result.error.empty()) fail(result.error);
          if (result.num_damaged > 0) fail("Damaged candidates.");
          if (result.snapshot < newest) fail("An older snapshot than before.");
          newest = result.snapshot;
          const auto [known, is_new] = photos_of.try_emplace(result.snapshot, result.num_photos);
          if (is_new) ++board_->num_snapshots_seen;
          if (known->second != result.num_photos) fail("One snapshot with two numbers of photos.");
          bool found = false;
          for (const Hit& hit : result.hits) {
            found = found || hit.photo.sha256 == sha256_[static_cast<size_t>(picture)];
            if (hit.sightings.empty()) fail("A hit without a sighting.");
          }
          if (!found) fail("Photo " + std::to_string(picture) + " is not found in snapshot " + std::to_string(result.snapshot));
        }
      } catch (const std::exception& e) {
        fail(std::string("A search failed: ") + e.what());
      }
    }
  }

  // Long enough, and a slow machine has done enough.
  bool IsEnough(Clock::time_point end) const {
    return Clock::now() >= end && board_->num_searches > kFewestSearches && board_->num_writes > kFewestWrites;
  }

  void Report(const char* how) const {
    std::cout << how << ": " << board_->num_searches << " searches in " << board_->num_snapshots_seen
              << " snapshots (summed over " << kReaders << " readers) beside " << board_->num_writes << " writes in "
              << Duration().count() << " s\n";
    EXPECT_EQ(board_->num_failures, 0);
    EXPECT_GT(board_->num_searches, kFewestSearches);
    EXPECT_GT(board_->num_writes, kFewestWrites);
  }

  Scratch scratch_;
  const fs::path collection_ = scratch_ / "c";
  std::vector<Sha256> sha256_;
  Board* board_ = nullptr;
};

TEST_F(ConcurrentTest, Processes) {
  std::vector<pid_t> readers;
  for (int r = 0; r < kReaders; ++r) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      Read(static_cast<uint64_t>(r));
      ::_exit(0);
    }
    readers.push_back(pid);
  }
  const Clock::time_point end = Clock::now() + Duration();
  for (int next = 0; !IsEnough(end);) {
    std::vector<std::string> words = {"-c", collection_.string(), "ingest", "--threads", "1"};
    const int batch_end = std::min(next + 3, kPictures);
    for (; next < batch_end; ++next) words.push_back(Photo(next).string());
    const bool has_new = words.size() > 5;
    if (!has_new) words = {"-c", collection_.string(), "reindex", "--full", "--threads", "1"};
    RunResult run = RunProgram(words, scratch_.path());
    EXPECT_EQ(run.exit_code, 0) << run.err;
    board_->num_acknowledged = next;
    ++board_->num_writes;
    if (!has_new || board_->num_writes % 3 != 0) continue;
    run = RunProgram({"-c", collection_.string(), "reindex", "--threads", "1"}, scratch_.path());
    EXPECT_EQ(run.exit_code, 0) << run.err;
  }
  board_->stop = true;
  for (const pid_t pid : readers) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "A reader crashed.";
  }
  Report("processes");
}

TEST_F(ConcurrentTest, Threads) {
  std::vector<std::thread> readers;
  for (int r = 0; r < kReaders; ++r) readers.emplace_back([this, r] { Read(static_cast<uint64_t>(r) + 100); });
  const Clock::time_point end = Clock::now() + Duration();
  for (int next = 0; !IsEnough(end);) {
    if (next < kPictures) {
      IngestOptions options;
      options.num_threads = kThreads;
      const int batch_end = std::min(next + 3, kPictures);
      for (; next < batch_end; ++next) options.inputs.push_back(Photo(next));
      Ingest(collection_, options, {}, {});
      board_->num_acknowledged = next;
    }
    ++board_->num_writes;
    if (next < kPictures && board_->num_writes % 3 != 0) continue;
    const FileLock lock(CollectionPaths{collection_}.lock());
    Collection collection = OpenCollection(collection_, Catalogue::Access::kWrite);
    ReindexOptions options;
    options.full = next >= kPictures;
    options.num_threads = kThreads;
    Reindex(collection, options, {}, [](std::string_view, int64_t, int64_t) {});
  }
  board_->stop = true;
  for (std::thread& reader : readers) reader.join();
  Report("threads");
}

}  // namespace
}  // namespace pugmark::crash
