// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
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

// One line, cell by cell.
class Line {
 public:
  // From outside.
  void Text(std::string_view untrusted) {
    std::string text = EscapeText(untrusted);
    if (StartsFormula(text)) text.insert(0, 1, '\'');
    Cell(text);
  }
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
  std::string line_;
  bool is_first_ = true;
};

constexpr std::string_view kQueryColumns = "query,query_sha256,snapshot,photos_searched,error,";
constexpr std::string_view kHitColumns =
    "rank,verdict,probability,expected_false_hits,inliers,cells,mirrored,agreeing_pixels,query_overlap,photo_overlap,"
    "photo,path,banks,";
constexpr std::string_view kSightingColumns =
    "platform,listing_id,seller,url,posted_at,title,price,currency,captured_at,products,species,operation,sighting_"
    "path";
constexpr int kNumHitColumns = 13;
constexpr int kNumSightingColumns = 13;

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
  line->Cell(fmt::format("{:.4g}", ExpectedFalseHitsOf(hit)));
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
  for (const std::string& text :
       {listing.platform, listing.external_id, listing.seller, listing.url, listing.posted_at, listing.title,
        listing.price, listing.currency, sighting.captured_at, Joined(listing.products, "; "),
        Joined(listing.species, "; "), listing.operation, sighting.path}) {
    line->Text(text);
  }
}

}  // namespace

std::string CsvHeader() { return fmt::format("{}{}{}\r\n", kQueryColumns, kHitColumns, kSightingColumns); }

std::string FormatCsv(const QueryResult& result) {
  std::string lines;
  for (const Hit& hit : result.hits) {
    Line start;
    AddQuery(result, &start);
    AddHit(hit, &start);
    for (const Sighting& sighting : hit.sightings) {
      Line line = start;
      AddSighting(sighting, &line);
      lines += line.End();
    }
    if (hit.sightings.empty()) {
      start.Empty(kNumSightingColumns);
      lines += start.End();
    }
  }
  if (result.hits.empty()) {
    Line line;
    AddQuery(result, &line);
    line.Cell("");
    line.Cell(result.error_code.empty() ? VerdictName(Verdict::kNone) : "error");
    line.Empty(kNumHitColumns - 2 + kNumSightingColumns);
    lines += line.End();
  }
  return lines;
}

}  // namespace pugmark
