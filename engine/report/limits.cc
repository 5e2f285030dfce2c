// SPDX-License-Identifier: Apache-2.0
#include "engine/report/limits.h"

#include <fmt/format.h>

#include "engine/report/wording.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

void AddFilter(const HitFilter& filter, std::vector<std::string>* limits) {
  const auto add = [&](std::string sentence) { limits->push_back(std::move(sentence)); };
  const auto origin = [](const std::string& name) {
    return name.empty() ? std::string() : fmt::format(" ({})", EscapeText(name));
  };
  if (filter.other_platforms) {
    add(fmt::format("Sightings on the query's own platform{} are not shown, nor those whose platform is unknown.",
                    origin(filter.query_platform)));
  }
  if (filter.other_sellers) {
    add(fmt::format("Sightings of the query's own seller{} are not shown, nor those whose seller is unknown.",
                    origin(filter.query_seller)));
  }
  if (!filter.before.empty()) {
    add(fmt::format("Sightings of {} and later, and those of unknown day, are not shown.", EscapeText(filter.before)));
  }
  if (!filter.banks.empty()) {
    add(fmt::format("Only photos in these banks are shown: {}.", EscapeText(Joined(filter.banks, ", "))));
  }
  if (!filter.not_banks.empty()) {
    add(fmt::format("Photos in these banks are not shown: {}.", EscapeText(Joined(filter.not_banks, ", "))));
  }
}

}  // namespace

std::vector<std::string> LimitsOf(const SearchOptions& options, int64_t num_unindexed) {
  std::vector<std::string> limits;
  limits.push_back(
      "Photos that this collection does not hold, such as those of platforms that nobody collected from, or "
      "files that could not be read when they were taken in.");
  if (num_unindexed > 0) {
    limits.push_back(fmt::format("{} not in the index yet: found only where the bytes are the same.",
                                 Counted(num_unindexed, "photo") + (num_unindexed == 1 ? " is" : " are")));
  }
  AddFilter(options.filter, &limits);
  limits.push_back(
      fmt::format("Photos that were not among the candidates: of each query and of its mirror image the {} "
                  "that share most detail, and the few that look alike as a whole, were compared closely.",
                  GroupedNumber(options.shortlist.max_candidates)));
  limits.push_back(
      fmt::format("Weaker agreement: what would be expected by chance more than {:g} times in such a search is "
                  "not reported.",
                  options.max_expected_false_hits));
  return limits;
}

std::vector<std::string> LimitsOf(const CompareOptions& options) {
  return {
      "Everything but these two files: no collection was searched.",
      fmt::format("Weaker agreement: what would be expected by chance more than {:g} times in such a comparison is not "
                  "reported.",
                  options.max_expected_false_hits)};
}

std::vector<std::string> LimitsOf(const QueryResult& result) {
  std::vector<std::string> limits;
  if (const std::vector<std::string> regions = RegionTexts(result); !regions.empty()) {
    limits.push_back("Of the query: " + Joined(regions, ", "));
  }
  if (result.num_hits_left_out > 0) {
    limits.push_back(fmt::format("Not shown: {} left out by the filters", Counted(result.num_hits_left_out, "hit")));
  }
  if (result.num_damaged > 0) {
    limits.push_back(fmt::format("Not compared: {} of which what is stored is damaged ('pugmark check' names them)",
                                 Counted(result.num_damaged, "candidate")));
  }
  return limits;
}

}  // namespace pugmark
