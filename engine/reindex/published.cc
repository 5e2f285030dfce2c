// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/published.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "engine/collection/coverage.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKeepSetting = "keep_snapshots";

void AddSizes(const CollectionPaths& paths, ListedSnapshot* listed) {
  std::error_code error;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(paths.snapshots() / fmt::format("{:06}", listed->number), error)) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    listed->size_bytes += status.st_size;
    if (status.st_nlink == 1) listed->own_bytes += status.st_size;
  }
}

std::optional<int64_t> CurrentIfReadable(const CollectionPaths& paths) {
  try {
    return CurrentSnapshot(paths);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCorrupt) throw;
    return std::nullopt;
  }
}

SnapshotState StateOf(int64_t number, const std::optional<int64_t>& current,
                      const std::optional<SnapshotRecord>& record) {
  if (number == current) return SnapshotState::kCurrent;
  if (!record) return SnapshotState::kUntried;
  return record->held_back ? SnapshotState::kHeldBack : SnapshotState::kPublished;
}

}  // namespace

int SnapshotsKept(const Catalogue& catalogue) {
  const std::string text = catalogue.Setting(kKeepSetting).value_or("");
  int keep = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), keep);
  return error == std::errc() && end == text.data() + text.size() && keep >= 1 ? keep : kDefaultSnapshotsKept;
}

void SetSnapshotsKept(Catalogue& catalogue, int keep) {
  PUGMARK_CHECK(keep >= 1 && keep <= 1000);
  if (SnapshotsKept(catalogue) != keep) catalogue.SetSetting(kKeepSetting, fmt::format("{}", keep));
}

std::string_view SnapshotStateName(SnapshotState state) {
  switch (state) {
    case SnapshotState::kCurrent: return "current";
    case SnapshotState::kPublished: return "published";
    case SnapshotState::kHeldBack: return "held back";
    case SnapshotState::kUntried: return "untried";
  }
  return "";
}

std::vector<ListedSnapshot> ListedSnapshots(const Collection& collection) {
  const std::map<int64_t, SnapshotRecord> records = SnapshotRecords(collection.catalogue).All();
  const std::optional<int64_t> current = CurrentIfReadable(collection.paths);
  std::vector<ListedSnapshot> all;
  for (const int64_t number : ListSnapshots(collection.paths)) {
    ListedSnapshot listed;
    listed.number = number;
    if (const auto record = records.find(number); record != records.end()) listed.record = record->second;
    listed.state = StateOf(number, current, listed.record);
    try {
      listed.info = ReadSnapshotInfo(collection.paths, number);
    } catch (const Error& e) {
      listed.damage = e.what();
    }
    AddSizes(collection.paths, &listed);
    all.push_back(std::move(listed));
  }
  return all;
}

WasCurrent WasCurrentIn(const Collection& collection) {
  return [records = SnapshotRecords(collection.catalogue).All(),
          current = CurrentIfReadable(collection.paths)](int64_t n) {
    const auto record = records.find(n);
    return n == current || (record != records.end() && !record->second.held_back);
  };
}

RollbackReport RollBack(Collection& collection, std::optional<int64_t> number) {
  RollbackReport report;
  report.before = CurrentIfReadable(collection.paths).value_or(0);
  const std::vector<ListedSnapshot> all = ListedSnapshots(collection);
  if (!number) {
    for (const ListedSnapshot& s : all) {
      if (s.state == SnapshotState::kPublished && (report.before == 0 || s.number < report.before)) number = s.number;
    }
    if (!number) {
      throw Error(ErrorCode::kNotFound,
                  "There is no older published snapshot to go back to. 'pugmark snapshots' lists them.");
    }
  }
  const auto wanted =
      std::find_if(all.begin(), all.end(), [&](const ListedSnapshot& s) { return s.number == *number; });
  if (wanted == all.end()) {
    throw Error(ErrorCode::kNotFound,
                fmt::format("There is no snapshot {}. 'pugmark snapshots' lists them. Nothing was changed.", *number));
  }
  if (wanted->state == SnapshotState::kHeldBack || wanted->state == SnapshotState::kUntried) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("Snapshot {} was never published: {}. Nothing was changed. 'pugmark reindex --accept' builds and "
                    "publishes an index whatever its test says.",
                    *number, wanted->state == SnapshotState::kHeldBack ? "it failed its test" : "its run was ended"));
  }
  if (!wanted->info) throw Error(ErrorCode::kCorrupt, wanted->damage);
  report.now = *wanted->info;
  if (report.now.extractor != ExtractorName(collection.features)) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format(
            "Snapshot {} was made with features of '{}'; photos are now described by '{}'. Nothing was changed.",
            *number, EscapeText(report.now.extractor), ExtractorName(collection.features)));
  }
  if (!BelongsTogether(report.now, collection.catalogue)) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("Snapshot {} was built from another state of the catalogue, which seems to have been restored "
                    "since. Nothing was changed. Run 'pugmark prune' to be rid of it.",
                    *number));
  }
  const std::vector<std::string> findings = CheckSnapshot(collection.paths, *number);
  if (!findings.empty()) {
    throw Error(
        ErrorCode::kCorrupt,
        fmt::format("{}. Nothing was changed. Choose another snapshot, or run 'pugmark reindex --full'.", findings[0]));
  }
  // What was current without a record (its run was killed before it wrote one) must not be taken for untried from now
  // on.
  if (report.before != 0 && report.before != *number) RecordIfMissing(collection, report.before);
  MakeCurrent(collection.paths, *number);
  report.num_unindexed = CoverageOf(collection.catalogue, collection.features, &report.now).num_unindexed;
  return report;
}

void RecordIfMissing(Collection& collection, int64_t number) {
  SnapshotRecords records(collection.catalogue);
  if (records.All().contains(number)) return;
  SnapshotRecord record;
  record.number = number;
  record.kind = "unknown";
  try {
    const SnapshotInfo info = ReadSnapshotInfo(collection.paths, number);
    record.num_parts = static_cast<int64_t>(info.parts.size());
    record.num_photos = info.num_photos;
  } catch (const Error&) {
    return;  // Damaged: nothing is lost with it.
  }
  records.Record(record);
}

}  // namespace pugmark
