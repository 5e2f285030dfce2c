// SPDX-License-Identifier: Apache-2.0
//
// JSON lines: one object per line. A first pass without building anything checks the bounds and keeps what a parsed
// value would lose (numbers as they were written, names that occur twice), a second one takes the values.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "engine/ingest/manifest_rows.h"

namespace pugmark::internal {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxDepth = 8;  // Of further columns; ours need two.

// Every callback returns false to stop; `wrong` then says why.
class Checker : public nlohmann::json_sax<Json> {
 public:
  explicit Checker(size_t max_field_bytes) : max_field_bytes_(max_field_bytes) {}

  std::string wrong;
  std::map<std::string, std::string> numbers;  // Of the outermost object: name → number as written.

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t& text) override {
    if (names_.size() == 1 && num_arrays_ == 0) numbers[name_] = text;
    return true;
  }
  bool string(string_t& text) override {
    return text.size() <= max_field_bytes_ ||
           Stop(fmt::format("a value has {} bytes, at most {} are allowed", text.size(), max_field_bytes_));
  }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override {
    names_.emplace_back();
    return names_.size() + num_arrays_ <= kMaxDepth || TooDeep();
  }
  bool key(string_t& name) override {
    if (!string(name)) return false;
    if (names_.back().size() >= kMaxColumns) {
      return Stop(fmt::format("an object has more than {} names", kMaxColumns));
    }
    name_ = name;
    // Ours are compared as columns are, those in further columns letter by letter.
    const std::string compared = names_.size() == 1 && num_arrays_ == 0 ? ColumnKey(name) : name;
    return names_.back().insert(compared).second || Stop(fmt::format("{} occurs twice", Quoted(name)));
  }
  bool end_object() override {
    names_.pop_back();
    return true;
  }
  bool start_array(size_t) override {
    ++num_arrays_;
    return names_.size() + num_arrays_ <= kMaxDepth || TooDeep();
  }
  bool end_array() override {
    --num_arrays_;
    return true;
  }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return Stop(fmt::format("the line is not valid JSON at byte {}", position));
  }

 private:
  bool Stop(std::string why) {
    if (wrong.empty()) wrong = std::move(why);
    return false;
  }
  bool TooDeep() { return Stop(fmt::format("it is nested more than {} deep", kMaxDepth)); }

  size_t max_field_bytes_;
  std::vector<std::set<std::string>> names_;  // Per open object.
  size_t num_arrays_ = 0;
  std::string name_;
};

// A single value as the text of a column. False if it is none.
bool ToText(const Json& value, std::string* text) {
  if (value.is_null()) {
    text->clear();
  } else if (value.is_string()) {
    *text = value.get_ref<const std::string&>();
  } else if (value.is_number() || value.is_boolean()) {
    *text = value.dump();
  } else {
    return false;
  }
  return true;
}

// Empty, or what is wrong with the row.
std::string FillRow(const Json& object, const std::map<std::string, std::string>& numbers, RawRow* raw) {
  Json extra = Json::object();
  for (const auto& [name, value] : object.items()) {
    const std::optional<Column> column = FindColumn(ColumnKey(name));
    if (!column) {
      extra[name] = value;
      continue;
    }
    const bool several = *column == kProducts || *column == kSpecies;
    if (several && value.is_array()) {
      auto& labels = *column == kProducts ? raw->products : raw->species;
      for (const Json& label : value) {
        if (!label.is_string()) return fmt::format("{} holds something that is not text", kColumnNames[*column]);
        labels.push_back(label.get<std::string>());
      }
    } else if (const auto number = numbers.find(name); number != numbers.end()) {
      raw->values[*column] = number->second;
    } else if (!ToText(value, &raw->values[*column])) {
      return fmt::format("{} is not {}", kColumnNames[*column], several ? "text or an array of text" : "text");
    }
  }
  if (!extra.empty()) raw->extra_json = extra.dump();
  return "";
}

std::string ReadLine(std::string_view line, const ManifestLimits& limits, RawRow* raw) {
  if (line.size() > limits.max_row_bytes) {
    return fmt::format("the line has {} bytes, at most {} are allowed", line.size(), limits.max_row_bytes);
  }
  Checker checker(limits.max_field_bytes);
  if (!Json::sax_parse(line.begin(), line.end(), &checker)) return checker.wrong;
  const Json object = Json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return "the line is not a JSON object";
  return FillRow(object, checker.numbers, raw);
}

}  // namespace

void ReadJsonRows(std::string_view text, RowSink* sink) {
  Lines lines(text);
  std::string_view line;
  for (int64_t number = 1; lines.Next(&line); ++number) {
    line = Trim(line);
    if (line.empty()) continue;
    RawRow raw;
    raw.line = number;
    if (std::string wrong = ReadLine(line, sink->limits(), &raw); !wrong.empty()) {
      sink->AddProblem(number, std::move(wrong));
    } else {
      sink->Add(std::move(raw));
    }
  }
}

}  // namespace pugmark::internal
