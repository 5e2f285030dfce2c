// SPDX-License-Identifier: Apache-2.0
#include "engine/ingest/manifest_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark::internal {
namespace {

constexpr size_t kMaxLabels = 100;  // Products or species of one listing; more is an attack or a mistake.
constexpr size_t kMaxQuotedBytes = 60;
constexpr std::string_view kBlanks = " \t\r\n\v\f";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes `num_digits` digits from the front of *text; -1 if they are not there.
int TakeNumber(std::string_view* text, size_t num_digits) {
  if (text->size() < num_digits || !std::all_of(text->begin(), text->begin() + num_digits, IsDigit)) return -1;
  int number = 0;
  for (const char c : text->substr(0, num_digits)) number = number * 10 + (c - '0');
  text->remove_prefix(num_digits);
  return number;
}

bool Take(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

int DaysOf(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

bool InRange(int value, int first, int last) { return value >= first && value <= last; }

// Adds what stands between ';' or '|' to *labels, each once, in order.
void SplitLabels(std::string_view text, std::vector<std::string>* labels) {
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(";|"), text.size());
    const std::string_view label = Trim(text.substr(0, end));
    if (!label.empty() && labels->size() <= kMaxLabels && std::ranges::find(*labels, label) == labels->end()) {
      labels->emplace_back(label);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string ColumnKey(std::string_view name) {
  std::string key(Trim(name));
  for (char& c : key) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return key;
}

std::optional<Column> FindColumn(std::string_view key) {
  const auto found = std::ranges::find(kColumnNames, key);
  if (found == kColumnNames.end()) return std::nullopt;
  return static_cast<Column>(found - kColumnNames.begin());
}

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t k) { return static_cast<uint8_t>(text[k]); };
    const uint8_t lead = byte(i);
    const size_t length = lead < 0x80 ? 1 : (lead >> 5) == 6 ? 2 : (lead >> 4) == 14 ? 3 : (lead >> 3) == 30 ? 4 : 0;
    if (length == 0 || length > text.size() - i) return false;
    uint32_t value = length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return false;
      value = (value << 6) | (byte(i + k) & 0x3Fu);
    }
    static constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < kSmallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return false;
    i += length;
  }
  return true;
}

bool IsIsoTime(std::string_view text) {
  const int year = TakeNumber(&text, 4);
  if (year < 1 || !Take(&text, '-')) return false;
  const int month = TakeNumber(&text, 2);
  if (!InRange(month, 1, 12) || !Take(&text, '-')) return false;
  if (!InRange(TakeNumber(&text, 2), 1, DaysOf(year, month))) return false;
  if (text.empty()) return true;
  if (!Take(&text, 'T') || !InRange(TakeNumber(&text, 2), 0, 23)) return false;
  if (!Take(&text, ':') || !InRange(TakeNumber(&text, 2), 0, 59)) return false;
  if (Take(&text, ':')) {
    if (!InRange(TakeNumber(&text, 2), 0, 60)) return false;  // 60: leap seconds.
    if (Take(&text, '.')) {
      if (TakeNumber(&text, 1) < 0) return false;
      while (TakeNumber(&text, 1) >= 0) continue;
    }
  }
  if (text.empty() || text == "Z") return true;
  if (!Take(&text, '+') && !Take(&text, '-')) return false;
  if (!InRange(TakeNumber(&text, 2), 0, 23) || !Take(&text, ':')) return false;
  return InRange(TakeNumber(&text, 2), 0, 59) && text.empty();
}

std::string Quoted(std::string_view untrusted) {
  if (untrusted.size() <= kMaxQuotedBytes) return fmt::format("'{}'", EscapeText(untrusted));
  size_t end = kMaxQuotedBytes;
  while (end > 0 && (static_cast<uint8_t>(untrusted[end]) & 0xC0) == 0x80) --end;  // Not through a character.
  return fmt::format("'{}...'", EscapeText(untrusted.substr(0, end)));
}

bool Lines::Next(std::string_view* line) {
  if (position_.offset >= text_.size()) return false;
  const std::string_view rest = text_.substr(position_.offset);
  size_t length = rest.find_first_of("\r\n");
  length = length == std::string_view::npos ? rest.size() : length + (rest.substr(length, 2) == "\r\n" ? 2 : 1);
  *line = rest.substr(0, length);
  position_.offset += length;
  ++position_.line;
  return true;
}

RowSink::RowSink(const std::filesystem::path& manifest, const std::filesystem::path& root, bool allow_outside,
                 const ManifestLimits& limits, const std::function<void(ManifestRow&&)>& on_row,
                 const std::function<void(ManifestProblem&&)>& on_problem)
    : name_(EscapeText(manifest.native())),
      root_(std::filesystem::absolute(root.empty() ? std::filesystem::absolute(manifest).parent_path() : root)
                .lexically_normal()),
      allow_outside_(allow_outside),
      limits_(limits),
      on_row_(on_row),
      on_problem_(on_problem) {}

