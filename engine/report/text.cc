// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "engine/report/layout.h"
#include "engine/report/report.h"
#include "engine/report/width.h"
#include "engine/report/wording.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

constexpr int kVerdictWidth = 11;  // "same-object", "look-alike"
constexpr int kProbabilityWidth = 7;

// What is said of a hit beside its verdict, one cell each. A column without any text is left out.
enum Column { kPlatform, kSeller, kListing, kPosted, kProbability, kMatched, kProducts, kNumColumns };
constexpr std::array<std::string_view, kNumColumns> kHeadings = {"platform", "seller",  "listing", "posted",
                                                                 "  prob.",  "matched", "products"};
// Cells are not cut shorter than this; a day and a probability never. The table then fits kMinTerminalWidth.
constexpr std::array<int, kNumColumns> kMinWidths = {5, 5, 5, 10, kProbabilityWidth, 5, 5};
using Cells = std::array<std::string, kNumColumns>;

Cells CellsOf(const Sighting& sighting) {
  const Listing& listing = sighting.listing;
  Cells cells;
  cells[kPlatform] = EscapeText(listing.platform);
  cells[kSeller] = EscapeText(listing.seller);
  cells[kListing] = EscapeText(ListingName(sighting));
  cells[kPosted] = EscapeText(DayOf(listing.posted_at));
  cells[kProducts] = EscapeText(Joined(listing.products, ", "));
  return cells;
}

// With its first sighting. A photo that came without a listing is named by its file.
Cells CellsOf(const Hit& hit) {
  Cells cells;
  if (hit.sightings.empty()) {
    cells[kListing] = EscapeText(FileName(hit.photo.path));
  } else {
    cells = CellsOf(hit.sightings.front());
  }
  cells[kProbability] = fmt::format("{:>{}}", ProbabilityText(hit), kProbabilityWidth);
  cells[kMatched] = MatchedText(hit);
  return cells;
}

class Writer {
 public:
  Writer(const QueryResult& result, const TextOptions& options)
      : result_(result), options_(options), width_(std::max(options.width, kMinTerminalWidth)) {}

  std::string Write() {
    Heading();
    if (!result_.error_code.empty()) {
      Sentence(fmt::format("Cannot be read ({}): {}", EscapeText(result_.error_code), EscapeText(result_.error)));
    } else if (result_.num_photos == 0 && result_.hits.empty()) {
      Sentence("No hit: nothing has been indexed yet.");
    } else if (result_.hits.empty()) {
      Sentence(fmt::format("No hit among {}{}.", Counted(result_.num_photos, "photo"),
                           result_.num_hits_left_out > 0 ? " that passes the filters" : ""));
    } else {
      MeasureColumns();
      TableHeading();
      for (const Hit& hit : result_.hits) Row(hit);
    }
    if (result_.num_hits_left_out > 0) {
      Sentence(fmt::format("The filters left {} out.", Counted(result_.num_hits_left_out, "hit")));
    }
    return text_ + "\n";
  }

 private:
  std::string Styled(std::string_view text, std::string_view style) const {
    return pugmark::Styled(text, style, options_.colour);
  }

  void Parts(const std::vector<std::string>& parts, int indent, std::string_view style) {
    const std::string lines = Wrapped(parts, width_, indent);
    for (size_t start = 0; start < lines.size();) {  // Each line on its own, so that none ends in the middle of a style.
      const size_t end = lines.find('\n', start);
      const std::string blanks(static_cast<size_t>(indent), ' ');
      text_ += blanks + Styled(lines.substr(start + blanks.size(), end - start - blanks.size()), style) + "\n";
      start = end + 1;
    }
  }

  void Sentence(const std::string& sentence) { text_ += WrappedSentence(sentence, width_, kGap); }

