// SPDX-License-Identifier: Apache-2.0
//
// Catalogue: photos, their features, and the checks that reread them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/catalogue.h"
#include "index/catalogue/catalogue_impl.h"
#include "index/catalogue/connection.h"
#include "index/catalogue/row_checksums.h"

namespace pugmark {

using internal::Atomic;
using internal::Connection;
using internal::FeaturesChecksum;
using internal::Query;

namespace {

constexpr int kMaxFindings = 100;

// Reads columns 0-8 as every query of features selects them. False if the checksum does not hold.
#define PUGMARK_FEATURES_COLUMNS                                                                            \
  "e.name, f.width_px, f.height_px, f.num_keypoints, f.checksum, f.pdq, f.global_descriptor, f.keypoints, " \
  "f.descriptors"
bool ReadFeatures(const Query& query, StoredFeatures* features) {
  features->extractor = query.GetText(0);
  features->width_px = static_cast<int>(query.GetInt(1));
  features->height_px = static_cast<int>(query.GetInt(2));
  features->num_keypoints = static_cast<int>(query.GetInt(3));
  std::vector<uint8_t> checksum;
  query.GetBlob(4, &checksum);
  query.GetBlob(5, &features->pdq);
  query.GetBlob(6, &features->global_descriptor);
  query.GetBlob(7, &features->keypoints);
  query.GetBlob(8, &features->descriptors);
  return std::ranges::equal(checksum, FeaturesChecksum(*features));
}

[[noreturn]] void ThrowDamagedFeatures(const Connection& connection, int64_t photo) {
  throw Error(ErrorCode::kCorrupt,
              fmt::format("{}: the features of photo {} are damaged (checksum). Run 'pugmark check' "
                          "to see what else is; restore the file from a backup.",
                          connection.name(), photo));
}

}  // namespace

std::array<uint8_t, 8> internal::FeaturesChecksum(const StoredFeatures& features) {
  const std::string head =
      fmt::format("{} {} {} {}", features.width_px, features.height_px, features.num_keypoints, features.extractor);
  std::vector<uint8_t> hashes;
  const auto add = [&](std::span<const uint8_t> bytes) {
    const Sha256 sha = Sha256::Of(bytes);
    hashes.insert(hashes.end(), sha.bytes.begin(), sha.bytes.end());
  };
  add({reinterpret_cast<const uint8_t*>(head.data()), head.size()});
  for (const auto* blob : {&features.keypoints, &features.descriptors, &features.global_descriptor, &features.pdq}) {
    add(*blob);
  }
  const Sha256 all = Sha256::Of(hashes);
  std::array<uint8_t, 8> checksum{};
  std::copy_n(all.bytes.begin(), checksum.size(), checksum.begin());
  return checksum;
}

PhotoId Catalogue::AddPhoto(const Photo& photo, const StoredFeatures& features) {
  static constexpr char kDoing[] = "adding a photo";
  Connection& connection = impl_->Writer();
  Atomic atomic(connection, kDoing);
  connection
      .Use(
          "INSERT INTO photos (sha256, path, size_bytes, format, width_px, height_px, camera_make, camera_model, "
          "camera_serial, taken_at, truncated, admitted_at, batch_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
          "ON CONFLICT (sha256) DO NOTHING",
          kDoing)
      .Blob(photo.sha256.bytes)
      .Path(photo.path)
      .Int(photo.size_bytes)
      .Text(photo.format)
      .Int(photo.width_px)
      .Int(photo.height_px)
      .Text(photo.camera_make)
      .Text(photo.camera_model)
      .Text(photo.camera_serial)
      .Text(photo.taken_at)
      .Int(photo.truncated ? 1 : 0)
      .Text(photo.admitted_at)
      .Int(photo.batch.value)
      .Run();
  if (connection.num_changes() == 0) {
    throw Error(ErrorCode::kExists,
                fmt::format("{}: the photo {} is catalogued already.", connection.name(), photo.sha256.Hex()));
  }
  const PhotoId id{connection.last_row_id()};
  impl_->WriteFeatures(
      "INSERT INTO features (extractor_id, width_px, height_px, num_keypoints, checksum, pdq, global_descriptor, "
      "keypoints, descriptors, photo_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      features, id, kDoing);
  atomic.Done();
  return id;
}

void Catalogue::Impl::WriteFeatures(const char* sql, const StoredFeatures& features, PhotoId photo, const char* doing) {
  const int64_t extractor = FindOrAdd("SELECT id FROM extractors WHERE name = ?",
                                      "INSERT INTO extractors (name) VALUES (?)", features.extractor, doing);
  const auto checksum = FeaturesChecksum(features);
  Writer()
      .Use(sql, doing)
      .Int(extractor)
      .Int(features.width_px)
      .Int(features.height_px)
      .Int(features.num_keypoints)
      .Blob(checksum)
      .Blob(features.pdq)
      .Blob(features.global_descriptor)
      .Blob(features.keypoints)
      .Blob(features.descriptors)
      .Int(photo.value)
      .Run();
}

std::optional<PhotoId> Catalogue::FindPhoto(const Sha256& sha256) const {
  Query query = impl_->connection.Use("SELECT id FROM photos WHERE sha256 = ?", "finding a photo");
  if (!query.Blob(sha256.bytes).Next()) return std::nullopt;
  return PhotoId{query.GetInt(0)};
}

std::optional<Photo> Catalogue::GetPhoto(PhotoId id) const {
  Query query = impl_->connection.Use(
      "SELECT sha256, path, size_bytes, format, width_px, height_px, camera_make, camera_model, camera_serial, "
      "taken_at, "
      "truncated, admitted_at, batch_id FROM photos WHERE id = ?",
      "reading a photo");
  if (!query.Int(id.value).Next()) return std::nullopt;
  Photo photo;
  photo.id = id;
  photo.sha256 = query.GetSha256(0);
  photo.path = query.GetText(1);
  photo.size_bytes = query.GetInt(2);
  photo.format = query.GetText(3);
  photo.width_px = static_cast<int>(query.GetInt(4));
  photo.height_px = static_cast<int>(query.GetInt(5));
  photo.camera_make = query.GetText(6);
  photo.camera_model = query.GetText(7);
  photo.camera_serial = query.GetText(8);
  photo.taken_at = query.GetText(9);
  photo.truncated = query.GetInt(10) != 0;
  photo.admitted_at = query.GetText(11);
  photo.batch.value = query.GetInt(12);
  internal::RequireSoundRows(impl_->connection, "photos", id.value);
  return photo;
}

std::optional<StoredFeatures> Catalogue::GetFeatures(PhotoId photo) const {
  Query query =
      impl_->connection.Use("SELECT " PUGMARK_FEATURES_COLUMNS
                            " FROM features AS f JOIN extractors AS e ON e.id = f.extractor_id WHERE f.photo_id = ?",
                            "reading features");
  if (!query.Int(photo.value).Next()) return std::nullopt;
  StoredFeatures features;
  if (!ReadFeatures(query, &features)) ThrowDamagedFeatures(impl_->connection, photo.value);
  return features;
}

void Catalogue::VisitFeatures(PhotoId after, const std::function<bool(PhotoId, const StoredFeatures&)>& visit,
                              const std::string& extractor) const {
  Query query =
      impl_->connection.Prepare("SELECT " PUGMARK_FEATURES_COLUMNS
                                ", f.photo_id FROM features AS f CROSS JOIN extractors AS e ON e.id = f.extractor_id "
                                "WHERE f.photo_id > ?1 AND (?2 = '' OR e.name = ?2) ORDER BY f.photo_id",
                                "reading all features");
  query.Int(after.value).Text(extractor);
  StoredFeatures features;
  while (query.Next()) {
    const PhotoId photo{query.GetInt(9)};
    if (!ReadFeatures(query, &features)) ThrowDamagedFeatures(impl_->connection, photo.value);
    if (!visit(photo, features)) return;
  }
}

Catalogue::FeatureTotals Catalogue::TotalsAfter(PhotoId after, const std::string& extractor) const {
  // INDEXED BY: SQLite would prefer the table, whose rows are a thousand times larger.
  Query query = impl_->connection.Use(
      "SELECT count(*), ifnull(sum(num_keypoints), 0), ifnull(max(photo_id), 0) "
      "FROM features INDEXED BY features_totals WHERE photo_id > ?1 "
      "AND (?2 = '' OR extractor_id = (SELECT id FROM extractors WHERE name = ?2))",
      "counting features");
  PUGMARK_CHECK(query.Int(after.value).Text(extractor).Next());
  return {.num_photos = query.GetInt(0), .num_keypoints = query.GetInt(1), .last = PhotoId{query.GetInt(2)}};
}

std::vector<std::string> Catalogue::CheckIntegrity() const {
  static constexpr char kDoing[] = "checking the catalogue";
  std::vector<std::string> findings;
  // Damage may end any of the checks early; what they found until then counts, and so does that they ended.
  const auto check = [&](const char* sql, const auto& finding) {
    try {
      Query query = impl_->connection.Prepare(sql, kDoing);
      for (int num_found = 0; num_found < kMaxFindings && query.Next();) {
        if (const std::string found = finding(query); !found.empty()) {
          findings.push_back(found);
          ++num_found;
        }
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt) throw;
      findings.emplace_back(error.what());
    }
  };
  check("PRAGMA integrity_check(100)", [](const Query& query) {
    const std::string text = query.GetText(0);
    return text == "ok" ? "" : EscapeText(text);
  });
  check("PRAGMA foreign_key_check", [](const Query& query) {
    return fmt::format("{}: row {} refers to a row of {} that does not exist", EscapeText(query.GetText(0)),
                       query.GetInt(1), EscapeText(query.GetText(2)));
  });
  StoredFeatures features;
  check("SELECT " PUGMARK_FEATURES_COLUMNS
        ", f.photo_id FROM features AS f CROSS JOIN extractors AS e ON e.id = f.extractor_id ORDER BY f.photo_id",
        [&](const Query& query) {
          if (ReadFeatures(query, &features)) return std::string();
          return fmt::format("features: the row of photo {} does not match its checksum", query.GetInt(9));
        });
  for (std::string& finding : internal::CheckRowChecksums(impl_->connection, kMaxFindings)) {
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace pugmark
