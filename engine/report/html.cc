// SPDX-License-Identifier: Apache-2.0
#include "engine/report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/report/html_hit.h"
#include "engine/report/html_timeline.h"
#include "engine/report/limits.h"
#include "engine/report/page_files.h"
#include "engine/report/wording.h"
#include "index/base/error.h"

namespace pugmark {
namespace html {
namespace {

using kainjow::mustache::lambda2;
using kainjow::mustache::mustache;
using kainjow::mustache::partial;
using kainjow::mustache::renderer;

constexpr size_t kMaxSummaryHits = 5;  // Per query.
constexpr int kMaxOpenHits = 3;        // Per query; the others open on a click.

std::string HitId(size_t query, const Hit& hit) { return fmt::format("q{}h{}", query + 1, hit.rank); }

std::string NameOf(const QueryResult& result) { return Safe(result.path.native()); }

std::string FailureOf(const QueryResult& result) {
  return result.error_code.empty() ? "" : Safe(result.error_code + ": " + result.error);
}

class Page {
 public:
  Page(std::span<const QueryResult> results, const HtmlOptions& options)
      : results_(results), options_(options), budget_(options.max_picture_bytes), pictures_(&budget_) {}

  std::string Render() {
    mustache page(kPageHtml);
    PUGMARK_CHECK(page.is_valid());
    data root;
    size_t num_hits = 0;
    data summary(data::type::list);
    for (size_t i = 0; i < results_.size(); ++i) {
      num_hits += results_[i].hits.size();
      summary.push_back(SummaryOf(i));
    }
    const std::string created_at = options_.created_at.empty() ? UtcNow() : options_.created_at;
    root.set("style", std::string(kPageCss));
    root.set("script", std::string(kPageJs));
    root.set("policy", fmt::format("default-src 'none'; img-src data:; style-src {}; script-src {}; base-uri 'none'; "
                                   "form-action 'none'",
                                   CspHash(kPageCss), CspHash(kPageJs)));
    root.set("veil", std::string(options_.blur ? (options_.grey ? "blur grey" : "blur") : options_.grey ? "grey" : ""));
    root.set("veiled", options_.blur || options_.grey);
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
    root.set("not_searched", Texts(options_.not_searched));
    root.set("has_not_searched", !options_.not_searched.empty());
    // After the queries: the template is filled from the top.
    root.set("left_out", lambda2([this](const std::string&, const renderer&) { return LeftOut(); }));
    std::string html;
    page.render(root, [&html](const std::string& piece) { html += piece; });
    return html;
  }

 private:
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
        item.set("review", Optional(Safe(ReviewMark(hit))));
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
    std::vector<TimelineHit> hits;
    for (size_t i = 0; i < results_.size(); ++i) {
      const std::vector<TimelineHit> of_query = TimelineHits(i);
      hits.insert(hits.end(), of_query.begin(), of_query.end());
    }
    listings.set("timeline", Timeline(hits));
    listings.set("timeline_page", partial([] { return std::string(kTimelineHtml); }));
    return listings;
  }

  std::vector<TimelineHit> TimelineHits(size_t idx) const {
    std::vector<TimelineHit> hits;
    for (const Hit& hit : results_[idx].hits) hits.push_back({&hit, HitId(idx, hit)});
    return hits;
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
      row.set("name", i == 0 ? Optional(Safe(FileName(result.path.native()))) : data(false));
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
    row.set("matched", MatchedText(hit));
    row.set("notes", Texts(NotesOf(hit)));
    AddWhere(hit, &row);
    row.set("num_sightings", GroupedNumber(static_cast<int64_t>(hit.sightings.size())));
    return row;
  }

