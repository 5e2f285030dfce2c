// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/workers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <utility>

#include "engine/decode/checks.h"
#include "engine/decode/seal.h"
#include "engine/decode/wire.h"
#include "engine/decode/worker.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<DecodeWorkers*> of_process = nullptr;

// A worker links 140 libraries before it says hello; a loaded machine takes its time over that.
constexpr double kStartSeconds = 60;
// Sanitizers slow a decoder down by so much.
constexpr double kSanitizerFactor = 20;
constexpr size_t kMaxTextBytes = 1024;
// The only variables that a worker is given from the program's environment.
constexpr const char* kPassedOn[] = {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"};

// Processor seconds of a child's threads since it was started.
double ProcessorSeconds(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

[[noreturn]] void ThrowNoWorker(const std::string& why) {
  throw SandboxError(
      fmt::format("Photos are decoded in a sandbox, which cannot be set up here: {}. Nothing was decoded. "
                  "--no-sandbox decodes without it: only for photos whose origin you trust.",
                  why));
}

// One line of harmless text, whatever a worker sent.
std::string Tamed(const std::string& text) { return EscapeText(std::string_view(text).substr(0, kMaxTextBytes)); }

// What a decoder may say, and nothing else. Texts of the EXIF stay as they are: they are a stranger's words from here
// or from there.
bool IsPlausible(const DecodeOptions& options, const PhotoInfo& info, const DecodeError& error, const Image& image,
                 uint64_t num_pixel_bytes) {
  if (info.format < PhotoFormat::kUnknown || info.format > PhotoFormat::kAvif) return false;
  if (error.code < DecodeErrorCode::kEmpty || error.code > DecodeErrorCode::kTooSmall) return false;
  if (info.width_px < 0 || info.height_px < 0 || info.orientation < 1 || info.orientation > 8) return false;
  for (const std::string* text : {&info.camera_make, &info.camera_model, &info.camera_serial, &info.taken_at}) {
    if (text->size() > decode::kMaxExifTextBytes) return false;
  }
  if (num_pixel_bytes == 0) return image.width_px == 0 && !error.message.empty();
  return image.width_px >= 1 && image.width_px <= options.max_side_px && image.height_px >= 1 &&
         image.height_px <= options.max_side_px && (image.channels == 1 || image.channels == 3) &&
         error.message.empty() && info.format != PhotoFormat::kUnknown && info.width_px >= 1 && info.height_px >= 1 &&
         num_pixel_bytes == static_cast<uint64_t>(image.width_px) * static_cast<uint64_t>(image.height_px) *
                                static_cast<uint64_t>(image.channels);
}

}  // namespace

// One question and its answer, within the budget's time.
class DecodeWorkers::Conversation {
 public:
  enum class End { kAnswered, kDied, kTooSlow, kNonsense };

  // max_seconds: of processor time; wall_seconds: by the clock.
  Conversation(const Worker& worker, double max_seconds, double wall_seconds)
      : worker_(worker),
        max_seconds_(max_seconds),
        processor_before_(ProcessorSeconds(worker.pid)),
        until_(Clock::now() +
               std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(wall_seconds))) {}

  bool Send(std::span<const uint8_t> bytes) {
    return Transfer(bytes.size(), POLLOUT, [&](size_t done) {
      return ::send(worker_.socket, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    });
  }
  bool Receive(std::span<uint8_t> bytes) {
    return Transfer(bytes.size(), POLLIN, [&](size_t done) {
      return ::recv(worker_.socket, bytes.data() + done, bytes.size() - done, MSG_DONTWAIT);
    });
  }
  bool Send(const decode::Frame& frame) {
    return Send(std::span(reinterpret_cast<const uint8_t*>(&frame), sizeof(frame)));
  }
  bool Receive(decode::Frame* frame) { return Receive(std::span(reinterpret_cast<uint8_t*>(frame), sizeof(*frame))); }

  // The frame and fields of an answer; its bulk is for the caller to judge and receive.
  bool ReceiveFields(decode::Frame* frame, std::vector<uint8_t>* fields) {
    if (!Receive(frame)) return false;
    if (frame->num_fields_bytes > decode::kMaxReplyBytes) return Fail(End::kNonsense);
    fields->resize(frame->num_fields_bytes);
    return Receive(*fields);
  }

  End Ask(std::span<const uint8_t> data, const DecodeOptions& options, DecodeResult* result) {
    decode::FieldWriter out;
    decode::PassOptions(out, options);
    decode::Frame frame{out.bytes().size(), data.size()};
    std::vector<uint8_t> fields;
    if (!Send(frame) || !Send(out.bytes()) || !Send(data) || !ReceiveFields(&frame, &fields)) return end_;
    decode::FieldReader in(fields);
    Image image;
    decode::PassReply(in, result->info, result->error, image.width_px, image.height_px, image.channels);
    if (!in.Done() || !IsPlausible(options, result->info, result->error, image, frame.num_bulk_bytes)) {
      return End::kNonsense;
    }
    result->error.message = Tamed(result->error.message);
    if (frame.num_bulk_bytes > 0) {
      image.pixels.resize(frame.num_bulk_bytes);
      if (!Receive(image.pixels)) return end_;
      result->image = std::move(image);
    }
    return End::kAnswered;
  }

  End end() const { return end_; }

 private:
  bool Fail(End end) {
    end_ = end;
    return false;
  }

  template <typename Step>
  bool Transfer(size_t size, short event, Step step) {
    for (size_t done = 0; done < size;) {
      const ssize_t n = step(done);
      if (n > 0) {
        done += static_cast<size_t>(n);
      } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        if (!Await(event)) return Fail(End::kTooSlow);
      } else if (n == 0 || errno != EINTR) {
        return Fail(End::kDied);
      }
    }
    return true;
  }

  // False if the time is used up before anything happens.
  bool Await(short event) const {
    while (true) {
      const double wall = std::chrono::duration<double>(until_ - Clock::now()).count();
      const double processor = max_seconds_ - (ProcessorSeconds(worker_.pid) - processor_before_);
      const double left = std::min(wall, processor);
      if (left <= 0) return false;
      pollfd socket{worker_.socket, event, 0};
      const int ready = ::poll(&socket, 1, static_cast<int>(std::ceil(left * 1000)));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

  const Worker& worker_;
  const double max_seconds_;
  const double processor_before_;
  const Clock::time_point until_;
  End end_ = End::kAnswered;
};

namespace {

// Ends the worker, whatever it does, and says how it had ended by itself; 0 if it had not.
int Bury(int pid, int socket) {
  ::close(socket);
  int status = 0;
  pid_t gone = ::waitpid(pid, &status, WNOHANG);
  const bool by_itself = gone == pid;
  if (!by_itself) {
    ::kill(pid, SIGKILL);
    do gone = ::waitpid(pid, &status, 0);
    while (gone < 0 && errno == EINTR);
  }
  return by_itself ? status : 0;
}

// The socket closes a moment before the process can be waited for.
int BuryDead(int pid, int socket) {
  ::close(socket);
  int status = 0;
  const auto give_up = Clock::now() + std::chrono::seconds(5);
  while (::waitpid(pid, &status, WNOHANG) == 0 && Clock::now() < give_up) {
    const timespec moment{0, 500'000};
    ::nanosleep(&moment, nullptr);
  }
  return status;
}

}  // namespace

DecodeWorkers::DecodeWorkers(std::string program) : program_(std::move(program)), budget_(ProcessBudget()) {
  DecodeWorkers* none = nullptr;
  PUGMARK_CHECK(of_process.compare_exchange_strong(none, this));
}

DecodeWorkers::~DecodeWorkers() {
  of_process = nullptr;
  for (const Worker& worker : idle_) Bury(worker.pid, worker.socket);
}

DecodeWorkers* DecodeWorkers::OfProcess() { return of_process; }

std::vector<int> DecodeWorkers::IdlePids() const {
  const std::lock_guard lock(mutex_);
  std::vector<int> pids;
  for (const Worker& worker : idle_) pids.push_back(worker.pid);
  return pids;
}

int64_t DecodeWorkers::num_started() const {
  const std::lock_guard lock(mutex_);
  return num_started_;
}

DecodeWorkers::Worker DecodeWorkers::Start() const {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    ThrowNoWorker(fmt::format("socketpair: {}", std::strerror(errno)));
  }
  std::vector<std::string> words = {"pugmark", kDecodeWorkerArgument, fmt::format("{}", budget_.max_seconds),
                                    fmt::format("{}", budget_.max_memory_bytes)};
  std::vector<std::string> variables = {"OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1"};
  for (const char* name : kPassedOn) {
    if (const char* value = std::getenv(name)) variables.push_back(fmt::format("{}={}", name, value));
  }
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
  };
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  if (!decode::kIsSanitized) posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  Worker worker;
  const int error = ::posix_spawn(&worker.pid, program_.c_str(), &files, &attributes, pointers(words).data(),
                                  pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  ::close(ends[1]);
  worker.socket = ends[0];
  if (error != 0) {
    ::close(worker.socket);
    ThrowNoWorker(fmt::format("{}: {}", EscapeText(program_), std::strerror(error)));
  }

  Conversation hello(worker, kStartSeconds, 10 * kStartSeconds);
  decode::Frame frame;
  std::vector<uint8_t> fields;
  std::string problem;
  if (!hello.ReceiveFields(&frame, &fields)) {
    const int status =
        hello.end() == Conversation::End::kDied ? BuryDead(worker.pid, worker.socket) : Bury(worker.pid, worker.socket);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return {};
    ThrowNoWorker(fmt::format("a worker ended before it was ready (status {})", status));
  }
  decode::FieldReader in(fields);
  in(problem);
  if (!in.Done() || frame.num_bulk_bytes > 0) problem = "a worker said something else than hello";
  if (!problem.empty()) {
    Bury(worker.pid, worker.socket);
    ThrowNoWorker(Tamed(problem));
  }
  return worker;
}

DecodeWorkers::Worker DecodeWorkers::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      const Worker worker = idle_.back();
      idle_.pop_back();
      return worker;
    }
    ++num_started_;
  }
  return Start();
}

