// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <kainjow/mustache.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/report/report.h"
#include "engine/report/report_html.h"
#include "engine/report/wording.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::lambda2;
using kainjow::mustache::mustache;
using kainjow::mustache::renderer;

constexpr size_t kMaxSummaryHits = 5;  // Per query.
constexpr int kNumLineColours = 6;
// Each photo of a pair is fitted into a box, in units of the SVG.
constexpr double kBoxWidth = 600, kBoxHeight = 520, kGap = 16;
constexpr int kMaxLines = 1000;

std::string Base64(std::span<const uint8_t> bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](size_t j) { return j < bytes.size() ? uint32_t{bytes[j]} : 0u; };
    const uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (size_t j = 0; j < 4; ++j) text += i + j <= bytes.size() ? kDigits[(group >> (18 - 6 * j)) & 63] : '=';
  }
  return text;
}

// The template's own escaping does the rest.
std::string Safe(std::string_view untrusted) { return EscapeText(untrusted); }

// A section that is left out if there is no text. (To the mustache library an empty string is something.)
data Optional(const std::string& text) { return text.empty() ? data(false) : data(text); }

// Day and time of day apart, since a line may be broken between them only.
data Time(const std::string& time) {
  const std::string day = DayOf(time);
  data item;
  item.set("day", Safe(day));
  item.set("time", Safe(day.size() < time.size() ? time.substr(day.size() + 1) : ""));
  return time.empty() ? data(false) : item;
}

data Number(double value) { return fmt::format("{:.1f}", value); }

data Fact(const std::string& fact, const std::string& value) {
  data item;
  item.set("fact", fact);
  item.set("value", value);
  return item;
}

void AddFact(const std::string& fact, const std::string& value, data* facts) {
  if (!value.empty()) facts->push_back(Fact(fact, value));
}

std::string SizeText(int width_px, int height_px) {
  return width_px > 0 && height_px > 0 ? fmt::format("{} × {}", width_px, height_px) : std::string();
}

// Where a photo is drawn: its original's pixels scaled into a box.
struct Frame {
  double x = 0, y = 0, width = 0, height = 0, scale = 0;

  // Without known size: a box of a common shape, in which nothing can be marked.
  static Frame Fitted(int width_px, int height_px) {
    if (width_px <= 0 || height_px <= 0) return {0, 0, kBoxWidth, kBoxWidth * 3 / 4, 0};
    const double scale = std::min(kBoxWidth / width_px, kBoxHeight / height_px);
    return {0, 0, width_px * scale, height_px * scale, scale};
  }
  double X(double x_px) const { return x + std::clamp(x_px * scale, 0.0, width); }
  double Y(double y_px) const { return y + std::clamp(y_px * scale, 0.0, height); }
};

// Both photos side by side, or one above the other where the page is narrow.
struct Layout {
  const char* name;
  Frame query, photo;
  double width, height;
};

Layout Wide(Frame query, Frame photo) {
  const double height = std::max(query.height, photo.height);
  query.y = (height - query.height) / 2;
  photo.x = query.width + kGap;
  photo.y = (height - photo.height) / 2;
  return {"wide", query, photo, photo.x + photo.width, height};
}

Layout Tall(Frame query, Frame photo) {
  const double width = std::max(query.width, photo.width);
  query.x = (width - query.width) / 2;
  photo.x = (width - photo.width) / 2;
  photo.y = query.height + kGap;
  return {"tall", query, photo, width, photo.y + photo.height};
}

bool IsFinite(const InlierPair& p) {
  return std::isfinite(p.query_x_px) && std::isfinite(p.query_y_px) && std::isfinite(p.photo_x_px) &&
         std::isfinite(p.photo_y_px);
}

