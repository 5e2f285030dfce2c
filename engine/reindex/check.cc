// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/check.h"

#include <fmt/format.h>

#include <filesystem>

#include "index/base/error.h"
#include "index/snapshots/snapshots.h"

namespace pugmark {

CheckReport CheckCollection(const Collection& collection) {
  CheckReport report;
  std::vector<std::string>& findings = report.findings;
  findings = collection.catalogue.CheckIntegrity();
  if (!findings.empty()) {
    findings.emplace_back("The catalogue is damaged: restore it from a backup, then run 'pugmark reindex --full'.");
    return report;  // What follows would read through the damage.
  }
  collection.catalogue.VisitFeatures(PhotoId{}, [&](PhotoId id, const StoredFeatures& stored) {
    ++report.num_photos;
    try {
      const Features features = FromStored(stored, collection.features);
      if (stored.num_keypoints != static_cast<int>(features.size())) {
        throw Error(ErrorCode::kCorrupt, "The number of keypoints is not the stored one.");
      }
      const size_t wanted = collection.embedding ? static_cast<size_t>(collection.embedding->size) : 0;
      if (features.global_descriptor.size() != wanted) {
        throw Error(ErrorCode::kCorrupt, fmt::format("Its global descriptor has {} values where the collection's have {}.",
                                                     features.global_descriptor.size(), wanted));
      }
    } catch (const Error& e) {
      findings.push_back(fmt::format("Photo {}: {}", id.value, e.what()));
    }
    const std::filesystem::path thumbnail = collection.paths.thumbnail(collection.catalogue.GetPhoto(id)->sha256);
    std::error_code error;
    const auto size = std::filesystem::file_size(thumbnail, error);
    if (error || size == 0) {
      findings.push_back(fmt::format("{}: the thumbnail is missing or empty; hits on photo {} cannot be called same-photo. "
                                     "Ingest its file again.",
                                     thumbnail.string(), id.value));
    }
    return true;
  });
  try {
    LoadEmbedding(collection.paths, collection.embedding);
  } catch (const Error& e) {
    findings.emplace_back(e.what());
  }
  const std::optional<int64_t> current = CurrentSnapshot(collection.paths);
  if (!current) {
    report.num_unindexed = report.num_photos;
    return report;
  }
  for (const std::string& finding : CheckSnapshot(collection.paths, *current)) {
    findings.push_back(finding + ". Run 'pugmark reindex --full'.");
  }
  try {
    const std::optional<Snapshot> snapshot = OpenCurrentSnapshot(collection.paths);
    if (!BelongsTogether(snapshot->info, collection.catalogue)) {
      findings.push_back(fmt::format("Snapshot {} was built from another state of the catalogue, which seems to have been "
                                     "restored. Run 'pugmark reindex --full'.",
                                     *current));
    }
    report.num_unindexed = collection.catalogue.TotalsAfter(snapshot->info.last_photo).num_photos;
    int64_t num_entries = 0;
    for (const Part& part : snapshot->parts) num_entries += part.num_entries();
    if (num_entries != snapshot->info.num_entries) {
      findings.push_back(fmt::format("Snapshot {} holds {} entries where its manifest says {}. Run 'pugmark reindex --full'.",
                                     *current, num_entries, snapshot->info.num_entries));
    }
  } catch (const Error& e) {
    findings.emplace_back(e.what());
  }
  return report;
}

}  // namespace pugmark
