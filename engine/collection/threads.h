// SPDX-License-Identifier: Apache-2.0
//
// Runs a parallel algorithm of oneTBB on exactly the number of threads that the user asked for.
#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <cstddef>
#include <utility>

namespace pugmark {

// body: called once, in an arena of num_threads (> 0); parallel algorithms inside it use that many and no more.
template <typename Body>
void WithThreads(int num_threads, Body&& body) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, static_cast<size_t>(num_threads));
  tbb::task_arena arena(num_threads);
  arena.execute(std::forward<Body>(body));
}

}  // namespace pugmark
