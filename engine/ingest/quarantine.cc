// SPDX-License-Identifier: Apache-2.0
#include "engine/ingest/quarantine.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "index/base/files.h"

namespace pugmark {
namespace {

using Json = nlohmann::ordered_json;

// Messages tell the lines of one manifest apart.
std::string Key(const std::string& path, const std::string& sha256, const std::string& message) {
  return path + '\n' + sha256 + '\n' + message;
}

}  // namespace

Quarantine::Quarantine(const std::filesystem::path& file) : file_(file) {
  std::ifstream in(file_);
  char last = '\n';
  for (std::string line; std::getline(in, line);) {
    last = in.eof() ? '\0' : '\n';
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) continue;
    const auto text = [&](const char* key) {
      const auto value = json.find(key);
      return value != json.end() && value->is_string() ? value->get<std::string>() : std::string();
    };
    known_.insert(Key(text("path"), text("sha256"), text("message")));
  }
  if (last != '\n') pending_ = "\n";  // A kill left half a line; it must not swallow the next one.
}

void Quarantine::Add(const Unreadable& unreadable, const std::optional<Sha256>& sha256, int64_t batch) {
  const std::string path = EscapeText(unreadable.path.string());
  const std::string sha = sha256 ? sha256->Hex() : std::string();
  if (!known_.insert(Key(path, sha, unreadable.message)).second) return;
  Json json = {{"path", path}, {"code", unreadable.code}, {"message", unreadable.message}, {"batch", batch}, {"at", UtcNow()}};
  if (sha256) json["sha256"] = sha;
  pending_ += json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<QuarantineEntry> ReadQuarantine(const std::filesystem::path& file, int64_t after_batch, size_t limit,
                                            int64_t* num_more) {
  std::vector<QuarantineEntry> entries;
  *num_more = 0;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) continue;
    const auto batch = json.find("batch");
    if (batch == json.end() || !batch->is_number_integer() || batch->get<int64_t>() <= after_batch) continue;
    if (entries.size() == limit) {
      ++*num_more;
      continue;
    }
    const auto text = [&](const char* key) {
      const auto value = json.find(key);
      return value != json.end() && value->is_string() ? EscapeText(value->get<std::string>()) : std::string();
    };
    entries.push_back({text("path"), text("code"), text("message"), text("at"), batch->get<int64_t>()});
  }
  return entries;
}

void Quarantine::Flush() {
  if (pending_.size() < 2) return;  // Nothing, or only the end of a torn line.
  AppendToFile(file_, pending_);
  pending_.clear();
}

}  // namespace pugmark
