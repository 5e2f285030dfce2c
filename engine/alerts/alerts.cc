// SPDX-License-Identifier: Apache-2.0
#include "engine/alerts/alerts.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <vector>

#include "engine/alerts/news.h"
#include "engine/collection/brief_writer.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

constexpr int kAllHits = 10000;
constexpr int64_t kSightingsPerRound = 1000;

// Of the verdicts that show the same imagery, not only the same room.
bool IsSameImagery(Verdict verdict) { return verdict <= Verdict::kSameObject; }

std::string BenignBankOf(const std::vector<Catalogue::BankName>& banks) {
  for (const Catalogue::BankName& bank : banks) {
    if (bank.role == BankRole::kBenign) return bank.name;
  }
  return "";
}

class AlertJob {
 public:
  AlertJob(const std::filesystem::path& root, const AlertOptions& options, std::stop_token stop)
      : options_(options),
        stop_(std::move(stop)),
        paths_(LocateCollection(root)),
        writer_(paths_, options_.wait_seconds),
        catalogue_(writer_.catalogue()),
        log_(catalogue_) {}

  AlertReport Run(const AlertProgress& progress) {
    report_.is_any_watched = log_.IsAnyWatched();
    if (!report_.is_any_watched) return report_;
    SearchOptions search = options_.search;
    search.filter = {};
    search.regions = {};
    search.max_hits = kAllHits;
    const Searcher searcher(paths_.root, search);
    const PhotoId last = searcher.last_photo();
    report_.snapshot = searcher.snapshot();
    report_.num_unindexed = searcher.num_unindexed();
    const std::vector<PhotoId> fresh = log_.PhotosAfter(log_.LastPhoto(), last);
    const std::vector<PhotoId> banked = log_.UnsearchedWatched(last);
    report_.num_new = static_cast<int64_t>(fresh.size());
    report_.num_banked = static_cast<int64_t>(banked.size());
    new_.insert(fresh.begin(), fresh.end());
    banked_.insert(banked.begin(), banked.end());
    std::vector<PhotoId> photos;
    std::set_union(fresh.begin(), fresh.end(), banked.begin(), banked.end(), std::back_inserter(photos));
    if (photos.empty() && SomeSightings(last).empty()) return report_;

    writer_.Write([&] { report_.run = log_.StartRun(options_.cause, report_.snapshot); });
    const auto total = static_cast<int64_t>(photos.size());
    size_t next = 0;
    searcher.SearchPhotos(photos, options_.num_threads, stop_, [&](const QueryResult& result) {
      Take(photos[next++], result);
      progress(++report_.num_searched, total);
    });
    if (!stop_.stop_requested()) TakeSightings(last);
    report_.cancelled = stop_.stop_requested();
    if (!report_.cancelled) writer_.Write([&] { log_.FinishRun(report_.run, report_.num_searched, report_.num_alerts); });
    return report_;
  }

 private:
  // The next sightings to look at, up to one of a photo that is not searched yet.
  std::vector<SightingNews> SomeSightings(PhotoId last) const {
    std::vector<SightingNews> some = SightingsAfter(catalogue_, log_.LastSighting(), kSightingsPerRound);
    const auto end = std::find_if(some.begin(), some.end(), [&](const SightingNews& s) { return s.photo > last; });
    some.erase(end, some.end());
    return some;
  }

  // What was found for one photo.
  void Take(PhotoId photo, const QueryResult& result) {
    report_.num_damaged += result.num_damaged + (result.error_code == ErrorCodeName(ErrorCode::kCorrupt) ? 1 : 0);
    const std::vector<Alert> alerts = AlertsOf(photo, result);
    writer_.Write([&] {
      // It may have been removed while it was searched for.
      if (catalogue_.GetPhoto(photo)) {
        for (const Alert& alert : alerts) Add(alert);
        log_.MarkSearched(photo);
      }
      if (new_.contains(photo)) log_.AdvanceTo(photo);
    });
  }

  void Add(Alert alert) {
    alert.run = report_.run;
    if (!catalogue_.FindPhoto(alert.photo) || !catalogue_.FindPhoto(alert.banked) || !log_.Add(alert)) return;
    if (alert.relation != AlertRelation::kNews) {
      ++report_.num_same_seller;
      return;
    }
    ++report_.num_alerts;
    ++report_.by_verdict[alert.verdict];
  }

