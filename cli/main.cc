// SPDX-License-Identifier: Apache-2.0
//
// The program `pugmark`: parses, runs one command, turns errors into messages and exit codes.
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <new>
#include <opencv2/core/utils/logger.hpp>
#include <thread>

#include "cli/commands.h"
#include "engine/collection/collection.h"
#include "index/base/error.h"
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
  CLI::App app{"Pugmark recognises wildlife traffickers' photos: have we seen this before, where, who, and how sure are "
               "we?\nA hit is a lead for a person to check, not proof.",
               "pugmark"};
  app.set_version_flag("--version", "pugmark " PUGMARK_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.option_defaults()->always_capture_default(false);
  app.add_option("-c,--collection", context.collection, "The collection's directory")
      ->envname("PUGMARK_COLLECTION")
      ->type_name("DIR");
  const std::map<std::string, Format> formats = {{"text", Format::kText}, {"json", Format::kJson}, {"csv", Format::kCsv}};
  app.add_option("--format", context.format, "Of the results on stdout: text, json (one object a line) or csv (search, compare)")
      ->transform(CLI::CheckedTransformer(formats).description(""))
      ->type_name("FORMAT");
  app.footer("Start: pugmark -c cases init && pugmark -c cases ingest FOLDER && pugmark -c cases search PHOTO\n"
             "Help on a command: pugmark COMMAND --help\n"
             "Exit codes: 0 done, 1 no hit, 2 usage, 3 some inputs skipped, 4 failed, 10 no collection, 11 locked,\n"
             "12 damage found, 130 interrupted.");

  std::map<std::string, Run> commands;
  commands["init"] = AddInit(app, context);
  commands["ingest"] = AddIngest(app, context);
  commands["search"] = AddSearch(app, context);
  commands["compare"] = AddCompare(app, context);
  commands["reindex"] = AddReindex(app, context);
  commands["status"] = AddStatus(app, context);
  commands["check"] = AddCheck(app, context);
  commands["snapshots"] = AddSnapshots(app, context);
  commands["rollback"] = AddRollback(app, context);
  commands["prune"] = AddPrune(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const bool asked = e.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    app.exit(e, std::cout, std::cerr);
    return asked ? kDone : kUsage;
  }
  const int exit_code = commands.at(app.get_subcommands().front()->get_name())();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw Error(ErrorCode::kIo, "The results could not be written to stdout; they are incomplete.");
  }
  return exit_code;
}

}  // namespace

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
  return command->add_option("--threads", *num_threads, "Threads to use (default: all cores)")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
}

}  // namespace pugmark::cli

int main(int argc, char** argv) {
  using namespace pugmark;
  try {
    return cli::Main(argc, argv);
  } catch (const cli::NoCollection& e) {
    fmt::print(stderr, "pugmark: {}\n", e.what());
    return cli::kNoCollection;
  } catch (const Error& e) {
    fmt::print(stderr, "pugmark: {}\n", e.what());
    return cli::ExitCodeOf(e.code());
  } catch (const std::filesystem::filesystem_error& e) {
    fmt::print(stderr, "pugmark: {}\n", EscapeText(e.what()));
    return cli::kFailed;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "pugmark: There is not enough memory for this.\n");
    return cli::kFailed;
  } catch (const std::exception& e) {
    fmt::print(stderr, "pugmark: {}\nThis is a bug; please report it.\n", EscapeText(e.what()));
    return cli::kFailed;
  }
}
