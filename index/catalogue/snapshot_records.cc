// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/snapshot_records.h"

#include "index/base/files.h"
#include "index/catalogue/catalogue_impl.h"

namespace pugmark {

using internal::Atomic;
using internal::Connection;
using internal::Query;

void SnapshotRecords::Record(const SnapshotRecord& record) {
  static constexpr char kDoing[] = "recording a snapshot";
  Connection& connection = catalogue_.impl_->Writer();
  Atomic atomic(connection, kDoing);
  connection
      .Use(
          "INSERT OR REPLACE INTO snapshots (number, kind, num_parts, num_photos, published_at, held_back, gate, "
          "compared_with) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
          kDoing)
      .Int(record.number)
      .Text(record.kind)
      .Int(record.num_parts)
      .Int(record.num_photos)
      .Text(UtcNow())
      .Int(record.held_back ? 1 : 0)
      .Text(record.gate)
      .Int(record.compared_with)
      .Run();
  connection.Use("DELETE FROM gate_figures WHERE number = ?", kDoing).Int(record.number).Run();
  for (const GateFigures& f : record.figures) {
    connection
        .Use(
            "INSERT INTO gate_figures (number, canary, num_tried, found_old, found_new, first_old, first_new, "
            "num_lost) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            kDoing)
        .Int(record.number)
        .Text(f.canary)
        .Int(f.num_tried)
        .Int(f.found_old)
        .Int(f.found_new)
        .Int(f.first_old)
        .Int(f.first_new)
        .Int(f.num_lost)
        .Run();
  }
  atomic.Done();
}

std::map<int64_t, SnapshotRecord> SnapshotRecords::All() const {
  static constexpr char kDoing[] = "reading the record of snapshots";
  std::map<int64_t, SnapshotRecord> records;
  Query query = catalogue_.impl_->connection.Use(
      "SELECT number, kind, num_parts, num_photos, published_at, held_back, gate, compared_with FROM snapshots",
      kDoing);
  while (query.Next()) {
    SnapshotRecord& record = records[query.GetInt(0)];
    record.number = query.GetInt(0);
    record.kind = query.GetText(1);
    record.num_parts = query.GetInt(2);
    record.num_photos = query.GetInt(3);
    record.recorded_at = query.GetText(4);
    record.held_back = query.GetInt(5) != 0;
    record.gate = query.GetText(6);
    record.compared_with = query.GetInt(7);
  }
  Query figures = catalogue_.impl_->connection.Use(
      "SELECT number, canary, num_tried, found_old, found_new, first_old, first_new, num_lost FROM gate_figures "
      "ORDER BY number, instr('self new hash vector crop recompressed mirrored', canary)",
      kDoing);
  while (figures.Next()) {
    const auto record = records.find(figures.GetInt(0));
    if (record == records.end()) continue;
    record->second.figures.push_back({figures.GetText(1), figures.GetInt(2), figures.GetInt(3), figures.GetInt(4),
                                      figures.GetInt(5), figures.GetInt(6), figures.GetInt(7)});
  }
  return records;
}

std::optional<BatchRecord> SnapshotRecords::LastBatch() const {
  Query query = catalogue_.impl_->connection.Use(
      "SELECT id, source, started_at, ifnull(finished_at, ''), num_new_photos, num_known_photos, num_new_sightings, "
      "num_unreadable, num_removed_earlier FROM batches ORDER BY id DESC LIMIT 1",
      "reading the last batch");
  if (!query.Next()) return std::nullopt;
  BatchRecord batch;
  batch.id.value = query.GetInt(0);
  batch.source = query.GetText(1);
  batch.started_at = query.GetText(2);
  batch.finished_at = query.GetText(3);
  int column = 4;
  for (int64_t* count : {&batch.counts.num_new_photos, &batch.counts.num_known_photos, &batch.counts.num_new_sightings,
                         &batch.counts.num_unreadable, &batch.counts.num_removed_earlier}) {
    *count = query.GetInt(column++);
  }
  return batch;
}

}  // namespace pugmark
