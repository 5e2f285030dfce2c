// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/report/csv_line.h"
#include "engine/report/report.h"
#include "engine/report/wording.h"

namespace pugmark {
namespace {

constexpr std::string_view kQueryColumns = "query,query_sha256,snapshot,photos_searched,error,";
constexpr std::string_view kHitColumns =
    "rank,verdict,probability,expected_false_hits,inliers,cells,mirrored,agreeing_pixels,query_overlap,photo_overlap,"
    "photo,path,banks,";
constexpr std::string_view kSightingColumns =
    "platform,listing_id,seller,url,posted_at,title,price,currency,captured_at,products,species,operation,sighting_"
    "path,";
constexpr std::string_view kReviewColumns = "review,reviewed_by,reviewed_at,review_note,machine_verdict";
constexpr int kNumHitColumns = 13;
constexpr int kNumSightingColumns = 13;
constexpr int kNumReviewColumns = 5;

void AddQuery(const QueryResult& result, CsvLine* line) {
  line->Text(result.path.native());
  line->Cell(result.sha256 ? result.sha256->Hex() : "");
  line->Value(result.snapshot);
  line->Value(result.num_photos);
  line->Text(result.error_code.empty() ? "" : result.error_code + ": " + result.error);
}

void AddHit(const Hit& hit, CsvLine* line) {
  line->Value(hit.rank);
  line->Cell(VerdictName(hit.verdict));
  line->Cell(fmt::format("{:.4g}", hit.verdict == Verdict::kSameFile ? 1.0 : std::min(hit.probability, 0.9999)));
  line->Cell(hit.verdict == Verdict::kNone ? "" : fmt::format("{:.4g}", ExpectedFalseHitsOf(hit)));
  line->Value(hit.num_inliers);
  line->Value(hit.num_cells);
  line->Value(hit.mirrored);
  for (const float fraction : {hit.agreeing_pixels, hit.query_overlap, hit.photo_overlap}) {
    line->Cell(fmt::format("{:.4f}", fraction));
  }
  line->Cell(hit.photo.sha256.Hex());
  line->Text(hit.photo.path);
  std::vector<std::string> banks;
  for (const Catalogue::BankName& bank : hit.banks) {
    banks.push_back(fmt::format("{} ({})", bank.name, BankRoleName(bank.role)));
  }
  line->Text(Joined(banks, "; "));
}

void AddSighting(const Sighting& sighting, CsvLine* line) {
  const Listing& listing = sighting.listing;
  for (const std::string& text : {listing.platform, listing.external_id, listing.seller, listing.url}) line->Text(text);
  line->Time(listing.posted_at);
  for (const std::string& text : {listing.title, listing.price, listing.currency}) line->Text(text);
  line->Time(sighting.captured_at);
  for (const std::string& text :
       {Joined(listing.products, "; "), Joined(listing.species, "; "), listing.operation, sighting.path}) {
    line->Text(text);
  }
}

void AddReview(const Hit& hit, CsvLine* line) {
  if (!hit.review) {
    line->Empty(kNumReviewColumns);
    return;
  }
  line->Cell(AnswerName(hit.review->answer));
  line->Text(hit.review->reviewer);
  line->Cell(hit.review->reviewed_at);
  line->Text(hit.review->note);
  line->Cell(VerdictName(hit.machine_verdict));
}

}  // namespace

std::string CsvHeader() {
  return fmt::format("{}{}{}{}\r\n", kQueryColumns, kHitColumns, kSightingColumns, kReviewColumns);
}

std::string FormatCsv(const QueryResult& result) {
  std::string lines;
  for (const Hit& hit : result.hits) {
    CsvLine start;
    AddQuery(result, &start);
    AddHit(hit, &start);
    for (const Sighting& sighting : hit.sightings) {
      CsvLine line = start;
      AddSighting(sighting, &line);
      AddReview(hit, &line);
      lines += line.End();
    }
    if (hit.sightings.empty()) {
      start.Empty(kNumSightingColumns);
      AddReview(hit, &start);
      lines += start.End();
    }
  }
  if (result.hits.empty()) {
    CsvLine line;
    AddQuery(result, &line);
    line.Cell("");
    line.Cell(result.error_code.empty() ? VerdictName(Verdict::kNone) : "error");
    line.Empty(kNumHitColumns - 2 + kNumSightingColumns + kNumReviewColumns);
    lines += line.End();
  }
  return lines;
}

}  // namespace pugmark
