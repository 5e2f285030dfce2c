// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <vector>

#include "engine/report/report.h"
#include "engine/report/width.h"
#include "engine/report/wording.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

constexpr int kMinWidth = 60;
constexpr int kGap = 2;            // Columns between two cells.
constexpr int kMinColumn = 5;      // Cells are not cut shorter than this.
constexpr int kVerdictWidth = 11;  // "same-object", "look-alike"
constexpr int kProbabilityWidth = 7;

constexpr std::string_view kBold = "1";
constexpr std::string_view kFaint = "2";

std::string_view ColourOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSameFile: return "1;35";
    case Verdict::kSamePhoto: return "1;31";
    case Verdict::kSameObject: return "1;33";
    case Verdict::kSameScene: return "36";
    case Verdict::kLookAlike:
    case Verdict::kNone: return kFaint;
  }
  return kFaint;
}

// What is said of a sighting, one cell each. A column without any text is left out.
enum Column { kPlatform, kListing, kSeller, kPosted, kProducts, kNumColumns };
constexpr std::array<std::string_view, kNumColumns> kHeadings = {"platform", "listing", "seller", "posted", "products"};
// Cells are not cut shorter than this; a day never. The table then fits kMinWidth.
constexpr std::array<int, kNumColumns> kMinWidths = {5, 5, 5, 10, 5};
using Cells = std::array<std::string, kNumColumns>;

Cells CellsOf(const Sighting& sighting) {
  const Listing& listing = sighting.listing;
  return {EscapeText(listing.platform), EscapeText(ListingName(sighting)), EscapeText(listing.seller),
          EscapeText(DayOf(listing.posted_at)), EscapeText(Joined(listing.products, ", "))};
}

// A photo that came without a listing is named by its file.
Cells CellsOfPhoto(const Photo& photo) {
  Cells cells;
  cells[kListing] = EscapeText(FileName(photo.path));
  return cells;
}

class Writer {
 public:
  Writer(const QueryResult& result, const TextOptions& options)
      : result_(result), options_(options), width_(std::max(options.width, kMinWidth)) {}

  std::string Write() {
    Heading();
    if (!result_.error_code.empty()) {
      Sentence(fmt::format("Cannot be read ({}): {}", EscapeText(result_.error_code), EscapeText(result_.error)));
    } else if (result_.num_photos == 0 && result_.hits.empty()) {
      Sentence("No hit: nothing has been indexed yet.");
    } else if (result_.hits.empty()) {
      Sentence(fmt::format("No hit among {}.", Counted(result_.num_photos, "photo")));
    } else {
      MeasureColumns();
      TableHeading();
      for (const Hit& hit : result_.hits) Row(hit);
    }
    return text_ + "\n";
  }

 private:
  std::string Styled(std::string_view text, std::string_view style) const {
    return options_.colour && !style.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", style, text) : std::string(text);
  }

  // The parts over as many lines as they need. A part that is wider than a line is cut.
  void Parts(const std::vector<std::string>& parts, int indent, std::string_view style,
             std::string_view separator = " · ") {
    std::string line;
    const auto end_line = [&] { text_ += std::string(static_cast<size_t>(indent), ' ') + Styled(line, style) + "\n"; };
    const int room = width_ - indent;
    for (const std::string& part : parts) {
      if (line.empty()) {
        line = CutEnd(part, room);
      } else if (DisplayWidth(line) + DisplayWidth(separator) + DisplayWidth(part) <= room) {
        line.append(separator).append(part);
      } else {
        end_line();
        line = CutEnd(part, room);
      }
    }
    end_line();
  }

  void Sentence(const std::string& sentence) {
    std::vector<std::string> words;
    for (size_t start = 0; start <= sentence.size();) {
      const size_t end = std::min(sentence.find(' ', start), sentence.size());
      words.push_back(sentence.substr(start, end - start));
      start = end + 1;
    }
    Parts(words, kGap, "", " ");
  }

