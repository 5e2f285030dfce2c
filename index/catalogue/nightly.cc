// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/nightly.h"

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/catalogue_impl.h"
#include "index/catalogue/connection.h"

namespace pugmark {

using internal::CatalogueAccess;
using internal::Query;

namespace {

constexpr char kReading[] = "reading for the digest";

}  // namespace

DigestMark NightlyLog::LastMark(std::string* since) const {
  Query query = CatalogueAccess::Reader(catalogue_)
                    .Use(
                        "SELECT started_at, last_photo, last_sighting, last_batch, last_alert, last_removal, last_link_run "
                        "FROM nightly_runs WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1",
                        kReading);
  if (!query.Next()) {
    since->clear();
    return {};
  }
  *since = query.GetText(0);
  return {query.GetInt(1), query.GetInt(2), query.GetInt(3), query.GetInt(4), query.GetInt(5), query.GetInt(6)};
}

DigestMark NightlyLog::Now() const {
  Query query = CatalogueAccess::Reader(catalogue_)
                    .Use(
                        "SELECT (SELECT ifnull(max(id), 0) FROM photos), (SELECT ifnull(max(id), 0) FROM sightings), "
                        "(SELECT ifnull(max(id), 0) FROM batches), (SELECT ifnull(max(id), 0) FROM alerts), "
                        "(SELECT ifnull(max(id), 0) FROM removals), (SELECT ifnull(max(id), 0) FROM link_runs)",
                        kReading);
  PUGMARK_CHECK(query.Next());
  return {query.GetInt(0), query.GetInt(1), query.GetInt(2), query.GetInt(3), query.GetInt(4), query.GetInt(5)};
}

void NightlyLog::Record(const std::string& started_at, int exit_code, const DigestMark& mark) {
  CatalogueAccess::Writer(catalogue_)
      .Use(
          "INSERT INTO nightly_runs (started_at, finished_at, exit_code, last_photo, last_sighting, last_batch, "
          "last_alert, "
          "last_removal, last_link_run) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
          "recording the nightly run")
      .Text(started_at)
      .Text(UtcNow())
      .Int(exit_code)
      .Int(mark.photo)
      .Int(mark.sighting)
      .Int(mark.batch)
      .Int(mark.alert)
      .Int(mark.removal)
      .Int(mark.link_run)
      .Run();
}

BatchCounts NightlyLog::CountsAfter(int64_t batch, int64_t* num_killed) const {
  Query query = CatalogueAccess::Reader(catalogue_)
                    .Use(
                        "SELECT ifnull(sum(num_new_photos), 0), ifnull(sum(num_known_photos), 0), "
                        "ifnull(sum(num_new_sightings), 0), ifnull(sum(num_unreadable), 0), "
                        "ifnull(sum(num_removed_earlier), 0), count(*) - count(finished_at) FROM batches WHERE id > ?",
                        kReading);
  PUGMARK_CHECK(query.Int(batch).Next());
  *num_killed = query.GetInt(5);
  return {query.GetInt(0), query.GetInt(1), query.GetInt(2), query.GetInt(3), query.GetInt(4)};
}

int64_t NightlyLog::NumPhotosBetween(const DigestMark& from, const DigestMark& to) const {
  Query query =
      CatalogueAccess::Reader(catalogue_).Use("SELECT count(*) FROM photos WHERE id > ? AND id <= ?", kReading);
  PUGMARK_CHECK(query.Int(from.photo).Int(to.photo).Next());
  return query.GetInt(0);
}

std::vector<PlatformCount> NightlyLog::PlatformsBetween(const DigestMark& from, const DigestMark& to,
                                                        int64_t limit) const {
  Query query =
      CatalogueAccess::Reader(catalogue_)
          .Use(
              "SELECT p.name, count(DISTINCT CASE WHEN s.photo_id > ? THEN s.photo_id END) AS fresh, count(*) "
              "FROM sightings AS s JOIN listings AS l ON l.id = s.listing_id "
              "JOIN platforms AS p ON p.id = l.platform_id WHERE s.id > ? AND s.id <= ? "
              "GROUP BY p.id ORDER BY fresh DESC, count(*) DESC, p.name LIMIT ?",
              kReading);
  query.Int(from.photo).Int(from.sighting).Int(to.sighting).Int(limit);
  std::vector<PlatformCount> platforms;
  while (query.Next()) platforms.push_back({query.GetText(0), query.GetInt(1), query.GetInt(2)});
  return platforms;
}

}  // namespace pugmark
