// SPDX-License-Identifier: Apache-2.0
//
// The answer for all photos of one advertisement, as text and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/report/json_parts.h"
#include "engine/report/layout.h"
#include "engine/report/report.h"
#include "engine/report/width.h"
#include "engine/report/wording.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

// Only where this listing shows the photo.
Json PairToJson(const ListingResult& result, const ListingHit& listing, const ListingPair& pair) {
  Hit hit = HitOf(result, pair);
  std::erase_if(hit.sightings, [&](const Sighting& s) {
    return s.listing.platform != listing.listing.platform || s.listing.external_id != listing.listing.external_id ||
           s.listing.seller != listing.listing.seller;
  });
  Json json = {{"query", JsonText(result.queries[pair.query_idx].path.native())}};
  json.update(ToJson(hit));
  return json;
}

Json ListingToJson(const Listing& listing) {
  return {{"platform", JsonTextOrNull(listing.platform)},   {"listing_id", JsonTextOrNull(listing.external_id)},
          {"seller", JsonTextOrNull(listing.seller)},       {"url", JsonTextOrNull(listing.url)},
          {"posted_at", JsonTextOrNull(listing.posted_at)}, {"title", JsonTextOrNull(listing.title)},
          {"products", JsonTexts(listing.products)}};
}

Json QueryToJson(const QueryResult& query) {
  return {{"query", JsonText(query.path.native())},
          {"sha256", query.sha256 ? Json(query.sha256->Hex()) : Json(nullptr)},
          {"query_width", query.width_px},
          {"query_height", query.height_px},
          {"keypoints", query.num_keypoints},
          {"hits", query.hits.size()},
          {"hits_left_out", query.num_hits_left_out},
          {"damaged_candidates", query.num_damaged},
          {"error", JsonTextOrNull(query.error_code)},
          {"message", JsonTextOrNull(query.error)}};
}

std::string NameOf(const ListingHit& hit, const ListingResult& result) {
  Sighting sighting;
  sighting.listing = hit.listing;
  sighting.path = HitOf(result, hit.pairs.front()).photo.path;
  return ListingName(sighting);
}

std::string Percent(Verdict verdict, double probability) {
  Hit hit;
  hit.verdict = verdict;
  hit.probability = probability;
  return ProbabilityText(hit);
}

std::string Indented(const std::string& lines, int columns) {
  std::string text;
  for (size_t start = 0; start < lines.size();) {
    const size_t end = lines.find('\n', start) + 1;
    text += std::string(static_cast<size_t>(columns), ' ') + lines.substr(start, end - start);
    start = end;
  }
  return text;
}

}  // namespace

std::string FormatJson(const ListingResult& result) {
  Json queries = Json::array(), listings = Json::array();
  for (const QueryResult& query : result.queries) queries.push_back(QueryToJson(query));
  for (const ListingHit& listing : result.listings) {
    Json pairs = Json::array();
    for (const ListingPair& pair : listing.pairs) pairs.push_back(PairToJson(result, listing, pair));
    Json json = {{"rank", listing.rank}};
    json.update(ListingToJson(listing.listing));
    json.update(Json{{"verdict", VerdictName(listing.verdict)},
                     {"probability", JsonProbability(listing.verdict, listing.probability)},
                     {"query_photos", listing.num_query_photos},
                     {"pairs", std::move(pairs)}});
    listings.push_back(std::move(json));
  }
  return JsonLine({{"schema", 1},
                   {"type", "listing_query"},
                   {"listing", result.queried ? ListingToJson(*result.queried) : Json(nullptr)},
                   {"photos", std::move(queries)},
                   {"elapsed_ms", Rounded(result.elapsed_ms, 100)},
                   {"snapshot", result.queries.empty() ? 0 : result.queries.front().snapshot},
                   {"photos_searched", result.queries.empty() ? 0 : result.queries.front().num_photos},
                   {"listings", std::move(listings)},
                   {"listings_left_out", result.num_listings_left_out}});
}

std::string FormatText(const ListingResult& result, const TextOptions& options) {
  const int width = std::max(options.width, kMinTerminalWidth);
  constexpr int kIndent = 2;
  const auto num_photos = static_cast<int64_t>(result.queries.size());
  std::string heading = result.queried
                            ? fmt::format("Listing {}:{}, {}", EscapeText(result.queried->platform),
                                          EscapeText(result.queried->external_id), Counted(num_photos, "photo"))
                            : fmt::format("{} as one listing", Counted(num_photos, "photo"));
  std::string text = Styled(CutEnd(heading, width), kBold, options.colour) + "\n";
  int num_left_out = 0;
  for (const QueryResult& query : result.queries) {
    num_left_out += query.num_hits_left_out;
    if (query.error_code.empty()) continue;
    text += WrappedSentence(fmt::format("{} cannot be read ({}): {}", EscapeText(query.path.native()),
                                        EscapeText(query.error_code), EscapeText(query.error)),
                            width, kIndent);
  }
  if (num_photos > 0) {
    text += Wrapped({fmt::format("snapshot {}", result.queries.front().snapshot),
                     fmt::format("{} searched", Counted(result.queries.front().num_photos, "photo")),
                     fmt::format("{:.0f} ms", result.elapsed_ms)},
                    width, kIndent);
  }
  if (result.listings.empty()) {
    text += "  No listing shows the same.\n";
  } else {
    std::vector<std::vector<std::string>> rows = {
        {"verdict", "platform", "seller", "listing", "posted", "prob.", "photos", "review"}};
    std::vector<std::vector<std::string>> pairs = {
        {"listing", "query", "photo", "verdict", "prob.", "inliers", "review"}};
    for (const ListingHit& hit : result.listings) {
      const Listing& listing = hit.listing;
      const std::string name = EscapeText(NameOf(hit, result));
      rows.push_back({std::string(VerdictName(hit.verdict)), EscapeText(listing.platform), EscapeText(listing.seller),
                      name, EscapeText(DayOf(listing.posted_at)), Percent(hit.verdict, hit.probability),
                      fmt::format("{} of {}", hit.num_query_photos, num_photos),
                      EscapeText(ReviewMark(HitOf(result, hit.pairs.front())))});
      for (const ListingPair& pair : hit.pairs) {
        const Hit& p = HitOf(result, pair);
        pairs.push_back({name, EscapeText(FileName(result.queries[pair.query_idx].path.native())),
                         EscapeText(FileName(p.photo.path)), std::string(VerdictName(p.verdict)), ProbabilityText(p),
                         std::to_string(p.num_inliers) + (p.mirrored ? " mirrored" : ""), EscapeText(ReviewMark(p))});
      }
    }
    text += Table(rows, width, {"verdict", "posted", "prob.", "photos"});
    if (options.verbose) text += "\n" + Indented(Table(pairs, width - kIndent, {"verdict", "prob."}), kIndent);
    text += WrappedSentence(kListingSentence, width, kIndent);
  }
  if (result.num_listings_left_out > 0) {
    text += fmt::format("  {} more; --top shows more.\n", Counted(result.num_listings_left_out, "listing"));
  }
  if (num_left_out > 0) {
    text += WrappedSentence(
        fmt::format("{} left out by the filters, or seen in this listing only.", Counted(num_left_out, "hit")), width,
        kIndent);
  }
  return text + "\n";
}

}  // namespace pugmark