  std::vector<Alert> AlertsOf(PhotoId id, const QueryResult& result) {
    std::vector<Alert> alerts;
    if (!result.sha256 || !BenignBankOf(catalogue_.BanksOf(id)).empty()) return alerts;
    const std::optional<std::string> own_bank = log_.WatchedBankOf(id);
    const bool is_hunt = own_bank && banked_.contains(id);
    const std::vector<Sighting> sightings = catalogue_.SightingsOf(id);
    std::string copied_bank;
    for (const Hit& hit : result.hits) {
      if (hit.photo.id != id && hit.verdict <= Verdict::kSamePhoto && copied_bank.empty())
        copied_bank = BenignBankOf(hit.banks);
    }
    for (const Hit& hit : result.hits) {
      if (hit.photo.id == id || hit.machine_verdict > Verdict::kSameScene || !BenignBankOf(hit.banks).empty()) continue;
      const std::optional<std::string> bank = log_.WatchedBankOf(hit.photo.id);
      // Of two photos in watched banks the older is the one that was known.
      const bool hit_is_known = bank && (new_.contains(id) || !own_bank) && !(own_bank && hit.photo.id > id);
      if (!hit_is_known && !is_hunt) continue;
      if (IsDismissed(hit)) {
        ++report_.num_rejected;
        continue;
      }
      Alert alert;
      alert.photo = hit_is_known ? *result.sha256 : hit.photo.sha256;
      alert.banked = hit_is_known ? hit.photo.sha256 : *result.sha256;
      alert.bank = hit_is_known ? *bank : *own_bank;
      alert.verdict = VerdictName(hit.verdict);
      alert.probability = hit.probability;
      alert.expected_false_hits = hit.expected_false_hits;
      alert.num_inliers = hit.num_inliers;
      alert.mirrored = hit.mirrored;
      alert.relation = RelationOf(sightings, hit.sightings);
      alert.benign_bank = copied_bank;
      if (IsSameImagery(hit.verdict)) {
        alert.new_platforms =
            hit_is_known ? NewPlatforms(sightings, OlderThan(id, result)) : NewPlatforms(hit.sightings, {sightings});
      }
      alerts.push_back(std::move(alert));
    }
    return alerts;
  }

  // Sightings of what was known of the same imagery when the photo came.
  static std::vector<std::vector<Sighting>> OlderThan(PhotoId id, const QueryResult& result) {
    std::vector<std::vector<Sighting>> known;
    for (const Hit& hit : result.hits) {
      if (hit.photo.id < id && IsSameImagery(hit.verdict)) known.push_back(hit.sightings);
    }
    return known;
  }

  // Photos of watched banks that were themselves seen again.
  void TakeSightings(PhotoId last) {
    while (!stop_.stop_requested()) {
      const std::vector<SightingNews> some = SomeSightings(last);
      if (some.empty()) return;
      writer_.Write([&] {
        for (const SightingNews& sighting : some) {
          if (std::optional<Alert> alert = AlertOf(sighting)) Add(*alert);
        }
        log_.AdvanceToSighting(some.back().id);
      });
    }
  }

  std::optional<Alert> AlertOf(const SightingNews& sighting) const {
    // A photo's first sighting is the photo itself, which was searched for.
    if (sighting.watched_bank.empty() || sighting.is_first || sighting.listing_known) return std::nullopt;
    const std::optional<Photo> photo = catalogue_.GetPhoto(sighting.photo);
    if (!photo || !BenignBankOf(catalogue_.BanksOf(sighting.photo)).empty()) return std::nullopt;
    Alert alert;
    alert.photo = alert.banked = photo->sha256;
    alert.listing = sighting.listing.platform + '\n' + IdentityOf(sighting.listing) + '\n' + sighting.listing.seller;
    alert.bank = sighting.watched_bank;
    alert.verdict = VerdictName(Verdict::kSameFile);
    alert.probability = 1;
    alert.relation = sighting.seller_known ? AlertRelation::kSameSeller : AlertRelation::kNews;
    if (!sighting.platform_known) alert.new_platforms = sighting.listing.platform;
    return alert;
  }

  const AlertOptions& options_;
  const std::stop_token stop_;
  const CollectionPaths paths_;
  BriefWriter writer_;
  Catalogue& catalogue_;  // The writer's.
  AlertLog log_;
  AlertReport report_;
  std::unordered_set<PhotoId> new_, banked_;
};

}  // namespace

AlertReport RunAlerts(const std::filesystem::path& collection, const AlertOptions& options, std::stop_token stop,
                      const AlertProgress& progress) {
  PUGMARK_CHECK(options.num_threads > 0);
  return AlertJob(collection, options, std::move(stop)).Run(progress);
}

}  // namespace pugmark
