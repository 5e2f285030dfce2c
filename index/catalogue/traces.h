// SPDX-License-Identifier: Apache-2.0
//
// Traces inside photos' files (engine/traces), kept so that photos with an equal one can be joined, and counted so that
// what everybody has carries no weight.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/catalogue/catalogue.h"

namespace pugmark {

enum class TraceKind {
  kCamera,  // Make, model, body serial number.
  kLens,    // Model and serial number.
  kOwner,   // Name in the EXIF data.
  kTables,  // JPEG tables and pixel size: the same make of program or device.
  kQr,      // Content of a QR code in the picture.
};
std::string_view TraceKindName(TraceKind kind);  // "camera", "lens", "owner", "jpeg-tables", "qr"

struct FileTrace {
  TraceKind kind = TraceKind::kCamera;
  std::string value;  // Escaped text; equal or not, nothing in between.
  bool operator==(const FileTrace&) const = default;
};

// True for what says nothing by its very value, however rare it is in this collection: the JPEG standard's own tables.
bool IsCommonplace(const FileTrace& trace);

// A trace that at least two photos have. Few sellers: their photos may come from one hand.
struct SharedTrace {
  FileTrace trace;
  std::vector<PhotoId> photos;  // Ascending.
  int64_t num_sellers = 0;      // Who show any of them; unknown ones are not counted.
};

// All three: threads and errors as Catalogue; Error(kCorrupt) where a row is not what was written.

// Replaces what the photo had. The photo must be catalogued.
void KeepTraces(Catalogue& catalogue, PhotoId photo, std::span<const FileTrace> traces);

// Ordered by kind's name and value.
std::vector<FileTrace> TracesOf(const Catalogue& catalogue, PhotoId photo);

// All that 2 to max_photos photos share, commonplace or not, ordered by kind's name and value: beyond max_photos a
// trace is common and not worth the time. Cost: reads the index of traces, and the sightings of each photo in the
// answer.
std::vector<SharedTrace> SharedTraces(const Catalogue& catalogue, int64_t max_photos);

}  // namespace pugmark