  void Heading() {
    text_ += Styled(CutBeginning(EscapeText(result_.path.native()), width_), kBold) + "\n";
    if (!result_.error_code.empty()) return;
    Parts(
        {fmt::format("{} × {} pixels", result_.width_px, result_.height_px),
         fmt::format("snapshot {}", result_.snapshot), fmt::format("{} searched", Counted(result_.num_photos, "photo")),
         fmt::format("{:.0f} ms", result_.elapsed_ms)},
        kGap, kFaint);
  }

  // Each column as wide as its widest cell. Where that is too much the products move to a line of their own, then the
  // widest columns give way until the table fits.
  void MeasureColumns() {
    const auto measure = [&](const Cells& cells) {
      for (size_t i = 0; i < kNumColumns; ++i) widths_[i] = std::max(widths_[i], DisplayWidth(cells[i]));
    };
    for (const Hit& hit : result_.hits) {
      rank_width_ = std::max(rank_width_, static_cast<int>(std::to_string(hit.rank).size()));
      const size_t num_rows = options_.verbose ? hit.sightings.size() : std::min<size_t>(1, hit.sightings.size());
      for (size_t i = 0; i < num_rows; ++i) measure(CellsOf(hit.sightings[i]));
      if (hit.sightings.empty()) measure(CellsOfPhoto(hit.photo));
    }
    for (size_t i = 0; i < kNumColumns; ++i) {
      if (widths_[i] > 0) widths_[i] = std::max(widths_[i], DisplayWidth(kHeadings[i]));
    }
    const auto is_too_wide = [&] {
      int width = rank_width_ + kGap + kVerdictWidth + kGap + kProbabilityWidth;
      for (const int column : widths_) width += column > 0 ? kGap + column : 0;
      return width > width_;
    };
    products_apart_ = is_too_wide() && widths_[kProducts] > 0;
    if (products_apart_) widths_[kProducts] = 0;
    while (is_too_wide()) {
      size_t widest = 0;
      for (size_t i = 1; i < kNumColumns; ++i) {
        if (widths_[i] - kMinWidths[i] > widths_[widest] - kMinWidths[widest]) widest = i;
      }
      if (widths_[widest] <= kMinWidths[widest]) break;
      --widths_[widest];
    }
  }

