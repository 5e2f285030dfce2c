// SPDX-License-Identifier: Apache-2.0
#include "engine/collection/coverage.h"

#include <fmt/format.h>

#include "index/base/error.h"
#include "index/catalogue/extractions.h"

namespace pugmark {

void RequireUsable(const SnapshotInfo& snapshot, const Collection& collection) {
  const std::string root = collection.paths.root.string();
  if (snapshot.extractor != ExtractorName(collection.features)) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{}: its index was made by '{}', photos are now described by '{}'. Run 'pugmark reindex'; "
                            "it describes the photos anew from their original files.",
                            root, snapshot.extractor, ExtractorName(collection.features)));
  }
  if (!BelongsTogether(snapshot, collection.catalogue)) {
    throw Error(ErrorCode::kCorrupt, fmt::format("{}: its index was built from another state of the catalogue, which seems "
                                                 "to have been restored. Run 'pugmark reindex --full'.",
                                                 root));
  }
}

Coverage CoverageOf(const Catalogue& catalogue, const FeatureOptions& features, const SnapshotInfo* snapshot) {
  const std::string extractor = ExtractorName(features);
  const Extractions extractions(catalogue);
  Coverage coverage;
  coverage.num_older_features = extractions.CountOfOthers(extractor);
  if (snapshot == nullptr || snapshot->extractor != extractor) {
    const Catalogue::FeatureTotals totals = catalogue.TotalsAfter(PhotoId{}, extractor);
    if (snapshot != nullptr || totals.num_keypoints > 0) coverage.num_unindexed = totals.num_photos;
    return coverage;
  }
  coverage.num_unindexed = catalogue.TotalsAfter(snapshot->last_photo, extractor).num_photos;
  for (const PhotoId photo : extractions.ReplacedSince(snapshot->number, extractor)) {
    if (photo > snapshot->last_photo) break;  // Counted already.
    ++coverage.num_unindexed;
  }
  return coverage;
}

PhotoSet CoveredPhotos(const Catalogue& catalogue, const SnapshotInfo& snapshot) {
  const Extractions extractions(catalogue);
  PhotoSet covered = extractions.PhotosOf(snapshot.extractor, snapshot.last_photo);
  for (const PhotoId photo : extractions.ReplacedSince(snapshot.number, snapshot.extractor)) covered.Remove(photo);
  return covered;
}

}  // namespace pugmark
