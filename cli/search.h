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
};

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
