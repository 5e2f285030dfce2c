// SPDX-License-Identifier: Apache-2.0
#include "engine/search/search.h"

#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/result_output.h"
#include "cli/search.h"
#include "engine/ingest/inputs.h"
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

// The page says what it does not show.
void AddFilter(const HitFilter& filter, HtmlOptions* html) {
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) html->parameters.emplace_back(name, value);
  };
  add("only sightings on other platforms", filter.other_platforms ? "yes" : "");
  add("only sightings of other sellers", filter.other_sellers ? "yes" : "");
  add("platform of the query", filter.query_platform);
  add("seller of the query", filter.query_seller);
  add("only sightings before", filter.before);
  add("only banks", fmt::format("{}", fmt::join(filter.banks, ", ")));
  add("without banks", fmt::format("{}", fmt::join(filter.not_banks, ", ")));
}

}  // namespace

void WritePage(const std::vector<QueryResult>& results, const ListingResult* listing, const SearchCommand& options,
               const Searcher& searcher) {
  HtmlOptions html;
  html.listing = listing;
  if (listing != nullptr) html.title = "Search for one listing";
  html.version = PUGMARK_VERSION;
  html.collection = searcher.paths().root.string();
  html.parameters = {{"most hits", fmt::format("{}", options.search.max_hits)},
                     {"candidates verified", fmt::format("{}", options.search.shortlist.max_candidates)},
                     {"largest expected number of false hits", fmt::format("{:g}", options.search.max_expected_false_hits)}};
  AddFilter(options.search.filter, &html);
  const auto thumbnail = [&](const Sha256& photo) -> std::optional<std::vector<uint8_t>> {
    try {
      return ReadFile(searcher.paths().thumbnail(photo), kMaxThumbnailBytes);
    } catch (const Error&) {
      return std::nullopt;
    }
  };
  const bool is_catalogued = !options.listing.empty();
  html.query_picture = [=](const QueryResult& query) {
    return is_catalogued && query.sha256 ? thumbnail(*query.sha256) : PictureOf(query.path);
  };
  html.hit_picture = [=](const Hit& hit) { return thumbnail(hit.photo.sha256); };
  WriteHtml(options.html, results, html);
  SayReportWritten(options.html);
}

int ExitCodeOf(bool is_hit, bool is_unreadable, int64_t num_damaged) {
  if (num_damaged > 0) {
    fmt::print(stderr, "{} candidates could not be verified because their stored data are damaged; hits may be missing. "
                       "'pugmark check' names them.\n", num_damaged);
    return kDamaged;
  }
  return is_unreadable ? kSkipped : is_hit ? kDone : kNoHit;
}

void WarnOfUnindexed(const Searcher& searcher) {
  if (searcher.num_unindexed() == 0) return;
  fmt::print(stderr, "{} photos are not in the index yet and are found by their bytes only. Run 'pugmark reindex'.\n",
             searcher.num_unindexed());
}

namespace {

// The regions that the options name. They are of one photo.
QueryRegions RegionsOf(const Options& options, const std::vector<std::filesystem::path>& photos) {
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

// What the user asked for cannot be done with this photo: wrong usage if it is the only one.
void RequireUsable(const QueryResult& result, size_t num_photos) {
  if (num_photos == 1 && result.error_code == ErrorCodeName(ErrorCode::kInvalidArgument)) {
    throw Error(ErrorCode::kInvalidArgument, EscapeText(result.path.native()) + ": " + result.error);
  }
}

int Search(Options options, const Context& context) {
  context.RequireCollection();
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
    Print(result, options, context.format);
    ++num_done;
    num_unreadable += result.error_code.empty() ? 0 : 1;
    num_with_hits += result.hits.empty() ? 0 : 1;
    num_damaged += result.num_damaged;
    if (photos.size() > 1) progress.Show("queries", num_done, static_cast<int64_t>(photos.size()));
    results.push_back(result);
    // The lines of the evidence are many, and only the page draws them.
    if (options.html.empty()) {
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
  if (!options.html.empty()) WritePage(results, nullptr, options, searcher);
  if (context.stop.stop_requested()) return kInterrupted;
  return ExitCodeOf(num_with_hits > 0, num_unreadable > 0, num_damaged);
}

}  // namespace

Run AddSearch(CLI::App& app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("search", "Find earlier sightings of photos");
  command->add_option("images", options->photos, "Photos, or folders of them")->type_name("IMAGE");
  command->add_option("--listing", options->listing,
                      "Search for all photos of this listing of the collection together, in other listings")
      ->type_name("PLATFORM:ID");
  command->add_flag("--as-listing", options->as_listing, "The photos are of one listing: rank listings, not photos");
  command->add_option("--top", options->search.max_hits, "Most hits per photo, or most listings (default 20)")
      ->check(CLI::Range(1, 10000))
      ->type_name("K");
  command->add_option("--candidates", options->search.shortlist.max_candidates,
                      "Candidates to verify (default 50): more finds more and takes longer")
      ->check(CLI::Range(1, 10000))
      ->type_name("N");
  command->add_option("--max-false-hits", options->search.max_expected_false_hits,
                      "Report candidates of which at most this many are expected to be false, per query (default 0.2)")
      ->check(CLI::Range(1e-12, 1.0))
      ->type_name("X");
  command->add_option("--roi", options->roi,
                      "Search for this part of the photo only: pixels of the upright original, or 10%,20%,50%,50%")
      ->type_name("X,Y,W,H");
  command->add_option("--exclude", options->exclude, "Leave this part of the photo out; may be repeated")
      ->allow_extra_args(false)
      ->type_name("X,Y,W,H");
  HitFilter& filter = options->search.filter;
  command->add_flag("--other-platforms", filter.other_platforms, "Only sightings on other platforms than the photo's");
  command->add_flag("--other-sellers", filter.other_sellers, "Only sightings under other sellers' names than the photo's");
  command->add_option("--query-platform", filter.query_platform,
                      "The photo's platform, if the collection does not hold the same file")
      ->type_name("NAME");
  command->add_option("--query-seller", filter.query_seller, "The photo's seller, likewise")->type_name("NAME");
  command->add_option("--before", filter.before, "Only sightings posted or captured before this day")
      ->type_name("YYYY-MM-DD");
  command->add_option("--bank", filter.banks, "Only photos in this bank; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command->add_option("--not-bank", filter.not_banks, "No photos in this bank; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command->add_option("--html", options->html, "Also write a self-contained report with both photos side by side")
      ->type_name("FILE");
  command->add_flag("-v,--verbose", options->verbose, "Show the numbers behind each hit and all its sightings");
  AddThreads(command, &options->num_threads);
  return [options, &context] { return Search(*options, context); };
}

}  // namespace pugmark::cli