// At most max_lines of the inliers, evenly chosen.
std::vector<InlierPair> ChosenLines(const std::vector<InlierPair>& inliers, int max_lines) {
  std::vector<InlierPair> chosen;
  const size_t num_lines = std::min(inliers.size(), static_cast<size_t>(std::clamp(max_lines, 0, kMaxLines)));
  for (size_t i = 0; i < num_lines; ++i) {
    const InlierPair& pair = inliers[i * inliers.size() / num_lines];
    if (IsFinite(pair)) chosen.push_back(pair);
  }
  return chosen;
}

data Rectangle(double x, double y, double width, double height) {
  data item;
  item.set("x", Number(x));
  item.set("y", Number(y));
  item.set("w", Number(width));
  item.set("h", Number(height));
  return item;
}

bool IsDrawable(const Region& r) {
  return std::isfinite(r.x_px) && std::isfinite(r.y_px) && r.width_px > 0 && r.height_px > 0 &&
         std::isfinite(r.width_px) && std::isfinite(r.height_px);
}

data RegionIn(const Frame& frame, const Region& region) {
  const double left = frame.X(region.x_px), top = frame.Y(region.y_px);
  return Rectangle(left, top, frame.X(region.x_px + region.width_px) - left,
                   frame.Y(region.y_px + region.height_px) - top);
}

class Page {
 public:
  Page(std::span<const QueryResult> results, const HtmlOptions& options) : results_(results), options_(options) {}

  std::string Render() {
    mustache page(kReportTemplate);
    PUGMARK_CHECK(page.is_valid());
    data root;
    size_t num_hits = 0;
    data summary(data::type::list);
    for (size_t i = 0; i < results_.size(); ++i) {
      num_hits += results_[i].hits.size();
      summary.push_back(SummaryOf(i));
    }
    const std::string created_at = options_.created_at.empty() ? UtcNow() : options_.created_at;
    root.set("title", Safe(options_.title));
    root.set("version", Safe(options_.version));
    root.set("created_at", Safe(created_at));
    root.set("lead", std::string(kLeadSentence));
    root.set("num_queries", results_.size() == 1 ? "1 query" : fmt::format("{} queries", results_.size()));
    root.set("num_hits", Counted(static_cast<int64_t>(num_hits), "hit"));
    root.set("summary", summary);
    root.set("listings", Listings());
    // One query at a time, since the pictures are large: the section's template is rendered here.
    root.set("queries", lambda2([this](const std::string& section, const renderer&) {
               mustache query(section);
               PUGMARK_CHECK(query.is_valid());
               std::string html;
               for (size_t i = 0; i < results_.size(); ++i) {
                 query.render(QueryOf(i), [&html](const std::string& piece) { html += piece; });
               }
               return html;
             }));
    root.set("made", MadeOf(created_at));
    root.set("verdicts", Verdicts());
    std::string html;
    page.render(root, [&html](const std::string& piece) { html += piece; });
    return html;
  }

 private:
  static std::string HitId(size_t query, const Hit& hit) { return fmt::format("q{}h{}", query + 1, hit.rank); }

  static std::string NameOf(const QueryResult& result) { return Safe(result.path.native()); }

  std::string NoHitText(const QueryResult& result) const {
    if (options_.collection.empty()) return "Nothing was found that both photos share.";
    if (result.num_photos == 0) return "Nothing has been indexed yet.";
    if (result.num_hits_left_out > 0) {
      return fmt::format("No hit among {} that passes the filters; they left {} out.",
                         Counted(result.num_photos, "photo"), Counted(result.num_hits_left_out, "hit"));
    }
    return fmt::format("No hit among {}.", Counted(result.num_photos, "photo"));
  }

  std::string SearchedText(const QueryResult& result) const {
    if (options_.collection.empty()) return fmt::format("compared in {:.0f} ms", result.elapsed_ms);
    return fmt::format("snapshot {}, {} searched in {:.0f} ms", result.snapshot, Counted(result.num_photos, "photo"),
                       result.elapsed_ms);
  }

  static std::string FailureOf(const QueryResult& result) {
    return result.error_code.empty() ? "" : Safe(result.error_code + ": " + result.error);
  }

