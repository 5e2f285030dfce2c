// SPDX-License-Identifier: Apache-2.0
#include "engine/nightly/digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include "engine/link/graph.h"
#include "engine/link/link_words.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/banks.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostEntries = 100'000;
constexpr int64_t kSightingsPerRound = 10'000;
constexpr char kRemovedCode[] = "removed";

int RankOf(const std::string& verdict) {
  int rank = 0;
  for (const Verdict v : {Verdict::kSameFile, Verdict::kSamePhoto, Verdict::kSameObject, Verdict::kSameScene}) {
    if (verdict == VerdictName(v)) return rank;
    ++rank;
  }
  return rank;
}

DigestPhoto Look(const Catalogue& catalogue, const Sha256& sha256) {
  DigestPhoto known;
  known.sha256 = sha256;
  if (const std::optional<PhotoId> id = catalogue.FindPhoto(sha256)) {
    known.photo = catalogue.GetPhoto(*id);
    known.sightings = catalogue.SightingsOf(*id);
  }
  return known;
}

void AddAlerts(Catalogue& catalogue, const DigestMark& from, Digest* digest) {
  const AlertLog log(catalogue);
  digest->num_open_alerts = log.CountNew();
  for (const BankInfo& bank : Banks(catalogue).List()) {
    if (!bank.watched_since.empty()) digest->watched_banks.push_back(bank.name);
  }
  for (const Alert& alert : log.List({.also_same_seller = true, .after = from.alert})) {
    if (alert.id > digest->mark.alert) break;
    if (alert.relation != AlertRelation::kNews) {
      ++digest->num_same_seller;
    } else if (digest->alerts.size() < kMostEntries) {
      digest->alerts.push_back({alert, Look(catalogue, alert.photo), Look(catalogue, alert.banked)});
    }
  }
  std::stable_sort(digest->alerts.begin(), digest->alerts.end(), [](const DigestAlert& a, const DigestAlert& b) {
    const auto key = [](const Alert& alert) {
      return std::tuple(!alert.benign_bank.empty(), alert.new_platforms.empty(), RankOf(alert.verdict));
    };
    return key(a.alert) < key(b.alert);
  });
}

void AddSightings(const Catalogue& catalogue, const DigestMark& from, Digest* digest) {
  int64_t after = from.sighting;
  for (;;) {
    const std::vector<SightingNews> some = SightingsAfter(catalogue, after, kSightingsPerRound);
    for (const SightingNews& sighting : some) {
      if (sighting.id > digest->mark.sighting || digest->new_platform_sightings.size() == kMostEntries) return;
      if (sighting.is_first || sighting.platform_known || sighting.listing.platform.empty()) continue;
      if (const std::optional<Photo> photo = catalogue.GetPhoto(sighting.photo)) {
        digest->new_platform_sightings.push_back({Look(catalogue, photo->sha256), sighting.listing});
      }
    }
    if (some.empty()) return;
    after = some.back().id;
  }
}

void AddLinks(const Catalogue& catalogue, const DigestMark& from, Digest* digest) {
  const std::vector<SellerLink> links = SellerLinks(catalogue, from.link_run);
  const std::vector<SellerGroupEvent> events = SellerGroupEvents(catalogue, from.link_run);
  if (links.empty() && events.empty()) return;
  const LinkGraph graph = LoadGraph(catalogue);
  std::map<SellerId, const SellerNode*> sellers;
  for (const SellerNode& seller : graph.sellers) sellers.emplace(seller.id, &seller);
  std::set<std::pair<SellerId, SellerId>> told;
  for (const SellerLink& link : links) told.emplace(link.low, link.high);
  for (const SellerEdge& edge : graph.seller_edges) {
    const SellerNode &a = graph.sellers[edge.a], &b = graph.sellers[edge.b];
    if (digest->new_links.size() == kMostEntries || !told.contains({a.id, b.id})) continue;
    const bool same_group = a.group && a.group == b.group;
    digest->new_links.push_back({NameOf(a), NameOf(b), edge.probability,
                                 edge.evidence.empty() ? "confirmed by a person" : ReasonText(graph, edge.evidence.front()),
                                 same_group ? graph.groups[*a.group].id : 0});
  }
  std::stable_sort(digest->new_links.begin(), digest->new_links.end(),
                   [](const DigestLink& a, const DigestLink& b) { return a.probability > b.probability; });
  for (const SellerGroupEvent& event : events) {
    if (digest->group_events.size() == kMostEntries) break;
    std::string text = fmt::format("group {}: {}", event.group, event.kind);
    if (const auto seller = sellers.find(event.seller); seller != sellers.end()) text += " " + NameOf(*seller->second);
    if (event.other_group != 0) text += fmt::format(" group {}", event.other_group);
    digest->group_events.push_back(std::move(text));
  }
}

