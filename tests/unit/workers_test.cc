// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/workers.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <opencv2/core.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/decode/seal.h"
#include "tests/pictures.h"
#include "tests/qr_codes.h"
#include "tests/unit/decode_samples.h"

namespace pugmark {
namespace {

using samples::File;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

File Order(const std::string& text) {
  const std::string order = "DO " + text;
  return {order.begin(), order.end()};
}

class Workers : public testing::Test {
 protected:
  DecodeResult Do(const std::string& text) { return Decode(Order(text), {}); }

  void ExpectDied(const std::string& order, const std::string& how) {
    const DecodeResult result = Do(order);
    EXPECT_FALSE(result.image) << order;
    EXPECT_EQ(DecodeErrorCodeName(result.error.code), "decoder_died") << order << ": " << result.error.message;
    EXPECT_THAT(result.error.message, HasSubstr(how)) << order;
    ExpectGood();
  }

  // The next photo is decoded as if nothing had been.
  void ExpectGood() {
    const DecodeResult result = Decode(photo_, {});
    ASSERT_TRUE(result.image) << result.error.message;
    EXPECT_EQ(result.image->pixels, DecodeHere(photo_, {}).image->pixels);
  }

  const File photo_ = samples::ByOpenCv(samples::Picture(64, 48), ".png");
  DecodeWorkers workers_{PUGMARK_MISBEHAVING_WORKER};
};

TEST_F(Workers, DecodeEveryFormatAsThisProcessDoes) {
  const cv::Mat picture = samples::Picture(64, 48);
  samples::Exif exif;
  exif.orientation = 6;
  exif.make = "Canon";
  std::vector<File> files = {samples::ByOpenCv(picture, ".png"),
                             samples::ByOpenCv(picture, ".webp"),
                             samples::ByOpenCv(picture, ".bmp"),
                             samples::ByOpenCv(picture, ".tiff"),
                             samples::ByOpenCv(picture, ".jpg"),
                             samples::PngWithExif(photo_, samples::ExifBlock(exif)),
                             {},
                             {'n', 'o'}};
  cv::Mat grey(48, 64, CV_8UC1);
  cv::extractChannel(picture, grey, 0);
  files.push_back(samples::Gif(grey, {80, 60}, 4, 4, 3, true));
  files.push_back(files[4]);
  files.back().resize(files.back().size() / 2);
  for (const bool avif : {false, true}) {
    if (auto file = samples::Heif(picture, avif, 6, samples::ExifBlock(exif))) files.push_back(*std::move(file));
  }
  for (const File& file : files) {
    const DecodeResult here = DecodeHere(file, {}), there = Decode(file, {});
    EXPECT_EQ(here.image.has_value(), there.image.has_value()) << there.error.message;
    EXPECT_EQ(here.image ? here.image->pixels : File(), there.image ? there.image->pixels : File());
    EXPECT_EQ(here.error.message, there.error.message);
    EXPECT_EQ(here.error.code, there.error.code);
    EXPECT_EQ(std::tie(here.info.format, here.info.width_px, here.info.height_px, here.info.orientation,
                       here.info.truncated, here.info.camera_make, here.info.taken_at),
              std::tie(there.info.format, there.info.width_px, there.info.height_px, there.info.orientation,
                       there.info.truncated, there.info.camera_make, there.info.taken_at));
  }
  EXPECT_EQ(workers_.num_started(), 1);
}

TEST_F(Workers, CannotOpenConnectStartOrSignalAnything) {
  for (const char* order : {"open", "create"}) EXPECT_EQ(Do(order).error.message, "refused") << order;
  for (const char* order : {"socket", "fork", "exec", "kill", "ptrace", "executable memory", "fault", "sleep"}) {
    ExpectDied(order, "SIGSYS");
  }
}

TEST_F(Workers, InheritNoOpenFile) {
  const int open_here = ::open("/etc/passwd", O_RDONLY);  // Without O_CLOEXEC, as FAISS opens its files.
  ExpectGood();
  ::close(open_here);
  const std::filesystem::path table = "/proc/" + std::to_string(workers_.IdlePids().at(0)) + "/fd";
  std::error_code error;
  std::set<std::string> open;
  for (const auto& entry : std::filesystem::directory_iterator(table, error)) open.insert(entry.path().filename());
  if (error) GTEST_SKIP() << "NOT TESTED: only root looks into a worker.";
  EXPECT_EQ(open, (std::set<std::string>{"0", "1", "2"}));
}

TEST_F(Workers, CanDoWhatDecodersNeed) {
  EXPECT_EQ(Do("thread").error.message, "a thread ran");
  EXPECT_EQ(Do("throw").error.message, "caught");
  EXPECT_EQ(workers_.num_started(), 1);
}

TEST_F(Workers, ThatDieCostOnePhotoAndAreReplaced) {
  if (!decode::kIsSanitized) ExpectDied("crash", "SIGABRT");  // A sanitizer makes exits of crashes.
  if (!decode::kIsSanitized) ExpectDied("read nowhere", "SIGSEGV");
  ExpectDied("exit", "exit code 7");
}

TEST_F(Workers, AnswersAreCheckedAsIfAStrangerSentThem) {
  for (const char* lie : {"more pixels", "too large", "channels", "format", "orientation", "long text", "endless text",
                          "image and error", "nothing", "own code"}) {
    ExpectDied(std::string("lie: ") + lie, "no decoder says");
  }
  EXPECT_EQ(Do("lie: controls").error.message, "a\\u{001B}[31mb\\u{000A}c");
  EXPECT_TRUE(Do("lie: none").image);  // The same answer without a lie is taken.
}

DecodeOptions WithCodes(int max_side_px = 640) {
  DecodeOptions options;
  options.max_side_px = max_side_px;
  options.read_qr_codes = true;
  return options;
}

TEST_F(Workers, ReadQrCodesWhereTheyAreAskedFor) {
  cv::Mat picture = MakePicture(1, 2000, 2000);
  QrCode("hello", 400).copyTo(picture(cv::Rect(200, 300, 400, 400)));
  const File file = samples::ByOpenCv(picture, ".png");
  for (const int side_px : {640, 2000}) {
    EXPECT_EQ(Decode(file, WithCodes(side_px)).qr_codes, (QrCodes{"hello"}));
    EXPECT_EQ(Decode(photo_, WithCodes(side_px)).qr_codes, QrCodes());
  }
  EXPECT_EQ(Decode(file, {}).qr_codes, QrCodes());
  EXPECT_EQ(workers_.num_started(), 1);
}

TEST_F(Workers, QrCodesAreCheckedAsIfAStrangerSentThem) {
  const auto read = [](const std::string& order) { return Decode(Order("codes: " + order), WithCodes()); };
  EXPECT_EQ(read("longest code").qr_codes[3].size(), decode::kMaxQrCodeBytes);
  for (const char* order : {"long code", "endless code"}) {
    const DecodeResult result = read(order);
    EXPECT_FALSE(result.image) << order;
    EXPECT_EQ(result.qr_codes, QrCodes()) << order;
    EXPECT_THAT(result.error.message, HasSubstr("no decoder says")) << order;
  }
  ExpectGood();
  EXPECT_EQ(workers_.num_started(), 3);
}

TEST_F(Workers, ThatFailAtTheQrCodesCostTheseOnly) {
  const DecodeResult result = Decode(Order("codes: exit"), WithCodes());
  EXPECT_TRUE(result.image) << result.error.message;
  EXPECT_EQ(result.qr_codes, QrCodes());
  const File busy = samples::ByOpenCv(FinderPatterns(640), ".png");  // Hours of work, which CTest would not wait for.
  const DecodeResult read = Decode(busy, WithCodes());
  EXPECT_TRUE(read.image) << read.error.message;
  EXPECT_EQ(read.info.format, PhotoFormat::kPng);
  ExpectGood();
  EXPECT_EQ(workers_.num_started(), 3);
}

TEST_F(Workers, MemoryIsLimited) {
  if (decode::kIsSanitized) GTEST_SKIP() << "NOT TESTED: sanitizers need memory without limit.";
  const DecodeResult result = Do("memory");
  EXPECT_FALSE(result.image);
  EXPECT_EQ(DecodeErrorCodeName(result.error.code), "decoder_died") << result.error.message;
  ExpectGood();
}

TEST(WorkersWithLittleTime, ThatComputeOrWaitForEverCostOnePhoto) {
  DecodeBudget budget;
  budget.max_seconds = decode::kIsSanitized ? 0.02 : 0.3;
  budget.wall_factor = 5;
  SetProcessBudget(budget);
  {
    DecodeWorkers workers(PUGMARK_MISBEHAVING_WORKER);
    Decode(Order("thread"), {});  // Starts it.
    for (const char* order : {"spin", "wait"}) {
      const Clock::time_point start = Clock::now();
      const DecodeResult result = Decode(Order(order), {});
      EXPECT_EQ(DecodeErrorCodeName(result.error.code), "too_slow") << order << ": " << result.error.message;
      EXPECT_GE(SecondsSince(start), 0.25) << order;
      EXPECT_LT(SecondsSince(start), 30) << order;
      EXPECT_EQ(Decode(Order("thread"), {}).error.message, "a thread ran");
    }
    EXPECT_EQ(workers.num_started(), 3);
  }
  SetProcessBudget({});
}

TEST_F(Workers, KilledFromOutsideCostNothing) {
  ExpectGood();
  for (int i = 0; i < 3; ++i) {
    for (const int pid : workers_.IdlePids()) ::kill(pid, SIGKILL);
    ExpectGood();
  }
  EXPECT_EQ(workers_.num_started(), 4);
}

TEST_F(Workers, AreReplacedBeforeTheyGrowOld) {
  for (int i = 1; i <= 2 * decode::kMaxPhotosOfWorker; ++i) {
    ASSERT_TRUE(Do("lie: none").image) << i;
    ASSERT_EQ(workers_.num_started(), i <= decode::kMaxPhotosOfWorker ? 1 : 2) << i;
  }
  EXPECT_EQ(workers_.IdlePids().size(), 0u);
  ExpectGood();
}

TEST_F(Workers, IgnoreWhatEndsTheProgramInItsOwnWay) {
  ExpectGood();
  for (const int pid : workers_.IdlePids()) {
    ::kill(pid, SIGINT);
    ::kill(pid, SIGTERM);
  }
  ExpectGood();
  EXPECT_EQ(workers_.num_started(), 1);
}

TEST_F(Workers, AreAsManyAsPhotosAreDecodedAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> num_equal = 0;
  const std::vector<uint8_t> expected = DecodeHere(photo_, {}).image->pixels;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        const DecodeResult result = Decode(photo_, {});
        if (result.image && result.image->pixels == expected) ++num_equal;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_equal, 100);
  EXPECT_LE(workers_.num_started(), 4);
  EXPECT_EQ(std::ssize(workers_.IdlePids()), workers_.num_started());
}

TEST(WorkersThatCannotStart, EndTheCommandInsteadOfLosingPhotos) {
  for (const char* program : {"/nonexistent", "/bin/true", "/bin/cat"}) {
    DecodeWorkers workers(program);
    EXPECT_THROW(Decode(Order("thread"), {}), SandboxError) << program;
  }
}

TEST(WorkersThatAreGone, LeaveNoProcessBehind) {
  int pid = 0;
  {
    DecodeWorkers workers(PUGMARK_MISBEHAVING_WORKER);
    Decode(Order("thread"), {});
    ASSERT_EQ(workers.IdlePids().size(), 1u);
    pid = workers.IdlePids()[0];
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(DecodeWorkers::OfProcess(), nullptr);
}

}  // namespace
}  // namespace pugmark
