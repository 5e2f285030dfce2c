// SPDX-License-Identifier: Apache-2.0
//
// search --replay: does the same question still have the same answer?
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cli/audit.h"
#include "cli/progress.h"
#include "cli/search.h"
#include "engine/search/digest.h"
#include "index/base/files.h"
#include "index/catalogue/audit_log.h"

namespace pugmark::cli {
namespace {

namespace fs = std::filesystem;

// What the log says of one query and its answer.
struct Logged {
  fs::path path;
  std::string sha256;
  Json result;
};

// One query repeated.
struct Repeated {
  Logged logged;
  bool is_done = false;  // False: its file is not at hand.
  bool is_same = false;
  std::vector<std::string> differences;
};

[[noreturn]] void Refuse(int64_t number, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, fmt::format("Entry {} of the log cannot be repeated: {}", number, why));
}

Json ReadEntry(int64_t number, const CollectionPaths& paths) {
  const std::optional<LogEntry> entry = AuditLog(paths).Find(number);
  if (!entry) throw Error(ErrorCode::kNotFound, fmt::format("The log has no entry {}.", number));
  Json body = Json::parse(entry->body, nullptr, /*allow_exceptions=*/false);
  if (LogHash(entry->previous, entry->body) != entry->hash || !body.is_object()) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("Entry {} of the log was changed after it was written. Run 'pugmark log --verify'.", number));
  }
  if (body.value("command", "") != "search" || body["parameters"].contains("replay")) Refuse(number, "it is no search.");
  if (body.contains("withheld")) Refuse(number, "photos and answer were kept out of the log (--no-log).");
  if (!body["snapshot"].is_number_integer() || body["snapshot"] == 0) {
    Refuse(number, "nothing had been indexed then, or it ended before it searched.");
  }
  return body;
}

// The options as they were given then, through the same parser.
// Options that change how an answer is shown, or where it is looked for, and not what it says.
const std::set<std::string, std::less<>> kNotOfTheAnswer = {"images", "threads", "verbose", "html",
                                                           "packet", "blur",    "grey"};

SearchCommand ParametersOf(const Json& body) {
  std::vector<std::string> words;
  for (const auto& [name, values] : body["parameters"].items()) {
    if (kNotOfTheAnswer.contains(name)) continue;
    if (!values.is_array()) {
      words.push_back("--" + name);
      continue;
    }
    for (const Json& value : values) words.push_back("--" + name + "=" + value.get<std::string>());
  }
  CLI::App app;
  SearchCommand command;
  AddSearchOptions(&app, &command);
  std::reverse(words.begin(), words.end());  // As CLI11 wants a vector.
  try {
    app.parse(words);
  } catch (const CLI::ParseError& e) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("The logged options are not understood by this version: {}", EscapeText(e.what())));
  }
  return command;
}

std::vector<Logged> QueriesOf(const Json& body) {
  std::vector<Logged> queries;
  const Json inputs = body.value("inputs", Json::array()), results = body.value("results", Json::array());
  for (size_t i = 0; i < std::min(inputs.size(), results.size()); ++i) {
    const Json& sha256 = inputs[i]["sha256"];
    queries.push_back({inputs[i].value("path", ""), sha256.is_string() ? sha256.get<std::string>() : "", results[i]});
  }
  return queries;
}

bool HasHash(const fs::path& file, const std::string& sha256) {
  try {
    return Sha256::OfFile(file).Hex() == sha256;
  } catch (const Error&) {
    return false;
  }
}

// Files given now first, then where it was, then a copy in the collection, then where the same photo was ingested from.
std::optional<fs::path> FindFile(const Logged& query, const std::map<std::string, fs::path>& given,
                                 const Collection& collection) {
  if (const auto found = given.find(query.sha256); found != given.end()) return found->second;
  if (query.sha256.empty()) return std::nullopt;
  if (HasHash(query.path, query.sha256)) return query.path;
  const Sha256 sha256 = Sha256::FromHex(query.sha256);
  if (HasHash(collection.paths.original(sha256), query.sha256)) return collection.paths.original(sha256);
  const std::optional<PhotoId> id = collection.catalogue.FindPhoto(sha256);
  const std::optional<Photo> photo = id ? collection.catalogue.GetPhoto(*id) : std::nullopt;
  if (photo && HasHash(photo->path, query.sha256)) return photo->path;
  return std::nullopt;
}

