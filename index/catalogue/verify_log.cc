// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/audit_log.h"
#include "index/catalogue/connection.h"
#include "index/catalogue/schema.h"

namespace pugmark {
namespace {

constexpr size_t kMaxFindings = 100;
constexpr size_t kFewestDigits = 16;
constexpr uint64_t kMaxHeadsBytes = 1ull << 30;

class Verifier {
 public:
  explicit Verifier(LogVerification* result) : result_(*result) {}

  void Check(const LogEntry& entry) {
    const int64_t expected = result_.head ? result_.head->number + 1 : 1;
    const bool is_gap = entry.number != expected;
    if (is_gap) {
      Say(entry.number == expected + 1 ? fmt::format("Entry {} is missing.", expected)
                                       : fmt::format("Entries {} to {} are missing.", expected, entry.number - 1));
    }
    const Sha256 before = result_.head ? result_.head->hash : Sha256{};
    const int64_t said = NumberIn(entry.body);
    if (said != 0 && said != entry.number) {
      Say(fmt::format("In the place of entry {} stands entry {}: entries were reordered.", entry.number, said));
    } else if (LogHash(entry.previous, entry.body) != entry.hash) {
      Say(fmt::format("Entry {} was changed after it was written: its hash does not fit its text.", entry.number));
    } else if (!is_gap && entry.previous != before) {
      Say(fmt::format("Entry {} does not continue entry {}: one of them was replaced.", entry.number, entry.number - 1));
    }
    ++result_.num_entries;
    result_.head = entry;
  }

  void Say(std::string finding) {
    if (result_.findings.size() < kMaxFindings) result_.findings.push_back(std::move(finding));
  }

 private:
  // 0 if the body is no JSON object with a number; its hash will not fit either.
  static int64_t NumberIn(const std::string& body) {
    const nlohmann::json json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return 0;
    const auto found = json.find("entry");
    return found != json.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
  }

  LogVerification& result_;
};

struct NotedHead {
  int64_t number = 0;
  std::string hash;
};

// "N HASH". A last line without line feed was torn by a power cut.
std::vector<NotedHead> ReadHeads(const std::filesystem::path& path, Verifier* verifier) {
  const std::vector<uint8_t> bytes = ReadFile(path, kMaxHeadsBytes);
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<NotedHead> heads;
  for (int64_t line_number = 1; text.find('\n') != std::string_view::npos; ++line_number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    NotedHead head;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), head.number);
    const size_t at = static_cast<size_t>(end - line.data());
    if (error != std::errc() || line.size() != at + 65 || line[at] != ' ') {
      verifier->Say(fmt::format("audit.heads: line {} is not one that Pugmark wrote.", line_number));
      continue;
    }
    head.hash = line.substr(at + 1);
    heads.push_back(std::move(head));
  }
  return heads;
}

// The statements as our schema has them; somebody who edits rows drops the triggers first.
void CheckTriggers(internal::Connection& connection, Verifier* verifier) {
  for (const char* name : {"audit_log_is_not_edited", "audit_log_is_not_deleted"}) {
    internal::Query query = connection.Prepare("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?",
                                               "reading the schema");
    const bool is_there = query.Text(name).Next();
    // SQLite keeps the text of the statement, without the semicolon after END.
    const std::string sql = is_there ? query.GetText(0) : "";
    if (!is_there || std::string_view(internal::kCustodySchema).find(sql) == std::string_view::npos) {
      verifier->Say(fmt::format("The trigger '{}' was {}: somebody has edited the catalogue by hand.", name,
                                is_there ? "changed" : "dropped"));
    }
  }
}

std::string ToNotedHead(std::string head) {
  std::transform(head.begin(), head.end(), head.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool is_hex = std::all_of(head.begin(), head.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (!is_hex || head.size() < kFewestDigits || head.size() > 64) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no head of the log: give at least {} of its hexadecimal digits, as 'pugmark log "
                            "--head' printed them.",
                            EscapeText(head), kFewestDigits));
  }
  return head;
}

}  // namespace

LogVerification VerifyLog(const CollectionPaths& paths, const std::string& noted_head) {
  const std::string noted = noted_head.empty() ? std::string() : ToNotedHead(noted_head);
  LogVerification result;
  Verifier verifier(&result);
  // The heads first: what they name has been written by now, whoever is appending meanwhile.
  const bool has_heads = std::filesystem::exists(paths.audit_heads());
  const std::vector<NotedHead> heads = has_heads ? ReadHeads(paths.audit_heads(), &verifier) : std::vector<NotedHead>();
  std::multimap<int64_t, const NotedHead*> by_number;
  int64_t last_noted = 0;
  for (const NotedHead& head : heads) {
    by_number.emplace(head.number, &head);
    last_noted = std::max(last_noted, head.number);
  }

  const AuditLog log(paths);
  log.Visit(/*newest_first=*/false, [&](const LogEntry& entry) {
    verifier.Check(entry);
    const std::string hash = entry.hash.Hex();
    const auto [first, end] = by_number.equal_range(entry.number);
    for (auto it = first; it != end; ++it) {
      if (it->second->hash == hash) {
        ++result.num_heads;
      } else {
        verifier.Say(fmt::format("audit.heads: says that entry {} had the hash {}…; it has {}….", entry.number,
                                 EscapeText(it->second->hash.substr(0, 12)), hash.substr(0, 12)));
      }
    }
    if (!noted.empty() && hash.starts_with(noted)) result.expected_entry = entry.number;
    return true;
  });
  const int64_t last = result.head ? result.head->number : 0;
  if (last_noted > last) {
    verifier.Say(fmt::format("The log ends with entry {}, but audit.heads knows entry {}: entries were cut off at its end, "
                             "or the catalogue was restored from an older backup.",
                             last, last_noted));
  }
  if (!has_heads && last > 0) {
    verifier.Say("audit.heads is missing: whether entries were cut off at the end cannot be told.");
  }
  if (!noted.empty() && !result.expected_entry) {
    verifier.Say(fmt::format("No entry has the noted head {}…: the log was rewritten, or the head is that of another "
                             "collection.",
                             noted.substr(0, 16)));
  }
  internal::Connection connection(paths.catalogue(), internal::Connection::Mode::kRead);
  CheckTriggers(connection, &verifier);
  return result;
}

}  // namespace pugmark
