// SPDX-License-Identifier: Apache-2.0
//
// The program's commands. Each registers its options on the parser and returns what runs it.
//
// stdout carries results only; everything else goes to stderr. A command throws pugmark::Error for what ends it; main()
// turns that into a message and an exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "engine/decode/budget.h"
#include "index/base/collection.h"
#include "index/base/error.h"

namespace pugmark::cli {

// Exit codes, documented in docs/man/pugmark.1.
enum ExitCode : int {
  kDone = 0,
  kNoHit = 1,        // search, compare: done, nothing recognised; alerts: none to show.
  kUsage = 2,
  kSkipped = 3,      // Done, but some inputs could not be read; they are listed.
  kFailed = 4,
  kNoCollection = 10,
  kLockedOut = 11,   // Another writer is at work.
  kDamaged = 12,
  kInterrupted = 130,
};

enum class Format { kText, kJson, kCsv };

class AuditTrail;

// What all commands share.
struct Context {
  std::filesystem::path collection;
  Format format = Format::kText;
  DecodeBudget budget;      // What one hostile photo may cost.
  bool no_sandbox = false;  // Decode photos in this process.
  std::stop_token stop;  // Requested by Ctrl-C and SIGTERM.
  std::shared_ptr<AuditTrail> audit;  // Where a command says what it read and what came out (audit.h). Never null.

  // Throws Error(kInvalidArgument) if neither -c nor PUGMARK_COLLECTION was given.
  const std::filesystem::path& RequireName() const;
  // As RequireName, and throws NoCollection if there is none in that place.
  CollectionPaths RequireCollection() const;
};

// Has an exit code of its own, so that scripts can make the collection.
class NoCollection : public Error {
  using Error::Error;
};

using Run = std::function<int()>;

// Registers a subcommand; `context` is filled before the returned function is called.
Run AddInit(CLI::App& app, const Context& context);
Run AddIngest(CLI::App& app, const Context& context);
Run AddSearch(CLI::App& app, const Context& context);
Run AddCompare(CLI::App& app, const Context& context);
Run AddReindex(CLI::App& app, const Context& context);
Run AddStatus(CLI::App& app, const Context& context);
Run AddCheck(CLI::App& app, const Context& context);
Run AddSnapshots(CLI::App& app, const Context& context);
Run AddRollback(CLI::App& app, const Context& context);
Run AddPrune(CLI::App& app, const Context& context);
Run AddLog(CLI::App& app, const Context& context);
Run AddDoctor(CLI::App& app, const Context& context);
Run AddReview(CLI::App& app, const Context& context);
Run AddRemove(CLI::App& app, const Context& context);
Run AddBank(CLI::App& app, const Context& context);
Run AddAlerts(CLI::App& app, const Context& context);
Run AddStats(CLI::App& app, const Context& context);
Run AddNightly(CLI::App& app, const Context& context);
Run AddLink(CLI::App& app, const Context& context);

// --threads N, default: all cores.
CLI::Option* AddThreads(CLI::App* command, int* num_threads);

}  // namespace pugmark::cli