  // The table of listings; false if the results are no listing's.
  data Listings() const {
    if (options_.listing == nullptr || options_.listing->listings.empty()) return false;
    const ListingResult& result = *options_.listing;
    data rows(data::type::list);
    for (const ListingHit& listing : result.listings) {
      const Hit& best = pugmark::HitOf(result, listing.pairs.front());
      Sighting sighting;
      sighting.listing = listing.listing;
      sighting.path = best.photo.path;
      data pairs(data::type::list);
      for (const ListingPair& pair : listing.pairs) {
        const Hit& hit = pugmark::HitOf(result, pair);
        data item;
        item.set("id", HitId(pair.query_idx, hit));
        item.set("verdict", std::string(VerdictName(hit.verdict)));
        item.set("text", fmt::format("photo {}, hit {}", pair.query_idx + 1, hit.rank));
        pairs.push_back(item);
      }
      data row;
      row.set("verdict", std::string(VerdictName(listing.verdict)));
      row.set("id", HitId(listing.pairs.front().query_idx, best));
      row.set("probability", ProbabilityText(best));
      row.set("photos", fmt::format("{} of {}", listing.num_query_photos, result.queries.size()));
      row.set("platform", Optional(Safe(listing.listing.platform)));
      row.set("seller", Optional(Safe(listing.listing.seller)));
      row.set("listing", Safe(ListingName(sighting)));
      row.set("posted", Optional(Safe(DayOf(listing.listing.posted_at))));
      row.set("pairs", pairs);
      rows.push_back(row);
    }
    data listings;
    listings.set("rows", rows);
    listings.set("note", std::string(kListingSentence));
    return listings;
  }

  data SummaryOf(size_t idx) const {
    const QueryResult& result = results_[idx];
    data rows(data::type::list);
    const size_t num_shown = std::min(result.hits.size(), kMaxSummaryHits);
    const bool has_more = result.hits.size() > num_shown;
    const size_t num_rows = std::max<size_t>(1, num_shown + (has_more ? 1 : 0));
    for (size_t i = 0; i < num_rows; ++i) {
      data row;
      row.set("number", std::to_string(idx + 1));
      row.set("num_rows", std::to_string(num_rows));
      row.set("name", i == 0 ? Optional(NameOf(result)) : data(false));
      row.set("hit", i < num_shown ? SummaryOf(idx, result.hits[i]) : data(false));
      row.set("more", i >= num_shown && has_more
                          ? data(fmt::format("{} more", Counted(static_cast<int64_t>(result.hits.size() - i), "hit")))
                          : data(false));
      row.set("failed", Optional(FailureOf(result)));
      row.set("no_hit", result.hits.empty() && result.error_code.empty() ? data(NoHitText(result)) : data(false));
      rows.push_back(row);
    }
    data summary;
    summary.set("rows", rows);
    return summary;
  }

  static data SummaryOf(size_t query, const Hit& hit) {
    data row;
    row.set("id", HitId(query, hit));
    row.set("rank", std::to_string(hit.rank));
    row.set("verdict", std::string(VerdictName(hit.verdict)));
    row.set("probability", ProbabilityText(hit));
    const Sighting* first = hit.sightings.empty() ? nullptr : &hit.sightings.front();
    row.set("platform", Optional(first ? Safe(first->listing.platform) : ""));
    row.set("seller", Optional(first ? Safe(first->listing.seller) : ""));
    row.set("listing", Optional(Safe(first ? ListingName(*first) : FileName(hit.photo.path))));
    row.set("posted", Optional(first ? Safe(DayOf(first->listing.posted_at)) : ""));
    row.set("num_sightings", GroupedNumber(static_cast<int64_t>(hit.sightings.size())));
    return row;
  }

  // A picture that is in the page, or why it is not.
  struct Picture {
    std::string id;  // Empty: it is not.
    std::string missing;
  };

