// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/alerts.h"

#include <fmt/format.h>


#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/catalogue_impl.h"
#include "index/catalogue/connection.h"

namespace pugmark {

using internal::Atomic;
using internal::CatalogueAccess;
using internal::Connection;
using internal::Query;

namespace {

constexpr char kReading[] = "reading alerts";
constexpr char kWriting[] = "writing alerts";
constexpr char kPhotoKey[] = "photo";
constexpr char kSightingKey[] = "sighting";

int64_t Progress(const Catalogue& catalogue, const char* key) {
  Query query = CatalogueAccess::Reader(catalogue).Use("SELECT value FROM alert_progress WHERE key = ?", kReading);
  return query.Text(key).Next() ? query.GetInt(0) : 0;
}

void Advance(Catalogue& catalogue, const char* key, int64_t value) {
  CatalogueAccess::Writer(catalogue)
      .Use(
          "INSERT INTO alert_progress (key, value) VALUES (?, ?) "
          "ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)",
          kWriting)
      .Text(key)
      .Int(value)
      .Run();
}

}  // namespace

std::string_view AlertRelationName(AlertRelation relation) {
  switch (relation) {
    case AlertRelation::kNews: return "news";
    case AlertRelation::kSameSeller: return "same-seller";
    case AlertRelation::kSameListing: return "same-listing";
  }
  return "news";
}

// --- Runs

int64_t AlertLog::StartRun(const std::string& cause, int64_t snapshot) {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  connection.Use("INSERT INTO alert_runs (cause, started_at, snapshot) VALUES (?, ?, ?)", kWriting)
      .Text(cause)
      .Text(UtcNow())
      .Int(snapshot)
      .Run();
  return connection.last_row_id();
}

void AlertLog::FinishRun(int64_t run, int64_t num_searched, int64_t num_alerts) {
  CatalogueAccess::Writer(catalogue_)
      .Use("UPDATE alert_runs SET finished_at = ?, num_searched = ?, num_alerts = ? WHERE id = ?", kWriting)
      .Text(UtcNow())
      .Int(num_searched)
      .Int(num_alerts)
      .Int(run)
      .Run();
}

std::optional<AlertRun> AlertLog::LastRun() const {
  Query query = CatalogueAccess::Reader(catalogue_)
                    .Use(
                        "SELECT id, cause, started_at, finished_at, snapshot, num_searched, num_alerts FROM alert_runs "
                        "WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1",
                        kReading);
  if (!query.Next()) return std::nullopt;
  return AlertRun{query.GetInt(0), query.GetText(1), query.GetText(2), query.GetText(3),
                  query.GetInt(4), query.GetInt(5),  query.GetInt(6)};
}

// --- Alerts

bool AlertLog::Add(const Alert& alert) {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  connection
      .Use(
          "INSERT INTO alerts (run_id, raised_at, photo_sha256, banked_sha256, listing, bank, verdict, probability, "
          "expected_false_hits, num_inliers, mirrored, relation, new_platforms, benign_bank) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
          kWriting)
      .Int(alert.run)
      .Text(UtcNow())
      .Blob(alert.photo.bytes)
      .Blob(alert.banked.bytes)
      .Text(alert.listing)
      .Text(alert.bank)
      .Text(alert.verdict)
      .Real(alert.probability)
      .Real(alert.expected_false_hits)
      .Int(alert.num_inliers)
      .Int(alert.mirrored ? 1 : 0)
      .Text(std::string(AlertRelationName(alert.relation)))
      .Text(alert.new_platforms)
      .Text(alert.benign_bank)
      .Run();
  return connection.num_changes() > 0;
}

std::vector<Alert> AlertLog::List(const Selection& selection) const {
  Query query =
      CatalogueAccess::Reader(catalogue_)
          .Use(
              "SELECT id, run_id, raised_at, photo_sha256, banked_sha256, listing, bank, verdict, probability, "
              "expected_false_hits, num_inliers, mirrored, relation, new_platforms, benign_bank, "
              "ifnull(dismissed_at, ''), dismissed_by, note FROM alerts WHERE id > ? "
              "AND (? = 0 OR dismissed_at IS NULL) AND (? = 1 OR relation = 'news') ORDER BY id LIMIT ?",
              kReading);
  query.Int(selection.after)
      .Int(selection.only_new ? 1 : 0)
      .Int(selection.also_same_seller ? 1 : 0)
      .Int(selection.limit);
  std::vector<Alert> alerts;
  while (query.Next()) {
    Alert& alert = alerts.emplace_back();
    alert.id = query.GetInt(0);
    alert.run = query.GetInt(1);
    alert.raised_at = query.GetText(2);
    alert.photo = query.GetSha256(3);
    alert.banked = query.GetSha256(4);
    alert.listing = query.GetText(5);
    alert.bank = query.GetText(6);
    alert.verdict = query.GetText(7);
    alert.probability = query.GetReal(8);
    alert.expected_false_hits = query.GetReal(9);
    alert.num_inliers = query.GetInt(10);
    alert.mirrored = query.GetInt(11) != 0;
    for (const AlertRelation relation : {AlertRelation::kSameSeller, AlertRelation::kSameListing}) {
      if (query.GetText(12) == AlertRelationName(relation)) alert.relation = relation;
    }
    alert.new_platforms = query.GetText(13);
    alert.benign_bank = query.GetText(14);
    alert.dismissed_at = query.GetText(15);
    alert.dismissed_by = query.GetText(16);
    alert.note = query.GetText(17);
  }
  return alerts;
}

void AlertLog::Dismiss(int64_t alert, const std::string& by, const std::string& note) {
  Connection& connection = CatalogueAccess::Writer(catalogue_);
  connection.Use("UPDATE alerts SET dismissed_at = ?, dismissed_by = ?, note = ? WHERE id = ?", kWriting)
      .Text(UtcNow())
      .Text(by)
      .Text(note)
      .Int(alert)
      .Run();
  if (connection.num_changes() == 0) {
    throw Error(ErrorCode::kNotFound, fmt::format("There is no alert {}. 'pugmark alerts' lists them.", alert));
  }
}

int64_t AlertLog::CountNew() const {
  Query query = CatalogueAccess::Reader(catalogue_)
                    .Use("SELECT count(*) FROM alerts WHERE dismissed_at IS NULL AND relation = 'news'", kReading);
  PUGMARK_CHECK(query.Next());
  return query.GetInt(0);
}

// --- What is to be looked at

bool AlertLog::IsAnyWatched() const {
  return CatalogueAccess::Reader(catalogue_).Use("SELECT 1 FROM bank_watches LIMIT 1", kReading).Next();
}

std::optional<std::string> AlertLog::WatchedBankOf(PhotoId photo) const {
  Query query = CatalogueAccess::Reader(catalogue_)
                    .Use(
                        "SELECT b.name FROM bank_photos AS p JOIN bank_watches AS w ON w.bank_id = p.bank_id "
                        "JOIN banks AS b ON b.id = p.bank_id WHERE p.photo_id = ? ORDER BY b.name LIMIT 1",
                        kReading);
  if (!query.Int(photo.value).Next()) return std::nullopt;
  return query.GetText(0);
}

std::vector<PhotoId> AlertLog::UnsearchedWatched(PhotoId last) const {
  Query query =
      CatalogueAccess::Reader(catalogue_)
          .Use(
              "SELECT DISTINCT p.photo_id FROM bank_watches AS w JOIN bank_photos AS p ON p.bank_id = w.bank_id "
              "WHERE p.photo_id <= ? AND NOT EXISTS (SELECT 1 FROM watched_photos AS d "
              "WHERE d.bank_id = p.bank_id AND d.photo_id = p.photo_id) ORDER BY p.photo_id",
              kReading);
  query.Int(last.value);
  std::vector<PhotoId> photos;
  while (query.Next()) photos.push_back(PhotoId{query.GetInt(0)});
  return photos;
}

void AlertLog::MarkSearched(PhotoId photo) {
  CatalogueAccess::Writer(catalogue_)
      .Use(
          "INSERT INTO watched_photos (bank_id, photo_id) SELECT p.bank_id, p.photo_id FROM bank_photos AS p "
          "JOIN bank_watches AS w ON w.bank_id = p.bank_id WHERE p.photo_id = ? ON CONFLICT DO NOTHING",
          kWriting)
      .Int(photo.value)
      .Run();
}

PhotoId AlertLog::LastPhoto() const { return PhotoId{Progress(catalogue_, kPhotoKey)}; }
int64_t AlertLog::LastSighting() const { return Progress(catalogue_, kSightingKey); }
void AlertLog::AdvanceTo(PhotoId photo) { Advance(catalogue_, kPhotoKey, photo.value); }
void AlertLog::AdvanceToSighting(int64_t sighting) { Advance(catalogue_, kSightingKey, sighting); }

std::vector<PhotoId> AlertLog::PhotosAfter(PhotoId after, PhotoId last) const {
  Query query =
      CatalogueAccess::Reader(catalogue_).Use("SELECT id FROM photos WHERE id > ? AND id <= ? ORDER BY id", kReading);
  query.Int(after.value).Int(last.value);
  std::vector<PhotoId> photos;
  while (query.Next()) photos.push_back(PhotoId{query.GetInt(0)});
  return photos;
}

std::vector<SightingNews> SightingsAfter(const Catalogue& catalogue, int64_t after, int64_t limit) {
  // A NULL seller equals none, so an unknown one is never "known before".
  Query query = CatalogueAccess::Reader(catalogue).Use(
      "SELECT s.id, s.photo_id, p.name, l.external_id, l.url, ifnull(u.handle, ''), l.title, "
      "ifnull((SELECT min(b.name) FROM bank_photos AS bp JOIN bank_watches AS w ON w.bank_id = bp.bank_id "
      "JOIN banks AS b ON b.id = bp.bank_id WHERE bp.photo_id = s.photo_id), ''), "
      "NOT EXISTS (SELECT 1 FROM sightings AS e WHERE e.photo_id = s.photo_id AND e.id < s.id), "
      "EXISTS (SELECT 1 FROM sightings AS e WHERE e.photo_id = s.photo_id AND e.id < s.id "
      "AND e.listing_id = s.listing_id), "
      "EXISTS (SELECT 1 FROM sightings AS e JOIN listings AS el ON el.id = e.listing_id "
      "WHERE e.photo_id = s.photo_id AND e.id < s.id AND el.seller_id = l.seller_id), "
      "EXISTS (SELECT 1 FROM sightings AS e JOIN listings AS el ON el.id = e.listing_id "
      "WHERE e.photo_id = s.photo_id AND e.id < s.id AND el.platform_id = l.platform_id) "
      "FROM sightings AS s JOIN listings AS l ON l.id = s.listing_id JOIN platforms AS p ON p.id = l.platform_id "
      "LEFT JOIN sellers AS u ON u.id = l.seller_id WHERE s.id > ? ORDER BY s.id LIMIT ?",
      kReading);
  query.Int(after).Int(limit);
  std::vector<SightingNews> sightings;
  while (query.Next()) {
    SightingNews& sighting = sightings.emplace_back();
    sighting.id = query.GetInt(0);
    sighting.photo = PhotoId{query.GetInt(1)};
    sighting.listing.platform = query.GetText(2);
    sighting.listing.external_id = query.GetText(3);
    sighting.listing.url = query.GetText(4);
    sighting.listing.seller = query.GetText(5);
    sighting.listing.title = query.GetText(6);
    sighting.watched_bank = query.GetText(7);
    sighting.is_first = query.GetInt(8) != 0;
    sighting.listing_known = query.GetInt(9) != 0;
    sighting.seller_known = query.GetInt(10) != 0;
    sighting.platform_known = query.GetInt(11) != 0;
  }
  return sightings;
}

}  // namespace pugmark
