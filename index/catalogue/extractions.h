// SPDX-License-Identifier: Apache-2.0
//
// Which photos were described by which extractor, and what was described anew.
//
// When a new Pugmark describes photos in another way, the features of old photos are replaced one by one. A snapshot is
// of one extractor; it covers the photos that had such features when it was built. What is described anew afterwards is
// missing from it although its id is not new: those photos are remembered here until every snapshot knows them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "index/base/photo_set.h"
#include "index/catalogue/catalogue.h"

namespace pugmark {

// Threads, errors: as Catalogue, which outlives this.
class Extractions {
 public:
  explicit Extractions(const Catalogue& catalogue) : catalogue_(catalogue) {}

  // Photos with features of this extractor and an id up to `last`. Cost: reads an index.
  PhotoSet PhotosOf(const std::string& extractor, PhotoId last) const;

  // Photos with features of any other, in order of id; and how many there are, which is quick if no other was ever used.
  std::vector<PhotoId> PhotosOfOthers(const std::string& extractor) const;
  int64_t CountOfOthers(const std::string& extractor) const;

  // Photos that no features are stored of: damage.
  std::vector<PhotoId> PhotosWithoutFeatures() const;

  // Replaces the features of a photo. newest_snapshot: the largest number there is. Throws Error(kNotFound) if the photo
  // has none.
  void Replace(PhotoId photo, const StoredFeatures& features, int64_t newest_snapshot);

  // Catalogued photos with features of this extractor that were described anew since snapshot `number` was built, in order
  // of id.
  std::vector<PhotoId> ReplacedSince(int64_t number, const std::string& extractor) const;

  // Forgets what all snapshots from `oldest_snapshot` on know.
  void Forget(int64_t oldest_snapshot);

 private:
  const Catalogue& catalogue_;
};

}  // namespace pugmark
