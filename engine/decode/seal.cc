// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/seal.h"

#include <fmt/format.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

namespace pugmark::decode {
namespace {

// Stacks of the threads that libde265 and dav1d start, and what malloc keeps between two photos.
constexpr uint64_t kSlackBytes = 32ull << 20;

bool Limit(__rlimit_resource resource, rlim_t value) {
  const rlimit limit{value, value};
  return ::setrlimit(resource, &limit) == 0;
}

// Bytes of address space in use; 0 if unknown.
uint64_t AddressSpace() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"), std::fclose);
  unsigned long pages = 0;
  if (!file || std::fscanf(file.get(), "%lu", &pages) != 1) return 0;
  return static_cast<uint64_t>(pages) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Adds rules until one fails.
class Filter {
 public:
  Filter() : filter_(seccomp_init(SCMP_ACT_KILL_PROCESS), seccomp_release) {
    if (!filter_) error_ = ENOMEM;
  }

  template <typename... Condition>
  void Allow(int call, Condition... conditions) {
    Add(SCMP_ACT_ALLOW, call, conditions...);
  }
  template <typename... Condition>
  void Deny(int error, int call, Condition... conditions) {
    Add(SCMP_ACT_ERRNO(static_cast<uint16_t>(error)), call, conditions...);
  }

  // Returns an errno, 0 if the filter holds for all threads of the process.
  int Load() {
    const auto set = [&](scmp_filter_attr attribute) {
      if (error_ == 0) error_ = -seccomp_attr_set(filter_.get(), attribute, 1);
    };
    set(SCMP_FLTATR_CTL_TSYNC);
    set(SCMP_FLTATR_CTL_NNP);
    if (error_ == 0) error_ = -seccomp_load(filter_.get());
    return error_;
  }

 private:
  template <typename... Condition>
  void Add(uint32_t action, int call, Condition... conditions) {
    if (error_ == 0) {
      error_ =
          -seccomp_rule_add(filter_.get(), action, call, static_cast<unsigned>(sizeof...(conditions)), conditions...);
    }
  }

  std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter_;
  int error_ = 0;
};

int LoadFilter() {
  Filter filter;
  const scmp_datum_t executable = PROT_EXEC, thread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
  const scmp_datum_t namespaces =
      CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  filter.Allow(SCMP_SYS(read), SCMP_A0(SCMP_CMP_EQ, STDIN_FILENO));
  if (kIsSanitized) {
    // Reports go to descriptor 2; what memory may be read is found out by writing it into a pipe.
    for (const int call : {SCMP_SYS(write), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(close)}) filter.Allow(call);
  } else {
    filter.Allow(SCMP_SYS(write), SCMP_A0(SCMP_CMP_EQ, STDIN_FILENO));         // A socket.
    filter.Deny(EBADF, SCMP_SYS(write), SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO));  // libpng has much to say.
  }
  // Memory, none of it from a file or executable.
  filter.Allow(SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, executable, 0),
               SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
  filter.Allow(SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, executable, 0));
  for (const int call : {SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk)}) filter.Allow(call);
  // Threads. What clone3 is asked for lies in memory, out of a filter's sight; glibc then takes clone.
  filter.Allow(SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, thread | namespaces, thread));
  filter.Deny(ENOSYS, SCMP_SYS(clone3));
  filter.Deny(EPERM, SCMP_SYS(prctl));  // Names of threads.
  for (const int call :
       {SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
        SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
        SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(restart_syscall)}) {
    filter.Allow(call);
  }
  // abort() sends itself a signal; nobody else gets one.
  filter.Allow(SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid())),
               SCMP_A2(SCMP_CMP_EQ, SIGABRT));
  // Time, and the clock that ends a worker whose program has gone.
  for (const int call : {SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep),
                         SCMP_SYS(nanosleep), SCMP_SYS(setitimer), SCMP_SYS(getrandom)}) {
    filter.Allow(call);
  }
  // What libraries ask for in passing and can do without.
  for (const int call : {SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstat),
                         SCMP_SYS(newfstatat), SCMP_SYS(access), SCMP_SYS(readlink), SCMP_SYS(ioctl), SCMP_SYS(uname),
                         SCMP_SYS(sysinfo), SCMP_SYS(getrlimit), SCMP_SYS(prlimit64), SCMP_SYS(getrusage)}) {
    filter.Deny(EACCES, call);
  }
  return filter.Load();
}

}  // namespace

std::string Seal(uint64_t memory_bytes) {
  // Nobody reads this process's memory, nor does a core file: photos may be evidence.
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return fmt::format("prctl(PR_SET_DUMPABLE): {}", std::strerror(errno));
  const uint64_t used = AddressSpace();
  if (used == 0) return "/proc/self/statm cannot be read";
  bool limited = Limit(RLIMIT_CORE, 0);
  if (!kIsSanitized) {
    limited = limited && Limit(RLIMIT_FSIZE, 0) && Limit(RLIMIT_NOFILE, 0) &&
              Limit(RLIMIT_AS, used + memory_bytes + kSlackBytes);
  }
  if (!limited) return fmt::format("setrlimit: {}", std::strerror(errno));
  if (const int error = LoadFilter(); error != 0) return fmt::format("seccomp: {}", std::strerror(error));
  return "";
}

}  // namespace pugmark::decode
