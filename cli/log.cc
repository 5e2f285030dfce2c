// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "index/base/files.h"
#include "index/catalogue/audit_log.h"

namespace pugmark::cli {
namespace {

struct Options {
  bool verify = false, head = false;
  std::string expect, since, command;
  int64_t entry = 0, limit = 50;
};

std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

int64_t NumberOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

size_t SizeOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? found->size() : 0;
}

// An object even where somebody damaged the text: then it holds that.
Json BodyOf(const LogEntry& entry) {
  Json json = Json::parse(entry.body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) json = {{"entry", entry.number}, {"damaged", EscapeText(entry.body.substr(0, 200))}};
  return json;
}

void PrintJson(const LogEntry& entry) {
  Json json = {{"schema", 1}, {"type", "log_entry"}};
  json.update(BodyOf(entry));
  json["previous"] = entry.previous.Hex();
  json["hash"] = entry.hash.Hex();
  fmt::print("{}\n", JsonLine(json));
}

// "top=5 roi=10%,20%,50%,50% full"
std::string ParametersText(const Json& body) {
  std::string text;
  const auto parameters = body.find("parameters");
  if (parameters == body.end() || !parameters->is_object()) return text;
  for (const auto& [name, value] : parameters->items()) {
    text += (text.empty() ? "" : " ") + name;
    if (!value.is_array()) continue;
    text += "=";
    for (size_t i = 0; i < value.size() && i < 3; ++i) {
      text += (i > 0 ? "," : "") + (value[i].is_string() ? value[i].get<std::string>() : value[i].dump());
    }
    if (value.size() > 3) text += fmt::format(",… ({})", value.size());
  }
  return EscapeText(text);
}

std::string OutcomeText(const Json& body) {
  const std::string outcome = TextOf(body, "outcome");
  if (outcome == "begun") return "begun, never ended";
  if (outcome == "failed") return fmt::format("failed ({})", NumberOf(body, "exit_code"));
  if (outcome == "interrupted") return outcome;
  if (TextOf(body, "command") != "search" && TextOf(body, "command") != "compare") return outcome;
  if (body.contains("withheld")) return "done, details withheld";
  size_t num_hits = 0;
  for (const Json& result : body.value("results", Json::array())) num_hits += result.value("num_hits", size_t{0});
  return fmt::format("{}: {}", Grouped(static_cast<int64_t>(SizeOf(body, "inputs"))) + " in",
                     fmt::format("{} hits", Grouped(static_cast<int64_t>(num_hits))));
}

void PrintText(const LogEntry& entry) {
  const Json body = BodyOf(entry);
  fmt::print("{:>6}  {}  {:<8}  {}@{}  {}  {}\n", entry.number, EscapeText(TextOf(body, "at")),
             EscapeText(TextOf(body, "command")), EscapeText(TextOf(body, "user")), EscapeText(TextOf(body, "host")),
             OutcomeText(body), ParametersText(body));
  if (TextOf(body, "outcome") == "failed") fmt::print("        {}\n", EscapeText(TextOf(body, "message")));
}

// The newest `limit` entries that match, oldest first. A beginning whose end is in the log is not repeated in text.
std::vector<LogEntry> Select(const AuditLog& log, const Options& options, bool with_beginnings) {
  std::vector<LogEntry> selected;
  std::set<int64_t> ended;
  log.Visit(/*newest_first=*/true, [&](const LogEntry& entry) {
    const Json body = BodyOf(entry);
    if (NumberOf(body, "begun") != 0) ended.insert(NumberOf(body, "begun"));
    if (!options.since.empty() && TextOf(body, "at") < options.since) return false;
    if (!options.command.empty() && TextOf(body, "command") != options.command) return true;
    if (!with_beginnings && ended.contains(entry.number)) return true;
    selected.push_back(entry);
    return static_cast<int64_t>(selected.size()) < options.limit;
  });
  std::reverse(selected.begin(), selected.end());
  return selected;
}

int Verify(const Options& options, const CollectionPaths& paths, Format format) {
  const LogVerification result = VerifyLog(paths, options.expect);
  const bool is_whole = result.findings.empty();
  if (format == Format::kJson) {
    const Json json = {{"schema", 1},
                       {"type", "log_verification"},
                       {"whole", is_whole},
                       {"entries", result.num_entries},
                       {"head", result.head ? Json(result.head->hash.Hex()) : Json(nullptr)},
                       {"heads_agreeing", result.num_heads},
                       {"expected_entry", result.expected_entry ? Json(*result.expected_entry) : Json(nullptr)},
                       {"findings", result.findings}};
    fmt::print("{}\n", JsonLine(json));
    return is_whole ? kDone : kDamaged;
  }
  for (const std::string& finding : result.findings) fmt::print("{}\n", finding);
  if (!is_whole) {
    fmt::print("The log is NOT whole: {} finding{}.\n", result.findings.size(), result.findings.size() == 1 ? "" : "s");
    return kDamaged;
  }
  if (!result.head) {
    fmt::print("The log is empty.\n");
    return kDone;
  }
  fmt::print("Whole: {} entries, each bound to the one before; {} heads in audit.heads agree.\n",
             Grouped(result.num_entries), Grouped(result.num_heads));
  if (result.expected_entry) fmt::print("The noted head is that of entry {}.\n", *result.expected_entry);
  fmt::print("Head: {} {}\n", result.head->number, result.head->hash.Hex());
  return kDone;
}

int PrintHead(const AuditLog& log, Format format) {
  const std::optional<LogEntry> head = log.Head();
  if (format == Format::kJson) {
    const Json json = {{"schema", 1},
                       {"type", "log_head"},
                       {"entry", head ? head->number : 0},
                       {"hash", head ? Json(head->hash.Hex()) : Json(nullptr)}};
    fmt::print("{}\n", json.dump());
  } else if (head) {
    fmt::print("{} {}\n", head->number, head->hash.Hex());
  } else {
    fmt::print("0 (the log is empty)\n");
  }
  return kDone;
}

int Log(const Options& options, const Context& context) {
  const CollectionPaths paths = context.RequireCollection();
  if (!options.expect.empty() && !options.verify) {
    throw Error(ErrorCode::kInvalidArgument, "--expect is for --verify.");
  }
  if (options.verify) return Verify(options, paths, context.format);
  const AuditLog log(paths);
  if (options.head) return PrintHead(log, context.format);
  std::vector<LogEntry> entries;
  if (options.entry > 0) {
    std::optional<LogEntry> entry = log.Find(options.entry);
    if (!entry) throw Error(ErrorCode::kNotFound, fmt::format("The log has no entry {}.", options.entry));
    if (context.format != Format::kJson) {
      fmt::print("{}\nprevious {}\nhash     {}\n", BodyOf(*entry).dump(2, ' ', true, Json::error_handler_t::replace),
                 entry->previous.Hex(), entry->hash.Hex());
      return kDone;
    }
    entries.push_back(std::move(*entry));
  } else {
    entries = Select(log, options, context.format == Format::kJson);
  }
  for (const LogEntry& entry : entries) context.format == Format::kJson ? PrintJson(entry) : PrintText(entry);
  return kDone;
}

}  // namespace

Run AddLog(CLI::App& app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("log", "Show who did what with the collection, or prove that nothing was changed since");
  command->add_option("entry", options->entry, "Show this entry whole")->check(CLI::PositiveNumber)->type_name("ENTRY");
  command->add_option("--since", options->since, "Only entries of this day or moment (UTC) and later, as 2026-11-24 or "
                                                 "2026-11-24T06:55:54Z")
      ->type_name("TIME");
  command->add_option("--command", options->command, "Only entries of this command")->type_name("COMMAND");
  command->add_option("--limit", options->limit, "Show the newest N entries (default 50)")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}))
      ->type_name("N");
  command
      ->add_flag("--verify", options->verify, "Prove that no entry was edited, removed or moved; exit code 12 if one was")
      ->group("Proof");
  command->add_flag("--head", options->head, "Print number and hash of the last entry, to be written down elsewhere")
      ->group("Proof");
  command
      ->add_option("--expect", options->expect,
                   "With --verify: this head, noted earlier, must be in the log (16 digits or "
                   "more)")
      ->type_name("HASH")
      ->group("Proof");
  return [options, &context] { return Log(*options, context); };
}

}  // namespace pugmark::cli