  // Puts a JPEG into the page under this id, once.
  template <typename Load>
  Picture AddPicture(const std::string& id, int width_px, int height_px, const Load& load, data* pictures) {
    const auto [place, is_new] = pictures_.try_emplace(id, Picture{"", "no thumbnail"});
    Picture& result = place->second;
    if (!is_new) return result;
    const std::optional<std::vector<uint8_t>> jpeg = load();
    if (!jpeg || jpeg->size() < 3 || (*jpeg)[0] != 0xFF || (*jpeg)[1] != 0xD8 || (*jpeg)[2] != 0xFF) return result;
    if (jpeg->size() > options_.max_picture_bytes - picture_bytes_) {
      result.missing = "left out: the page is full";
      return result;
    }
    picture_bytes_ += jpeg->size();
    const Frame frame = Frame::Fitted(width_px, height_px);
    data picture;
    picture.set("picture", id);
    picture.set("width", Number(frame.width));
    picture.set("height", Number(frame.height));
    picture.set("base64", Base64(*jpeg));
    pictures->push_back(picture);
    result.id = id;
    return result;
  }

  data QueryOf(size_t idx) {
    const QueryResult& result = results_[idx];
    const Frame frame = Frame::Fitted(result.width_px, result.height_px);
    const bool failed = !result.error_code.empty();
    data query;
    data pictures(data::type::list);
    const Picture picture = AddPicture(
        fmt::format("query{}", idx + 1), result.width_px, result.height_px,
        [&] { return options_.query_picture && !failed ? options_.query_picture(result) : std::nullopt; }, &pictures);
    data hits(data::type::list);
    for (const Hit& hit : result.hits) hits.push_back(HitOf(idx, hit, picture, &pictures));
    query.set("number", std::to_string(idx + 1));
    query.set("total", std::to_string(results_.size()));
    query.set("name", NameOf(result));
    query.set("size", Optional(SizeText(result.width_px, result.height_px)));
    query.set("keypoints", Counted(result.num_keypoints, "keypoint"));
    query.set("searched", failed ? data(false) : data(SearchedText(result)));
    query.set("sha256", Optional(result.sha256 ? result.sha256->Hex() : ""));
    query.set("failed", Optional(FailureOf(result)));
    query.set("no_hit", result.hits.empty() && !failed ? data(NoHitText(result)) : data(false));
    query.set("picture", Optional(picture.id));
    query.set("missing", picture.missing);
    query.set("box_width", Number(frame.width));
    query.set("box_height", Number(frame.height));
    query.set("middle_x", Number(frame.width / 2));
    query.set("middle_y", Number(frame.height / 2));
    query.set("quiet", result.hits.empty());
    query.set("pictures", pictures);
    query.set("hits", hits);
    return query;
  }

  data HitOf(size_t query_idx, const Hit& hit, const Picture& query_picture, data* pictures) {
    const QueryResult& result = results_[query_idx];
    const Picture photo_picture = AddPicture(
        "photo-" + hit.photo.sha256.Hex(), hit.photo.width_px, hit.photo.height_px,
        [&] { return options_.hit_picture ? options_.hit_picture(hit) : std::nullopt; }, pictures);
    data item;
    item.set("id", HitId(query_idx, hit));
    item.set("rank", std::to_string(hit.rank));
    item.set("verdict", std::string(VerdictName(hit.verdict)));
    item.set("meaning", std::string(VerdictMeaning(hit.verdict)));
    item.set("probability", ProbabilityText(hit));
    item.set("mirrored", hit.mirrored);
    AddBanks(hit, &item);
    AddPair(result, hit, query_picture, photo_picture, &item);
    AddNumbers(hit, &item);
    item.set("false_hits_note", options_.collection.empty()
                                    ? "unrelated photos that one comparison would call alike by chance; a search makes many"
                                    : "unrelated photos of this collection that one search would match this well by chance");
    AddSightings(hit, &item);
    item.set("query_facts", QueryFacts(result));
    item.set("photo_facts", PhotoFacts(hit.photo));
    return item;
  }

