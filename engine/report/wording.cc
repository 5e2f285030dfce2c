// SPDX-License-Identifier: Apache-2.0
#include "engine/report/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "index/base/files.h"

namespace pugmark {

std::string ProbabilityText(const Hit& hit) {
  if (hit.verdict == Verdict::kSameFile) return "certain";
  if (hit.verdict == Verdict::kNone) return "-";  // A person confirmed what the machine does not find.
  // The nudge keeps 0.998 from becoming 99.7 % because it is stored as 0.99799999.
  const double tenths = std::floor(std::clamp(hit.probability, 0.0, 1.0) * 1000 + 1e-6);
  return fmt::format("{:.1f} %", std::min(tenths, 999.0) / 10);
}

double ExpectedFalseHitsOf(const Hit& hit) { return hit.verdict == Verdict::kSameFile ? 0.0 : hit.expected_false_hits; }

std::string GroupedNumber(int64_t number) {
  std::string digits = std::to_string(number);
  const int first = number < 0 ? 1 : 0;
  for (int i = static_cast<int>(digits.size()) - 3; i > first; i -= 3) digits.insert(static_cast<size_t>(i), 1, ',');
  return digits;
}

std::string PercentText(double fraction) { return fmt::format("{:.0f} %", std::clamp(fraction, 0.0, 1.0) * 100); }

std::string DayOf(std::string_view time) {
  const auto is_digit = [&](size_t i) { return std::isdigit(static_cast<unsigned char>(time[i])) != 0; };
  const bool is_iso = time.size() > 10 && is_digit(0) && is_digit(3) && time[4] == '-' && time[7] == '-' &&
                      is_digit(9) && (time[10] == 'T' || time[10] == ' ');
  return std::string(is_iso ? time.substr(0, 10) : time);
}

std::string Joined(const std::vector<std::string>& texts, std::string_view separator) {
  return fmt::format("{}", fmt::join(texts, separator));
}

std::string PriceText(const Listing& listing) {
  if (listing.price.empty() || listing.currency.empty()) return listing.price;
  return listing.price + " " + listing.currency;
}

std::string ListingName(const Sighting& sighting) {
  if (!sighting.listing.external_id.empty()) return sighting.listing.external_id;
  if (!sighting.listing.title.empty()) return sighting.listing.title;
  return FileName(sighting.path);
}

std::string ShortSha256Text(const Sha256& sha256) { return fmt::format("sha256 {}…", sha256.Hex().substr(0, 12)); }

std::string MatchedText(const Hit& hit) {
  constexpr float kNearlyAll = 0.9f;
  const bool whole_query = hit.query_overlap >= kNearlyAll, whole_photo = hit.photo_overlap >= kNearlyAll;
  std::string text;
  switch (hit.verdict) {
    case Verdict::kSameFile: return "the same bytes";
    case Verdict::kSamePhoto:
      text = whole_query && whole_photo ? "the whole photo"
             : whole_query              ? "a part of the photo"
             : whole_photo              ? "a part of the query"
                                        : "a part of both";
      break;
    case Verdict::kSameObject: text = "the object"; break;
    case Verdict::kSameScene: text = "the surroundings"; break;
    case Verdict::kLookAlike: text = "a likeness"; break;
    case Verdict::kNone: return "nothing that Pugmark sees";
  }
  return text + (hit.mirrored ? ", mirrored" : "");
}

std::vector<std::string> NotesOf(const Hit& hit) {
  std::vector<std::string> notes;
  for (const Catalogue::BankName& bank : hit.banks) {
    if (bank.name == BankRoleName(BankRole::kEvidence)) continue;  // Where everything is that nobody put elsewhere.
    const std::string name = EscapeText(bank.name);
    notes.push_back(bank.role == BankRole::kBenign ? fmt::format("copied from bank '{}' (benign)", name)
                                                   : fmt::format("in bank '{}' ({})", name, BankRoleName(bank.role)));
  }
  if (hit.num_sightings_left_out > 0) {
    notes.push_back(fmt::format("{} left out", Counted(hit.num_sightings_left_out, "sighting")));
  }
  return notes;
}

std::vector<std::string> NumbersOf(const Hit& hit, std::string_view query, std::string_view photo) {
  std::vector<std::string> numbers;
  if (hit.verdict == Verdict::kNone) return numbers;
  if (hit.num_inliers > 0) {
    numbers.push_back(fmt::format("{}, found again in {}", Counted(hit.num_inliers, "inlier"),
                                  Counted(hit.num_cells, "place")));
  }
  numbers.push_back(fmt::format("covers {} of {}, {} of {}", PercentText(hit.query_overlap), query,
                                PercentText(hit.photo_overlap), photo));
  numbers.push_back(fmt::format("{} of pixels agree", PercentText(hit.agreeing_pixels)));
  numbers.push_back(fmt::format("{:.2g} false hits expected", ExpectedFalseHitsOf(hit)));
  return numbers;
}

std::string ReviewText(const Hit& hit) {
  if (!hit.review) return "";
  const Review& review = *hit.review;
  std::string text;
  switch (review.answer) {
    case Answer::kYes: text = "confirmed by " + review.reviewer; break;
    case Answer::kUnsure: text = "reviewed: unsure, by " + review.reviewer; break;
    case Answer::kNo: {
      Hit machine;
      machine.verdict = hit.machine_verdict;
      machine.probability = hit.machine_probability;
      text = fmt::format("reviewed: no, by {} (was {}, {})", review.reviewer, VerdictName(hit.machine_verdict),
                         ProbabilityText(machine));
      break;
    }
  }
  text += " on " + DayOf(review.reviewed_at);
  return review.note.empty() ? text : text + ": " + review.note;
}

std::string ReviewMark(const Hit& hit) {
  return hit.review ? fmt::format("{}, {}", AnswerName(hit.review->answer), hit.review->reviewer) : "";
}

std::string_view ReviewEffect(const Hit& hit) {
  if (!hit.review) return "";
  switch (hit.review->answer) {
    case Answer::kYes:
      return hit.verdict == Verdict::kNone
                 ? "Pugmark itself does not recognise this photo: it is listed because of the yes, before all others "
                   "but equal files."
                 : "A yes puts the hit before all others but equal files. Verdict and numbers stay Pugmark's own.";
    case Answer::kNo:
      return "A no puts the hit last, as look-alike of probability 0, and keeps it out of alerts. All other numbers "
             "stay "
             "Pugmark's own.";
    case Answer::kUnsure: return "That changes neither verdict nor rank.";
  }
  return "";
}

std::vector<std::string> RegionTexts(const QueryResult& result) {
  const auto text = [](const Region& r) {
    return fmt::format("{:.0f} × {:.0f} at {:.0f}, {:.0f}", r.width_px, r.height_px, r.x_px, r.y_px);
  };
  std::vector<std::string> texts;
  if (result.roi) texts.push_back(fmt::format("only {} searched for", text(*result.roi)));
  for (const Region& excluded : result.excluded) texts.push_back(fmt::format("without {}", text(excluded)));
  return texts;
}

std::string FileName(std::string_view path) { return std::string(path.substr(path.find_last_of('/') + 1)); }

}  // namespace pugmark