void AddQuarantine(const fs::path& file, const DigestMark& from, Digest* digest) {
  int64_t num_more = 0;
  for (QuarantineEntry& entry : ReadQuarantine(file, from.batch, 2 * kMostEntries, &num_more)) {
    const bool is_refused = entry.code == kRemovedCode;
    std::vector<QuarantineEntry>& entries = is_refused ? digest->refused : digest->unreadable;
    int64_t& more = is_refused ? digest->num_more_refused : digest->num_more_unreadable;
    if (entries.size() < kMostEntries) {
      entries.push_back(std::move(entry));
    } else {
      ++more;
    }
  }
  digest->num_more_unreadable += num_more;
}

}  // namespace

Digest GatherDigest(Collection& collection, const std::string& version) {
  Digest digest;
  digest.collection = collection.paths.root.string();
  digest.version = version;
  Catalogue& catalogue = collection.catalogue;
  DigestMark from;
  // Damage in one place must not keep the rest from being told.
  const auto part = [&](const char* what, const std::function<void()>& gather) {
    try {
      gather();
    } catch (const Error& e) {
      digest.problems.push_back(fmt::format("{} could not be told: {}", what, e.what()));
    }
  };
  part("What is new", [&] {
    const NightlyLog log(catalogue);
    from = log.LastMark(&digest.since);
    digest.mark = log.Now();
    digest.counts = log.CountsAfter(from.batch, &digest.num_killed_batches);
    digest.num_new_photos = log.NumPhotosBetween(from, digest.mark);
    digest.platforms = log.PlatformsBetween(from, digest.mark, static_cast<int64_t>(kMostEntries));
    digest.num_photos = catalogue.Counts().num_photos;
  });
  part("The state of the index", [&] {
    const std::optional<int64_t> current = CurrentSnapshot(collection.paths);
    digest.snapshot = current.value_or(0);
    const PhotoId last = current ? ReadSnapshotInfo(collection.paths, *current).last_photo : PhotoId{};
    digest.num_unindexed = catalogue.TotalsAfter(last).num_photos;
  });
  part("Alerts", [&] { AddAlerts(catalogue, from, &digest); });
  part("Links between sellers", [&] { AddLinks(catalogue, from, &digest); });
  part("Sightings on new platforms", [&] { AddSightings(catalogue, from, &digest); });
  part("Unreadable inputs", [&] { AddQuarantine(collection.paths.quarantine(), from, &digest); });
  part("Takedowns", [&] { digest.removals = Takedown(catalogue).Receipts(from.removal); });
  return digest;
}

fs::path WriteDigest(const Digest& digest, const DigestPicture& picture, const fs::path& dir) {
  std::string name = digest.started_at;  // "2026-11-24T02:00:00Z" without what other systems cannot have in names.
  std::erase(name, ':');
  std::error_code error;
  fs::create_directories(dir, error);
  const fs::path staging = dir / ("." + name + ".tmp");
  if (!error) fs::remove_all(staging, error);
  if (!error) fs::create_directory(staging, error);
  if (error) {
    throw Error(ErrorCode::kIo,
                fmt::format("{}: the digest cannot be written here: {}.", EscapeText(dir.string()), error.message()));
  }
  WriteFileAtomically(staging / "digest.txt", FormatDigestText(digest));
  WriteFileAtomically(staging / "digest.jsonl", FormatDigestJson(digest));
  WriteFileAtomically(staging / "digest.html", FormatDigestHtml(digest, picture));
  fs::path folder = dir / name;
  for (int i = 2; fs::exists(fs::symlink_status(folder)); ++i) folder = dir / fmt::format("{}-{}", name, i);
  fs::rename(staging, folder, error);
  if (error) {
    throw Error(ErrorCode::kIo, fmt::format("{}: the digest cannot be put in place: {}.", EscapeText(folder.string()),
                                            error.message()));
  }
  Sync(dir);
  return folder;
}

DigestPicture ThumbnailsOf(const CollectionPaths& paths) {
  return [paths](const Sha256& photo) -> std::optional<std::vector<uint8_t>> {
    try {
      return ReadFile(paths.thumbnail(photo), kMaxThumbnailBytes);
    } catch (const Error&) {
      return std::nullopt;
    }
  };
}

}  // namespace pugmark
