// SPDX-License-Identifier: Apache-2.0
#include "engine/report/json_parts.h"

#include <algorithm>
#include <cmath>

#include "engine/report/wording.h"
#include "index/base/files.h"

namespace pugmark {

// The JSON library decides whether it is valid UTF-8.
Json JsonText(std::string_view text) {
  Json json(text);
  try {
    static_cast<void>(json.dump());
    return json;
  } catch (const Json::type_error&) {
    return EscapeText(text);
  }
}

Json JsonTextOrNull(std::string_view text) { return text.empty() ? Json(nullptr) : JsonText(text); }

Json JsonTexts(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts) list.push_back(JsonText(text));
  return list;
}

double Rounded(double value, double steps_per_unit) {
  return std::isfinite(value) ? std::round(value * steps_per_unit) / steps_per_unit : 0.0;
}

static double Fraction(double value) { return Rounded(std::clamp(value, 0.0, 1.0), 1e4); }

double JsonProbability(Verdict verdict, double probability) {
  if (verdict == Verdict::kSameFile) return 1;
  return std::floor(std::clamp(probability, 0.0, 0.999999) * 1e6 + 1e-3) / 1e6;
}

Json ToJson(const Region& region) {
  Json json = Json::array();
  for (const float v : {region.x_px, region.y_px, region.width_px, region.height_px}) json.push_back(Rounded(v, 100));
  return json;
}

static Json ToJson(const Transform& transform) {
  if (std::all_of(transform.begin(), transform.end(), [](double v) { return v == 0; })) return nullptr;
  Json rows = Json::array();
  for (size_t i = 0; i < 9; i += 3) rows.push_back({transform[i], transform[i + 1], transform[i + 2]});
  return rows;
}

Json ToJson(const Sighting& sighting) {
  const Listing& listing = sighting.listing;
  return {{"platform", JsonTextOrNull(listing.platform)},
          {"listing_id", JsonTextOrNull(listing.external_id)},
          {"seller", JsonTextOrNull(listing.seller)},
          {"url", JsonTextOrNull(listing.url)},
          {"posted_at", JsonTextOrNull(listing.posted_at)},
          {"title", JsonTextOrNull(listing.title)},
          {"price", JsonTextOrNull(listing.price)},
          {"currency", JsonTextOrNull(listing.currency)},
          {"captured_at", JsonTextOrNull(sighting.captured_at)},
          {"products", JsonTexts(listing.products)},
          {"species", JsonTexts(listing.species)},
          {"operation", JsonTextOrNull(listing.operation)},
          {"path", JsonTextOrNull(sighting.path)}};
}

static Json ReviewToJson(const Hit& hit) {
  if (!hit.review) return nullptr;
  return {{"answer", AnswerName(hit.review->answer)},
          {"by", JsonText(hit.review->reviewer)},
          {"at", hit.review->reviewed_at},
          {"note", JsonTextOrNull(hit.review->note)},
          {"machine_verdict", VerdictName(hit.machine_verdict)},
          {"machine_probability", JsonProbability(hit.machine_verdict, hit.machine_probability)}};
}

Json ToJson(const Hit& hit) {
  Json banks = Json::array();
  for (const Catalogue::BankName& bank : hit.banks) {
    banks.push_back({{"name", JsonText(bank.name)}, {"role", BankRoleName(bank.role)}});
  }
  Json sightings = Json::array();
  for (const Sighting& sighting : hit.sightings) sightings.push_back(ToJson(sighting));
  return {{"rank", hit.rank},
          {"verdict", VerdictName(hit.verdict)},
          {"probability", JsonProbability(hit.verdict, hit.probability)},
          {"expected_false_hits", hit.verdict == Verdict::kNone ? Json() : Json(ExpectedFalseHitsOf(hit))},
          {"inliers", hit.num_inliers},
          {"cells", hit.num_cells},
          {"density", Fraction(hit.density)},
          {"distinctness", Fraction(hit.distinctness)},
          {"confirmed", hit.num_confirmed},
          {"strength", Rounded(hit.strength, 1e2)},
          {"median_error_px", hit.median_error_px ? Json(Rounded(*hit.median_error_px, 1e4)) : Json()},
          {"mirrored", hit.mirrored},
          {"photo", hit.photo.sha256.Hex()},
          {"path", JsonText(hit.photo.path)},
          {"photo_width", hit.photo.width_px},
          {"photo_height", hit.photo.height_px},
          {"query_overlap", Fraction(hit.query_overlap)},
          {"photo_overlap", Fraction(hit.photo_overlap)},
          {"agreeing_pixels", Fraction(hit.agreeing_pixels)},
          {"query_region", ToJson(hit.query_region)},
          {"photo_region", ToJson(hit.photo_region)},
          {"transform", ToJson(hit.photo_from_query)},
          {"banks", std::move(banks)},
          {"review", ReviewToJson(hit)},
          {"sightings", std::move(sightings)},
          {"sightings_left_out", hit.num_sightings_left_out}};
}

// What EscapeText finds dangerous in a dump is written as \uXXXX: the same string to a program, harmless to a terminal.
static std::string Harmless(const std::string& dump) {
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

Json ErrorToJson(const QueryResult& result) {
  return {{"schema", 1},
          {"type", "error"},
          {"query", JsonText(result.path.native())},
          {"error", JsonText(result.error_code)},
          {"message", JsonText(result.error)},
          {"sha256", result.sha256 ? Json(result.sha256->Hex()) : Json(nullptr)},
          {"elapsed_ms", Rounded(result.elapsed_ms, 100)}};
}

std::string JsonLine(const Json& json) { return Harmless(json.dump()); }

}  // namespace pugmark
