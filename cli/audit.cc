// SPDX-License-Identifier: Apache-2.0
#include "cli/audit.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "cli/failure.h"
#include "cli/person.h"
#include "engine/collection/collection.h"
#include "engine/search/digest.h"
#include "index/base/files.h"
#include "index/catalogue/audit_log.h"

namespace pugmark::cli {
namespace {

// What only looks at the state of things; log itself included.
constexpr std::array<std::string_view, 5> kNotLogged = {"status", "check", "doctor", "log", "snapshots"};
// What only reads photos, or writes so little that it cannot be killed half-way.
constexpr std::array<std::string_view, 5> kWithoutBeginning = {"search", "compare", "review", "bank", "stats"};

// An entry stays of a size that people can read and a log can hold; the hash covers what is left out.
constexpr int64_t kMaxListed = 10'000;
constexpr int64_t kMaxHitsListed = 20'000;
constexpr size_t kMaxMessage = 2000;

// Searches must not wait long for a writer, which commits every 2 s; changes have all the time.
constexpr int kMaxWaitMs = 5000;

bool Contains(std::span<const std::string_view> names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string HostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// Every option that was given, by its name without dashes; true for flags, else an array of texts.
Json ParametersOf(const CLI::App& command) {
  Json parameters = Json::object();
  for (const CLI::Option* option : command.get_options()) {
    if (option->count() == 0 || option->get_name() == "--help") continue;
    const std::string name = option->get_single_name();
    if (option->get_expected_max() == 0) {
      parameters[name] = true;
      continue;
    }
    Json values = Json::array();
    for (const std::string& value : option->results()) {
      if (static_cast<int64_t>(values.size()) < kMaxListed) values.push_back(AuditText(value));
    }
    parameters[name] = std::move(values);
  }
  for (const CLI::App* action : command.get_subcommands()) parameters.update(ParametersOf(*action));
  return parameters;
}

// "search"; of a command with actions both: "bank add".
std::string NameOf(const CLI::App& command) {
  std::string name = command.get_name();
  for (const CLI::App* action : command.get_subcommands()) name += " " + action->get_name();
  return name;
}

Json Beginning(const CLI::App& command, bool withheld) {
  std::error_code error;
  Json parameters = ParametersOf(command);
  if (withheld) parameters = {{"no-log", true}};
  Json fields = {{"command", NameOf(command)},
                 {"version", PUGMARK_VERSION},
                 {"user", AuditText(LoginName())},
                 {"uid", ::getuid()},
                 {"host", AuditText(HostName())},
                 {"directory", withheld ? Json(nullptr) : AuditText(std::filesystem::current_path(error).native())},
                 {"parameters", std::move(parameters)}};
  // What photos were allowed to do, where it is not the default: options of the program, not of the command.
  for (const char* name : {"--no-sandbox", "--photo-seconds", "--photo-memory"}) {
    const CLI::Option* option = command.get_parent()->get_option_no_throw(name);
    if (option != nullptr && option->count() > 0) {
      fields["decoding"][name + 2] = option->get_expected_max() == 0 ? Json(true) : AuditText(option->results().back());
    }
  }
  // Who became root to do this.
  if (const char* sudo = ::getenv("SUDO_USER"); sudo != nullptr && ::getuid() == 0) fields["sudo_user"] = AuditText(sudo);
  return fields;
}

std::optional<LogEntry> Append(const Context& context, const Json& fields, std::string* complaint) {
  try {
    // ASCII only: what a shell prints of it has the same hash.
    return AppendToLog(LocateCollection(context.collection), JsonLine(fields), kMaxWaitMs);
  } catch (const Error& e) {
    *complaint = e.what();
    return std::nullopt;
  }
}

bool HasCollection(const Context& context) {
  std::error_code error;
  return !context.collection.empty() && std::filesystem::exists(CollectionPaths{context.collection}.catalogue(), error);
}

void LogEnd(const CLI::App& command, const Context& context, const std::optional<LogEntry>& beginning,
            const std::string& started_at, int exit_code, const std::string& message) {
  if (!HasCollection(context)) return;  // There is none to log in.
  Json fields = Beginning(command, context.audit->withheld());
  fields["started_at"] = started_at;
  if (beginning) fields["begun"] = beginning->number;
  fields.update(context.audit->Fields());
  fields["outcome"] = exit_code == kInterrupted ? "interrupted" : message.empty() ? "done" : "failed";
  fields["exit_code"] = exit_code;
  if (!message.empty()) fields["message"] = AuditText(message.substr(0, kMaxMessage));
  std::string complaint;
  if (!Append(context, fields, &complaint)) {
    fmt::print(stderr, "This {} was not logged: {}\n", command.get_name(), complaint);
  }
}

}  // namespace

Json AuditText(const std::string& text) {
  Json json(text);
  try {
    static_cast<void>(json.dump());
    return json;
  } catch (const Json::type_error&) {
    return EscapeText(text);
  }
}

Sha256 HashOf(const std::string& text) {
  return Sha256::Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

std::string JsonLine(const Json& json) { return json.dump(-1, ' ', true, Json::error_handler_t::replace); }

Sha256 HashOf(const Json& json) { return HashOf(JsonLine(json)); }

std::optional<Sha256> ManifestHash(const CollectionPaths& paths, int64_t snapshot) {
  try {
    return Sha256::OfFile(paths.snapshots() / fmt::format("{:06}", snapshot) / "manifest.json");
  } catch (const Error&) {
    return std::nullopt;
  }
}

void AuditTrail::AddInput(const std::filesystem::path& path, const std::optional<Sha256>& sha256) {
  if (++num_inputs_ > kMaxListed) return;
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
  inputs_.push_back({{"path", AuditText((error ? path : absolute).native())},
                     {"sha256", sha256 ? Json(sha256->Hex()) : Json(nullptr)}});
}

void AuditTrail::AddResult(Json result) {
  if (++num_results_ <= kMaxListed) results_.push_back(std::move(result));
}

void AuditTrail::AddAnswer(const QueryResult& result) {
  AddInput(result.path, result.sha256);
  snapshot_ = result.snapshot;
  Json json = {{"query", result.sha256 ? Json(result.sha256->Hex()) : Json(nullptr)}, {"hash", DigestOf(result).Hex()}};
  if (!result.error_code.empty()) json["error"] = result.error_code;
  json["num_hits"] = result.hits.size();
  Json hits = Json::array();
  for (const Hit& hit : result.hits) {
    if (++num_listed_hits_ > kMaxHitsListed) break;
    hits.push_back({{"photo", hit.photo.sha256.Hex()},
                    {"verdict", VerdictName(hit.verdict)},
                    {"probability", std::round(hit.probability * 1e4) / 1e4},
                    {"sightings", hit.sightings.size()}});
    if (hit.review) hits.back()["review"] = AnswerName(hit.review->answer);
  }
  json["hits"] = std::move(hits);
  AddResult(std::move(json));
}

Json AuditTrail::Fields() const {
  Json fields;
  fields["snapshot"] = snapshot_ ? Json(*snapshot_) : Json(nullptr);
  if (withheld_) {
    fields["withheld"] = true;
    return fields;
  }
  fields["inputs"] = inputs_;
  if (num_inputs_ > kMaxListed) fields["inputs_left_out"] = num_inputs_ - kMaxListed;
  fields["results"] = results_;
  if (num_results_ > kMaxListed) fields["results_left_out"] = num_results_ - kMaxListed;
  return fields;
}

int RunLogged(const CLI::App& command, const Context& context, const Run& run) {
  if (Contains(kNotLogged, command.get_name()) || context.collection.empty()) return run();
  const std::string started_at = UtcNow();
  std::optional<LogEntry> beginning;
  if (!Contains(kWithoutBeginning, command.get_name()) && HasCollection(context)) {
    Json fields = Beginning(command, false);
    fields["outcome"] = "begun";
    std::string complaint;  // The command will say it better, or the end will.
    beginning = Append(context, fields, &complaint);
  }
  try {
    const int exit_code = run();
    LogEnd(command, context, beginning, started_at, exit_code, "");
    return exit_code;
  } catch (...) {
    const Failure failure = DescribeCurrentException();
    LogEnd(command, context, beginning, started_at, failure.exit_code, failure.message);
    throw;
  }
}

}  // namespace pugmark::cli
