// SPDX-License-Identifier: Apache-2.0
//
// PUGMARK_CLONES("default", "popcnt"): the function that follows is compiled for each of these processors, and the best
// is chosen when the program is loaded. Not under ThreadSanitizer: the choice is made before that is ready, and ends in a
// crash.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define PUGMARK_CLONES(...)
#else
#define PUGMARK_CLONES(...) __attribute__((target_clones(__VA_ARGS__)))
#endif
