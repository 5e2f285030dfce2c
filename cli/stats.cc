// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/result_output.h"
#include "engine/collection/collection.h"
#include "engine/link/days.h"
#include "engine/link/objects.h"
#include "engine/stats/stats_output.h"
#include "index/base/files.h"
#include "index/catalogue/links.h"

namespace pugmark::cli {
namespace {

struct Options {
  StatsOptions stats;
  std::filesystem::path matrix;
};

// Empty, or what CLI11 shows as the mistake.
std::string DayMistake(const std::string& text) {
  const bool is_day = text.size() == 10 && DayNumber(text);
  return is_day ? "" : fmt::format("'{}' is no day: write it as 2017-01-31", EscapeText(text));
}

void RequirePlatforms(const Market& market, const std::vector<std::string>& platforms) {
  for (const std::string& platform : platforms) {
    const bool is_known = std::any_of(market.listings.begin(), market.listings.end(),
                                      [&](const MarketListing& m) { return m.listing.platform == platform; });
    if (is_known) continue;
    throw Error(ErrorCode::kNotFound, fmt::format("The collection has no listing of a platform '{}'. 'pugmark stats' "
                                                  "without --platform lists the platforms.",
                                                  EscapeText(platform)));
  }
}

int ShowStats(const Options& options, const Context& context) {
  context.RequireCollection();
  Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);
  const Catalogue::Transaction one_state(collection.catalogue);
  const Market market = ReadMarket(collection.catalogue);
  RequirePlatforms(market, options.stats.platforms);
  std::optional<std::vector<std::vector<PhotoId>>> objects;  // Nothing until photos have been linked.
  if (!LastLinkedAt(collection.catalogue).empty()) {
    const LinkGraph graph = LoadPhotoGraph(collection.catalogue, market);
    objects = ObjectsOf(graph);
    if (graph.num_unlinked_photos > 0) {
      fmt::print(stderr, "{} photos are not linked yet, so objects may be counted twice. 'pugmark link' links them.\n",
                 Grouped(graph.num_unlinked_photos));
    }
  }
  const Stats stats = ComputeStats(market, objects, options.stats);
  const std::string json = FormatStatsJson(stats, options.stats);
  Json logged = {{"hash", HashOf(json).Hex()}};
  if (!options.matrix.empty()) {
    const std::string matrix = CaptureMatrixCsv(stats);
    WriteFileAtomically(options.matrix, matrix);
    logged["matrix_hash"] = HashOf(matrix).Hex();
    fmt::print(stderr, "Matrix: {}, {} {} on {} days\n", EscapeText(options.matrix.string()), stats.histories.size(),
               stats.has_objects ? "objects" : "photos", stats.days.size());
  }
  context.audit->AddResult(std::move(logged));
  switch (context.format) {
    case Format::kJson: fmt::print("{}\n", json); break;
    case Format::kCsv: fmt::print("{}", FormatStatsCsv(stats, options.stats)); break;
    case Format::kText:
      fmt::print("{}", FormatStatsText(stats, options.stats, TextOptionsOfStdout(false).width));
      break;
  }
  return kDone;
}

}  // namespace

Run AddStats(CLI::App& app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("stats", "Count what is on offer: products, species, platforms, periods, copies");
  command->add_option("--platform", options->stats.platforms, "Count listings of this platform only; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command->add_option("--from", options->stats.from, "Leave out listings before this day")
      ->check(CLI::Validator(DayMistake, ""))
      ->type_name("YYYY-MM-DD");
  command->add_option("--to", options->stats.to, "Leave out listings after this day")
      ->check(CLI::Validator(DayMistake, ""))
      ->type_name("YYYY-MM-DD");
  const std::map<std::string, Period> periods = {
      {"year", Period::kYear}, {"month", Period::kMonth}, {"day", Period::kDay}};
  command->add_option("--by", options->stats.period, "Count by year, month (default) or day")
      ->transform(CLI::CheckedTransformer(periods).description(""))
      ->type_name("year|month|day");
  command->add_flag("--all", options->stats.with_references,
                    "Also count listings of which every photo is in a benign or seizure bank");
  command
      ->add_option("--matrix", options->matrix,
                   "Also write this CSV file: what was seen on which day, for mark-recapture programs")
      ->type_name("FILE");
  return [options, &context] { return ShowStats(*options, context); };
}

}  // namespace pugmark::cli