void RowSink::Refuse(std::string_view why) const {
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{}: {} See docs/manifests.md for what a manifest looks like.", name_, why));
}

void RowSink::Count() {
  if (++num_rows_ > limits_.max_rows) {
    throw Error(ErrorCode::kLimit,
                fmt::format("{}: has more than {} rows. Split it into several manifests.", name_, limits_.max_rows));
  }
}

void RowSink::AddProblem(int64_t line, std::string message) {
  Count();
  if (++num_problems_ > limits_.max_problems) {
    throw Error(ErrorCode::kLimit,
                fmt::format("{}: more than {} rows cannot be used; the last one, in line {}: {}. Is it "
                            "a manifest?",
                            name_, limits_.max_problems, line, message));
  }
  on_problem_({.line = line, .message = std::move(message)});
}

void RowSink::Add(RawRow&& raw) {
  ManifestRow row;
  const int64_t line = raw.line;
  if (std::string wrong = Fill(std::move(raw), &row); !wrong.empty()) {
    AddProblem(line, std::move(wrong));
    return;
  }
  Count();
  on_row_(std::move(row));
}

std::string RowSink::WrongText(std::string_view name, std::string_view value) const {
  if (value.size() > limits_.max_field_bytes) {
    return fmt::format("{} has {} bytes, at most {} are allowed", name, value.size(), limits_.max_field_bytes);
  }
  if (value.find('\0') != std::string_view::npos) return fmt::format("{} {} contains a zero byte", name, Quoted(value));
  if (!IsUtf8(value)) return fmt::format("{} {} is not UTF-8 text", name, Quoted(value));
  return "";
}

std::string RowSink::Fill(RawRow&& raw, ManifestRow* row) const {
  for (size_t column = 0; column < kNumColumns; ++column) {
    std::string& value = raw.values[column];
    value = std::string(Trim(value));
    if (std::string wrong = WrongText(kColumnNames[column], value); !wrong.empty()) return wrong;
  }
  for (const Column column : {kPostedAt, kCapturedAt}) {
    const std::string& value = raw.values[column];
    if (!value.empty() && !IsIsoTime(value)) {
      return fmt::format("{} {} is not a date as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ", kColumnNames[column],
                         Quoted(value));
    }
  }
  row->line = raw.line;
  if (std::string wrong = ResolveFile(raw.values[kFile], &row->file); !wrong.empty()) return wrong;
  Listing& listing = row->listing;
  for (const auto& [column, given, labels] : {std::tuple(kProducts, &raw.products, &listing.products),
                                              std::tuple(kSpecies, &raw.species, &listing.species)}) {
    SplitLabels(raw.values[column], labels);
    for (const std::string& label : *given) {
      if (std::string wrong = WrongText(kColumnNames[column], label); !wrong.empty()) return wrong;
      SplitLabels(label, labels);
    }
    if (labels->size() > kMaxLabels) {
      return fmt::format("{} names more than {} values", kColumnNames[column], kMaxLabels);
    }
  }
  for (const auto& [column, target] :
       {std::pair(kPlatform, &listing.platform), std::pair(kListingId, &listing.external_id),
        std::pair(kUrl, &listing.url), std::pair(kSeller, &listing.seller), std::pair(kSellerUrl, &listing.seller_url),
        std::pair(kTitle, &listing.title), std::pair(kPrice, &listing.price), std::pair(kCurrency, &listing.currency),
        std::pair(kPostedAt, &listing.posted_at), std::pair(kOperation, &listing.operation),
        std::pair(kCapturedAt, &row->captured_at), std::pair(kBank, &row->bank)}) {
    *target = std::move(raw.values[column]);
  }
  listing.extra_json = std::move(raw.extra_json);
  return "";
}

std::string RowSink::ResolveFile(const std::string& value, std::filesystem::path* file) const {
  if (value.empty()) return "file is empty";
  const std::filesystem::path given = std::filesystem::path(value).lexically_normal();
  if (!given.has_filename() || given == "." || given == "..") {
    return fmt::format("file {} names a directory", Quoted(value));
  }
  if (!allow_outside_) {
    if (given.is_absolute()) {
      return fmt::format("file {} is absolute; only files below the manifest's directory are taken", Quoted(value));
    }
    if (*given.begin() == "..") {
      return fmt::format("file {} leaves the manifest's directory", Quoted(value));
    }
  }
  *file = (root_ / given).lexically_normal();
  return "";
}

}  // namespace pugmark::internal
