// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "engine/report/report.h"
#include "engine/report/wording.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

// What a spreadsheet program would run. The wide forms count in East Asian versions; some programs skip blanks first.
// (Tabs and line breaks, which some skip too, have been escaped.)
bool StartsFormula(std::string_view text) {
  for (bool is_blank = true; is_blank;) {
    is_blank = false;
    for (const std::string_view blank : {" ", "\u00a0", "\u3000"}) {
      if (!text.starts_with(blank)) continue;
      text.remove_prefix(blank.size());
      is_blank = true;
    }
  }
  for (const std::string_view start : {"=", "+", "-", "@", "＝", "＋", "－", "＠"}) {
    if (text.starts_with(start)) return true;
  }
  return false;
}

// What a spreadsheet program would change: leading zeros and long numbers of listings, what looks like a date or a
// truth value. Whole numbers of up to 15 digits survive.
bool WouldBeChanged(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  if (text.find_first_of(kDigits) == std::string_view::npos) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    return lower == "true" || lower == "false";
  }
  if (text.find_first_not_of(kDigits) == std::string_view::npos)
    return text.size() > 15 || (text[0] == '0' && text.size() > 1);
  return text.find_first_not_of("0123456789.,:/-+%eE() ") == std::string_view::npos;
}

// One line, cell by cell.
class Line {
 public:
  // From outside.
  void Text(std::string_view untrusted) { Foreign(untrusted, WouldBeChanged(untrusted)); }
  // Likewise, and may become a date.
  void Time(std::string_view untrusted) { Foreign(untrusted, false); }
  // Ours.
  void Cell(std::string_view cell) {
    if (!is_first_) line_ += ',';
    is_first_ = false;
    if (cell.find_first_of("\",\r\n") == std::string_view::npos) {
      line_ += cell;
      return;
    }
    line_ += '"';
    for (const char c : cell) line_.append(c == '"' ? 2 : 1, c);
    line_ += '"';
  }
  template <typename Number>
  void Value(Number number) {
    Cell(fmt::format("{}", number));
  }
  void Empty(int num_cells) {
    for (int i = 0; i < num_cells; ++i) Cell("");
  }
  std::string End() const { return line_ + "\r\n"; }

 private:
  void Foreign(std::string_view untrusted, bool is_guarded) {
    std::string text = EscapeText(untrusted);
    if (is_guarded || StartsFormula(text)) text.insert(0, 1, '\'');
    Cell(text);
  }

  std::string line_;
  bool is_first_ = true;
};

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

void AddQuery(const QueryResult& result, Line* line) {
  line->Text(result.path.native());
  line->Cell(result.sha256 ? result.sha256->Hex() : "");
  line->Value(result.snapshot);
  line->Value(result.num_photos);
  line->Text(result.error_code.empty() ? "" : result.error_code + ": " + result.error);
}

void AddHit(const Hit& hit, Line* line) {
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

void AddSighting(const Sighting& sighting, Line* line) {
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

void AddReview(const Hit& hit, Line* line) {
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
    Line start;
    AddQuery(result, &start);
    AddHit(hit, &start);
    for (const Sighting& sighting : hit.sightings) {
      Line line = start;
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
    Line line;
    AddQuery(result, &line);
    line.Cell("");
    line.Cell(result.error_code.empty() ? VerdictName(Verdict::kNone) : "error");
    line.Empty(kNumHitColumns - 2 + kNumSightingColumns + kNumReviewColumns);
    lines += line.End();
  }
  return lines;
}

}  // namespace pugmark
