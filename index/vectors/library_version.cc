// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/library_version.h"

#include <faiss/Index.h>
#include <fmt/format.h>

namespace pugmark {

std::string FaissVersion() {
  return fmt::format("{}.{}.{}", FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR, FAISS_VERSION_PATCH);
}

}  // namespace pugmark
