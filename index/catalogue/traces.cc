// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/traces.h"

#include "index/base/error.h"
#include "index/catalogue/catalogue_impl.h"
#include "index/catalogue/connection.h"
#include "index/catalogue/row_checksums.h"

namespace pugmark {

using internal::Atomic;
using internal::CatalogueAccess;
using internal::Connection;
using internal::Query;

namespace {

constexpr char kReading[] = "reading traces";

TraceKind KindOf(const std::string& name) {
  for (const TraceKind kind :
       {TraceKind::kCamera, TraceKind::kLens, TraceKind::kOwner, TraceKind::kTables, TraceKind::kQr}) {
    if (name == TraceKindName(kind)) return kind;
  }
  throw Error(ErrorCode::kCorrupt, "A trace in the catalogue is of no known kind. Run 'pugmark check'.");
}

}  // namespace

std::string_view TraceKindName(TraceKind kind) {
  switch (kind) {
    case TraceKind::kCamera: return "camera";
    case TraceKind::kLens: return "lens";
    case TraceKind::kOwner: return "owner";
    case TraceKind::kTables: return "jpeg-tables";
    case TraceKind::kQr: return "qr";
  }
  return "camera";
}

bool IsCommonplace(const FileTrace& trace) {
  return trace.kind == TraceKind::kTables && trace.value.starts_with("standard ");
}

void KeepTraces(Catalogue& catalogue, PhotoId photo, std::span<const FileTrace> traces) {
  static constexpr char kDoing[] = "keeping traces";
  Connection& connection = CatalogueAccess::Writer(catalogue);
  Atomic atomic(connection, kDoing);
  connection.Use("DELETE FROM photo_traces WHERE photo_id = ?", kDoing).Int(photo.value).Run();
  for (const FileTrace& trace : traces) {
    connection.Use("INSERT INTO photo_traces (photo_id, kind, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", kDoing)
        .Int(photo.value)
        .Text(std::string(TraceKindName(trace.kind)))
        .Text(trace.value)
        .Run();
  }
  atomic.Done();
}

std::vector<FileTrace> TracesOf(const Catalogue& catalogue, PhotoId photo) {
  Connection& connection = CatalogueAccess::Reader(catalogue);
  internal::RequireSoundRows(connection, "photo_traces", photo.value, internal::Missing::kIsFine);
  Query query =
      connection.Use("SELECT kind, value FROM photo_traces WHERE photo_id = ? ORDER BY kind, value", kReading);
  query.Int(photo.value);
  std::vector<FileTrace> traces;
  while (query.Next()) traces.push_back({KindOf(query.GetText(0)), query.GetText(1)});
  return traces;
}

std::vector<SharedTrace> SharedTraces(const Catalogue& catalogue, int64_t max_photos) {
  Connection& connection = CatalogueAccess::Reader(catalogue);
  std::vector<SharedTrace> shared;
  Query groups = connection.Use(
      "SELECT kind, value FROM photo_traces GROUP BY kind, value HAVING count(*) BETWEEN 2 AND ? ORDER BY kind, value",
      kReading);
  groups.Int(max_photos);
  while (groups.Next()) shared.push_back({{KindOf(groups.GetText(0)), groups.GetText(1)}, {}, 0});
  for (SharedTrace& group : shared) {
    const std::string kind(TraceKindName(group.trace.kind));
    Query photos =
        connection.Use("SELECT photo_id FROM photo_traces WHERE kind = ? AND value = ? ORDER BY photo_id", kReading);
    photos.Text(kind).Text(group.trace.value);
    while (photos.Next()) {
      internal::RequireSoundRows(connection, "photo_traces", photos.GetInt(0));
      group.photos.push_back(PhotoId{photos.GetInt(0)});
    }
    Query sellers = connection.Use(
        "SELECT count(DISTINCT l.seller_id) FROM photo_traces AS t JOIN sightings AS s ON s.photo_id = t.photo_id "
        "JOIN listings AS l ON l.id = s.listing_id WHERE t.kind = ? AND t.value = ?",
        kReading);
    PUGMARK_CHECK(sellers.Text(kind).Text(group.trace.value).Next());
    group.num_sellers = sellers.GetInt(0);
  }
  return shared;
}

}  // namespace pugmark
