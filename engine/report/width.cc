// SPDX-License-Identifier: Apache-2.0
#include "engine/report/width.h"

#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <cwchar>
#include <vector>

namespace pugmark {
namespace {

constexpr std::string_view kEllipsis = "…";

// Makes C.UTF-8 the thread's locale while it lives.
class Utf8Locale {
 public:
  Utf8Locale() {
    static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (utf8 != nullptr) previous_ = ::uselocale(utf8);
  }
  ~Utf8Locale() {
    if (previous_ != nullptr) ::uselocale(previous_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t previous_ = nullptr;
};

struct Glyph {
  std::string_view bytes;
  int columns = 1;
};

std::vector<Glyph> Glyphs(std::string_view utf8) {
  const Utf8Locale locale;
  std::vector<Glyph> glyphs;
  while (!utf8.empty()) {
    std::mbstate_t state{};
    wchar_t c = 0;
    size_t length = std::mbrtowc(&c, utf8.data(), utf8.size(), &state);
    int columns = 1;
    if (length == 0 || length > utf8.size()) {  // NUL, malformed, or no such locale.
      length = 1;
    } else {
      columns = ::wcwidth(c);
      if (columns < 0) columns = 1;
    }
    glyphs.push_back({utf8.substr(0, length), columns});
    utf8.remove_prefix(length);
  }
  return glyphs;
}

int Width(const std::vector<Glyph>& glyphs) {
  int columns = 0;
  for (const Glyph& glyph : glyphs) columns += glyph.columns;
  return columns;
}

}  // namespace

int DisplayWidth(std::string_view utf8) { return Width(Glyphs(utf8)); }

std::string CutEnd(std::string_view utf8, int columns) {
  const std::vector<Glyph> glyphs = Glyphs(utf8);
  if (Width(glyphs) <= columns) return std::string(utf8);
  std::string text;
  int left = columns - 1;
  for (const Glyph& glyph : glyphs) {
    if (glyph.columns > left) break;
    left -= glyph.columns;
    text += glyph.bytes;
  }
  return text.append(kEllipsis);
}

std::string CutBeginning(std::string_view utf8, int columns) {
  const std::vector<Glyph> glyphs = Glyphs(utf8);
  int width = Width(glyphs);
  if (width <= columns) return std::string(utf8);
  auto kept = glyphs.begin();
  // Marks that combine with a glyph that was cut go with it.
  while (kept != glyphs.end() && (width > columns - 1 || kept->columns == 0)) width -= (kept++)->columns;
  std::string text(kEllipsis);
  for (; kept != glyphs.end(); ++kept) text += kept->bytes;
  return text;
}

std::string Fitted(std::string_view utf8, int columns) {
  std::string text = CutEnd(utf8, columns);
  return text.append(static_cast<size_t>(std::max(0, columns - DisplayWidth(text))), ' ');
}

}  // namespace pugmark