  static void AddBanks(const Hit& hit, data* item) {
    data banks(data::type::list);
    std::string benign;
    for (const Catalogue::BankName& bank : hit.banks) {
      data entry;
      entry.set("bank", Safe(bank.name));
      entry.set("role", std::string(BankRoleName(bank.role)));
      banks.push_back(entry);
      if (bank.role == BankRole::kBenign && benign.empty()) benign = Safe(bank.name);
    }
    item->set("banks", banks);
    item->set("benign", Optional(benign));
  }

  void AddPair(const QueryResult& result, const Hit& hit, const Picture& query_picture, const Picture& photo_picture,
               data* item) const {
    const Frame query = Frame::Fitted(result.width_px, result.height_px);
    const Frame photo = Frame::Fitted(hit.photo.width_px, hit.photo.height_px);
    const bool has_scale = query.scale > 0 && photo.scale > 0;
    const bool has_regions = has_scale && IsDrawable(hit.query_region) && IsDrawable(hit.photo_region);
    const std::vector<InlierPair> chosen =
        has_scale ? ChosenLines(hit.inliers, options_.max_lines) : std::vector<InlierPair>();
    std::string label = Counted(static_cast<int64_t>(chosen.size()), "inlier line");
    if (chosen.size() < hit.inliers.size()) label += fmt::format(" of {}", hit.inliers.size());
    const std::string query_name = Safe(FileName(result.path.native()));
    const std::string photo_name = Safe(FileName(hit.photo.path));

    data layouts(data::type::list);
    for (const Layout& layout : {Wide(query, photo), Tall(query, photo)}) {
      data sides(data::type::list);
      sides.push_back(Side(layout.query, query_picture));
      sides.push_back(Side(layout.photo, photo_picture));
      data lines(data::type::list);
      for (size_t i = 0; i < chosen.size(); ++i) {
        data line;
        line.set("colour", std::to_string(i % kNumLineColours));
        line.set("x1", Number(layout.query.X(chosen[i].query_x_px)));
        line.set("y1", Number(layout.query.Y(chosen[i].query_y_px)));
        line.set("x2", Number(layout.photo.X(chosen[i].photo_x_px)));
        line.set("y2", Number(layout.photo.Y(chosen[i].photo_y_px)));
        lines.push_back(line);
      }
      data regions(data::type::list);
      if (has_regions) {
        regions.push_back(RegionIn(layout.query, hit.query_region));
        regions.push_back(RegionIn(layout.photo, hit.photo_region));
      }
      data drawing;
      drawing.set("layout", layout.name);
      drawing.set("width", Number(layout.width));
      drawing.set("height", Number(layout.height));
      drawing.set("alt", fmt::format("Query photo {} and known photo {}, {} between matching details.", query_name,
                                     photo_name, label));
      drawing.set("sides", sides);
      drawing.set("lines", lines);
      drawing.set("regions", regions);
      layouts.push_back(drawing);
    }
    item->set("layouts", layouts);
    item->set("has_lines", !chosen.empty());
    item->set("has_regions", has_regions);
    item->set("line_label", label);
    item->set("query_name", query_name);
    item->set("photo_name", photo_name);
  }

  static data Side(const Frame& frame, const Picture& picture) {
    data side = Rectangle(frame.x, frame.y, frame.width, frame.height);
    side.set("picture", Optional(picture.id));
    side.set("missing", picture.missing);
    side.set("middle_x", Number(frame.x + frame.width / 2));
    side.set("middle_y", Number(frame.y + frame.height / 2));
    return side;
  }

