// SPDX-License-Identifier: Apache-2.0
#include "engine/stats/stats_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/report/csv_line.h"
#include "engine/report/width.h"
#include "engine/report/wording.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMinKeyColumns = 14, kMaxKeyColumns = 40;
constexpr int kColumnsBesideKey = 2 + 8 + 9 + 8 + 9 + 12 + 12;

const char* NameOf(Period period) {
  return period == Period::kYear ? "year" : period == Period::kMonth ? "month" : "day";
}

struct NamedTable {
  std::string name;
  const std::vector<StatsRow>& rows;
};

std::vector<NamedTable> TablesOf(const Stats& stats, const StatsOptions& options) {
  return {{"product", stats.products},
          {"species", stats.species},
          {"platform", stats.platforms},
          {NameOf(options.period), stats.periods}};
}

std::string Key(const StatsRow& row) { return row.key.empty() ? "(not known)" : EscapeText(row.key); }

std::string Line(std::string_view key, int key_columns, const StatsRow& row, bool has_objects) {
  return fmt::format("{}{:>10}{:>9}{:>8}{:>9}  {:<10}  {}\n", Fitted(key, key_columns), row.num_listings,
                     row.num_sellers, row.num_photos, has_objects ? fmt::format("{}", row.num_objects) : "-",
                     row.first_day.empty() ? "-" : row.first_day, row.last_day.empty() ? "-" : row.last_day);
}

std::string Copies(const Stats& stats) {
  std::string text;
  for (size_t k = 1; k < stats.copies.size(); ++k) {
    if (stats.copies[k] == 0) continue;
    text += text.empty() ? fmt::format("Copies: {} in {}",
                                       stats.copies[k] == 1 ? "1 photo stands"
                                                            : GroupedNumber(stats.copies[k]) + " photos stand",
                                       Counted(static_cast<int64_t>(k), "listing"))
                         : fmt::format(", {} in {}", stats.copies[k], k);
  }
  return text.empty() ? text : text + ".\n";
}

std::string Recapture(const Stats& stats) {
  const char* const things = stats.has_objects ? "objects" : "photos";
  if (!stats.estimate) {
    return fmt::format("Market size: cannot be estimated, because none of the {} was seen on a second day.\n", things);
  }
  const MarketEstimate& e = *stats.estimate;
  return fmt::format(
      "Market size: {} {} were seen on {} days, {} of them on one day only, {} on two. Chao2 [Chao 1987] makes of it "
      "{:.0f}\n"
      "(95 % interval {:.0f} to {:.0f}), if nothing came or went in that time and days are independent; too high as "
      "far as\n"
      "photos of one thing were not recognised as such. To compare, not to count on: man pugmark-stats.\n",
      e.num_seen, things, e.num_days, e.num_once, e.num_twice, e.estimate, e.low, e.high);
}

Json ToJson(const StatsRow& row, bool has_objects) {
  const auto text = [](const std::string& value) { return value.empty() ? Json(nullptr) : Json(EscapeText(value)); };
  return {{"key", text(row.key)},
          {"listings", row.num_listings},
          {"sellers", row.num_sellers},
          {"photos", row.num_photos},
          {"objects", has_objects ? Json(row.num_objects) : Json(nullptr)},
          {"first_day", text(row.first_day)},
          {"last_day", text(row.last_day)}};
}

double Rounded(double value) { return std::round(value * 100) / 100; }

}  // namespace

