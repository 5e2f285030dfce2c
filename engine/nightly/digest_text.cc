// SPDX-License-Identifier: Apache-2.0
//
// The digest as plain text: for a terminal, a mail, a log.
#include <fmt/format.h>

#include <map>

#include "engine/link/link_words.h"
#include "engine/nightly/digest.h"
#include "engine/nightly/digest_words.h"

namespace pugmark {
namespace {

using namespace digest_words;

constexpr size_t kLines = 50;  // Per section; digest.jsonl has all.
constexpr size_t kSightings = 3;

class Text {
 public:
  template <typename... Args>
  void Line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  void Heading(const std::string& heading) { text_ += '\n' + heading + '\n'; }
  template <typename Items, typename Show>
  void Some(const Items& items, int64_t num_more, const Show& show) {
    for (size_t i = 0; i < std::min(items.size(), kLines); ++i) show(items[i]);
    const int64_t more = num_more + static_cast<int64_t>(items.size() - std::min(items.size(), kLines));
    if (more > 0) Line("  … and {} more.", more);
  }
  std::string Take() && { return std::move(text_); }

 private:
  std::string text_;
};

void AddNewPlatforms(const Digest& digest, Text* text) {
  std::vector<const DigestAlert*> alerts;
  for (const DigestAlert& entry : digest.alerts) {
    if (!entry.alert.new_platforms.empty() && entry.alert.listing.empty()) alerts.push_back(&entry);
  }
  if (alerts.empty() && digest.new_platform_sightings.empty()) return;
  text->Heading("SEEN ON A PLATFORM WHERE IT WAS NOT KNOWN BEFORE");
  text->Some(digest.new_platform_sightings, 0, [&](const DigestSighting& sighting) {
    text->Line("  same file on {}: {}", EscapeText(sighting.listing.platform), NameOf(sighting.listing));
    text->Line("      photo {}…, seen in {}", sighting.photo.sha256.Hex().substr(0, 12),
               WhereSeen(sighting.photo, kSightings));
  });
  text->Some(alerts, 0, [&](const DigestAlert* entry) {
    text->Line("  {} ({}) on {}: alert {}", entry->alert.verdict, Percent(entry->alert),
               EscapeText(entry->alert.new_platforms), entry->alert.id);
    text->Line("      new:   {}", WhereSeen(entry->photo, kSightings));
    text->Line("      known: {}", WhereSeen(entry->banked, kSightings));
  });
}

void AddAlert(const DigestAlert& entry, Text* text) {
  const Alert& alert = entry.alert;
  text->Line("  {}  {}  {}  bank {}{}{}", alert.id, alert.verdict, Percent(alert), EscapeText(alert.bank),
             alert.benign_bank.empty()
                 ? ""
                 : fmt::format("  [also a copy of a photo in bank {}]", EscapeText(alert.benign_bank)),
             alert.dismissed_at.empty() ? "" : "  [dismissed]");
  if (!alert.listing.empty()) {
    text->Line("      seen again: {}", SeenAgainIn(alert));
    text->Line("      photo {}…: {}", alert.banked.Hex().substr(0, 12), WhereSeen(entry.banked, kSightings));
    return;
  }
  text->Line("      new:   {}…  {}", alert.photo.Hex().substr(0, 12), WhereSeen(entry.photo, kSightings));
  text->Line("      known: {}…  {}", alert.banked.Hex().substr(0, 12), WhereSeen(entry.banked, kSightings));
}

void AddAlerts(const Digest& digest, Text* text) {
  std::map<std::string, int64_t> by_verdict;
  for (const DigestAlert& entry : digest.alerts) ++by_verdict[entry.alert.verdict];
  std::string verdicts;
  for (const auto& [verdict, number] : by_verdict)
    verdicts += fmt::format("{}{} {}", verdicts.empty() ? "" : ", ", number, verdict);
  text->Heading(fmt::format("NEW ALERTS: {}{}", digest.alerts.size(), verdicts.empty() ? "" : " (" + verdicts + ")"));
  text->Some(digest.alerts, 0, [&](const DigestAlert& entry) { AddAlert(entry, text); });
  if (digest.num_same_seller > 0) {
    text->Line("  And {} of one seller's own photos, which say nothing new: 'pugmark alerts --all'.",
               Counted(digest.num_same_seller, "pair"));
  }
  if (digest.watched_banks.empty()) {
    text->Line("  No bank is watched: 'pugmark bank watch NAME' watches one.");
  } else {
    std::string banks;
    for (const std::string& bank : digest.watched_banks) banks += (banks.empty() ? "" : ", ") + EscapeText(bank);
    text->Line("  Watched: {}. Not dismissed yet, in all: {}.", banks, digest.num_open_alerts);
  }
}

}  // namespace

std::string FormatDigestText(const Digest& digest) {
  Text text;
  text.Line("Pugmark digest of {}: {}", digest.started_at, Headline(digest));
  text.Line("{}, {}", EscapeText(digest.collection),
            digest.since.empty() ? "from the beginning" : "since " + digest.since);
  for (const DigestStage& stage : digest.stages) {
    if (stage.outcome == "failed") text.Line("FAILED: {}: {}", stage.name, stage.message);
  }
  for (const std::string& problem : digest.problems) text.Line("INCOMPLETE: {}", problem);
  AddNewPlatforms(digest, &text);
  AddAlerts(digest, &text);

  if (!digest.new_links.empty() || !digest.group_events.empty()) {
    text.Heading(fmt::format("NEWLY LINKED SELLERS: {}", Counted(static_cast<int64_t>(digest.new_links.size()), "pair")));
    text.Some(digest.new_links, 0, [&](const DigestLink& link) {
      text.Line("  {}: {} and {}{}", LinkPercent(link.probability), link.seller, link.other,
                link.group == 0 ? "" : fmt::format(", group {}", link.group));
      text.Line("      {}", link.reason);
    });
    text.Some(digest.group_events, 0, [&](const std::string& event) { text.Line("  {}", event); });
    text.Line("  'pugmark link --seller PLATFORM:HANDLE' explains a link, 'pugmark link --groups' shows all groups.");
  }

  text.Heading(fmt::format("NEW PHOTOS: {}, and {} in all", digest.num_new_photos,
                           Counted(digest.counts.num_new_sightings, "new sighting")));
  text.Some(digest.platforms, 0, [&](const PlatformCount& platform) {
    text.Line("  {}: {}, {}", platform.platform.empty() ? "(no platform)" : EscapeText(platform.platform),
              Counted(platform.num_photos, "new photo"), Counted(platform.num_sightings, "new sighting"));
  });
  if (digest.num_unindexed > 0)
    text.Line("  {} not searchable yet: run 'pugmark reindex'.",
              Counted(digest.num_unindexed, "photo is", "photos are"));
  if (digest.num_killed_batches > 0)
    text.Line("  {} ended before it was finished; what it had committed is kept.",
              Counted(digest.num_killed_batches, "batch", "batches"));

  if (!digest.unreadable.empty()) {
    text.Heading(
        fmt::format("UNREADABLE: {}", static_cast<int64_t>(digest.unreadable.size()) + digest.num_more_unreadable));
    text.Some(digest.unreadable, digest.num_more_unreadable,
              [&](const QuarantineEntry& entry) { text.Line("  {} ({}): {}", entry.path, entry.code, entry.message); });
  }
  if (!digest.refused.empty()) {
    text.Heading(fmt::format("REFUSED, BECAUSE IT WAS REMOVED BEFORE: {}",
                             static_cast<int64_t>(digest.refused.size()) + digest.num_more_refused));
    text.Some(digest.refused, digest.num_more_refused,
              [&](const QuarantineEntry& entry) { text.Line("  {}: {}", entry.path, entry.message); });
  }
  if (!digest.removals.empty()) {
    text.Heading(fmt::format("TAKEDOWNS: {}", digest.removals.size()));
    text.Some(digest.removals, 0, [&](const Removal& removal) {
      text.Line("  receipt {}, {} by {}: {}; {}, {}: {}", removal.id, removal.removed_at,
                EscapeText(removal.removed_by), WhatFor(removal),
                Counted(static_cast<int64_t>(removal.photos.size()), "photo"),
                Counted(removal.num_sightings, "sighting"), EscapeText(removal.reason));
    });
  }
  text.Heading("STAGES");
  for (const DigestStage& stage : digest.stages) {
    text.Line("  {:<8} {:<11} {:>8.1f} s  {}", stage.name, stage.outcome, stage.seconds, stage.message);
  }
  for (const auto& [name, value] : digest.index_figures) text.Line("  {}: {}", EscapeText(name), EscapeText(value));
  text.Line("  the collection holds {} in snapshot {}", Counted(digest.num_photos, "photo"), digest.snapshot);
  text.Line("");
  text.Line("A hit is a lead for a person to check, not proof.");
  return std::move(text).Take();
}

}  // namespace pugmark
