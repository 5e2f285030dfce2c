// SPDX-License-Identifier: Apache-2.0
//
// What the two ways to search share: photo by photo, and all photos of one listing together.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/reports.h"
#include "engine/search/listing.h"
#include "engine/search/search.h"

namespace pugmark::cli {

struct SearchCommand {
  std::vector<std::filesystem::path> photos;
  std::string listing;      // "PLATFORM:ID", or empty.
  bool as_listing = false;  // The photos are one listing's.
  SearchOptions search;
  std::string roi;
  std::vector<std::string> exclude;
  ReportFiles reports;
  bool verbose = false;
  int num_threads = 1;
  int64_t replay = 0;   // Entry of the audit log to repeat; 0: none.
  bool no_log = false;
};

// Registers the options of search.
void AddSearchOptions(CLI::App* command, SearchCommand* options);

// The regions that the options name. Throws Error(kInvalidArgument) unless they are of one photo.
QueryRegions RegionsOf(const SearchCommand& command, const std::vector<std::filesystem::path>& photos);

// Something was found that nobody has dismissed.
bool HasHit(const QueryResult& result);

// search --replay: repeats a logged search and compares the answers. Returns kDone if they are the same, kNoHit if not,
// kSkipped if a query's file is not at hand. Throws Error(kNotFound) if there is no such entry or its snapshot is gone,
// kInvalidArgument if the entry is no search that can be repeated, kCorrupt if the entry was changed.
int Replay(const SearchCommand& command, const Context& context);

// "bazaar:12345" in the collection. Throws Error(kInvalidArgument | kNotFound).
Searcher::ListingPhotos FindListing(const std::string& name, const Searcher& searcher);
inline constexpr int kAllHits = 10000;  // Of listings all are needed to group them; --top cuts the listings.

// Writes page and packet, if they are wanted. listing: what the results say together; null if they are of unrelated photos.
void WriteReports(const std::vector<QueryResult>& results, const ListingResult* listing, const SearchCommand& command,
                  const Searcher& searcher);

// Exit code, and the complaint on stderr if candidates were damaged.
int ExitCodeOf(bool is_hit, bool is_unreadable, int64_t num_damaged);

// Says on stderr what the index does not cover.
void WarnOfUnindexed(const Searcher& searcher);

// search --listing and --as-listing. photos: expanded, empty with --listing.
int SearchForListing(const SearchCommand& command, const std::vector<std::filesystem::path>& photos,
                     const Context& context);

}  // namespace pugmark::cli
