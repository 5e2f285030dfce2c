// SPDX-License-Identifier: Apache-2.0
#include "engine/report/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "engine/report/width.h"

namespace pugmark {
namespace {

constexpr int kMinColumn = 3;     // Cells are not cut shorter than this.
constexpr int kWholeColumn = 11;  // Those of whole columns: a verdict, a day. What a seller wrote there instead is cut.

// Of each column: its widest cell; 0 if there is none below the heading.
std::vector<int> WidthsOf(const std::vector<std::vector<std::string>>& rows) {
  std::vector<int> widths(rows.front().size(), 0);
  for (size_t i = 0; i < widths.size(); ++i) {
    for (size_t r = 1; r < rows.size(); ++r) widths[i] = std::max(widths[i], DisplayWidth(rows[r][i]));
    if (widths[i] > 0) widths[i] = std::max(widths[i], DisplayWidth(rows.front()[i]));
  }
  return widths;
}

int TotalOf(const std::vector<int>& widths) {
  const auto num_shown = std::count_if(widths.begin(), widths.end(), [](int w) { return w > 0; });
  return std::accumulate(widths.begin(), widths.end(), kGap * (static_cast<int>(num_shown) - 1));
}

}  // namespace

std::string_view StyleOf(Verdict verdict) {
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

std::string Styled(std::string_view text, std::string_view style, bool colour) {
  return colour && !style.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", style, text) : std::string(text);
}

std::string Wrapped(const std::vector<std::string>& parts, int width, int indent, std::string_view separator) {
  std::string text, line;
  const std::string blanks(static_cast<size_t>(indent), ' ');
  const int room = width - indent;
  for (const std::string& part : parts) {
    if (line.empty()) {
      line = CutEnd(part, room);
    } else if (DisplayWidth(line) + DisplayWidth(separator) + DisplayWidth(part) <= room) {
      line.append(separator).append(part);
    } else {
      text += blanks + line + "\n";
      line = CutEnd(part, room);
    }
  }
  return text + blanks + line + "\n";
}

std::string WrappedSentence(std::string_view sentence, int width, int indent) {
  std::vector<std::string> words;
  for (size_t start = 0; start <= sentence.size();) {
    const size_t end = std::min(sentence.find(' ', start), sentence.size());
    words.emplace_back(sentence.substr(start, end - start));
    start = end + 1;
  }
  return Wrapped(words, width, indent, " ");
}

int TableWidth(const std::vector<std::vector<std::string>>& rows) { return TotalOf(WidthsOf(rows)); }

std::string Table(const std::vector<std::vector<std::string>>& rows, int width,
                  const std::vector<std::string_view>& whole) {
  std::vector<int> widths = WidthsOf(rows);
  while (TotalOf(widths) > width) {
    int* widest = nullptr;
    for (size_t i = 0; i < widths.size(); ++i) {
      const bool is_whole = std::find(whole.begin(), whole.end(), rows.front()[i]) != whole.end();
      const int min_width = is_whole ? kWholeColumn : kMinColumn;
      if (widths[i] > min_width && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
    }
    if (widest == nullptr) break;
    --*widest;
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] == 0) continue;
      if (!line.empty()) line += std::string(kGap, ' ');
      line += Fitted(row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace pugmark
