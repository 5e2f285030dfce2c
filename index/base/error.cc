// SPDX-License-Identifier: Apache-2.0
#include "index/base/error.h"

#include <fmt/format.h>

namespace pugmark {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kExists: return "exists";
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kIo: return "io";
    case ErrorCode::kLocked: return "locked";
    case ErrorCode::kLimit: return "limit";
    case ErrorCode::kHeldBack: return "held_back";
    case ErrorCode::kCancelled: return "cancelled";
    case ErrorCode::kInternal: return "internal";
  }
  return "internal";
}

namespace internal {
void CheckFailed(const char* condition, const char* file, int line) {
  throw Error(ErrorCode::kInternal,
              fmt::format("{}:{}: internal check failed: {}. This is a bug in Pugmark; please report it.", file, line,
                          condition));
}
}  // namespace internal

}  // namespace pugmark
