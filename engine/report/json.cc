// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/report/report.h"
#include "engine/report/wording.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

using Json = nlohmann::ordered_json;

// The text itself if it is valid UTF-8 (the JSON library decides), else its escaped form.
Json Text(std::string_view text) {
  Json json(text);
  try {
    static_cast<void>(json.dump());
    return json;
  } catch (const Json::type_error&) {
    return EscapeText(text);
  }
}

Json TextOrNull(std::string_view text) { return text.empty() ? Json(nullptr) : Text(text); }

Json Texts(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts) list.push_back(Text(text));
  return list;
}

// Decimals beyond what was measured are noise that makes lines long. NaN and infinities would be null.
double Rounded(double value, double steps_per_unit) {
  return std::isfinite(value) ? std::round(value * steps_per_unit) / steps_per_unit : 0.0;
}

double Fraction(double value) { return Rounded(std::clamp(value, 0.0, 1.0), 1e4); }

Json ToJson(const Region& region) {
  Json json = Json::array();
  for (const float v : {region.x_px, region.y_px, region.width_px, region.height_px}) json.push_back(Rounded(v, 100));
  return json;
}

Json ToJson(const Transform& transform) {
  if (std::all_of(transform.begin(), transform.end(), [](double v) { return v == 0; })) return nullptr;
  Json rows = Json::array();
  for (size_t i = 0; i < 9; i += 3) rows.push_back({transform[i], transform[i + 1], transform[i + 2]});
  return rows;
}

Json ToJson(const Sighting& sighting) {
  const Listing& listing = sighting.listing;
  return {{"platform", TextOrNull(listing.platform)},
          {"listing_id", TextOrNull(listing.external_id)},
          {"seller", TextOrNull(listing.seller)},
          {"url", TextOrNull(listing.url)},
          {"posted_at", TextOrNull(listing.posted_at)},
          {"title", TextOrNull(listing.title)},
          {"price", TextOrNull(listing.price)},
          {"currency", TextOrNull(listing.currency)},
          {"captured_at", TextOrNull(sighting.captured_at)},
          {"products", Texts(listing.products)},
          {"species", Texts(listing.species)},
          {"operation", TextOrNull(listing.operation)},
          {"path", TextOrNull(sighting.path)}};
}

Json ToJson(const Hit& hit) {
  Json banks = Json::array();
  for (const Catalogue::BankName& bank : hit.banks) {
    banks.push_back({{"name", Text(bank.name)}, {"role", BankRoleName(bank.role)}});
  }
  Json sightings = Json::array();
  for (const Sighting& sighting : hit.sightings) sightings.push_back(ToJson(sighting));
  // Rounded down: only the same bytes are certain.
  const double probability = hit.verdict == Verdict::kSameFile
                                 ? 1.0
                                 : std::floor(std::clamp(hit.probability, 0.0, 0.999999) * 1e6 + 1e-3) / 1e6;
  return {{"rank", hit.rank},
          {"verdict", VerdictName(hit.verdict)},
          {"probability", probability},
          {"expected_false_hits", ExpectedFalseHitsOf(hit)},
          {"inliers", hit.num_inliers},
          {"cells", hit.num_cells},
          {"density", hit.density},
          {"mirrored", hit.mirrored},
          {"photo", hit.photo.sha256.Hex()},
          {"path", Text(hit.photo.path)},
          {"photo_width", hit.photo.width_px},
          {"photo_height", hit.photo.height_px},
          {"query_overlap", Fraction(hit.query_overlap)},
          {"photo_overlap", Fraction(hit.photo_overlap)},
          {"agreeing_pixels", Fraction(hit.agreeing_pixels)},
          {"query_region", ToJson(hit.query_region)},
          {"photo_region", ToJson(hit.photo_region)},
          {"transform", ToJson(hit.photo_from_query)},
          {"banks", std::move(banks)},
          {"sightings", std::move(sightings)}};
}

// What EscapeText finds dangerous in a dump is written as \uXXXX: the same string to a program, harmless to a terminal.
std::string Harmless(const std::string& dump) {
  std::string line;
  line.reserve(dump.size());
  for (size_t i = 0; i < dump.size();) {
    const auto lead = static_cast<uint8_t>(dump[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const std::string_view character = std::string_view(dump).substr(i, length);
    i += length;
    // The library has escaped what lies below.
    const std::string escaped = lead < 0x7F ? std::string(character) : EscapeText(character);
    if (escaped == character) {
      line += character;
    } else {
      line += "\\u" + escaped.substr(3, 4);  // From "\u{202E}"; all of them have four digits.
    }
  }
  return line;
}

}  // namespace

std::string FormatJson(const QueryResult& result) {
  const Json sha256 = result.sha256 ? Json(result.sha256->Hex()) : Json(nullptr);
  const double elapsed_ms = Rounded(result.elapsed_ms, 100);
  if (!result.error_code.empty()) {
    return Harmless(Json{
        {"schema", 1},
        {"type", "error"},
        {"query", Text(result.path.native())},
        {"error", Text(result.error_code)},
        {"message", Text(result.error)},
        {"sha256", sha256},
        {"elapsed_ms",
         elapsed_ms}}.dump());
  }
  Json hits = Json::array();
  for (const Hit& hit : result.hits) hits.push_back(ToJson(hit));
  return Harmless(Json{{"schema", 1},
                       {"type", "query"},
                       {"query", Text(result.path.native())},
                       {"sha256", sha256},
                       {"query_width", result.width_px},
                       {"query_height", result.height_px},
                       {"keypoints", result.num_keypoints},
                       {"elapsed_ms", elapsed_ms},
                       {"snapshot", result.snapshot},
                       {"photos_searched", result.num_photos},
                       {"damaged_candidates", result.num_damaged},
                       {"hits", std::move(hits)}}
                      .dump());
}

}  // namespace pugmark
