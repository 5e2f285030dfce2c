// SPDX-License-Identifier: Apache-2.0
//
// Runs work on exactly the number of threads that the user asked for, by oneTBB.
#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <cstddef>
#include <functional>
#include <stop_token>
#include <utility>

#include "index/base/error.h"

namespace pugmark {

// body: called once, in an arena of num_threads (> 0); parallel algorithms inside it use that many and no more.
template <typename Body>
void WithThreads(int num_threads, Body&& body) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<size_t>(num_threads));
  tbb::task_arena arena(num_threads);
  arena.execute(std::forward<Body>(body));
}

// work(0) ... work(num_items - 1), num_threads (> 0) at a time; `done` with each result in that order, from one thread at a
// time. Stops early, after the items begun, if `stop` is requested.
template <typename Result>
void ForEachInOrder(size_t num_items, int num_threads, const std::stop_token& stop,
                    const std::function<Result(size_t)>& work, const std::function<void(const Result&)>& done) {
  PUGMARK_CHECK(num_threads > 0);
  size_t next = 0;
  const auto read = tbb::make_filter<void, size_t>(tbb::filter_mode::serial_in_order, [&](tbb::flow_control& control) {
    if (next == num_items || stop.stop_requested()) {
      control.stop();
      return size_t{0};
    }
    return next++;
  });
  const auto middle = tbb::make_filter<size_t, Result>(tbb::filter_mode::parallel, work);
  const auto report =
      tbb::make_filter<Result, void>(tbb::filter_mode::serial_in_order, [&](const Result& result) { done(result); });
  WithThreads(num_threads, [&] { tbb::parallel_pipeline(2 * static_cast<size_t>(num_threads), read & middle & report); });
}

}  // namespace pugmark