void DecodeWorkers::GiveBack(Worker worker) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(worker);
}

DecodeResult DecodeWorkers::Decode(std::span<const uint8_t> data, const DecodeOptions& options) {
  using End = Conversation::End;
  const double seconds = budget_.max_seconds * (decode::kIsSanitized ? kSanitizerFactor : 1);
  DecodeResult result;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    const Worker worker = Take();
    if (worker.pid < 0) continue;  // Killed from outside while it started.
    Conversation conversation(worker, seconds, seconds * budget_.wall_factor);
    result = {};
    const End end = conversation.Ask(data, options, &result);
    if (end == End::kAnswered) {
      GiveBack(worker);
      return result;
    }
    result = {};
    result.info.format = FindPhotoFormat(data);
    const int status = end == End::kDied ? BuryDead(worker.pid, worker.socket) : Bury(worker.pid, worker.socket);
    if (end == End::kTooSlow) {
      result.error = {
          DecodeErrorCode::kTooSlow,
          fmt::format("Decoding it took more than {} s of processor time, or hung. --photo-seconds gives more.",
                      budget_.max_seconds)};
      return result;
    }
    const bool was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (was_killed) continue;
    std::string how = "sent what no decoder says";
    if (end == End::kDied && WIFSIGNALED(status)) {
      how = WTERMSIG(status) == SIGSYS ? "tried what a decoder never does (SIGSYS)"
                                       : fmt::format("crashed (SIG{})", ::sigabbrev_np(WTERMSIG(status)));
    } else if (end == End::kDied) {
      how = fmt::format("ended by itself (exit code {})", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    }
    result.error = {DecodeErrorCode::kDecoderDied, fmt::format("Its decoder {}; the sandbox held it.", how)};
    return result;
  }
  result.error = {DecodeErrorCode::kDecoderDied,
                  fmt::format("Its decoder was killed from outside {} times. Ingest it again.", kMaxTries)};
  return result;
}

}  // namespace pugmark
