// SPDX-License-Identifier: Apache-2.0
#include "engine/search/digest.h"

#include <fmt/format.h>

#include <cmath>

#include "index/base/files.h"

namespace pugmark {
namespace {

// "-0" would be another text than "0".
double Plain(double value) { return std::isfinite(value) ? value + 0.0 : 0.0; }

std::string RegionText(const Region& r) {
  return fmt::format("{:.0f},{:.0f},{:.0f},{:.0f}", std::round(r.x_px) + 0.0, std::round(r.y_px) + 0.0,
                     std::round(r.width_px) + 0.0, std::round(r.height_px) + 0.0);
}

// Text from outside may hold tabs and line breaks; escaped it does not.
void AddSighting(const Sighting& sighting, std::string* text) {
  const Listing& l = sighting.listing;
  *text += "sighting";
  for (const std::string& field :
       {l.platform, l.external_id, l.seller, l.url, l.posted_at, l.title, sighting.captured_at}) {
    *text += "\t" + EscapeText(field);
  }
  *text += "\n";
}

void AddHit(const Hit& hit, std::string* text) {
  *text += fmt::format("hit\t{}\t{}\t{}\t{}", hit.rank, VerdictName(hit.verdict), hit.photo.sha256.Hex(),
                       hit.review ? AnswerName(hit.review->answer) : "-");
  *text += fmt::format("\t{:.4f}\t{}\t{}\t{}\t{:.3f}\t{:.3f}\t{:.3f}", Plain(hit.probability), hit.num_inliers,
                       hit.num_cells, hit.mirrored ? "mirrored" : "upright", Plain(hit.query_overlap),
                       Plain(hit.photo_overlap), Plain(hit.agreeing_pixels));
  *text += fmt::format("\t{}\t{}\n", RegionText(hit.query_region), RegionText(hit.photo_region));
  for (const Sighting& sighting : hit.sightings) AddSighting(sighting, text);
}

}  // namespace

std::string CanonicalAnswer(const QueryResult& result) {
  std::string text = fmt::format("answer\t1\t{}\t{}\t{}\t{}\n", result.sha256 ? result.sha256->Hex() : "-", result.snapshot,
                                 result.num_photos, result.error_code.empty() ? "-" : result.error_code);
  for (const Hit& hit : result.hits) AddHit(hit, &text);
  return text;
}

Sha256 DigestOf(const QueryResult& result) {
  const std::string text = CanonicalAnswer(result);
  return Sha256::Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

}  // namespace pugmark
