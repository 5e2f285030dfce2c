// SPDX-License-Identifier: Apache-2.0
//
// A decode worker that does what a photo tells it to, as one that a photo has taken over would. Started by
// workers_test; any other photo is decoded as always.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/decode/worker.h"

namespace pugmark {
namespace {

DecodeResult Answer(const std::string& message) {
  DecodeResult result;
  result.error.message = message;
  return result;
}

DecodeResult AnswerOf(long value) { return Answer(value < 0 ? "refused" : "allowed"); }

DecodeResult Lie(std::string_view word) {
  DecodeResult result;
  result.info.format = PhotoFormat::kJpeg;
  result.info.width_px = result.info.height_px = 8;
  result.image = Image{8, 8, 3, std::vector<uint8_t>(192)};
  if (word == "more pixels") result.image->pixels.resize(193);
  if (word == "too large") result.image = Image{5000, 8, 1, std::vector<uint8_t>(40000)};
  if (word == "channels") result.image->channels = 2;
  if (word == "format") result.info.format = static_cast<PhotoFormat>(99);
  if (word == "orientation") result.info.orientation = 9;
  if (word == "long text") result.info.camera_make.assign(10'000, 'x');
  if (word == "endless text") result.info.camera_make.assign(50'000'000, 'x');
  if (word == "image and error") result.error.message = "both";
  if (word == "nothing") result.image.reset();
  if (word == "own code") result = Answer("x"), result.error.code = DecodeErrorCode::kTooSlow;
  if (word == "controls") result = Answer("a\x1b[31mb\nc");
  return result;
}

// What to do when the codes are to be read; set by the photo.
std::string codes_order;

QrCodes Misread(const Image& image) {
  QrCodes codes = ReadQrCodes(image);
  if (codes_order == "long code") codes[3].assign(decode::kMaxQrCodeBytes + 1, 'x');
  if (codes_order == "longest code") codes[3].assign(decode::kMaxQrCodeBytes, 'x');
  if (codes_order == "endless code") codes[0].assign(50'000'000, 'x');
  if (codes_order == "exit") ::_exit(7);
  return codes;
}

DecodeResult Misbehave(std::span<const uint8_t> data, const DecodeOptions& options) {
  const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
  if (!text.starts_with("DO ")) return DecodeHere(data, options);
  const std::string_view what = text.substr(3);
  if (what.starts_with("lie: ")) return Lie(what.substr(5));
  if (what.starts_with("codes: ")) {
    codes_order = what.substr(7);
    return Lie("none");
  }
  if (what == "crash") std::abort();
  if (what == "fault") ::raise(SIGSEGV);  // Not allowed: SIGSYS.
  if (what == "read nowhere") return Answer(std::string(*static_cast<char* volatile*>(nullptr)));
  if (what == "exit") ::_exit(7);
  if (what == "spin") {
    for (std::atomic<int> i = 0;; ++i) {
    }
  }
  if (what == "sleep") {
    while (true) ::pause();  // Not allowed either; see "wait".
  }
  if (what == "wait") {
    while (true) std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  if (what == "open") return AnswerOf(::open("/etc/passwd", O_RDONLY));
  if (what == "create") return AnswerOf(::open("/tmp/pugmark-escaped", O_WRONLY | O_CREAT, 0600));
  if (what == "socket") return AnswerOf(::socket(AF_INET, SOCK_STREAM, 0));
  if (what == "fork") return AnswerOf(::fork());
  if (what == "exec") return AnswerOf(::execl("/bin/true", "true", nullptr));
  if (what == "kill") return AnswerOf(::kill(::getppid(), 0));
  if (what == "ptrace") return AnswerOf(::syscall(SYS_ptrace, 0, 0, 0, 0));
  if (what == "executable memory") {
    return AnswerOf(::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1
                                                                                                                   : 0);
  }
  if (what == "memory") return Answer(std::string(400'000'000, 'x').substr(0, 10));
  if (what == "thread") {
    std::string seen = "no thread";
    std::thread([&] { seen = "a thread ran"; }).join();
    return Answer(seen);
  }
  if (what == "throw") {
    try {
      throw std::bad_alloc();
    } catch (const std::bad_alloc&) {
      return Answer("caught");
    }
  }
  return Answer("unknown order");
}

}  // namespace
}  // namespace pugmark

int main(int argc, char** argv) { std::_Exit(pugmark::RunDecodeWorker(argc, argv, pugmark::Misbehave, pugmark::Misread)); }
