// SPDX-License-Identifier: Apache-2.0
#include "engine/search/search.h"

#include <fmt/format.h>

#include <memory>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/reports.h"
#include "cli/result_output.h"
#include "cli/search.h"
#include "engine/ingest/inputs.h"
#include "engine/report/html.h"
#include "engine/report/limits.h"
#include "engine/report/report.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

using Options = SearchCommand;

void Print(const QueryResult& result, const Options& options, Format format) {
  switch (format) {
    case Format::kJson: fmt::print("{}\n", FormatJson(result)); break;
    case Format::kCsv: fmt::print("{}", FormatCsv(result)); break;
    case Format::kText: fmt::print("{}", FormatText(result, TextOptionsOfStdout(options.verbose))); break;
  }
  std::fflush(stdout);
}

}  // namespace

void WriteReports(const std::vector<QueryResult>& results, const ListingResult* listing, const SearchCommand& options,
                  const Searcher& searcher) {
  if (!options.reports.is_wanted()) return;
  HtmlOptions html;
  std::string json_lines;
  if (listing != nullptr) {
    html.listing = listing;
    html.title = "Search for one listing";
    json_lines = FormatJson(*listing) + "\n";
  } else if (!options.reports.packet.empty()) {
    for (const QueryResult& result : results) json_lines += FormatJson(result) + "\n";
  }
  html.collection = searcher.paths().root.string();
  html.not_searched = LimitsOf(options.search, searcher.num_unindexed());
  html.parameters = {
      {"most hits", fmt::format("{}", options.search.max_hits)},
      {"candidates verified", fmt::format("{}", options.search.shortlist.max_candidates)},
      {"largest expected number of false hits", fmt::format("{:g}", options.search.max_expected_false_hits)}};
  WriteReportFiles(options.reports, results, std::move(html), json_lines, PhotoFiles(searcher.paths()));
}

int ExitCodeOf(bool is_hit, bool is_unreadable, int64_t num_damaged) {
  if (num_damaged > 0) {
    fmt::print(stderr,
               "{} candidates could not be verified because their stored data are damaged; hits may be missing. "
               "'pugmark check' names them.\n",
               num_damaged);
    return kDamaged;
  }
  return is_unreadable ? kSkipped : is_hit ? kDone : kNoHit;
}

void WarnOfUnindexed(const Searcher& searcher) {
  if (searcher.num_unindexed() == 0) return;
  fmt::print(stderr, "{} photos are not in the index yet and are found by their bytes only. Run 'pugmark reindex'.\n",
             searcher.num_unindexed());
}

QueryRegions RegionsOf(const SearchCommand& options, const std::vector<std::filesystem::path>& photos) {
  QueryRegions regions;
  if (options.roi.empty() && options.exclude.empty()) return regions;
  if (photos.size() != 1) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("--roi and --exclude mark parts of one photo, but {} are named.", photos.size()));
  }
  if (!options.roi.empty()) regions.roi = ParseRectangle(options.roi);
  for (const std::string& rectangle : options.exclude) regions.exclude.push_back(ParseRectangle(rectangle));
  return regions;
}

bool HasHit(const QueryResult& result) {
  return std::any_of(result.hits.begin(), result.hits.end(), [](const Hit& hit) { return !IsDismissed(hit); });
}

namespace {

// What the user asked for cannot be done with this photo: wrong usage if it is the only one.
void RequireUsable(const QueryResult& result, size_t num_photos) {
  if (num_photos == 1 && result.error_code == ErrorCodeName(ErrorCode::kInvalidArgument)) {
    throw Error(ErrorCode::kInvalidArgument, EscapeText(result.path.native()) + ": " + result.error);
  }
}

int Search(Options options, const Context& context) {
  context.RequireCollection();
  if (options.no_log) context.audit->Withhold();
  if (options.replay > 0) return Replay(options, context);
  CheckReportFiles(options.reports);
  if (options.photos.empty() == options.listing.empty()) {
    throw Error(ErrorCode::kInvalidArgument, options.listing.empty() ? "Name photos to search for, or a --listing."
                                                                     : "Name photos or a --listing, not both.");
  }
  if (!options.listing.empty() || options.as_listing) {
    if (!options.roi.empty() || !options.exclude.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "--roi and --exclude mark parts of one photo, not of a listing.");
    }
    const HitFilter& filter = options.search.filter;
    if (!options.listing.empty() && !(filter.query_platform.empty() && filter.query_seller.empty())) {
      throw Error(ErrorCode::kInvalidArgument, "--query-platform and --query-seller are those of the --listing.");
    }
  }
  if (!options.listing.empty()) return SearchForListing(options, {}, context);
  const std::vector<std::filesystem::path> photos = ExpandFolders(options.photos);
  if (options.as_listing && !photos.empty()) return SearchForListing(options, photos, context);
  if (photos.empty()) throw Error(ErrorCode::kInvalidArgument, "The named folders hold no files to search for.");
  options.search.regions = RegionsOf(options, photos);

