// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/workers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "engine/decode/conversation.h"
#include "engine/decode/seal.h"
#include "engine/decode/worker.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

using Clock = std::chrono::steady_clock;
using decode::Conversation;
using End = Conversation::End;

std::atomic<DecodeWorkers*> of_process = nullptr;

// A worker links 140 libraries before it says hello; a loaded machine takes its time over that.
constexpr double kStartSeconds = 60;
// Sanitizers slow a decoder down.
constexpr double kSlowness = decode::kIsSanitized ? 20 : 1;
// The only variables that a worker is given from the program's environment.
constexpr const char* kPassedOn[] = {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"};

[[noreturn]] void ThrowNoWorker(const std::string& why) {
  throw SandboxError(
      fmt::format("Photos are decoded in a sandbox, which cannot be set up here: {}. Nothing was decoded. "
                  "--no-sandbox decodes without it: only for photos whose origin you trust.",
                  why));
}

// Ends the worker, and says how it had ended by itself; 0 if it had not. has_hung_up: its end of the socket is closed,
// so that it will be gone in a moment.
int Bury(int pid, int socket, bool has_hung_up) {
  ::close(socket);
  int status = 0;
  const auto give_up = Clock::now() + std::chrono::seconds(has_hung_up ? 5 : 0);
  do {
    if (::waitpid(pid, &status, WNOHANG) == pid) return status;
    if (has_hung_up) std::this_thread::sleep_for(std::chrono::microseconds(500));
  } while (Clock::now() < give_up);
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return 0;
}

}  // namespace

DecodeWorkers::DecodeWorkers(std::string program) : program_(std::move(program)), budget_(ProcessBudget()) {
  DecodeWorkers* none = nullptr;
  PUGMARK_CHECK(of_process.compare_exchange_strong(none, this));
}

DecodeWorkers::~DecodeWorkers() {
  of_process = nullptr;
  for (const Worker& worker : idle_) Bury(worker.pid, worker.socket, false);
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
  std::vector<std::string> words = {"pugmark", kDecodeWorkerArgument,
                                    fmt::format("{}", kSlowness * budget_.max_seconds),
                                    fmt::format("{}", budget_.max_memory_bytes)};
  std::vector<std::string> variables = {"OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1"};
  for (const char* name : kPassedOn) {
    if (const char* value = std::getenv(name)) variables.push_back(fmt::format("{}={}", name, value));
  }
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
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

  std::string problem;
  const End end = Conversation(worker.pid, worker.socket, kStartSeconds, 10 * kStartSeconds).Hear(&problem);
  if (end == End::kAnswered && problem.empty()) return worker;
  const int status = Bury(worker.pid, worker.socket, end == End::kDied);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return {};
  ThrowNoWorker(!problem.empty() ? problem : fmt::format("a worker was not ready (status {})", status));
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
  if (++worker.num_photos == decode::kMaxPhotosOfWorker) {
    Bury(worker.pid, worker.socket, false);
    return;
  }
  const std::lock_guard lock(mutex_);
  idle_.push_back(worker);
}

DecodeResult DecodeWorkers::Decode(std::span<const uint8_t> data, const DecodeOptions& options) {
  const double seconds = kSlowness * budget_.max_seconds;
  DecodeResult result;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    const Worker worker = Take();
    if (worker.pid < 0) continue;  // Killed from outside while it started.
    result = {};
    const End end =
        Conversation(worker.pid, worker.socket, seconds, seconds * budget_.wall_factor).Ask(data, options, &result);
    if (end == End::kAnswered) {
      GiveBack(worker);
      return result;
    }
    const int status = Bury(worker.pid, worker.socket, end == End::kDied);
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal == SIGKILL) continue;
    if (result.image && end != End::kNonsense) return result;  // Its picture came; reading its QR codes failed.
    result = {};
    result.info.format = FindPhotoFormat(data);
    if (end == End::kTooSlow || signal == SIGPROF) {  // Its own clock, if this process could not look in time.
      result.error = {
          DecodeErrorCode::kTooSlow,
          fmt::format("Decoding it took more than {} s of processor time, or hung. --photo-seconds gives more.",
                      budget_.max_seconds)};
      return result;
    }
    std::string how = "sent what no decoder says";
    if (end == End::kDied && signal != 0) {
      how = signal == SIGSYS ? "tried what a decoder never does (SIGSYS)"
                             : fmt::format("crashed (SIG{})", ::sigabbrev_np(signal));
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