  static void AddNumbers(const Hit& hit, data* item) {
    const double false_hits = ExpectedFalseHitsOf(hit);
    std::string mantissa = fmt::format("{:.2g}", false_hits), power;
    if (false_hits > 0 && false_hits < 1e-3) {
      const std::string text = fmt::format("{:.1e}", false_hits);
      const size_t e = text.find('e');
      mantissa = text.substr(0, e);
      power = fmt::format("−{}", -std::stoi(text.substr(e + 1)));
    }
    item->set("probability_note",
              hit.verdict == Verdict::kSameFile ? "the bytes are equal" : "that the verdict is right, as in the quality benchmark");
    item->set("false_hits", mantissa);
    item->set("power", Optional(power));
    item->set("has_inliers", hit.num_inliers > 0);
    item->set("inliers", GroupedNumber(hit.num_inliers));
    item->set("cells", Counted(hit.num_cells, "distinct place"));
    item->set("query_overlap", PercentText(hit.query_overlap));
    item->set("photo_overlap", PercentText(hit.photo_overlap));
    item->set("agreeing", PercentText(hit.agreeing_pixels));
  }

  static void AddSightings(const Hit& hit, data* item) {
    data sightings(data::type::list);
    for (const Sighting& sighting : hit.sightings) {
      const Listing& listing = sighting.listing;
      data row;
      row.set("posted", Time(listing.posted_at));
      row.set("captured", Time(sighting.captured_at));
      row.set("platform", Optional(Safe(listing.platform)));
      row.set("seller", Optional(Safe(listing.seller)));
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
    if (hit.num_sightings_left_out > 0) heading += fmt::format(", {} left out by the filters", hit.num_sightings_left_out);
    item->set("sightings_heading", heading);
    item->set("has_sightings", num_sightings > 0);
    item->set("sightings", sightings);
  }

  static data QueryFacts(const QueryResult& result) {
    data facts(data::type::list);
    AddFact("SHA-256", result.sha256 ? result.sha256->Hex() : "", &facts);
    AddFact("File", Safe(result.path.native()), &facts);
    AddFact("Pixels", SizeText(result.width_px, result.height_px), &facts);
    AddFact("Part", Joined(RegionTexts(result), "; "), &facts);
    AddFact("Keypoints", GroupedNumber(result.num_keypoints), &facts);
    return facts;
  }

  static data PhotoFacts(const Photo& photo) {
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
    return facts;
  }

  data MadeOf(const std::string& created_at) const {
    data made(data::type::list);
    AddFact("Time (UTC)", Safe(created_at), &made);
    AddFact("Program", Safe("pugmark " + options_.version), &made);
    AddFact("Collection", Safe(options_.collection), &made);
    if (!options_.collection.empty()) {
      std::vector<std::string> searched;
      for (const QueryResult& result : results_) {
        std::string text = fmt::format("{}: {}", result.snapshot, Counted(result.num_photos, "photo"));
        if (std::find(searched.begin(), searched.end(), text) == searched.end()) searched.push_back(std::move(text));
      }
      AddFact("Snapshot", Joined(searched, "; "), &made);
    }
    for (const auto& [name, value] : options_.parameters) AddFact(Safe(name), Safe(value), &made);
    return made;
  }

  static data Verdicts() {
    data verdicts(data::type::list);
    for (const Verdict verdict :
         {Verdict::kSameFile, Verdict::kSamePhoto, Verdict::kSameObject, Verdict::kSameScene, Verdict::kLookAlike}) {
      data entry;
      entry.set("verdict", std::string(VerdictName(verdict)));
      entry.set("meaning", std::string(VerdictMeaning(verdict)));
      verdicts.push_back(entry);
    }
    return verdicts;
  }

  std::span<const QueryResult> results_;
  const HtmlOptions& options_;
  std::unordered_map<std::string, Picture> pictures_;  // By id: those asked for so far.
  size_t picture_bytes_ = 0;
};

}  // namespace

std::string FormatHtml(std::span<const QueryResult> results, const HtmlOptions& options) {
  return Page(results, options).Render();
}

void WriteHtml(const std::filesystem::path& path, std::span<const QueryResult> results, const HtmlOptions& options) {
  WriteFileAtomically(path, FormatHtml(results, options));
}

}  // namespace pugmark
