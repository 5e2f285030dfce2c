// SPDX-License-Identifier: Apache-2.0
#include "engine/report/html_data.h"

#include <fmt/format.h>

#include "index/base/base64.h"
#include "index/base/sha256.h"

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

std::string CspHash(std::string_view text) {
  const Sha256 sha256 = Sha256::Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  return "'sha256-" + Base64(sha256.bytes) + "'";
}

std::string SizeText(int width_px, int height_px) {
  return width_px > 0 && height_px > 0 ? fmt::format("{} × {}", width_px, height_px) : std::string();
}

}  // namespace pugmark::html
