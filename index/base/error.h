// SPDX-License-Identifier: Apache-2.0
//
// How Pugmark says that an operation could not be done.
//
// Thrown for what ends an operation. Outcomes that are expected (a photo that cannot be read, a query without a hit)
// are values, never exceptions. Exceptions of other libraries are translated in the room that owns the library.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace pugmark {

// Grouped by what the caller can do next.
enum class ErrorCode {
  kNotFound,         // Name something that exists.
  kExists,           // Choose another name.
  kInvalidArgument,  // Correct the call or the input.
  kUnsupported,      // Use another version or format.
  kCorrupt,          // Stored data is damaged; the message names the command that mends it.
  kIo,               // Free space, permissions, a disk.
  kLocked,           // Another writer is at work; wait.
  kLimit,            // A budget was exceeded; raise it deliberately or give less.
  kHeldBack,         // A new index failed its test; the old one stays in use.
  kCancelled,        // The user interrupted; the same command continues.
  kInternal,         // Our own bug.
};

// Stable lower-case name of a code, as printed in JSON ("not_found", "corrupt", ...).
std::string_view ErrorCodeName(ErrorCode code);

// message: what happened, where, why and what to do next, in one to three sentences.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

namespace internal {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace internal

}  // namespace pugmark

// For our own bugs only; never reachable from input. Throws Error(kInternal) so that destructors still run.
#define PUGMARK_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::pugmark::internal::CheckFailed(#condition, __FILE__, __LINE__))
