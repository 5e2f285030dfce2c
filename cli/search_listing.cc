// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/audit.h"
#include "cli/progress.h"
#include "cli/result_output.h"
#include "cli/search.h"
#include "engine/report/report.h"
#include "engine/search/listing.h"
#include "index/base/files.h"

namespace pugmark::cli {

// The number may hold a colon, the platform not.
Searcher::ListingPhotos FindListing(const std::string& name, const Searcher& searcher) {
  const size_t colon = name.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == name.size()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("--listing '{}': name it as PLATFORM:ID, such as bazaar:12345.", EscapeText(name)));
  }
  return searcher.FindListing(name.substr(0, colon), name.substr(colon + 1));
}

namespace {

void Print(const ListingResult& result, const SearchCommand& command, Format format) {
  switch (format) {
    case Format::kJson: fmt::print("{}\n", FormatJson(result)); break;
    case Format::kCsv:
      fmt::print("{}", CsvHeader());
      for (const QueryResult& query : result.queries) fmt::print("{}", FormatCsv(query));
      break;
    case Format::kText:
      fmt::print("{}", FormatText(result, TextOptionsOfStdout(command.verbose)));
      if (!result.listings.empty()) fmt::print("{}\n", kLeadSentence);
      break;
  }
}

}  // namespace

int SearchForListing(const SearchCommand& command, const std::vector<std::filesystem::path>& photos,
                     const Context& context) {
  const auto start = std::chrono::steady_clock::now();
  SearchOptions search = command.search;
  search.max_hits = kAllHits;
  const Searcher searcher(context.collection, search);
  WarnOfUnindexed(searcher);
  std::vector<QueryResult> queries;
  std::optional<Listing> queried;
  int64_t num_damaged = 0, num_unreadable = 0;
  Progress progress;
  int64_t num_photos = static_cast<int64_t>(photos.size());
  const auto done = [&](const QueryResult& result) {
    if (result.error_code == ErrorCodeName(ErrorCode::kInvalidArgument)) {  // Nothing can be said of the whole then.
      progress.Clear();
      throw Error(ErrorCode::kInvalidArgument, EscapeText(result.path.native()) + ": " + result.error);
    }
    context.audit->AddAnswer(result);
    queries.push_back(result);
    num_damaged += result.num_damaged;
    num_unreadable += result.error_code.empty() ? 0 : 1;
    if (num_photos > 1) progress.Show("queries", static_cast<int64_t>(queries.size()), num_photos);
  };
  if (command.listing.empty()) {
    searcher.SearchAll(photos, command.num_threads, context.stop, done);
  } else {
    const Searcher::ListingPhotos listing = FindListing(command.listing, searcher);
    queried = listing.listing;
    num_photos = static_cast<int64_t>(listing.photos.size());
    searcher.SearchListing(listing, command.num_threads, context.stop, done);
  }
  progress.Clear();
  if (context.stop.stop_requested()) return kInterrupted;  // Half of the photos say nothing of the whole.
  ListingResult result = GroupByListing(std::move(queries), command.search.max_hits);
  result.queried = std::move(queried);
  result.elapsed_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  Print(result, command, context.format);
  WriteReports(result.queries, &result, command, searcher);
  const bool is_hit = std::any_of(result.listings.begin(), result.listings.end(), [&](const ListingHit& listing) {
    return !IsDismissed(HitOf(result, listing.pairs.front()));
  });
  return ExitCodeOf(is_hit, num_unreadable > 0, num_damaged);
}

}  // namespace pugmark::cli
