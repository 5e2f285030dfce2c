// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/check.h"

#include <fmt/format.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>

#include "engine/collection/coverage.h"
#include "engine/collection/threads.h"
#include "engine/reindex/check_files.h"
#include "engine/reindex/quarantine_seal.h"
#include "engine/reindex/published.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/extractions.h"

namespace pugmark {
namespace {

constexpr size_t kPhotosPerRound = 128;
constexpr int kMaxEntryFindings = 20;
constexpr int64_t kMostNumbersPerPhoto = 1000;
constexpr const char* kRebuild = "Run 'pugmark reindex --full'.";

class Checker {
 public:
  Checker(const Collection& collection, const CheckOptions& options) : collection_(collection), options_(options) {}

  CheckReport Run() {
    for (std::string& finding : collection_.catalogue.CheckIntegrity()) Add({"catalogue", std::move(finding), ""});
    if (!report_.findings.empty()) {
      Add({"catalogue", "The catalogue is damaged: restore it from a backup, then run 'pugmark reindex --full'.", ""});
      return std::move(report_);  // What follows would read through the damage.
    }
    for (const PhotoId photo : Extractions(collection_.catalogue).PhotosWithoutFeatures()) {
      Add({fmt::format("photo {}", photo.value), "it has no features", "Restore the catalogue from a backup."});
    }
    CheckSnapshots();
    ReadCurrent();
    CheckPhotos();
    try {
      LoadEmbedding(collection_.paths, collection_.embedding);
    } catch (const Error& e) {
      Add({"embedding", e.what(), ""});
    }
    if (std::optional<std::string> problem = QuarantineProblem(collection_)) Add({"quarantine", std::move(*problem), ""});
    const Coverage coverage =
        CoverageOf(collection_.catalogue, collection_.features, current_ ? &current_->info : nullptr);
    report_.num_unindexed = coverage.num_unindexed;
    report_.num_older_features = coverage.num_older_features;
    report_.notes = FilesWithoutPhoto(collection_);
    for (const auto& leftover : StagingLeftovers(collection_.paths)) {
      report_.notes.push_back(fmt::format("{}: is what a killed run left. The next 'pugmark reindex' removes it.",
                                          EscapeText(leftover.string())));
    }
    return std::move(report_);
  }

 private:
  void Add(CheckFinding finding) { report_.Add(std::move(finding)); }

  void Continue(std::string_view stage, int64_t done, int64_t total) const {
    options_.progress(stage, done, total);
    if (options_.stop.stop_requested()) {
      throw Error(ErrorCode::kCancelled, "Interrupted before everything was looked at; nothing was changed.");
    }
  }

  // Every file of every snapshot.
  void CheckSnapshots() {
    SnapshotChecker checker(collection_.paths);
    const std::vector<ListedSnapshot> all = ListedSnapshots(collection_);
    for (const ListedSnapshot& listed : all) {
      const char* const mend = listed.state == SnapshotState::kCurrent ? kRebuild
                               : listed.state == SnapshotState::kPublished
                                   ? "It is not in use. Run 'pugmark prune --keep 1' to be rid of it."
                                   : "It is not in use. Run 'pugmark prune --held-back' to be rid of it.";
      for (std::string& finding : checker.Check(listed.number)) {
        if (listed.state == SnapshotState::kCurrent) current_is_damaged_ = true;
        Add({fmt::format("snapshot {}", listed.number), std::move(finding), mend});
      }
      Continue("snapshots", ++report_.num_snapshots, static_cast<int64_t>(all.size()));
    }
  }

  // The current snapshot: does it open, does it belong here, how many entries has each photo in it?
  void ReadCurrent() {
    try {
      current_ = OpenCurrentSnapshot(collection_.paths);
    } catch (const Error& e) {
      Add({"current snapshot", e.what(), ""});
    }
    if (!current_) return;
    const SnapshotInfo& info = current_->info;
    const std::string name = fmt::format("snapshot {}", info.number);
    if (info.extractor != ExtractorName(collection_.features)) {
      report_.notes.push_back(
          fmt::format("Snapshot {} was made with features of another extractor. Run 'pugmark reindex'.", info.number));
      return;
    }
    if (!BelongsTogether(info, collection_.catalogue)) {
      Add({name, "it was built from another state of the catalogue, which seems to have been restored", kRebuild});
      return;
    }
    int64_t num_entries = 0;
    for (const Part& part : current_->parts) num_entries += part.num_entries();
    if (num_entries != info.num_entries) {
      Add({name, fmt::format("it holds {} entries where its manifest says {}", num_entries, info.num_entries),
           kRebuild});
    }
    if (current_is_damaged_) return;  // Whatever is wrong with its entries follows from that.
    // Numbers are given one after the other; whoever skips thousands for each photo wants the memory below.
    if (info.last_photo.value > kMostNumbersPerPhoto * (collection_.catalogue.TotalsAfter(PhotoId{}).num_photos + 1000)) {
      Add({name, fmt::format("its last photo has the number {}, far beyond all others", info.last_photo.value), kRebuild});
      return;
    }
    covered_ = CoveredPhotos(collection_.catalogue, info);
    num_entries_of_.resize(static_cast<size_t>(info.last_photo.value) + 1);
    int64_t num_beyond = 0;
    for (const Part& part : current_->parts) {
      for (int word = 0; word < info.num_words; ++word) {
        const Part::List list = part.list(word);
        for (size_t i = 0; i < list.size; ++i) {
          const uint32_t photo = EntryPhoto(list.entry(i));
          if (photo < num_entries_of_.size()) {
            ++num_entries_of_[photo];
          } else {
            ++num_beyond;
          }
        }
      }
      part.ReleasePages();
    }
    if (num_beyond > 0) {
      Add({name, fmt::format("{} entries are of photos beyond its last one", num_beyond), kRebuild});
    }
  }

