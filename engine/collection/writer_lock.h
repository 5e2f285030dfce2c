// SPDX-License-Identifier: Apache-2.0
//
// The collection's lock, waited for: for jobs that run beside people's own work and write now and then.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <thread>

#include "index/base/collection.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {

class WriterLock {
 public:
  // Waits up to wait_seconds. Throws Error(kLocked) if another writer is still at work then, or a stop was requested.
  WriterLock(const CollectionPaths& paths, double wait_seconds, const std::stop_token& stop) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(wait_seconds);
    while (!lock_) {
      try {
        lock_.emplace(paths.lock());
      } catch (const Error& e) {
        const bool may_wait = std::chrono::steady_clock::now() < deadline && !stop.stop_requested();
        if (e.code() != ErrorCode::kLocked || !may_wait) throw;
        std::this_thread::sleep_for(kPoll);
      }
    }
  }

 private:
  static constexpr auto kPoll = std::chrono::milliseconds(50);
  std::optional<FileLock> lock_;
};

}  // namespace pugmark