std::string FormatStatsText(const Stats& stats, const StatsOptions& options, int width) {
  const StatsRow& all = stats.all;
  std::string text = fmt::format("{} of {} on {}{}: {} in {}.\n", Counted(all.num_listings, "listing"),
                                 Counted(all.num_sellers, "known seller"),
                                 Counted(static_cast<int64_t>(stats.platforms.size()), "platform"),
                                 all.first_day.empty() ? "" : fmt::format(", {} to {}", all.first_day, all.last_day),
                                 Counted(all.num_photos, "photo"), Counted(stats.num_sightings, "sighting"));
  if (stats.num_left_out > 0) {
    text += fmt::format("Left out: {} of which every photo is in a benign or seizure bank (--all counts them).\n",
                        Counted(stats.num_left_out, "listing"));
  }
  if (stats.num_without_day > 0) {
    text += fmt::format("Without any date: {}.\n", Counted(stats.num_without_day, "listing"));
  }
  int key_columns = kMinKeyColumns;
  for (const NamedTable& table : TablesOf(stats, options)) {
    for (const StatsRow& row : table.rows) key_columns = std::max(key_columns, DisplayWidth(Key(row)));
  }
  key_columns = std::min({key_columns, kMaxKeyColumns, std::max(kMinKeyColumns, width - kColumnsBesideKey)});
  for (const NamedTable& table : TablesOf(stats, options)) {
    if (table.rows.empty()) continue;
    text += fmt::format("\n{}{:>10}{:>9}{:>8}{:>9}  {:<10}  {}\n", Fitted(table.name, key_columns), "listings",
                        "sellers", "photos", "objects", "first", "last");
    for (const StatsRow& row : table.rows) text += Line(Key(row), key_columns, row, stats.has_objects);
    text += Line("all", key_columns, all, stats.has_objects);
  }
  text += "\nA listing that names several products or species counts once for each of them and once in all.\n";
  text += Copies(stats);
  if (!stats.has_objects)
    text += "Objects: not counted, because photos are not linked yet; 'pugmark link' links them.\n";
  return text + Recapture(stats);
}

std::string FormatStatsJson(const Stats& stats, const StatsOptions& options) {
  Json json = {{"schema", 1}, {"type", "stats"}};
  Json platforms = Json::array();
  for (const std::string& platform : options.platforms) platforms.push_back(EscapeText(platform));
  json["platforms"] = std::move(platforms);
  json["from"] = options.from.empty() ? Json(nullptr) : Json(options.from);
  json["to"] = options.to.empty() ? Json(nullptr) : Json(options.to);
  json["all"] = ToJson(stats.all, stats.has_objects);
  json["sightings"] = stats.num_sightings;
  json["left_out"] = stats.num_left_out;
  json["without_day"] = stats.num_without_day;
  for (const NamedTable& table : TablesOf(stats, options)) {
    Json rows = Json::array();
    for (const StatsRow& row : table.rows) rows.push_back(ToJson(row, stats.has_objects));
    json["by_" + table.name] = std::move(rows);
  }
  Json copies = Json::array();
  for (size_t k = 1; k < stats.copies.size(); ++k) {
    if (stats.copies[k] > 0) copies.push_back({{"listings", k}, {"photos", stats.copies[k]}});
  }
  json["copies"] = std::move(copies);
  json["market"] = nullptr;
  if (stats.estimate) {
    const MarketEstimate& e = *stats.estimate;
    json["market"] = {{"counted", stats.has_objects ? "objects" : "photos"},
                      {"days", e.num_days},
                      {"seen", e.num_seen},
                      {"seen_on_one_day", e.num_once},
                      {"seen_on_two_days", e.num_twice},
                      {"estimate", Rounded(e.estimate)},
                      {"low", Rounded(e.low)},
                      {"high", Rounded(e.high)},
                      {"method", "Chao2, bias-corrected (Chao 1987)"}};
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string FormatStatsCsv(const Stats& stats, const StatsOptions& options) {
  std::string csv = "table,key,listings,sellers,photos,objects,first_day,last_day\r\n";
  const auto add = [&](const std::string& table, const StatsRow& row) {
    CsvLine line;
    line.Cell(table);
    if (table == NameOf(options.period)) {
      line.Time(row.key);  // Months and days may become dates.
    } else {
      line.Text(row.key);
    }
    for (const int64_t number : {row.num_listings, row.num_sellers, row.num_photos}) line.Value(number);
    line.Cell(stats.has_objects ? fmt::format("{}", row.num_objects) : "");
    line.Time(row.first_day);
    line.Time(row.last_day);
    csv += line.End();
  };
  add("all", stats.all);
  for (const NamedTable& table : TablesOf(stats, options)) {
    for (const StatsRow& row : table.rows) add(table.name, row);
  }
  return csv;
}

}  // namespace pugmark
