// SPDX-License-Identifier: Apache-2.0
//
// Fault points: places between two steps of writing at which a test kills the process, to show that nothing is lost.
//
//   PUGMARK_FAULT=N       SIGKILL when the N-th fault point of the process is reached, counted from 1
//   PUGMARK_FAULT=NAME    SIGKILL when the point of that name is first reached
//   PUGMARK_FAULT_LIST=F  appends the name of each point that is reached to the file F, one a line
//
// Compiled in by the CMake option PUGMARK_FAULT_POINTS (presets dev, asan and tsan); in release builds a point is nothing
// at all, so that no variable of the environment can end a real run. SIGKILL, because it leaves a process no chance to
// tidy up: what is on the disk afterwards is what a crash leaves, as far as the kernel survives.
//
// A new step of writing gets a point of its own, "room.what_has_just_happened"; tests/crash kills at every one of them.
// Most steps have theirs already: all writing through files.h, checked_writer.h and the catalogue's commits.
#pragma once

namespace pugmark::internal {

// Threads: safe; the count is of the process.
void ReachFaultPoint(const char* name);

// Whether a test wants to be told of fault points: then what one call would write is written in two, with a point between.
bool FaultPointsInUse();

}  // namespace pugmark::internal

#ifdef PUGMARK_FAULT_POINTS
#define PUGMARK_FAULT_POINT(name) ::pugmark::internal::ReachFaultPoint(name)
#else
#define PUGMARK_FAULT_POINT(name) static_cast<void>(0)
#endif