  void CheckPhotos() {
    const int64_t total = collection_.catalogue.TotalsAfter(PhotoId{}).num_photos;
    std::vector<PhotoFiles> round;
    const auto finish_round = [&] {
      std::vector<FileFindings> found(round.size());
      WithThreads(options_.num_threads, [&] {
        tbb::parallel_for(size_t{0}, round.size(),
                          [&](size_t i) { found[i] = CheckFilesOf(collection_.paths, round[i]); });
      });
      for (FileFindings& files : found) {
        for (CheckFinding& finding : files.findings) Add(std::move(finding));
        report_.num_copies += files.has_copy ? 1 : 0;
        report_.num_originals += files.has_original ? 1 : 0;
      }
      round.clear();
      Continue("photos", report_.num_photos, total);
    };
    collection_.catalogue.VisitFeatures(PhotoId{}, [&](PhotoId id, const StoredFeatures& stored) {
      ++report_.num_photos;
      CheckFeatures(id, stored);
      round.push_back(FilesOf(id));
      if (round.size() == kPhotosPerRound) finish_round();
      return true;
    });
    finish_round();
  }

  void CheckFeatures(PhotoId id, const StoredFeatures& stored) {
    if (stored.extractor != ExtractorName(collection_.features)) return;  // Counted as older; the checksum holds.
    try {
      const Features features = FromStored(stored, collection_.features);
      if (stored.num_keypoints != static_cast<int>(features.size())) {
        throw Error(ErrorCode::kCorrupt, "The number of keypoints is not the stored one.");
      }
      const size_t wanted = collection_.embedding ? static_cast<size_t>(collection_.embedding->size) : 0;
      if (features.global_descriptor.size() != wanted) {
        throw Error(ErrorCode::kCorrupt,
                    fmt::format("Its global descriptor has {} values where the collection's have {}.",
                                features.global_descriptor.size(), wanted));
      }
    } catch (const Error& e) {
      Add({fmt::format("photo {}", id.value), e.what(), "Restore the catalogue from a backup."});
    }
    if (!covered_.Contains(id) || static_cast<size_t>(id.value) >= num_entries_of_.size()) return;
    const uint32_t num_entries = num_entries_of_[static_cast<size_t>(id.value)];
    if (num_entries == static_cast<uint32_t>(stored.num_keypoints) || ++num_entry_findings_ > kMaxEntryFindings) return;
    Add({fmt::format("snapshot {}", current_->info.number),
         fmt::format("it holds {} entries of photo {}, which has {} keypoints", num_entries, id.value,
                     stored.num_keypoints),
         kRebuild});
  }

  PhotoFiles FilesOf(PhotoId id) {
    const Photo photo = collection_.catalogue.GetPhoto(id).value();
    PhotoFiles files{id, photo.sha256, ThumbnailChecksums(collection_.catalogue).Get(id), {}};
    if (!files.thumbnail) ++report_.num_unsealed_thumbnails;
    if (!options_.originals) return files;
    files.originals.push_back(photo.path);
    for (Sighting& sighting : collection_.catalogue.SightingsOf(id)) {
      if (std::find(files.originals.begin(), files.originals.end(), sighting.path) == files.originals.end()) {
        files.originals.push_back(std::move(sighting.path));
      }
    }
    return files;
  }

  const Collection& collection_;
  const CheckOptions& options_;
  CheckReport report_;
  bool current_is_damaged_ = false;
  std::optional<Snapshot> current_;
  PhotoSet covered_;                      // By the current snapshot.
  std::vector<uint32_t> num_entries_of_;  // By photo, in the current snapshot.
  int num_entry_findings_ = 0;
};

}  // namespace

std::string CheckFinding::Text() const {
  // Messages of errors, and of a snapshot's files, name their object and are sentences already.
  std::string text = mend.empty() || problem.starts_with('/') ? problem : fmt::format("{}: {}", object, problem);
  if (mend.empty()) return text;
  if (!text.ends_with('.')) text += '.';
  return text + " " + mend;
}

void CheckReport::Add(CheckFinding finding) {
  findings.push_back(finding.Text());
  details.push_back(std::move(finding));
}

CheckReport CheckCollection(const Collection& collection, const CheckOptions& options) {
  return Checker(collection, options).Run();
}

}  // namespace pugmark
