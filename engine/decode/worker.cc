// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/worker.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstring>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <string_view>
#include <thread>

#include "engine/decode/seal.h"
#include "engine/decode/wire.h"

namespace pugmark {
namespace {

constexpr int kSocket = STDIN_FILENO;
// What malloc may keep from one photo for the next. More would make the memory that one photo finds depend on others.
constexpr int kMmapThresholdBytes = 4 << 20;
constexpr size_t kMaxKeptBytes = 16 << 20;
constexpr size_t kThreadStackBytes = 1 << 20;
// If the program that would kill it is gone.
constexpr double kOwnPatience = 3;

bool ReadAll(void* out, size_t size) {
  auto* at = static_cast<uint8_t*>(out);
  while (size > 0) {
    const ssize_t n = ::read(kSocket, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

bool WriteAll(const void* data, size_t size) {
  const auto* at = static_cast<const uint8_t*>(data);
  while (size > 0) {
    const ssize_t n = ::write(kSocket, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

bool Send(const std::vector<uint8_t>& fields, std::span<const uint8_t> bulk) {
  const decode::Frame frame{fields.size(), bulk.size()};
  return WriteAll(&frame, sizeof(frame)) && WriteAll(fields.data(), fields.size()) &&
         WriteAll(bulk.data(), bulk.size());
}

// SIGPROF after that much processor time; 0 stops the clock.
void SetAlarm(double seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  timer.it_value.tv_usec = static_cast<suseconds_t>((seconds - std::floor(seconds)) * 1e6);
  ::setitimer(ITIMER_PROF, &timer, nullptr);
}

// False if the other end is closed.
bool Serve(const DecodeFunction& decode, const QrCodesFunction& read_qr_codes, double max_seconds) {
  decode::Frame frame;
  if (!ReadAll(&frame, sizeof(frame))) return false;
  std::vector<uint8_t> fields(frame.num_fields_bytes);
  if (!ReadAll(fields.data(), fields.size())) return false;
  DecodeOptions options;
  decode::FieldReader in(fields);
  decode::PassOptions(in, options);

  SetAlarm(kOwnPatience * max_seconds);
  DecodeResult result;
  try {
    std::vector<uint8_t> data(frame.num_bulk_bytes);
    if (!ReadAll(data.data(), data.size())) return false;
    result = decode(data, options);
  } catch (const std::bad_alloc&) {
    return false;  // For the bytes themselves; the rest of the message is lost, and with it this worker.
  }

  const Image none;
  const Image& image = result.image ? *result.image : none;
  decode::FieldWriter out;
  decode::PassReply(out, result.info, result.error, image.width_px, image.height_px, image.channels);
  if (!Send(out.bytes(), image.pixels)) return false;
  if (options.read_qr_codes && result.image) {
    const QrCodes codes = read_qr_codes(image);
    decode::FieldWriter fields_of_codes;
    decode::PassQrCodes(fields_of_codes, codes);
    if (!Send(fields_of_codes.bytes(), {})) return false;
  }
  SetAlarm(0);
  return true;
}

double Number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

}  // namespace

bool IsDecodeWorker(int argc, const char* const* argv) {
  return argc >= 2 && std::string_view(argv[1]) == kDecodeWorkerArgument;
}

int RunDecodeWorker(int argc, const char* const* argv, const DecodeFunction& decode,
                    const QrCodesFunction& read_qr_codes) {
  const double max_seconds = argc == 4 ? Number(argv[2]) : 0, max_memory = argc == 4 ? Number(argv[3]) : 0;
  if (max_seconds <= 0 || max_memory <= 0) return 2;
  // Ctrl-C and a stopping service reach every process; whether a photo is finished is the program's decision.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, kMmapThresholdBytes);
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(kMaxKeptBytes));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kThreadStackBytes);
  pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
  cv::setNumThreads(0);
  std::thread([] {}).join();  // The first thread of a process has glibc install a signal handler.

  const std::string problem = decode::Seal(static_cast<uint64_t>(max_memory));
  decode::FieldWriter hello;
  hello(problem);
  if (!Send(hello.bytes(), {}) || !problem.empty()) return 1;
  while (Serve(decode, read_qr_codes, max_seconds)) {
    if (mallinfo2().arena > kMaxKeptBytes) malloc_trim(0);
  }
  return 0;
}

}  // namespace pugmark
