// SPDX-License-Identifier: Apache-2.0
#include "engine/search/compare.h"

#include <chrono>
#include <optional>
#include <utility>

#include "engine/search/pair.h"
#include "engine/search/query.h"
#include "engine/search/verdict.h"

namespace pugmark {
namespace {

constexpr int64_t kNumPhotos = 1;

std::optional<Described> Read(const std::filesystem::path& path, const FeatureOptions& options, int64_t* size_bytes,
                              QueryResult* result) {
  std::optional<Described> described;
  result->num_photos = kNumPhotos;
  ReadQuery(
      path,
      [&](std::span<const uint8_t> bytes) {
        *size_bytes = static_cast<int64_t>(bytes.size());
        described = DescribeQuery(bytes, options, {}, result);
      },
      result);
  return described;
}

Photo PhotoOf(const QueryResult& result, const PhotoInfo& info, int64_t size_bytes) {
  Photo photo;
  photo.sha256 = *result.sha256;
  photo.path = result.path.native();
  photo.size_bytes = size_bytes;
  photo.format = PhotoFormatName(info.format);
  photo.width_px = result.width_px;
  photo.height_px = result.height_px;
  photo.camera_make = info.camera_make;
  photo.camera_model = info.camera_model;
  photo.camera_serial = info.camera_serial;
  photo.taken_at = info.taken_at;
  photo.truncated = info.truncated;
  return photo;
}

// In the orientation in which more agrees.
std::optional<Hit> HitOf(const Described& a, const Described& b, const CompareOptions& options) {
  const Verification upright = Verify(options.verify, a.features, b.features, kNumPhotos);
  const Verification mirrored = Verify(options.verify, MirrorFeatures(a.features), b.features, kNumPhotos);
  const bool is_mirrored =
      upright.inliers.empty() || (!mirrored.inliers.empty() && mirrored.log10_nfa < upright.log10_nfa);
  const Verification& best = is_mirrored ? mirrored : upright;
  if (best.inliers.empty() || ExpectedFalseHits(best.log10_nfa, kNumPhotos) > options.max_expected_false_hits) {
    return std::nullopt;
  }
  return DescribePair(best, is_mirrored, a.side(), b.side(), kNumPhotos);
}

}  // namespace

Comparison Compare(const std::filesystem::path& a, const std::filesystem::path& b, const CompareOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  Comparison comparison;
  int64_t a_bytes = 0, b_bytes = 0;
  const std::optional<Described> described_a = Read(a, options.features, &a_bytes, &comparison.a);
  const std::optional<Described> described_b = Read(b, options.features, &b_bytes, &comparison.b);
  if (described_a && described_b) {
    Photo photo = PhotoOf(comparison.b, described_b->info, b_bytes);
    std::optional<Hit> hit;
    if (comparison.a.sha256 == comparison.b.sha256) {
      hit = SameFileHit(std::move(photo));
    } else if ((hit = HitOf(*described_a, *described_b, options))) {
      hit->photo = std::move(photo);
    }
    if (hit) {
      hit->rank = 1;
      comparison.a.hits.push_back(std::move(*hit));
    }
  }
  comparison.a.elapsed_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return comparison;
}

}  // namespace pugmark
