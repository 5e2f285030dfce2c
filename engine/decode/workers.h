// SPDX-License-Identifier: Apache-2.0
//
// Photos decoded where they can do no harm: in child processes without files, network or rights (seal.h), each within
// DecodeBudget.
//
// The program runs itself as a worker (posix_spawn of /proc/self/exe: there are threads, so a plain fork would inherit
// their locks, and a fresh process has addresses of its own). Bytes go in and pixels come back through a socket; what
// comes back is checked as if a stranger had sent it, because a photo may have taken the worker over. As many workers
// are started as photos are decoded at once, when they are first needed; idle ones wait for the next photo.
//
// A worker that dies, hangs or answers nonsense costs the photo that it was given, and is replaced. A worker that was
// killed from outside (SIGKILL: the administrator, a lack of memory on the machine) costs nothing: the photo is given
// to another one, kMaxTries in all. So the result of an ingest does not depend on who kills what meanwhile. None grows
// old either: decode::kMaxPhotosOfWorker.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/decode/decode.h"

namespace pugmark {

// No worker can be had: nothing to do with any photo, so it ends the command. The message says what to do.
class SandboxError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class DecodeWorkers {
 public:
  static constexpr int kMaxTries = 50;

  // From here on Decode() of the whole process goes through this object; there may be one at a time. Starts nothing
  // yet. program: what is run as a worker; its main() calls RunDecodeWorker(). Budgets: ProcessBudget().
  explicit DecodeWorkers(std::string program = "/proc/self/exe");
  // Ends the workers. No Decode() may be running.
  ~DecodeWorkers();
  DecodeWorkers(const DecodeWorkers&) = delete;
  DecodeWorkers& operator=(const DecodeWorkers&) = delete;

  // Null: this process decodes by itself.
  static DecodeWorkers* OfProcess();

  // As Decode(). Errors beside those: kTooSlow, kDecoderDied. Throws SandboxError.
  // Threads: any number; each call has a worker to itself. Cost: the photo's bytes and pixels copied twice; a worker's
  // start, some 20 ms, mostly the linking of libraries.
  DecodeResult Decode(std::span<const uint8_t> data, const DecodeOptions& options);

  // Of now, for tests and statistics.
  std::vector<int> IdlePids() const;
  int64_t num_started() const;

 private:
  struct Worker {
    int pid = -1;
    int socket = -1;
    int num_photos = 0;  // That it has decoded.
  };

  Worker Take();
  Worker Start() const;
  void GiveBack(Worker worker);

  const std::string program_;
  const DecodeBudget budget_;
  mutable std::mutex mutex_;
  std::vector<Worker> idle_;
  int64_t num_started_ = 0;
};

}  // namespace pugmark
