// SPDX-License-Identifier: Apache-2.0
//
// The digest as one offline page. The template escapes markup; EscapeText before it takes what would deceive a reader.
#include "engine/nightly/digest_html.h"

#include <fmt/format.h>

#include <kainjow/mustache.hpp>

#include "engine/link/link_words.h"
#include "engine/nightly/digest.h"
#include "engine/nightly/digest_words.h"
#include "index/base/base64.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

using namespace digest_words;
using kainjow::mustache::data;
using kainjow::mustache::mustache;

constexpr size_t kMostAlerts = 200, kMostRows = 200, kMostSightings = 6;
constexpr size_t kMostPictureBytes = 32 << 20;

data Optional(const std::string& text) { return text.empty() ? data(false) : data(text); }

std::string More(size_t num_all, size_t num_shown) {
  return num_all > num_shown ? fmt::format("… and {} more, in digest.jsonl.", num_all - num_shown) : "";
}

class Page {
 public:
  Page(const Digest& digest, const DigestPicture& picture) : digest_(digest), picture_(picture) {}

  std::string Render() {
    data page;
    page.set("version", EscapeText(digest_.version));
    page.set("day", digest_.started_at.substr(0, 10));
    page.set("started_at", digest_.started_at);
    page.set("headline", Headline(digest_));
    page.set("collection", EscapeText(digest_.collection));
    page.set("since", digest_.since.empty() ? std::string("from the beginning") : "since " + digest_.since);
    page.set("bad", Problems());
    page.set("new_platforms", NewPlatforms());
    page.set("num_alerts", std::to_string(digest_.alerts.size()));
    page.set("alerts", Alerts());
    page.set("more_alerts", Optional(More(digest_.alerts.size(), kMostAlerts)));
    page.set("watched", Watched());
    page.set("links", Links());
    page.set("num_new_photos", std::to_string(digest_.num_new_photos));
    page.set("platforms", Platforms());
    data inputs(data::type::list);
    AddInputs("Unreadable", digest_.unreadable, digest_.num_more_unreadable, &inputs);
    AddInputs("Refused, because it was removed before", digest_.refused, digest_.num_more_refused, &inputs);
    page.set("unreadable", inputs);
    page.set("removals", Removals());
    page.set("stages", Stages());
    page.set("figures", Figures());
    mustache view{std::string(kDigestHtml)};
    PUGMARK_CHECK(view.is_valid());
    return view.render(page);
  }

 private:
  data Problems() const {
    data problems(data::type::list);
    const auto add = [&](const std::string& text) {
      data entry;
      entry.set("bad", text);
      problems.push_back(entry);
    };
    for (const DigestStage& stage : digest_.stages) {
      if (stage.outcome == "failed") add(fmt::format("Failed: {}: {}", stage.name, stage.message));
    }
    for (const std::string& problem : digest_.problems) add("Incomplete: " + problem);
    return problems;
  }

  data NewPlatforms() const {
    data rows(data::type::list);
    size_t num_all = 0, num_rows = 0;
    const auto add = [&](const std::string& verdict, int64_t id, const std::string& platform, const std::string& now,
                         const std::string& known) {
      if (num_all++ >= kMostRows) return;
      data row;
      row.set("verdict", verdict);
      row.set("id", id == 0 ? data(false) : data(std::to_string(id)));
      row.set("platform", EscapeText(platform));
      row.set("now", now);
      row.set("known", known);
      rows.push_back(row);
      ++num_rows;
    };
    for (const DigestSighting& sighting : digest_.new_platform_sightings) {
      add("same-file", 0, sighting.listing.platform, NameOf(sighting.listing),
          WhereSeen(sighting.photo, kMostSightings));
    }
    for (const DigestAlert& entry : digest_.alerts) {
      if (entry.alert.new_platforms.empty() || !entry.alert.listing.empty()) continue;
      add(entry.alert.verdict, entry.alert.id, entry.alert.new_platforms, WhereSeen(entry.photo, kMostSightings),
          WhereSeen(entry.banked, kMostSightings));
    }
    if (num_all == 0) return data(false);
    data section;
    section.set("rows", rows);
    section.set("more", Optional(More(num_all, num_rows)));
    return section;
  }

  data Side(const std::string& heading, const DigestPhoto& photo) {
    data side;
    side.set("heading", heading);
    side.set("sha256", photo.sha256.Hex());
    std::optional<std::vector<uint8_t>> jpeg;
    if (photo.photo && picture_) jpeg = picture_(photo.sha256);
    std::string missing = photo.photo ? "no picture" : "removed from the collection";
    if (jpeg && picture_bytes_ + jpeg->size() > kMostPictureBytes) {
      jpeg.reset();
      missing = "left out: the page would be too large";
    }
    if (jpeg) picture_bytes_ += jpeg->size();
    side.set("base64", jpeg ? data(Base64(*jpeg)) : data(false));
    side.set("missing", missing);
    data sightings(data::type::list);
    for (size_t i = 0; i < std::min(photo.sightings.size(), kMostSightings); ++i) {
      data entry;
      entry.set("sighting", NameOf(photo.sightings[i]));
      sightings.push_back(entry);
    }
    if (photo.sightings.size() > kMostSightings) {
      data entry;
      entry.set("sighting", fmt::format("… and {} more", photo.sightings.size() - kMostSightings));
      sightings.push_back(entry);
    }
    side.set("sightings", sightings);
    return side;
  }

