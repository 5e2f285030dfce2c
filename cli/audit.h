// SPDX-License-Identifier: Apache-2.0
//
// The audit log's side of a command: what it read, what came out, who asked. Written when the command ends, however it
// ends.
//
// A command only adds its inputs and results to context.audit; RunLogged() does the rest for all of them. What is logged
// and how: docs/formats.md, "Audit log".
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "engine/search/search.h"
#include "index/base/sha256.h"

namespace pugmark::cli {

using Json = nlohmann::ordered_json;

// Threads: one at a time.
class AuditTrail {
 public:
  // A file that the command read. sha256: nothing if it could not be read, or is a folder.
  void AddInput(const std::filesystem::path& path, const std::optional<Sha256>& sha256);
  // What came out: an object with at least one "hash".
  void AddResult(Json result);
  // A query as input, the hash of its answer and its hits as result, and the snapshot.
  void AddAnswer(const QueryResult& result);
  void SetSnapshot(int64_t number) { snapshot_ = number; }
  // search --no-log: that something was searched for is logged, what and with which answer is not.
  void Withhold() { withheld_ = true; }

  // Inputs and results as fields of an entry.
  Json Fields() const;
  bool withheld() const { return withheld_; }

 private:
  Json inputs_ = Json::array();
  Json results_ = Json::array();
  int64_t num_inputs_ = 0, num_results_ = 0;
  int64_t num_listed_hits_ = 0;
  std::optional<int64_t> snapshot_;
  bool withheld_ = false;
};

// Text as JSON holds it: itself if it is UTF-8, else escaped.
Json AuditText(const std::string& text);

// One line, without line break, ASCII only: every terminal and every pipe passes it on as it is, and it is what is hashed.
std::string JsonLine(const Json& json);

// SHA-256 of a result's text as it is printed: what was answered can be held against the log.
Sha256 HashOf(const std::string& text);
Sha256 HashOf(const Json& json);

// SHA-256 of a snapshot's manifest, which holds those of all its files; nothing if it cannot be read.
std::optional<Sha256> ManifestHash(const CollectionPaths& paths, int64_t snapshot);

// Runs the command and logs it, unless it is one that only looks at the state of things (status, check, log, ...): every
// other one is, so that a new command is logged without anybody having to think of it. Commands that change the collection
// have an entry "begun" before they start: a killed one leaves a trace.
// Where the log cannot be written, stderr says so and the command's result stands. command: as parsed.
int RunLogged(const CLI::App& command, const Context& context, const Run& run);

}  // namespace pugmark::cli