std::string NameOf(const std::string& photo) { return "photo " + photo.substr(0, 12) + "…"; }

std::string ReviewOf(const Json& hit) { return hit.value("review", "none"); }

// What a reader can check: photos, verdicts, sightings, reviews.
std::vector<std::string> Differences(const Json& then, const Json& now, const Catalogue& catalogue) {
  std::vector<std::string> differences;
  const Json none = Json::array();
  const Json &then_hits = then.contains("hits") ? then["hits"] : none,
             &now_hits = now.contains("hits") ? now["hits"] : none;
  const auto find = [](const Json& hits, const std::string& photo) {
    return std::find_if(hits.begin(), hits.end(), [&](const Json& h) { return h.value("photo", "") == photo; });
  };
  for (const Json& hit : then_hits) {
    const std::string photo = hit.value("photo", "");
    const auto found = find(now_hits, photo);
    const std::string name = NameOf(photo);
    if (found == now_hits.end()) {
      const bool is_there = catalogue.FindPhoto(Sha256::FromHex(photo)).has_value();
      differences.push_back(fmt::format("{} ({}) is no longer among the hits{}", name, hit.value("verdict", ""),
                                        is_there ? "" : ": it is no longer in the collection"));
      continue;
    }
    const std::string verdict = hit.value("verdict", ""), new_verdict = found->value("verdict", "");
    if (verdict != new_verdict) differences.push_back(fmt::format("{}: was {}, is now {}", name, verdict, new_verdict));
    const int64_t seen = hit.value("sightings", int64_t{0}), seen_now = found->value("sightings", int64_t{0});
    if (seen != seen_now) differences.push_back(fmt::format("{}: {} sightings then, {} now", name, seen, seen_now));
    if (ReviewOf(hit) != ReviewOf(*found)) {
      differences.push_back(fmt::format("{}: review was '{}', is now '{}'", name, ReviewOf(hit), ReviewOf(*found)));
    }
  }
  for (const Json& hit : now_hits) {
    const std::string photo = hit.value("photo", "");
    if (find(then_hits, photo) != then_hits.end()) continue;
    const std::optional<PhotoId> id = catalogue.FindPhoto(Sha256::FromHex(photo));
    const std::optional<Photo> row = id ? catalogue.GetPhoto(*id) : std::nullopt;
    differences.push_back(fmt::format("{} ({}) was not among the hits{}", NameOf(photo), hit.value("verdict", ""),
                                      hit.contains("review") ? fmt::format("; review is now '{}'", ReviewOf(hit))
                                      : row                  ? "; it was admitted " + EscapeText(row->admitted_at)
                                                             : ""));
  }
  if (then.value("error", "") != now.value("error", "")) {
    differences.push_back(fmt::format("could{} be read then, can{} now", then.contains("error") ? " not" : "",
                                      now.contains("error") ? "not" : ""));
  }
  if (differences.empty()) differences.emplace_back("ranks, figures or the text of a listing differ");
  return differences;
}

void Print(int64_t entry, const Json& body, const std::vector<Repeated>& queries, Format format) {
  const auto num_same = std::count_if(queries.begin(), queries.end(), [](const Repeated& q) { return q.is_same; });
  const auto num_done = std::count_if(queries.begin(), queries.end(), [](const Repeated& q) { return q.is_done; });
  const bool is_same = num_same == static_cast<int64_t>(queries.size());
  if (format == Format::kJson) {
    Json list = Json::array();
    for (const Repeated& q : queries) {
      list.push_back({{"query", AuditText(q.logged.path.native())},
                      {"sha256", q.logged.sha256.empty() ? Json(nullptr) : Json(q.logged.sha256)},
                      {"same", q.is_done ? Json(q.is_same) : Json(nullptr)},
                      {"differences", q.differences}});
    }
    const Json json = {{"schema", 1},           {"type", "replay"},
                       {"entry", entry},        {"logged_at", body["at"]},
                       {"logged_version", body["version"]}, {"snapshot", body["snapshot"]},
                       {"same", num_done == 0 ? Json(nullptr) : Json(is_same)}, {"queries", std::move(list)}};
    fmt::print("{}\n", JsonLine(json));
    return;
  }
  fmt::print("Entry {} of {} by {}, snapshot {}, Pugmark {}.\n", entry, EscapeText(body.value("at", "")),
             EscapeText(body.value("user", "")), body["snapshot"].dump(), EscapeText(body.value("version", "")));
  for (const Repeated& q : queries) {
    fmt::print("{}: {}\n", EscapeText(q.logged.path.native()),
               q.is_same ? "the same answer" : q.is_done ? "ANOTHER answer" : "not repeated");
    for (const std::string& difference : q.differences) fmt::print("  {}\n", difference);
  }
  fmt::print("{} of {} queries have the same answer.\n", num_same, queries.size());
}

}  // namespace

