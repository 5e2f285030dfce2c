// SPDX-License-Identifier: Apache-2.0
#include "engine/link/export_stix.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "engine/link/days.h"
#include "engine/link/export_tables.h"
#include "engine/report/wording.h"
#include "index/base/files.h"
#include "index/base/uuid.h"

namespace pugmark {
namespace {

using Json = nlohmann::ordered_json;

// Of the standard, section 2.9: for observables.
constexpr Uuid kObservables = {0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c,
                               0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7};
// Drawn once, for everything else that Pugmark names.
constexpr Uuid kPugmark = {0x6f, 0x1d, 0x3c, 0x52, 0x8e, 0x07, 0x4b, 0x90,
                           0xa5, 0x3e, 0x7c, 0x2b, 0x91, 0xd4, 0x08, 0xe6};

// ISO 8601 as manifests have it → UTC as STIX wants it. Times without a zone count as UTC; nothing for what is no time.
std::optional<std::string> StixTime(const std::string& text) {
  const std::optional<int64_t> day = DayNumber(text);
  if (!day) return std::nullopt;
  int hours = 0, minutes = 0, seconds = 0, read = 0, offset_hours = 0, offset_minutes = 0;
  char sign = 0;
  int64_t moment = *day * 86'400;
  if (text.size() >= 16 && std::sscanf(text.c_str() + 11, "%2d:%2d%n", &hours, &minutes, &read) == 2) {
    const char* rest = text.c_str() + 11 + read;
    if (std::sscanf(rest, ":%2d%n", &seconds, &read) == 1) {
      rest += read;
      if (*rest == '.') {
        while (*++rest >= '0' && *rest <= '9') continue;  // Fractions of a second.
      }
    }
    if (std::sscanf(rest, "%c%2d:%2d", &sign, &offset_hours, &offset_minutes) == 3 && (sign == '+' || sign == '-')) {
      moment -= (sign == '-' ? -1 : 1) * (offset_hours * 3600 + offset_minutes * 60);
    }
    moment += hours * 3600 + minutes * 60 + seconds;
  }
  const std::chrono::sys_seconds time{std::chrono::seconds(moment)};
  const auto date = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day ymd(date);
  const std::chrono::hh_mm_ss clock(time - date);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

int Confidence(double probability) { return static_cast<int>(std::floor(probability * 100)); }

class Bundle {
 public:
  Bundle(const LinkGraph& graph, const std::string& created_at, const std::string& version)
      : graph_(graph), created_at_(StixTime(graph.linked_at).value_or(created_at)), version_(version) {}

  std::string Build() {
    Json maker = Object("identity", "pugmark");
    maker["name"] = "Pugmark " + version_;
    maker["description"] = "Image matching. A link is a lead for a person to check, not proof.";
    maker["identity_class"] = "system";
    maker_ = maker["id"];
    objects_.push_back(std::move(maker));
    std::set<size_t> sellers, listings, photos;
    for (const SellerEdge& edge : graph_.seller_edges) {
      if (edge.decision != Decision::kCut) sellers.insert({edge.a, edge.b});
    }
    for (const size_t seller : sellers) {
      AddAccount(seller);
      listings.insert(graph_.sellers[seller].listings.begin(), graph_.sellers[seller].listings.end());
    }
    for (const size_t listing : listings)
      photos.insert(graph_.listings[listing].photos.begin(), graph_.listings[listing].photos.end());
    for (const size_t photo : photos) AddFile(photo);
    for (const size_t listing : listings) AddListing(listing);
    for (const PhotoEdge& edge : graph_.photo_edges) {
      if (photos.contains(edge.a) && photos.contains(edge.b) && edge.review != Answer::kNo) AddRelationship(edge);
    }
    for (const SellerEdge& edge : graph_.seller_edges) {
      if (edge.decision != Decision::kCut) AddRelationship(edge);
    }
    for (const Group& group : graph_.groups) AddGroup(group);
    Json bundle = {{"type", "bundle"}, {"id", "bundle--" + NamedUuid(kPugmark, "bundle " + created_at_)}};
    bundle["objects"] = std::move(objects_);
    return bundle.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  }

 private:
  // What all domain and relationship objects begin with.
  Json Object(const std::string& type, const std::string& name) const {
    Json object = {{"type", type},
                   {"spec_version", "2.1"},
                   {"id", fmt::format("{}--{}", type, NamedUuid(kPugmark, type + " " + name))}};
    if (!maker_.empty()) object["created_by_ref"] = maker_;
    object["created"] = created_at_;
    object["modified"] = created_at_;
    return object;
  }

  // Named by its own properties: sorted, without blanks (RFC 8785).
  static Json Observable(const std::string& type, const nlohmann::json& named_by) {
    const std::string name = named_by.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    Json object = {
        {"type", type}, {"spec_version", "2.1"}, {"id", fmt::format("{}--{}", type, NamedUuid(kObservables, name))}};
    for (const auto& [key, value] : named_by.items()) object[key] = value;
    return object;
  }

  void AddAccount(size_t idx) {
    const SellerNode& seller = graph_.sellers[idx];
    nlohmann::json named_by = {{"account_login", EscapeText(seller.handle)}};
    if (!seller.platform.empty()) named_by["account_type"] = EscapeText(seller.platform);
    Json account = Observable("user-account", named_by);
    account["display_name"] = EscapeText(LabelOf(seller));
    account_ids_[idx] = account["id"];
    objects_.push_back(std::move(account));
  }

  void AddFile(size_t idx) {
    Json file = Observable("file", {{"hashes", {{"SHA-256", graph_.photos[idx].sha256.Hex()}}}});
    file_ids_[idx] = file["id"];
    objects_.push_back(std::move(file));
  }

  void AddListing(size_t idx) {
    const ListingNode& listing = graph_.listings[idx];
    const std::optional<std::string> first = StixTime(listing.first_seen), last = StixTime(listing.last_seen);
    if (!first || !last || !listing.seller) return;
    Json refs = Json::array({account_ids_.at(*listing.seller)});
    if (!listing.url.empty()) {
      Json url = Observable("url", {{"value", EscapeText(listing.url)}});
      refs.push_back(url["id"]);
      if (urls_.insert(url["id"].get<std::string>()).second) objects_.push_back(std::move(url));
    }
    for (const size_t photo : listing.photos) refs.push_back(file_ids_.at(photo));
    // Named by its place among the seller's own: a listing may have neither number nor address.
    Json observed = Object("observed-data", fmt::format("{} {} {} {}", account_ids_.at(*listing.seller),
                                                        listing.external_id, listing.url, listing.title));
    observed["first_observed"] = *first;
    observed["last_observed"] = std::max(*first, *last);
    observed["number_observed"] = std::max<size_t>(1, listing.captured.size());
    observed["object_refs"] = std::move(refs);
    objects_.push_back(std::move(observed));
  }

  Json Relationship(const std::string& source, const std::string& target) const {
    Json relationship = Object("relationship", source + " " + target);
    relationship["relationship_type"] = "related-to";
    relationship["source_ref"] = source;
    relationship["target_ref"] = target;
    return relationship;
  }

  void AddRelationship(const PhotoEdge& edge) {
    Json relationship = Relationship(file_ids_.at(edge.a), file_ids_.at(edge.b));
    relationship["description"] =
        fmt::format("{}{}", EdgeKindName(edge.kind), edge.review == Answer::kYes ? ", confirmed by a person" : "");
    relationship["confidence"] = Confidence(edge.probability);
    objects_.push_back(std::move(relationship));
  }

  void AddRelationship(const SellerEdge& edge) {
    Json relationship = Relationship(account_ids_.at(edge.a), account_ids_.at(edge.b));
    std::string description = fmt::format("{}: perhaps one hand", StatusOf(edge));
    for (const Evidence& evidence : edge.evidence) description += "; " + EscapeText(EvidenceText(evidence));
    relationship["description"] = description;
    relationship["confidence"] = Confidence(edge.probability);
    if (const auto since = StixTime(edge.since)) relationship["start_time"] = *since;
    relationship_ids_[{edge.a, edge.b}] = relationship["id"];
    objects_.push_back(std::move(relationship));
  }

  void AddGroup(const Group& group) {
    Json refs = Json::array();
    for (const size_t seller : group.sellers) {
      if (account_ids_.contains(seller)) refs.push_back(account_ids_.at(seller));
    }
    for (const size_t idx : group.edges) {
      const SellerEdge& edge = graph_.seller_edges[idx];
      const auto found = relationship_ids_.find({edge.a, edge.b});
      if (found != relationship_ids_.end()) refs.push_back(found->second);
    }
    if (refs.empty()) return;
    Json grouping = Object("grouping", fmt::format("group {}", group.id));
    if (const auto founded = StixTime(group.founded_at)) grouping["created"] = std::min(*founded, created_at_);
    grouping["name"] =
        fmt::format("Group {}: {} on {}", group.id, Counted(static_cast<int64_t>(group.sellers.size()), "seller"),
                    Counted(static_cast<int64_t>(group.platforms.size()), "platform"));
    grouping["context"] = "suspicious-activity";
    grouping["object_refs"] = std::move(refs);
    objects_.push_back(std::move(grouping));
  }

  const LinkGraph& graph_;
  const std::string created_at_, version_;
  std::string maker_;
  Json objects_ = Json::array();
  std::map<size_t, std::string> account_ids_, file_ids_;
  std::map<std::pair<size_t, size_t>, std::string> relationship_ids_;
  std::set<std::string> urls_;
};

}  // namespace

std::string FormatStix(const LinkGraph& graph, const std::string& created_at, const std::string& version) {
  return Bundle(graph, created_at, version).Build();
}

}  // namespace pugmark
