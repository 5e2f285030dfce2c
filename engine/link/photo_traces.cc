// SPDX-License-Identifier: Apache-2.0
#include "engine/link/photo_traces.h"

#include "index/catalogue/traces.h"

namespace pugmark {
namespace {

constexpr int64_t kMaxPhotos = 1000, kMaxSellers = 50;

EdgeKind EdgeKindOf(TraceKind kind) {
  switch (kind) {
    case TraceKind::kCamera: return EdgeKind::kCameraSerial;
    case TraceKind::kLens: return EdgeKind::kLens;
    case TraceKind::kOwner: return EdgeKind::kOwner;
    case TraceKind::kTables: return EdgeKind::kQuantisation;
    case TraceKind::kQr: return EdgeKind::kQrCode;
  }
  return EdgeKind::kQuantisation;
}

}  // namespace

std::vector<PhotoTrace> ReadPhotoTraces(const Catalogue& catalogue) {
  std::vector<PhotoTrace> traces;
  for (const SharedTrace& shared : SharedTraces(catalogue, kMaxPhotos)) {
    if (IsCommonplace(shared.trace) || shared.num_sellers > kMaxSellers) continue;
    for (const PhotoId photo : shared.photos)
      traces.push_back({photo, EdgeKindOf(shared.trace.kind), shared.trace.value});
  }
  return traces;
}

}  // namespace pugmark