  const Searcher searcher(context.collection, options.search);
  WarnOfUnindexed(searcher);
  std::vector<QueryResult> results;
  int64_t num_damaged = 0;
  int64_t num_done = 0, num_unreadable = 0, num_with_hits = 0;
  Progress progress;
  if (context.format == Format::kCsv) fmt::print("{}", CsvHeader());
  searcher.SearchAll(photos, options.num_threads, context.stop, [&](const QueryResult& result) {
    progress.Clear();
    RequireUsable(result, photos.size());
    context.audit->AddAnswer(result);
    Print(result, options, context.format);
    ++num_done;
    num_unreadable += result.error_code.empty() ? 0 : 1;
    num_with_hits += HasHit(result) ? 1 : 0;
    num_damaged += result.num_damaged;
    if (photos.size() > 1) progress.Show("queries", num_done, static_cast<int64_t>(photos.size()));
    results.push_back(result);
    // The lines of the evidence are many, and only the page draws them.
    if (!options.reports.is_wanted()) {
      for (Hit& hit : results.back().hits) hit.inliers = {};
    }
  });
  progress.Clear();
  if (context.format == Format::kText) {
    if (photos.size() > 1) {
      fmt::print("{}\n{} queries: {} with hits, {} without, {} unreadable.\n",
                 FormatSummary(results, TextOptionsOfStdout(options.verbose)), num_done, num_with_hits,
                 num_done - num_with_hits - num_unreadable, num_unreadable);
    }
    if (num_with_hits > 0) fmt::print("{}\n", kLeadSentence);
  }
  WriteReports(results, nullptr, options, searcher);
  if (context.stop.stop_requested()) return kInterrupted;
  return ExitCodeOf(num_with_hits > 0, num_unreadable > 0, num_damaged);
}

}  // namespace

void AddSearchOptions(CLI::App* command, SearchCommand* options) {
  constexpr char kWhat[] = "What is searched for";
  constexpr char kHow[] = "How thoroughly";
  constexpr char kFilters[] = "Which sightings are shown";
  constexpr char kOutput[] = "Output";
  constexpr char kCustody[] = "Audit log";
  command->add_option("images", options->photos, "Search for these photos, or for all files in these folders")
      ->type_name("IMAGE");
  command
      ->add_option("--listing", options->listing,
                   "Search for all photos of this listing of the collection together, in other listings")
      ->type_name("PLATFORM:ID")
      ->group(kWhat);
  command
      ->add_flag("--as-listing", options->as_listing,
                 "Take the photos as those of one listing: rank listings, not photos")
      ->group(kWhat);
  command
      ->add_option("--roi", options->roi,
                   "Search for this part of the photo only: pixels of the upright original, or 10%,20%,50%,50%")
      ->type_name("X,Y,W,H")
      ->group(kWhat);
  command->add_option("--exclude", options->exclude, "Leave this part of the photo out; may be repeated")
      ->allow_extra_args(false)
      ->type_name("X,Y,W,H")
      ->group(kWhat);
  command
      ->add_option("--top", options->search.max_hits, "Show at most this many hits per photo, or listings (default 20)")
      ->check(CLI::Range(1, 10000))
      ->type_name("K")
      ->group(kHow);
  command
      ->add_option("--candidates", options->search.shortlist.max_candidates,
                   "Verify this many candidates (default 50): more finds more and takes longer")
      ->check(CLI::Range(1, 10000))
      ->type_name("N")
      ->group(kHow);
  command
      ->add_option("--max-false-hits", options->search.max_expected_false_hits,
                   "Report candidates of which at most this many are expected to be false, per query (default 0.2)")
      ->check(CLI::Range(1e-12, 1.0))
      ->type_name("X")
      ->group(kHow);
  HitFilter& filter = options->search.filter;
  command
      ->add_flag("--other-platforms", filter.other_platforms, "Show only sightings on other platforms than the photo's")
      ->group(kFilters);
  command
      ->add_flag("--other-sellers", filter.other_sellers,
                 "Show only sightings under other sellers' names than the photo's")
      ->group(kFilters);
  command
      ->add_option("--query-platform", filter.query_platform,
                   "Take this as the photo's platform; needed if the collection does not hold the same file")
      ->type_name("NAME")
      ->group(kFilters);
  command->add_option("--query-seller", filter.query_seller, "Take this as the photo's seller, likewise")
      ->type_name("NAME")
      ->group(kFilters);
  command->add_option("--before", filter.before, "Show only sightings posted or captured before this day")
      ->type_name("YYYY-MM-DD")
      ->group(kFilters);
  command->add_option("--bank", filter.banks, "Show only photos in this bank; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME")
      ->group(kFilters);
  command->add_option("--not-bank", filter.not_banks, "Show no photos in this bank; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME")
      ->group(kFilters);
  AddReportFiles(command, &options->reports);
  command->add_flag("-v,--verbose", options->verbose, "Show the numbers behind each hit and all its sightings")
      ->group(kOutput);
  const std::vector<CLI::Option*> decided = command->get_options();  // By the entry, in a replay.
  CLI::Option* replay =
      command
          ->add_option(
              "--replay", options->replay,
              "Repeat the search of this entry of the audit log on the snapshot it used, and say whether the answer is "
              "the same; photos are named only if they lie elsewhere now")
          ->check(CLI::PositiveNumber)
          ->type_name("ENTRY")
          ->group(kCustody);
  for (CLI::Option* option : decided) {
    const std::string name = option->get_name();
    if (name != "images" && name != "--verbose" && name != "--help") replay->excludes(option);
  }
  command
      ->add_flag("--no-log", options->no_log,
                 "Keep photos and answer out of the audit log; that a search was made, when and by whom is logged all "
                 "the same")
      ->group(kCustody);
  AddThreads(command, &options->num_threads)->group(kHow);
}

Run AddSearch(CLI::App& app, const Context& context) {
  auto options = std::make_shared<SearchCommand>();
  AddSearchOptions(app.add_subcommand("search", "Find earlier sightings of photos"), options.get());
  return [options, &context] { return Search(*options, context); };
}

}  // namespace pugmark::cli
