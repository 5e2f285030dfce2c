// SPDX-License-Identifier: Apache-2.0
#include "engine/report/html_data.h"

#include <fmt/format.h>

namespace pugmark::html {

data Number(double value) { return fmt::format("{:.1f}", value); }

data Percent(double value) { return fmt::format("{:.2f}%", value); }

void AddFact(const std::string& fact, const std::string& value, data* facts) {
  if (value.empty()) return;
  data item;
  item.set("fact", fact);
  item.set("value", value);
  facts->push_back(item);
}

data Texts(const std::vector<std::string>& texts) {
  data list(data::type::list);
  for (const std::string& text : texts) {
    data item;
    item.set("text", text);
    list.push_back(item);
  }
  return list;
}

std::string SizeText(int width_px, int height_px) {
  return width_px > 0 && height_px > 0 ? fmt::format("{} × {}", width_px, height_px) : std::string();
}

}  // namespace pugmark::html
