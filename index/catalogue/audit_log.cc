// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/audit_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>


#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/connection.h"
#include "index/catalogue/short_write.h"

namespace pugmark {

using internal::Connection;
using internal::Query;

namespace {

constexpr char kWriting[] = "writing into the audit log";

LogEntry EntryOf(const Query& query) {
  return {query.GetInt(0), query.GetSha256(1), query.GetSha256(2), query.GetText(3)};
}

// O_APPEND: lines of several writers never mix. Not synced: a line that a power cut takes makes no false alarm.
void AppendHead(const std::filesystem::path& path, const LogEntry& entry) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return;
  const std::string line = fmt::format("{} {}\n", entry.number, entry.hash.Hex());
  [[maybe_unused]] const ssize_t written = ::write(fd, line.data(), line.size());
  ::close(fd);
}

}  // namespace

Sha256 LogHash(const Sha256& previous, std::string_view body) {
  const std::string text = fmt::format("{}\n{}", previous.Hex(), body);
  return Sha256::Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

LogEntry AppendToLog(const CollectionPaths& paths, const std::string& fields, int max_wait_ms) {
  PUGMARK_CHECK(fields.size() >= 2 && fields.front() == '{' && fields.back() == '}');
  if (fields.size() > kMaxLogBody) {
    throw Error(ErrorCode::kLimit, fmt::format("An entry of {} bytes is too long for the audit log.", fields.size()));
  }
  internal::ShortWrite write(paths.catalogue(), max_wait_ms, kWriting);
  Connection& connection = write.connection();
  LogEntry entry;
  {
    Query last = connection.Use("SELECT number, hash FROM audit_log ORDER BY number DESC LIMIT 1", "reading the audit log");
    if (last.Next()) {
      entry.number = last.GetInt(0);
      entry.previous = last.GetSha256(1);
    }
  }
  ++entry.number;
  entry.body = fmt::format(R"({{"entry":{},"at":"{}"{}{})", entry.number, UtcNow(), fields.size() > 2 ? "," : "",
                           std::string_view(fields).substr(1));
  entry.hash = LogHash(entry.previous, entry.body);
  connection.Use("INSERT INTO audit_log (number, previous, hash, body) VALUES (?, ?, ?, ?)", kWriting)
      .Int(entry.number)
      .Blob(entry.previous.bytes)
      .Blob(entry.hash.bytes)
      .Text(entry.body)
      .Run();
  write.Commit();
  AppendHead(paths.audit_heads(), entry);
  return entry;
}

struct AuditLog::Impl {
  explicit Impl(const CollectionPaths& paths) : connection(paths.catalogue(), Connection::Mode::kRead) {
    internal::RequireNewestSchema(connection);
  }
  mutable Connection connection;
};

AuditLog::AuditLog(const CollectionPaths& paths) : impl_(std::make_unique<Impl>(paths)) {}
AuditLog::~AuditLog() = default;

std::optional<LogEntry> AuditLog::Head() const {
  std::optional<LogEntry> head;
  Visit(/*newest_first=*/true, [&](const LogEntry& entry) {
    head = entry;
    return false;
  });
  return head;
}

std::optional<LogEntry> AuditLog::Find(int64_t number) const {
  Query query = impl_->connection.Use("SELECT number, previous, hash, body FROM audit_log WHERE number = ?",
                                      "reading the audit log");
  if (!query.Int(number).Next()) return std::nullopt;
  return EntryOf(query);
}

void AuditLog::Visit(bool newest_first, const std::function<bool(const LogEntry&)>& visit) const {
  Query query = impl_->connection.Prepare(
      newest_first ? "SELECT number, previous, hash, body FROM audit_log ORDER BY number DESC"
                   : "SELECT number, previous, hash, body FROM audit_log ORDER BY number",
      "reading the audit log");
  while (query.Next()) {
    if (!visit(EntryOf(query))) return;
  }
}

Sha256 AuditLog::PhotosOfBatch(BatchId batch) const {
  std::string text;
  Query query = impl_->connection.Use("SELECT sha256 FROM photos WHERE batch_id = ? ORDER BY id", "listing a batch");
  query.Int(batch.value);
  while (query.Next()) text += query.GetSha256(0).Hex() + "\n";
  return Sha256::Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

}  // namespace pugmark