  data Alerts() {
    data alerts(data::type::list);
    for (size_t i = 0; i < std::min(digest_.alerts.size(), kMostAlerts); ++i) {
      const DigestAlert& entry = digest_.alerts[i];
      data item;
      item.set("id", std::to_string(entry.alert.id));
      item.set("verdict", entry.alert.verdict);
      item.set("probability", Percent(entry.alert));
      item.set("bank", EscapeText(entry.alert.bank));
      item.set("new_platforms", Optional(EscapeText(entry.alert.new_platforms)));
      item.set("benign", Optional(EscapeText(entry.alert.benign_bank)));
      item.set("dismissed", !entry.alert.dismissed_at.empty());
      data sides(data::type::list);
      if (entry.alert.listing.empty()) {
        sides.push_back(Side("New", entry.photo));
        sides.push_back(Side("Known", entry.banked));
      } else {
        sides.push_back(Side("The same file again in " + SeenAgainIn(entry.alert), entry.banked));
      }
      item.set("sides", sides);
      alerts.push_back(item);
    }
    return alerts;
  }

  data Links() const {
    if (digest_.new_links.empty() && digest_.group_events.empty()) return data(false);
    data rows(data::type::list), events(data::type::list);
    for (size_t i = 0; i < std::min(digest_.new_links.size(), kMostRows); ++i) {
      const DigestLink& link = digest_.new_links[i];
      data row;
      row.set("seller", link.seller);
      row.set("other", link.other);
      row.set("probability", LinkPercent(link.probability));
      row.set("group", link.group == 0 ? std::string("none") : std::to_string(link.group));
      row.set("reason", link.reason);
      rows.push_back(row);
    }
    for (size_t i = 0; i < std::min(digest_.group_events.size(), kMostRows); ++i) {
      data entry;
      entry.set("event", digest_.group_events[i]);
      events.push_back(entry);
    }
    data section;
    section.set("rows", rows);
    section.set("events", events);
    section.set("more", Optional(More(digest_.new_links.size(), kMostRows)));
    section.set("more_events", Optional(More(digest_.group_events.size(), kMostRows)));
    return section;
  }

  std::string Watched() const {
    if (digest_.watched_banks.empty()) return "No bank is watched.";
    std::string text;
    for (const std::string& bank : digest_.watched_banks)
      text += (text.empty() ? "Watched: " : ", ") + EscapeText(bank);
    text += fmt::format(". Not dismissed yet, in all: {}.", digest_.num_open_alerts);
    if (digest_.num_same_seller > 0) {
      text += fmt::format(" Besides {} of one seller's own photos.", Counted(digest_.num_same_seller, "pair"));
    }
    return text;
  }

  data Platforms() const {
    data platforms(data::type::list);
    for (size_t i = 0; i < std::min(digest_.platforms.size(), kMostRows); ++i) {
      const PlatformCount& platform = digest_.platforms[i];
      data row;
      row.set("platform", platform.platform.empty() ? std::string("(no platform)") : EscapeText(platform.platform));
      row.set("photos", std::to_string(platform.num_photos));
      row.set("sightings", std::to_string(platform.num_sightings));
      platforms.push_back(row);
    }
    return platforms;
  }

  static void AddInputs(const std::string& heading, const std::vector<QuarantineEntry>& entries, int64_t num_more,
                        data* sections) {
    if (entries.empty()) return;
    data rows(data::type::list);
    for (size_t i = 0; i < std::min(entries.size(), kMostRows); ++i) {
      data row;
      row.set("path", entries[i].path);
      row.set("message", entries[i].message);
      rows.push_back(row);
    }
    data section;
    const size_t num_all = entries.size() + static_cast<size_t>(num_more);
    section.set("heading", fmt::format("{}: {}", heading, num_all));
    section.set("rows", rows);
    section.set("more", Optional(More(num_all, kMostRows)));
    sections->push_back(section);
  }

  data Removals() const {
    if (digest_.removals.empty()) return data(false);
    data rows(data::type::list);
    for (size_t i = 0; i < std::min(digest_.removals.size(), kMostRows); ++i) {
      const Removal& removal = digest_.removals[i];
      data row;
      row.set("id", std::to_string(removal.id));
      row.set("at", removal.removed_at);
      row.set("by", EscapeText(removal.removed_by));
      row.set("what",
              fmt::format("{}: {}, {}", WhatFor(removal), Counted(static_cast<int64_t>(removal.photos.size()), "photo"),
                          Counted(removal.num_sightings, "sighting")));
      row.set("reason", EscapeText(removal.reason));
      rows.push_back(row);
    }
    data section;
    section.set("rows", rows);
    return section;
  }

  data Stages() const {
    data stages(data::type::list);
    for (const DigestStage& stage : digest_.stages) {
      data row;
      row.set("name", stage.name);
      row.set("outcome", stage.outcome);
      row.set("seconds", fmt::format("{:.1f}", stage.seconds));
      row.set("message", stage.message);
      stages.push_back(row);
    }
    return stages;
  }

  data Figures() const {
    data figures(data::type::list);
    const auto add = [&](const std::string& name, const std::string& value) {
      data row;
      row.set("name", EscapeText(name));
      row.set("value", EscapeText(value));
      figures.push_back(row);
    };
    for (const auto& [name, value] : digest_.index_figures) add(name, value);
    add("photos in the collection", std::to_string(digest_.num_photos));
    add("snapshot", std::to_string(digest_.snapshot));
    if (digest_.num_unindexed > 0) add("photos not searchable yet", std::to_string(digest_.num_unindexed));
    return figures;
  }

  const Digest& digest_;
  const DigestPicture& picture_;
  size_t picture_bytes_ = 0;
};

}  // namespace

std::string FormatDigestHtml(const Digest& digest, const DigestPicture& picture) {
  return Page(digest, picture).Render();
}

}  // namespace pugmark
