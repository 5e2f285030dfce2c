// SPDX-License-Identifier: Apache-2.0
//
// What text and page of the digest word alike. Private to the room. All results are escaped.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "engine/nightly/digest.h"
#include "index/base/files.h"

namespace pugmark::digest_words {

inline std::string Counted(int64_t number, const std::string& noun, const std::string& plural = "") {
  return fmt::format("{} {}", number, number == 1 ? noun : plural.empty() ? noun + "s" : plural);
}

inline std::string NameOf(const Listing& l) {
  const std::string name = !l.external_id.empty() ? l.external_id : !l.title.empty() ? l.title : l.url;
  std::string text = l.platform.empty() ? "(no platform)" : EscapeText(l.platform);
  if (!name.empty()) text += " " + EscapeText(name);
  if (!l.seller.empty()) text += " of " + EscapeText(l.seller);
  return text;
}

inline std::string NameOf(const Sighting& sighting) {
  std::string text = NameOf(sighting.listing);
  const std::string& time = sighting.listing.posted_at.empty() ? sighting.captured_at : sighting.listing.posted_at;
  if (!time.empty()) text += ", " + EscapeText(time.substr(0, 10));
  return text;
}

// "bazaar 12 of joe, 2016-12-02; … and 3 more".
inline std::string WhereSeen(const DigestPhoto& photo, size_t most) {
  if (!photo.photo) return "removed from the collection";
  if (photo.sightings.empty()) return "in no listing";
  std::string text;
  for (size_t i = 0; i < std::min(photo.sightings.size(), most); ++i) {
    text += (i == 0 ? "" : "; ") + NameOf(photo.sightings[i]);
  }
  if (photo.sightings.size() > most) text += fmt::format("; and {} more", photo.sightings.size() - most);
  return text;
}

// Where a photo of a bank was seen again: the alert's listing in words.
inline std::string SeenAgainIn(const Alert& alert) {
  std::string text = alert.listing;
  std::replace(text.begin(), text.end(), '\n', ' ');
  return EscapeText(text);
}

inline std::string Percent(const Alert& alert) {
  if (alert.verdict == "same-file") return "certain";
  return fmt::format("{:.1f} %", std::min(std::max(alert.probability, 0.0) * 100, 99.9));
}

inline std::string Headline(const Digest& digest) {
  return fmt::format(
      "{}, {}, {}", Counted(static_cast<int64_t>(digest.alerts.size()), "new alert"),
      Counted(digest.num_new_photos, "new photo"),
      Counted(static_cast<int64_t>(digest.unreadable.size()) + digest.num_more_unreadable, "unreadable input"));
}

inline std::string WhatFor(const Removal& removal) {
  std::string text;
  constexpr size_t kShown = 5;
  for (size_t i = 0; i < std::min(removal.targets.size(), kShown); ++i) {
    const RemovalTarget& target = removal.targets[i];
    text += (i == 0 ? "" : ", ") + std::string(RemovalKindName(target.kind)) + " " +
            (target.kind == RemovalTarget::Kind::kPhoto      ? target.name.substr(0, 12) + "…"
             : target.kind == RemovalTarget::Kind::kPlatform ? EscapeText(target.platform)
                                                             : EscapeText(target.platform + ":" + target.name));
  }
  if (removal.targets.size() > kShown) text += fmt::format(" and {} more", removal.targets.size() - kShown);
  return text;
}

}  // namespace pugmark::digest_words
