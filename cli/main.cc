// SPDX-License-Identifier: Apache-2.0
//
// The program `pugmark`: parses, runs one command, turns errors into messages and exit codes.
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <cstdlib>
#include <map>
#include <optional>
#include <opencv2/core/utils/logger.hpp>
#include <thread>

#include "cli/app.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "engine/decode/worker.h"
#include "engine/decode/workers.h"
#include "engine/features/features.h"
#include "index/base/error.h"

namespace pugmark::cli {
namespace {

// How often Ctrl-C or SIGTERM came. A handler may touch little more than this.
std::atomic<int> num_interrupts = 0;
static_assert(std::atomic<int>::is_always_lock_free);

// The first asks the command to end cleanly, the second ends the process: nothing committed is lost by that.
extern "C" void OnInterrupt(int /*signal*/) {
  if (num_interrupts.fetch_add(1) > 0) ::_exit(kInterrupted);
}

// Passes interrupts on to the stop token from a thread of its own, since a handler cannot. (Blocking the signals and
// waiting for them would miss: OpenBLAS starts threads, which do not block them, before main().)
class Interrupts {
 public:
  Interrupts() {
    struct sigaction action {};
    action.sa_handler = OnInterrupt;
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    waiter_ = std::thread([this] {
      while (!done_ && num_interrupts == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      if (num_interrupts == 0) return;
      source_.request_stop();
      fmt::print(stderr, "\nInterrupted: finishing what was begun. Press Ctrl-C again to end at once.\n");
    });
  }
  ~Interrupts() {
    done_ = true;
    waiter_.join();
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::atomic<bool> done_ = false;
  std::thread waiter_;
};

int Main(int argc, char** argv) {
  const Interrupts interrupts;
  PrepareProcess();
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);  // What it has to say, we say.

  Context context;
  context.stop = interrupts.token();
  CLI::App app;
  std::map<std::string, Run> commands = AddEverything(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {  // --help, --version
      app.exit(e, std::cout, std::cerr);
      return kDone;
    }
    fmt::print(stderr, "pugmark: {}\n", ExplainMistake(app, argc, argv, e));
    return kUsage;
  }
  SetProcessBudget(context.budget);
  std::optional<DecodeWorkers> workers;
  if (!context.no_sandbox) workers.emplace();
  const CLI::App& command = *app.get_subcommands().front();
  const int exit_code = RunLogged(command, context, commands.at(command.get_name()));
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw Error(ErrorCode::kIo, "The results could not be written to stdout; they are incomplete.");
  }
  return exit_code;
}

}  // namespace

}  // namespace pugmark::cli

int main(int argc, char** argv) {
  using namespace pugmark;
  if (IsDecodeWorker(argc, argv)) std::_Exit(RunDecodeWorker(argc, argv));
  try {
    return cli::Main(argc, argv);
  } catch (...) {
    const cli::Failure failure = cli::DescribeCurrentException();
    fmt::print(stderr, "pugmark: {}\n", failure.message);
    return failure.exit_code;
  }
}
