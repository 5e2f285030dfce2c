// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/extractions.h"

#include <fmt/format.h>

#include "index/base/error.h"
#include "index/catalogue/catalogue_impl.h"

namespace pugmark {

using internal::Atomic;
using internal::Connection;
using internal::Query;

namespace {

constexpr int64_t kLargestPhotoId = 0xFFFFFFFF;  // What an entry of an index holds.

}  // namespace

PhotoSet Extractions::PhotosOf(const std::string& extractor, PhotoId last) const {
  Query query = catalogue_.impl_->connection.Use(
      "SELECT photo_id FROM features INDEXED BY features_totals "
      "WHERE photo_id <= ? AND extractor_id = (SELECT id FROM extractors WHERE name = ?) ORDER BY photo_id",
      "listing photos");
  query.Int(last.value).Text(extractor);
  PhotoSet photos;
  while (query.Next()) {
    const PhotoId photo{query.GetInt(0)};
    // The set has a bit for each id up to the largest; a stranger's catalogue must not choose how many that are.
    if (photo.value < 0 || photo.value > kLargestPhotoId) {
      throw Error(ErrorCode::kCorrupt, fmt::format("The catalogue holds a photo of number {}, which none can have. Restore it "
                                                   "from a backup.",
                                                   photo.value));
    }
    photos.Add(photo);
  }
  return photos;
}

std::vector<PhotoId> Extractions::PhotosOfOthers(const std::string& extractor) const {
  Query query = catalogue_.impl_->connection.Use(
      "SELECT photo_id FROM features INDEXED BY features_totals "
      "WHERE extractor_id IS NOT (SELECT id FROM extractors WHERE name = ?) ORDER BY photo_id",
      "listing photos");
  query.Text(extractor);
  std::vector<PhotoId> photos;
  while (query.Next()) photos.push_back(PhotoId{query.GetInt(0)});
  return photos;
}

std::vector<PhotoId> Extractions::PhotosWithoutFeatures() const {
  Query query = catalogue_.impl_->connection.Use(
      "SELECT id FROM photos WHERE id NOT IN (SELECT photo_id FROM features) ORDER BY id", "listing photos");
  std::vector<PhotoId> photos;
  while (query.Next()) photos.push_back(PhotoId{query.GetInt(0)});
  return photos;
}

int64_t Extractions::CountOfOthers(const std::string& extractor) const {
  {
    Query others =
        catalogue_.impl_->connection.Use("SELECT 1 FROM extractors WHERE name <> ? LIMIT 1", "counting photos");
    if (!others.Text(extractor).Next()) return 0;
  }
  Query query = catalogue_.impl_->connection.Use(
      "SELECT count(*) FROM features INDEXED BY features_totals "
      "WHERE extractor_id IS NOT (SELECT id FROM extractors WHERE name = ?)",
      "counting photos");
  PUGMARK_CHECK(query.Text(extractor).Next());
  return query.GetInt(0);
}

void Extractions::Replace(PhotoId photo, const StoredFeatures& features, int64_t newest_snapshot) {
  static constexpr char kDoing[] = "replacing features";
  Connection& connection = catalogue_.impl_->Writer();
  Atomic atomic(connection, kDoing);
  catalogue_.impl_->WriteFeatures(
      "UPDATE features SET extractor_id = ?, width_px = ?, height_px = ?, num_keypoints = ?, checksum = ?, pdq = ?, "
      "global_descriptor = ?, keypoints = ?, descriptors = ? WHERE photo_id = ?",
      features, photo, kDoing);
  if (connection.num_changes() == 0) {
    throw Error(ErrorCode::kNotFound, fmt::format("{}: there is no photo {}.", connection.name(), photo.value));
  }
  connection
      .Use(
          "INSERT INTO reextracted (photo_id, after_snapshot) VALUES (?, ?) "
          "ON CONFLICT (photo_id) DO UPDATE SET after_snapshot = excluded.after_snapshot",
          kDoing)
      .Int(photo.value)
      .Int(newest_snapshot)
      .Run();
  atomic.Done();
}

std::vector<PhotoId> Extractions::ReplacedSince(int64_t number, const std::string& extractor) const {
  Query query = catalogue_.impl_->connection.Use(
      "SELECT r.photo_id FROM reextracted AS r JOIN features AS f ON f.photo_id = r.photo_id "
      "WHERE r.after_snapshot >= ? AND f.extractor_id = (SELECT id FROM extractors WHERE name = ?) ORDER BY r.photo_id",
      "listing photos");
  query.Int(number).Text(extractor);
  std::vector<PhotoId> photos;
  while (query.Next()) photos.push_back(PhotoId{query.GetInt(0)});
  return photos;
}

void Extractions::Forget(int64_t oldest_snapshot) {
  catalogue_.impl_->Writer()
      .Use("DELETE FROM reextracted WHERE after_snapshot < ?", "forgetting what was described anew")
      .Int(oldest_snapshot)
      .Run();
}

}  // namespace pugmark
