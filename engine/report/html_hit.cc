// SPDX-License-Identifier: Apache-2.0
#include "engine/report/html_hit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "engine/report/wording.h"
#include "engine/verify/overlay.h"

namespace pugmark::html {
namespace {

constexpr int kOverlaySide_px = 760, kOverlayQuality = 80;
constexpr size_t kMaxSightings = 200;  // In the table of one hit.
constexpr double kNotablePerspective = 0.03;

// Day and time of day apart, since a line may be broken between them only.
data Time(const std::string& time) {
  const std::string day = DayOf(time);
  data item;
  item.set("day", Safe(day));
  item.set("time", Safe(day.size() < time.size() ? time.substr(day.size() + 1) : ""));
  return time.empty() ? data(false) : item;
}

void AddBanks(const Hit& hit, data* item) {
  data banks(data::type::list);
  for (const Catalogue::BankName& bank : hit.banks) {
    if (bank.name == BankRoleName(BankRole::kEvidence)) continue;  // Where everything is that nobody put elsewhere.
    data entry;
    entry.set("bank", Safe(bank.name));
    entry.set("role", bank.name == BankRoleName(bank.role) ? data(false) : data(std::string(BankRoleName(bank.role))));
    banks.push_back(entry);
  }
  item->set("banks", banks);
}

// What the reader must know before looking at the pictures: a highlighted paragraph each, above them. Safe.
std::vector<std::string> NoticesOf(const Hit& hit) {
  std::vector<std::string> notices;
  for (const Catalogue::BankName& bank : hit.banks) {
    if (bank.role != BankRole::kBenign) continue;
    notices.push_back(
        fmt::format("Copied from bank ‘{}’: a photo that unrelated people use, such as a stock, museum or news "
                    "picture. It does not link the sellers who show it.",
                    Safe(bank.name)));
  }
  if (hit.review) {
    std::string text = Safe(ReviewText(hit));
    if (!text.ends_with('.')) text += '.';
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    notices.push_back(fmt::format("{} {}", text, ReviewEffect(hit)));
  }
  return notices;
}

// By which share the map's scale changes across the matched region, at most. Of 77 edited copies it
// was at most 0.010, of flat things photographed twice 0.12 and 0.13.
double PerspectiveOf(const Hit& hit) {
  const Transform& t = hit.photo_from_query;
  const Region& r = hit.query_region;
  const double w = t[6] * (r.x_px + r.width_px / 2) + t[7] * (r.y_px + r.height_px / 2) + t[8];
  return std::hypot(t[6], t[7]) * std::hypot(r.width_px, r.height_px) / std::fabs(w);
}

// What the overlay shows and the verdict does not say; empty if nothing.
std::string OverlayNote(const Hit& hit) {
  if (hit.verdict > Verdict::kSamePhoto) {
    return "Two views of a thing are no flat copies of each other: they can be laid over each other only roughly. ";
  }
  if (PerspectiveOf(hit) >= kNotablePerspective) {
    return "To lie on the known photo, the query had to be tilted in perspective. Editing seldom does that, another "
           "place of the "
           "camera does: these may be two photos of one flat thing. ";
  }
  return {};
}

void AddNumbers(const Hit& hit, bool is_comparison, data* item) {
  const double false_hits = ExpectedFalseHitsOf(hit);
  std::string mantissa = fmt::format("{:.2g}", false_hits), power;
  if (false_hits > 0 && false_hits < 1e-3) {
    const std::string text = fmt::format("{:.1e}", false_hits);
    const size_t e = text.find('e');
    mantissa = text.substr(0, e);
    power = fmt::format("−{}", -std::stoi(text.substr(e + 1)));
  }
  const bool is_same_file = hit.verdict == Verdict::kSameFile;
  item->set("probability", ProbabilityText(hit));
  item->set("probability_note", is_same_file       ? "the bytes are equal"
                                : IsDismissed(hit) ? "because a person said no"
                                                   : "that the verdict is right, as in the quality benchmark");
  item->set("recognised", hit.verdict != Verdict::kNone);
  item->set("false_hits", mantissa);
  item->set("power", Optional(power));
  item->set("false_hits_note",
            is_same_file    ? "equal bytes are no chance"
            : is_comparison ? "unrelated photos that one comparison would call alike by chance; a search makes many"
                            : "unrelated photos of this collection that one search would match this well by chance");
  item->set("has_inliers", hit.num_inliers > 0);
  item->set("inliers", GroupedNumber(hit.num_inliers));
  item->set("cells", Counted(hit.num_cells, "place"));
  item->set("query_overlap", PercentText(hit.query_overlap));
  item->set("photo_overlap", PercentText(hit.photo_overlap));
  item->set("agreeing", PercentText(hit.agreeing_pixels));
}

void AddSightings(const Hit& hit, data* item) {
  data sightings(data::type::list);
  const size_t num_shown = std::min(hit.sightings.size(), kMaxSightings);
  for (size_t i = 0; i < num_shown; ++i) {
    const Sighting& sighting = hit.sightings[i];
    const Listing& listing = sighting.listing;
    data row;
    row.set("posted", Time(listing.posted_at));
    row.set("captured", Time(sighting.captured_at));
    row.set("platform", Optional(Safe(listing.platform)));
    row.set("seller", Optional(Safe(listing.seller)));
    row.set("seller_url", Optional(Safe(listing.seller_url)));
    row.set("listing", Optional(Safe(listing.external_id)));
    row.set("title", Safe(listing.title));
    row.set("url", Optional(Safe(listing.url)));
    row.set("path", Optional(Safe(sighting.path)));
    row.set("price", Optional(Safe(PriceText(listing))));
    row.set("products", Safe(Joined(listing.products, ", ")));
    row.set("species", Optional(Safe(Joined(listing.species, ", "))));
    row.set("operation", Optional(Safe(listing.operation)));
    sightings.push_back(row);
  }
  const auto num_sightings = static_cast<int64_t>(hit.sightings.size());
  std::string heading = num_sightings > 0 ? Counted(num_sightings, "sighting") : "No listing data";
  if (num_shown < hit.sightings.size()) heading += fmt::format(", of which the first {} are listed here", num_shown);
  if (hit.num_sightings_left_out > 0)
    heading += fmt::format(", {} left out by the filters", hit.num_sightings_left_out);
  item->set("sightings_heading", heading);
  item->set("has_sightings", num_sightings > 0);
  item->set("sightings", sightings);
}

data QueryFacts(const QueryResult& result, const Picture& picture) {
  data facts(data::type::list);
  AddFact("SHA-256", result.sha256 ? result.sha256->Hex() : "", &facts);
  AddFact("File", Safe(result.path.native()), &facts);
  AddFact("Pixels", SizeText(result.width_px, result.height_px), &facts);
  AddFact("Part", Joined(RegionTexts(result), "; "), &facts);
  AddFact("Keypoints", GroupedNumber(result.num_keypoints), &facts);
  AddFact("Shown here", picture.source, &facts);
  return facts;
}

data PhotoFacts(const Photo& photo, const Picture& picture) {
  data facts(data::type::list);
  AddFact("SHA-256", photo.sha256.Hex(), &facts);
  AddFact("File", Safe(photo.path), &facts);
  AddFact("Pixels", SizeText(photo.width_px, photo.height_px), &facts);
  AddFact("Format", Safe(photo.format) + (photo.truncated ? ", truncated" : ""), &facts);
  AddFact("Size", photo.size_bytes > 0 ? Counted(photo.size_bytes, "byte") : "", &facts);
  std::string camera = photo.camera_make;
  if (!photo.camera_model.empty()) camera += (camera.empty() ? "" : " ") + photo.camera_model;
  AddFact("Camera", Safe(camera), &facts);
  AddFact("Serial number", Safe(photo.camera_serial), &facts);
  AddFact("Taken", Safe(photo.taken_at), &facts);
  AddFact("Admitted", Safe(photo.admitted_at), &facts);
  AddFact("Shown here", picture.source, &facts);
  return facts;
}

// The query laid over the photo, or why there is none.
void AddOverlay(const QueryOnPage& query, const Hit& hit, const Image* photo, PictureBudget* budget, data* item) {
  item->set("overlay", false);
  std::string missing;
  const Transform& transform = hit.photo_from_query;
  if (query.image == nullptr || photo == nullptr) {
    missing = "one of the two pictures is missing";
  } else if (std::all_of(transform.begin(), transform.end(), [](double v) { return v == 0; })) {
    missing = "no geometry was found that carries one onto the other";
  } else if (!budget->is_generous()) {
    ++budget->num_overlays_left_out;
    missing = "the page is as large as it may be; search for this photo alone";
  } else {
    const auto overlay = LayOver({query.image, query.result->width_px, query.result->height_px},
                                 {photo, hit.photo.width_px, hit.photo.height_px}, transform, kOverlaySide_px);
    if (!overlay) {
      missing = "the geometry that was found carries one onto the other only in a distorted way";
    } else {
      data pictures;
      const std::string query_jpeg = budget->Encode(overlay->query, kOverlaySide_px, kOverlayQuality);
      const std::string photo_jpeg = budget->Encode(overlay->photo, kOverlaySide_px, kOverlayQuality);
      const std::string difference_jpeg = budget->Encode(overlay->difference, kOverlaySide_px, kOverlayQuality);
      if (query_jpeg.empty() || photo_jpeg.empty() || difference_jpeg.empty()) {
        ++budget->num_overlays_left_out;
        missing = "the page is full";
      } else {
        pictures.set("query_jpeg", query_jpeg);
        pictures.set("photo_jpeg", photo_jpeg);
        pictures.set("difference_jpeg", difference_jpeg);
        pictures.set("width", std::to_string(overlay->photo.width_px));
        pictures.set("height", std::to_string(overlay->photo.height_px));
        pictures.set("is_upright", overlay->photo.height_px > overlay->photo.width_px);
        pictures.set("full_difference", std::to_string(kFullDifference));
        pictures.set("note", OverlayNote(hit));
        item->set("overlay", pictures);
      }
    }
  }
  item->set("no_overlay", Optional(missing));
}

}  // namespace

void AddWhere(const Hit& hit, data* item) {
  const Sighting* first = hit.sightings.empty() ? nullptr : &hit.sightings.front();
  item->set("platform", Optional(first ? Safe(first->listing.platform) : ""));
  item->set("seller", Optional(first ? Safe(first->listing.seller) : ""));
  item->set("listing", Optional(Safe(first ? ListingName(*first) : FileName(hit.photo.path))));
  item->set("posted", Optional(first ? Safe(DayOf(first->listing.posted_at)) : ""));
  item->set("review", Optional(Safe(ReviewMark(hit))));
}

data HitData(const std::string& id, const QueryOnPage& query, const Hit& hit, const HtmlOptions& options,
             PictureStore* pictures, PictureBudget* budget, data* symbols) {
  const ReportPicture photo = options.hit_picture ? options.hit_picture(hit) : ReportPicture{};
  const Image* image = photo.image ? &*photo.image : nullptr;
  const std::string picture_id = "photo-" + hit.photo.sha256.Hex();
  const Frame frame = Frame::Fitted(hit.photo.width_px, hit.photo.height_px);
  const Picture& picture = pictures->Has(picture_id) ? pictures->Get(picture_id)
                                                     : pictures->Add(picture_id, image, Safe(photo.source), frame.width,
                                                                     frame.height, symbols);
  data item;
  item.set("id", id);
  item.set("rank", std::to_string(hit.rank));
  item.set("verdict", std::string(VerdictName(hit.verdict)));
  item.set("meaning", hit.verdict == Verdict::kNone ? "Only a person says that both show the same."
                                                    : std::string(VerdictMeaning(hit.verdict)));
  item.set("matched", MatchedText(hit));
  item.set("mirrored", hit.mirrored);
  item.set("veiled", options.blur || options.grey);
  AddWhere(hit, &item);
  AddBanks(hit, &item);
  item.set("notices", Texts(NoticesOf(hit)));
  DrawPair(*query.result, hit, *query.picture, picture, options.max_lines, &item);
  item.set("query_source", Optional(query.picture->source));
  item.set("photo_source", Optional(picture.source));
  AddOverlay(query, hit, image, budget, &item);
  AddNumbers(hit, options.collection.empty(), &item);
  AddSightings(hit, &item);
  item.set("query_facts", QueryFacts(*query.result, *query.picture));
  item.set("photo_facts", PhotoFacts(hit.photo, picture));
  return item;
}

}  // namespace pugmark::html
