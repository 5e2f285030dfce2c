// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "engine/report/json_parts.h"
#include "engine/report/report.h"

namespace pugmark {
namespace {

Json HitsToJson(const QueryResult& result) {
  Json hits = Json::array();
  for (const Hit& hit : result.hits) hits.push_back(ToJson(hit));
  return hits;
}

Json ToJson(const std::vector<Region>& regions) {
  Json list = Json::array();
  for (const Region& region : regions) list.push_back(ToJson(region));
  return list;
}

Json PhotoToJson(const QueryResult& photo) {
  return {{"path", JsonText(photo.path.native())},
          {"sha256", photo.sha256->Hex()},
          {"width", photo.width_px},
          {"height", photo.height_px},
          {"keypoints", photo.num_keypoints}};
}

}  // namespace

std::string FormatJson(const QueryResult& result) {
  if (!result.error_code.empty()) return JsonLine(ErrorToJson(result));
  return JsonLine({{"schema", 1},
                   {"type", "query"},
                   {"query", JsonText(result.path.native())},
                   {"sha256", result.sha256 ? Json(result.sha256->Hex()) : Json(nullptr)},
                   {"query_width", result.width_px},
                   {"query_height", result.height_px},
                   {"keypoints", result.num_keypoints},
                   {"elapsed_ms", Rounded(result.elapsed_ms, 100)},
                   {"snapshot", result.snapshot},
                   {"photos_searched", result.num_photos},
                   {"roi", result.roi ? ToJson(*result.roi) : Json(nullptr)},
                   {"excluded", ToJson(result.excluded)},
                   {"damaged_candidates", result.num_damaged},
                   {"hits", HitsToJson(result)},
                   {"hits_left_out", result.num_hits_left_out}});
}

std::string FormatJson(const Comparison& comparison) {
  std::string errors;
  for (const QueryResult* side : {&comparison.a, &comparison.b}) {
    if (side->error_code.empty()) continue;
    if (!errors.empty()) errors += "\n";
    errors += JsonLine(ErrorToJson(*side));
  }
  if (!errors.empty()) return errors;
  const bool is_hit = !comparison.a.hits.empty();
  return JsonLine({{"schema", 1},
                   {"type", "comparison"},
                   {"a", PhotoToJson(comparison.a)},
                   {"b", PhotoToJson(comparison.b)},
                   {"elapsed_ms", Rounded(comparison.a.elapsed_ms, 100)},
                   {"photos_searched", 1},
                   {"expected_false_hits_of", kComparisonSentence},
                   {"verdict", VerdictName(is_hit ? comparison.a.hits.front().verdict : Verdict::kNone)},
                   {"hits", HitsToJson(comparison.a)}});
}

}  // namespace pugmark
