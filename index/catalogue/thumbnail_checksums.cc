// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/thumbnail_checksums.h"

#include <algorithm>
#include <vector>

#include "index/catalogue/catalogue_impl.h"

namespace pugmark {

using internal::Query;

ThumbnailChecksum ThumbnailChecksums::Of(std::span<const uint8_t> jpeg) {
  ThumbnailChecksum checksum{};
  std::copy_n(Sha256::Of(jpeg).bytes.begin(), checksum.size(), checksum.begin());
  return checksum;
}

void ThumbnailChecksums::Set(PhotoId photo, const ThumbnailChecksum& checksum) {
  catalogue_.impl_->Writer()
      .Use(
          "INSERT INTO thumbnail_checksums (photo_id, checksum) VALUES (?, ?) "
          "ON CONFLICT (photo_id) DO UPDATE SET checksum = excluded.checksum",
          "adding a thumbnail's checksum")
      .Int(photo.value)
      .Blob(checksum)
      .Run();
}

std::optional<ThumbnailChecksum> ThumbnailChecksums::Get(PhotoId photo) const {
  Query query = catalogue_.impl_->connection.Use("SELECT checksum FROM thumbnail_checksums WHERE photo_id = ?",
                                                 "reading a thumbnail's checksum");
  if (!query.Int(photo.value).Next()) return std::nullopt;
  std::vector<uint8_t> bytes;
  query.GetBlob(0, &bytes);
  ThumbnailChecksum checksum{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), checksum.size()), checksum.begin());
  return checksum;
}

void ThumbnailChecksums::ForgetRemoved() {
  catalogue_.impl_->Writer()
      .Use("DELETE FROM thumbnail_checksums WHERE photo_id NOT IN (SELECT id FROM photos)",
           "forgetting the thumbnails of removed photos")
      .Run();
}

}  // namespace pugmark