int Replay(const SearchCommand& command, const Context& context) {
  const CollectionPaths paths = context.RequireCollection();
  const Json body = ReadEntry(command.replay, paths);
  SearchCommand repeated = ParametersOf(body);
  std::vector<Logged> queries = QueriesOf(body);
  if (queries.empty()) Refuse(command.replay, "it has no query.");
  const Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);

  std::map<std::string, fs::path> given;
  for (const fs::path& photo : command.photos) given.emplace(Sha256::OfFile(photo).Hex(), photo);
  std::vector<Repeated> outcomes;
  std::vector<fs::path> files;
  std::vector<size_t> places;  // In outcomes, of each file.
  for (Logged& query : queries) {
    outcomes.push_back({std::move(query), false, false, {}});
    if (!repeated.listing.empty()) continue;
    if (const std::optional<fs::path> file = FindFile(outcomes.back().logged, given, collection)) {
      places.push_back(outcomes.size() - 1);
      files.push_back(*file);
    } else {
      outcomes.back().differences.emplace_back("no file with its SHA-256 is at hand: name it, wherever it is now");
    }
  }
  // Not those of `files`: a file that is missing now must not shift the parts that were searched for.
  if (!repeated.roi.empty() || !repeated.exclude.empty()) {
    repeated.search.regions = RegionsOf(repeated, {outcomes.front().logged.path});
  }
  const bool is_of_listing = !repeated.listing.empty() || repeated.as_listing;
  if (is_of_listing) repeated.search.max_hits = kAllHits;
  repeated.search.snapshot = body["snapshot"].get<int64_t>();
  const Searcher searcher(context.collection, repeated.search);
  const auto compare = [&](const QueryResult& result, Repeated* outcome) {
    context.audit->AddAnswer(result);
    AuditTrail now;
    now.AddAnswer(result);
    const Json answer = now.Fields()["results"][0];
    outcome->is_done = true;
    outcome->is_same = answer["hash"] == outcome->logged.result.value("hash", "");
    if (!outcome->is_same) outcome->differences = Differences(outcome->logged.result, answer, collection.catalogue);
  };
  Progress progress;
  if (repeated.listing.empty()) {
    size_t next = 0;
    searcher.SearchAll(files, command.num_threads, context.stop, [&](const QueryResult& result) {
      compare(result, &outcomes[places[next++]]);
      if (files.size() > 1) progress.Show("queries", static_cast<int64_t>(next), static_cast<int64_t>(files.size()));
    });
  } else {
    searcher.SearchListing(FindListing(repeated.listing, searcher), command.num_threads, context.stop,
                           [&](const QueryResult& result) {
                             for (Repeated& outcome : outcomes) {
                               if (result.sha256 && result.sha256->Hex() == outcome.logged.sha256)
                                 compare(result, &outcome);
                             }
                           });
    for (Repeated& outcome : outcomes) {
      if (!outcome.is_done) outcome.differences.emplace_back("is no longer in this listing");
    }
  }
  progress.Clear();
  if (context.stop.stop_requested()) return kInterrupted;
  Print(command.replay, body, outcomes, context.format);
  const auto all = [&](auto&& test) { return std::all_of(outcomes.begin(), outcomes.end(), test); };
  if (!all([](const Repeated& q) { return q.is_done; })) return kSkipped;
  return all([](const Repeated& q) { return q.is_same; }) ? kDone : kNoHit;
}

}  // namespace pugmark::cli