  std::string Line(std::string_view rank, std::string_view verdict, std::string_view verdict_style,
                   std::string_view probability, const Cells& cells) const {
    std::string line = fmt::format("{:>{}}{:{}}", rank, rank_width_, "", kGap);
    line += Styled(Fitted(verdict, kVerdictWidth), verdict_style);
    line += fmt::format("{:{}}{:>{}}", "", kGap, probability, kProbabilityWidth);
    for (size_t i = 0; i < kNumColumns; ++i) {
      if (widths_[i] > 0) line += std::string(kGap, ' ') + Fitted(cells[i], widths_[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  }

  void TableHeading() {
    Cells headings;
    std::copy(kHeadings.begin(), kHeadings.end(), headings.begin());
    text_ += Styled(Line("#", "verdict", "", "prob.", headings), kFaint) + "\n";
  }

  void Row(const Hit& hit) {
    const Cells cells = hit.sightings.empty() ? CellsOfPhoto(hit.photo) : CellsOf(hit.sightings.front());
    text_ +=
        Line(std::to_string(hit.rank), VerdictName(hit.verdict), ColourOf(hit.verdict), ProbabilityText(hit), cells);
    text_ += "\n";
    if (options_.verbose) {
      for (size_t i = 1; i < hit.sightings.size(); ++i) text_ += Line("", "", "", "", CellsOf(hit.sightings[i])) + "\n";
    }
    const std::vector<std::string> notes = NotesOf(hit);
    if (!notes.empty()) Parts(notes, rank_width_ + kGap, "");
    if (options_.verbose) Parts(NumbersOf(hit), rank_width_ + kGap, kFaint);
  }

  std::vector<std::string> NotesOf(const Hit& hit) const {
    std::vector<std::string> notes;
    if (hit.verdict == Verdict::kSameFile) notes.push_back("same bytes");
    if (hit.mirrored) notes.push_back("mirrored");
    if (products_apart_) {
      std::vector<std::string> products;
      for (const Sighting& sighting : hit.sightings) {
        for (const std::string& product : sighting.listing.products) {
          if (std::find(products.begin(), products.end(), product) == products.end()) products.push_back(product);
        }
      }
      if (!products.empty()) notes.push_back(EscapeText(Joined(products, ", ")));
    }
    for (const Catalogue::BankName& bank : hit.banks) {
      if (bank.name == BankRoleName(BankRole::kEvidence)) continue;  // Where everything is that nobody put elsewhere.
      const std::string name = EscapeText(bank.name);
      notes.push_back(bank.role == BankRole::kBenign ? fmt::format("copied from bank '{}' (benign)", name)
                                                     : fmt::format("in bank '{}' ({})", name, BankRoleName(bank.role)));
    }
    if (!options_.verbose && hit.sightings.size() > 1) {
      notes.push_back(fmt::format("+ {}", Counted(static_cast<int64_t>(hit.sightings.size()) - 1, "more sighting")));
    }
    return notes;
  }

  static std::vector<std::string> NumbersOf(const Hit& hit) {
    std::vector<std::string> numbers;
    if (hit.num_inliers > 0) {
      numbers.push_back(fmt::format("{} inliers in {} cells", hit.num_inliers, hit.num_cells));
    }
    numbers.push_back(
        fmt::format("covers {} of query, {} of photo", PercentText(hit.query_overlap), PercentText(hit.photo_overlap)));
    numbers.push_back(fmt::format("{} of pixels agree", PercentText(hit.agreeing_pixels)));
    numbers.push_back(fmt::format("{:.2g} false hits expected", ExpectedFalseHitsOf(hit)));
    numbers.push_back(fmt::format("sha256 {}…", hit.photo.sha256.Hex().substr(0, 12)));
    return numbers;
  }

  const QueryResult& result_;
  const TextOptions& options_;
  const int width_;
  int rank_width_ = 2;
  std::array<int, kNumColumns> widths_{};  // 0: left out.
  bool products_apart_ = false;
  std::string text_;
};

}  // namespace

std::string FormatText(const QueryResult& result, const TextOptions& options) {
  return Writer(result, options).Write();
}

std::string FormatSummary(std::span<const QueryResult> results, const TextOptions& options) {
  enum { kQuery, kVerdict, kProbability, kFirstCell, kColumns = kFirstCell + kProducts };
  using Row = std::array<std::string, kColumns>;
  std::vector<Row> rows = {{"query", "verdict", "prob."}};
  for (size_t i = kPlatform; i < kProducts; ++i) rows[0][kFirstCell + i] = kHeadings[i];
  for (const QueryResult& result : results) {
    Row& row = rows.emplace_back();
    row[kQuery] = EscapeText(FileName(result.path.native()));
    if (result.hits.empty()) {
      row[kVerdict] = result.error_code.empty() ? "no hit" : "unreadable";
      continue;
    }
    const Hit& best = result.hits.front();
    row[kVerdict] = VerdictName(best.verdict);
    row[kProbability] = ProbabilityText(best);
    const Cells cells = best.sightings.empty() ? CellsOfPhoto(best.photo) : CellsOf(best.sightings.front());
    std::copy(cells.begin(), cells.begin() + kProducts, row.begin() + kFirstCell);
  }
  std::array<int, kColumns> widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  // The widest column gives way until the table fits.
  const int width = std::max(options.width, kMinWidth);
  while (std::accumulate(widths.begin(), widths.end(), kGap * (kColumns - 1)) > width) {
    --*std::max_element(widths.begin(), widths.end());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < kColumns; ++i) line += (i > 0 ? std::string(kGap, ' ') : "") + Fitted(row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace pugmark
