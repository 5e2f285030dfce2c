// SPDX-License-Identifier: Apache-2.0
//
// The digest as JSON lines, for other programs.
#include <nlohmann/json.hpp>

#include "engine/nightly/digest.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

using Json = nlohmann::ordered_json;

Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json ToJson(const Listing& listing) {
  return {{"platform", TextOrNull(listing.platform)}, {"listing_id", TextOrNull(listing.external_id)},
          {"seller", TextOrNull(listing.seller)},     {"url", TextOrNull(listing.url)},
          {"title", TextOrNull(listing.title)},       {"posted_at", TextOrNull(listing.posted_at)}};
}

Json ToJson(const DigestPhoto& photo) {
  Json sightings = Json::array();
  for (const Sighting& sighting : photo.sightings) sightings.push_back(ToJson(sighting.listing));
  return {{"sha256", photo.sha256.Hex()},
          {"path", photo.photo ? Json(EscapeText(photo.photo->path)) : Json(nullptr)},
          {"removed", !photo.photo},
          {"sightings", sightings}};
}

Json ToJson(const DigestAlert& entry) {
  const Alert& alert = entry.alert;
  return {{"schema", 1},
          {"type", "digest_alert"},
          {"id", alert.id},
          {"raised_at", alert.raised_at},
          {"bank", alert.bank},
          {"verdict", alert.verdict},
          {"probability", alert.probability},
          {"expected_false_hits", alert.expected_false_hits},
          {"mirrored", alert.mirrored},
          {"new_platforms", TextOrNull(alert.new_platforms)},
          {"benign_bank", TextOrNull(alert.benign_bank)},
          {"seen_again_in", TextOrNull(alert.listing)},
          {"dismissed", !alert.dismissed_at.empty()},
          {"photo", ToJson(entry.photo)},
          {"banked", ToJson(entry.banked)}};
}

Json ToJson(const DigestLink& link) {
  return {{"schema", 1},
          {"type", "digest_link"},
          {"seller", link.seller},
          {"linked", link.other},
          {"probability", link.probability},
          {"group", link.group == 0 ? Json(nullptr) : Json(link.group)},
          {"reason", link.reason}};
}

Json ToJson(const QuarantineEntry& entry, const char* type) {
  return {
      {"schema", 1},          {"type", type},  {"path", entry.path}, {"error", entry.code}, {"message", entry.message},
      {"batch", entry.batch}, {"at", entry.at}};
}

Json ToJson(const Removal& removal) {
  Json targets = Json::array(), photos = Json::array();
  for (const RemovalTarget& target : removal.targets) {
    targets.push_back({{"kind", RemovalKindName(target.kind)}, {"platform", target.platform}, {"name", target.name}});
  }
  for (const RemovedPhoto& photo : removal.photos) photos.push_back(photo.sha256.Hex());
  return {{"schema", 1},
          {"type", "digest_removal"},
          {"id", removal.id},
          {"removed_at", removal.removed_at},
          {"removed_by", removal.removed_by},
          {"reason", removal.reason},
          {"targets", targets},
          {"photos", photos},
          {"listings", removal.listings.size()},
          {"sightings", removal.num_sightings}};
}

Json Head(const Digest& digest) {
  Json figures = Json::object();
  for (const auto& [name, value] : digest.index_figures) figures[name] = value;
  return {{"schema", 1},
          {"type", "digest"},
          {"version", digest.version},
          {"collection", EscapeText(digest.collection)},
          {"since", TextOrNull(digest.since)},
          {"started_at", digest.started_at},
          {"finished_at", digest.finished_at},
          {"photos", digest.num_photos},
          {"snapshot", digest.snapshot},
          {"unindexed_photos", digest.num_unindexed},
          {"new_photos", digest.num_new_photos},
          {"new_sightings", digest.counts.num_new_sightings},
          {"new_platform_sightings", digest.new_platform_sightings.size()},
          {"alerts", digest.alerts.size()},
          {"same_seller", digest.num_same_seller},
          {"open_alerts", digest.num_open_alerts},
          {"watched_banks", digest.watched_banks},
          {"new_links", digest.new_links.size()},
          {"group_events", digest.group_events},
          {"unreadable", static_cast<int64_t>(digest.unreadable.size()) + digest.num_more_unreadable},
          {"refused", static_cast<int64_t>(digest.refused.size()) + digest.num_more_refused},
          {"removals", digest.removals.size()},
          {"interrupted_batches", digest.num_killed_batches},
          {"index", figures},
          {"problems", digest.problems}};
}

}  // namespace

std::string FormatDigestJson(const Digest& digest) {
  std::string text;
  // Plain ASCII: what others write can then do nothing to a terminal, and no text is lost.
  const auto add = [&](const Json& json) { text += json.dump(-1, ' ', true, Json::error_handler_t::replace) + '\n'; };
  add(Head(digest));
  for (const DigestSighting& sighting : digest.new_platform_sightings) {
    add({{"schema", 1},
         {"type", "digest_sighting"},
         {"listing", ToJson(sighting.listing)},
         {"photo", ToJson(sighting.photo)}});
  }
  for (const DigestAlert& alert : digest.alerts) add(ToJson(alert));
  for (const DigestLink& link : digest.new_links) add(ToJson(link));
  for (const PlatformCount& platform : digest.platforms) {
    add({{"schema", 1},
         {"type", "digest_platform"},
         {"platform", TextOrNull(platform.platform)},
         {"new_photos", platform.num_photos},
         {"new_sightings", platform.num_sightings}});
  }
  for (const QuarantineEntry& entry : digest.unreadable) add(ToJson(entry, "digest_unreadable"));
  for (const QuarantineEntry& entry : digest.refused) add(ToJson(entry, "digest_refused"));
  for (const Removal& removal : digest.removals) add(ToJson(removal));
  for (const DigestStage& stage : digest.stages) {
    add({{"schema", 1},
         {"type", "digest_stage"},
         {"stage", stage.name},
         {"outcome", stage.outcome},
         {"seconds", stage.seconds},
         {"message", stage.message}});
  }
  return text;
}

}  // namespace pugmark
