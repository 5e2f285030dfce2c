// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>

#include "cli/commands.h"
#include "engine/collection/collection.h"

namespace pugmark::cli {

const std::filesystem::path& Context::RequireName() const {
  if (collection.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "No collection is named. Use -c DIR or set PUGMARK_COLLECTION.");
  }
  return collection;
}

CollectionPaths Context::RequireCollection() const {
  try {
    return LocateCollection(RequireName());
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kNotFound) throw NoCollection(e.code(), e.what());
    throw;
  }
}

CLI::Option* AddThreads(CLI::App* command, int* num_threads) {
  *num_threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return command->add_option("--threads", *num_threads, "Use this many threads (default: all cores)")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
}

}  // namespace pugmark::cli