  data QueryOf(size_t idx) {
    const QueryResult& result = results_[idx];
    const Frame frame = Frame::Fitted(result.width_px, result.height_px);
    const bool failed = !result.error_code.empty();
    data symbols(data::type::list);
    const ReportPicture shown = options_.query_picture && !failed ? options_.query_picture(result) : ReportPicture{};
    const Image* image = shown.image ? &*shown.image : nullptr;
    const Picture& picture =
        pictures_.Add(fmt::format("query{}", idx + 1), image, Safe(shown.source), frame.width, frame.height, &symbols);
    data hits(data::type::list);
    int num_open = 0;
    size_t num_left_out = 0;
    for (const Hit& hit : result.hits) {
      if (num_hits_shown_ >= options_.max_hits) {
        ++num_left_out;
        continue;
      }
      ++num_hits_shown_;
      data item = HitData(HitId(idx, hit), {&result, image, &picture}, hit, options_, &pictures_, &budget_, &symbols);
      // The best one, and other alerts: what is more is opened by who wants to see it.
      item.set("open", num_open == 0 || (num_open < kMaxOpenHits && IsAlert(hit)));
      ++num_open;
      hits.push_back(item);
    }
    num_hits_left_out_ += num_left_out;
    data query;
    query.set("number", std::to_string(idx + 1));
    query.set("total", std::to_string(results_.size()));
    query.set("name", NameOf(result));
    query.set("size", Optional(SizeText(result.width_px, result.height_px)));
    query.set("keypoints", Counted(result.num_keypoints, "keypoint"));
    query.set("searched", failed ? data(false) : data(SearchedText(result)));
    query.set("sha256", Optional(result.sha256 ? result.sha256->Hex() : ""));
    query.set("source", Optional(picture.source));
    query.set("failed", Optional(FailureOf(result)));
    query.set("no_hit", result.hits.empty() && !failed ? data(NoHitText(result)) : data(false));
    query.set("limits", Texts(LimitsOf(result)));
    query.set("hits_left_out",
              num_left_out == 0 ? data(false) : data(Counted(static_cast<int64_t>(num_left_out), "hit")));
    query.set("picture", Optional(picture.id));
    query.set("missing", picture.missing);
    query.set("veiled", options_.blur || options_.grey);
    query.set("box_width", Number(frame.width));
    query.set("box_height", Number(frame.height));
    query.set("middle_x", Number(frame.width / 2));
    query.set("middle_y", Number(frame.height / 2));
    query.set("quiet", result.hits.empty());
    query.set("unsearched", Unsearched(result, frame));
    query.set("has_unsearched", result.roi || !result.excluded.empty());
    query.set("pictures", symbols);
    query.set("timeline", Timeline(TimelineHits(idx)));
    query.set("hits", hits);
    query.set("hit_page", partial([] { return std::string(kHitHtml); }));
    query.set("timeline_page", partial([] { return std::string(kTimelineHtml); }));
    return query;
  }

  // A list of what the page does not show for want of room; empty if that is nothing.
  std::string LeftOut() const {
    std::vector<std::string> parts;
    if (num_hits_left_out_ > 0) parts.push_back(Counted(static_cast<int64_t>(num_hits_left_out_), "hit"));
    if (budget_.num_left_out > 0) parts.push_back(Counted(budget_.num_left_out, "picture"));
    if (budget_.num_overlays_left_out > 0) parts.push_back(Counted(budget_.num_overlays_left_out, "overlay"));
    if (parts.empty() && budget_.num_small == 0) return {};
    std::string text = parts.empty() ? "" : Joined(parts, ", ") + " left out";
    if (budget_.num_small > 0) {
      text += fmt::format("{}{} shown small", parts.empty() ? "" : "; ", Counted(budget_.num_small, "picture"));
    }
    return fmt::format(
        "<p class=\"note\" id=\"left-out\"><strong>To keep this page small: {}.</strong> "
        "The JSON lines and CSV hold all hits; a search for one photo gives it a page of its own.</p>",
        text);
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
  PictureBudget budget_;
  PictureStore pictures_;
  int num_hits_shown_ = 0;
  size_t num_hits_left_out_ = 0;
};

}  // namespace
}  // namespace html

std::string FormatHtml(std::span<const QueryResult> results, const HtmlOptions& options) {
  return html::Page(results, options).Render();
}

void WriteHtml(const std::filesystem::path& path, std::span<const QueryResult> results, const HtmlOptions& options) {
  WriteFileAtomically(path, FormatHtml(results, options));
}

}  // namespace pugmark