  void Heading() {
    text_ += Styled(CutBeginning(EscapeText(result_.path.native()), width_), kBold) + "\n";
    if (!result_.error_code.empty()) return;
    Parts(
        {fmt::format("{} × {} pixels", result_.width_px, result_.height_px),
         fmt::format("snapshot {}", result_.snapshot), fmt::format("{} searched", Counted(result_.num_photos, "photo")),
         fmt::format("{:.0f} ms", result_.elapsed_ms)},
        kGap, kFaint);
    if (const std::vector<std::string> regions = RegionTexts(result_); !regions.empty()) Parts(regions, kGap, kFaint);
  }

  // Each column as wide as its widest cell. Where that is too much the products, then what matched move to a line of
  // their own, then the widest columns give way until the table fits.
  void MeasureColumns() {
    const auto measure = [&](const Cells& cells) {
      for (size_t i = 0; i < kNumColumns; ++i) widths_[i] = std::max(widths_[i], DisplayWidth(cells[i]));
    };
    for (const Hit& hit : result_.hits) {
      measure(CellsOf(hit));
      if (!options_.verbose) continue;
      for (const Sighting& sighting : hit.sightings) measure(CellsOf(sighting));
    }
    for (size_t i = 0; i < kNumColumns; ++i) {
      if (widths_[i] > 0) widths_[i] = std::max(widths_[i], DisplayWidth(kHeadings[i]));
    }
    const auto is_too_wide = [&] {
      int width = kVerdictWidth;
      for (const int column : widths_) width += column > 0 ? kGap + column : 0;
      return width > width_;
    };
    for (const Column column : {kProducts, kMatched}) {
      if (widths_[column] == 0 || !is_too_wide()) continue;
      is_apart_[column] = true;
      widths_[column] = 0;
    }
    while (is_too_wide()) {
      size_t widest = 0;
      for (size_t i = 1; i < kNumColumns; ++i) {
        if (widths_[i] - kMinWidths[i] > widths_[widest] - kMinWidths[widest]) widest = i;
      }
      if (widths_[widest] <= kMinWidths[widest]) break;
      --widths_[widest];
    }
  }

