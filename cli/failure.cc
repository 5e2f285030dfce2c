// SPDX-License-Identifier: Apache-2.0
#include "cli/failure.h"

#include <fmt/format.h>

#include <new>

#include "cli/commands.h"
#include "engine/decode/workers.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

int ExitCodeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return kUsage;
    case ErrorCode::kLocked: return kLockedOut;
    case ErrorCode::kCorrupt: return kDamaged;
    case ErrorCode::kCancelled: return kInterrupted;
    default: return kFailed;
  }
}

}  // namespace

Failure DescribeCurrentException() {
  try {
    throw;
  } catch (const NoCollection& e) {
    return {kNoCollection, e.what()};
  } catch (const Error& e) {
    return {ExitCodeOf(e.code()), e.what()};
  } catch (const SandboxError& e) {
    return {kFailed, e.what()};
  } catch (const std::filesystem::filesystem_error& e) {
    return {kFailed, EscapeText(e.what())};
  } catch (const std::bad_alloc&) {
    return {kFailed, "There is not enough memory for this."};
  } catch (const std::exception& e) {
    return {kFailed, fmt::format("{}\nThis is a bug; please report it.", EscapeText(e.what()))};
  }
}

}  // namespace pugmark::cli
