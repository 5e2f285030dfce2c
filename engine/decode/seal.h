// SPDX-License-Identifier: Apache-2.0
//
// Takes everything from the calling process that decoding a photo does not need; internal to engine/decode.
//
// After Seal() it can compute, allocate within its limit, start threads of its own, and read and write descriptor 0.
// It cannot open or look at any file, make a socket, start or signal another process, map a file or executable memory,
// or get any of that back. Whoever tries to look for a file is told that he may not (libraries do look, and cope);
// everything else that is not on the list kills the process (SIGSYS).
// Method: seccomp-BPF through libseccomp, no_new_privs, rlimits, no core dump. Departure: in builds with a sanitizer
// memory is not limited (its shadow has terabytes), and pipes and descriptor 2 may be written: it needs them to report.
#pragma once

#include <cstdint>
#include <string>

namespace pugmark::decode {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kIsSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(undefined_behavior_sanitizer)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif
#else
inline constexpr bool kIsSanitized = false;
#endif

// memory_bytes: how much the address space may grow from here on.
// Returns what could not be done; empty if the process is sealed.
std::string Seal(uint64_t memory_bytes);

}  // namespace pugmark::decode