  std::string Line(std::string_view verdict, std::string_view verdict_style, const Cells& cells) const {
    std::string line = Styled(Fitted(verdict, kVerdictWidth), verdict_style);
    for (size_t i = 0; i < kNumColumns; ++i) {
      if (widths_[i] > 0) line += std::string(kGap, ' ') + Fitted(cells[i], widths_[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  }

  void TableHeading() {
    Cells headings;
    std::copy(kHeadings.begin(), kHeadings.end(), headings.begin());
    text_ += Styled(Line("verdict", "", headings), kFaint) + "\n";
  }

  void Row(const Hit& hit) {
    text_ += Line(VerdictName(hit.verdict), StyleOf(hit.verdict), CellsOf(hit)) + "\n";
    if (options_.verbose) {
      for (size_t i = 1; i < hit.sightings.size(); ++i) text_ += Line("", "", CellsOf(hit.sightings[i])) + "\n";
    }
    if (hit.review) Sentence(EscapeText(ReviewText(hit)));  // Whole, on lines of its own.
    const std::vector<std::string> notes = NotesUnder(hit);
    if (!notes.empty()) Parts(notes, kGap, "");
    if (options_.verbose) {
      std::vector<std::string> numbers = NumbersOf(hit, "query", "photo");
      numbers.push_back(ShortSha256Text(hit.photo.sha256));
      Parts(numbers, kGap, kFaint);
    }
  }

  std::vector<std::string> NotesUnder(const Hit& hit) const {
    std::vector<std::string> notes;
    if (is_apart_[kMatched]) notes.push_back(MatchedText(hit));
    if (is_apart_[kProducts]) {
      std::vector<std::string> products;
      for (const Sighting& sighting : hit.sightings) {
        for (const std::string& product : sighting.listing.products) {
          if (std::find(products.begin(), products.end(), product) == products.end()) products.push_back(product);
        }
      }
      if (!products.empty()) notes.push_back(EscapeText(Joined(products, ", ")));
    }
    const std::vector<std::string> of_hit = NotesOf(hit);
    notes.insert(notes.end(), of_hit.begin(), of_hit.end());
    if (!options_.verbose && hit.sightings.size() > 1) {
      notes.push_back(fmt::format("+ {}", Counted(static_cast<int64_t>(hit.sightings.size()) - 1, "more sighting")));
    }
    return notes;
  }

  const QueryResult& result_;
  const TextOptions& options_;
  const int width_;
  std::array<int, kNumColumns> widths_{};     // 0: left out.
  std::array<bool, kNumColumns> is_apart_{};  // On the line below.
  std::string text_;
};

}  // namespace

std::string FormatText(const QueryResult& result, const TextOptions& options) {
  return Writer(result, options).Write();
}

std::string FormatSummary(std::span<const QueryResult> results, const TextOptions& options) {
  constexpr auto kNumShown = static_cast<size_t>(kProducts);
  std::vector<std::vector<std::string>> rows = {{"query", "verdict"}};
  rows[0].insert(rows[0].end(), kHeadings.begin(), kHeadings.begin() + kNumShown);
  rows[0].insert(rows[0].end() - 1, "review");
  for (const QueryResult& result : results) {
    std::vector<std::string>& row = rows.emplace_back();
    row.push_back(EscapeText(FileName(result.path.native())));
    if (result.hits.empty()) {
      row.push_back(result.error_code.empty() ? "no hit" : "unreadable");
    } else {
      row.emplace_back(VerdictName(result.hits.front().verdict));
      const Cells cells = CellsOf(result.hits.front());
      row.insert(row.end(), cells.begin(), cells.begin() + kNumShown);
      row.insert(row.end() - 1, EscapeText(ReviewMark(result.hits.front())));
    }
    row.resize(rows[0].size());
  }
  const int width = std::max(options.width, kMinTerminalWidth);
  // What matched is in the tables above; here it must not cost the names their room.
  if (TableWidth(rows) > width) {
    for (std::vector<std::string>& row : rows) row.pop_back();
  }
  return Table(rows, width, {"verdict", "posted", kHeadings[kProbability]});
}

std::string FormatText(const Comparison& comparison, const TextOptions& options) {
  const int width = std::max(options.width, kMinTerminalWidth);
  constexpr int kIndent = 3;
  std::string text;
  bool is_readable = true;
  for (const auto& [letter, side] : {std::pair("A", &comparison.a), std::pair("B", &comparison.b)}) {
    const std::string name = CutBeginning(EscapeText(side->path.native()), width - kIndent);
    text += Styled(letter, kBold, options.colour) + "  " + name + "\n";
    if (!side->error_code.empty()) {
      is_readable = false;
      text += WrappedSentence(fmt::format("Cannot be read ({}): {}", EscapeText(side->error_code), EscapeText(side->error)),
                              width, kIndent);
      continue;
    }
    text += Wrapped({fmt::format("{} × {} pixels", side->width_px, side->height_px),
                     Counted(side->num_keypoints, "keypoint"),
                     ShortSha256Text(*side->sha256)},
                    width, kIndent);
  }
  text += "\n";
  if (!is_readable) return text;
  if (comparison.a.hits.empty()) return text + "No hit: nothing was found that both photos share.\n\n";
  const Hit& hit = comparison.a.hits.front();
  text += fmt::format("{}  {}  {}\n", Styled(VerdictName(hit.verdict), StyleOf(hit.verdict), options.colour),
                      ProbabilityText(hit), MatchedText(hit));
  text += WrappedSentence(VerdictMeaning(hit.verdict), width, kIndent);
  if (options.verbose) text += Wrapped(NumbersOf(hit, "A", "B"), width, kIndent);
  return text + WrappedSentence(kComparisonSentence, width, kIndent) + "\n";
}

}  // namespace pugmark
