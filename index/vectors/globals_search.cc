// SPDX-License-Identifier: Apache-2.0
//
// Globals: the exhaustive searches.
#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>

#include "index/base/clones.h"
#include "index/base/error.h"
#include "index/vectors/globals.h"

namespace pugmark {
namespace {

constexpr size_t kMaxQueries = 64;

// distances: the smallest over the queries for each hash, and which query it was, as distance << 6 | query.
// As in shortlist.cc: several times faster where there is POPCNT, with the same result everywhere.
PUGMARK_CLONES("default", "popcnt", "avx2")
void ScanHashes(const HashBits* hashes, size_t num_hashes, const HashBits* queries, size_t num_queries, uint16_t* nearest) {
  for (size_t i = 0; i < num_hashes; ++i) {
    unsigned best = 0xFFFF;
    for (size_t q = 0; q < num_queries; ++q) {
      unsigned bits = 0;
      for (size_t w = 0; w < 4; ++w) bits += static_cast<unsigned>(std::popcount(hashes[i][w] ^ queries[q][w]));
      best = std::min(best, bits << 6 | static_cast<unsigned>(q));
    }
    nearest[i] = static_cast<uint16_t>(best);
  }
}

// Inner product of a and b, and of a with itself. At most 4096 products of at most 2^14: no overflow.
struct Products {
  int32_t with_other = 0;
  int32_t with_itself = 0;
};
PUGMARK_CLONES("default", "avx2")
Products Multiply(const int8_t* a, const int8_t* b, size_t n) {
  int32_t with_other = 0, with_itself = 0;
  for (size_t i = 0; i < n; ++i) {
    with_other += a[i] * b[i];
    with_itself += a[i] * a[i];
  }
  return {with_other, with_itself};
}

// Sorts the best max_kept of `all` to the front and drops the others.
template <typename T, typename Better>
void KeepBest(std::vector<T>* all, int max_kept, Better better) {
  const size_t kept = std::min(all->size(), static_cast<size_t>(std::max(max_kept, 0)));
  std::partial_sort(all->begin(), all->begin() + static_cast<std::ptrdiff_t>(kept), all->end(), better);
  all->resize(kept);
}

}  // namespace

std::vector<HashNeighbour> NearestHashes(std::span<const Globals> globals, std::span<const HashBits> queries,
                                         const HashSearchOptions& options) {
  PUGMARK_CHECK(queries.size() <= kMaxQueries);
  std::vector<HashNeighbour> found;
  if (queries.empty()) return found;
  std::vector<uint16_t> nearest;
  for (const Globals& g : globals) {
    nearest.resize(g.hashes().size());
    ScanHashes(g.hashes().data(), g.hashes().size(), queries.data(), queries.size(), nearest.data());
    for (size_t i = 0; i < nearest.size(); ++i) {
      const int distance = nearest[i] >> 6;
      if (distance > options.max_distance || g.qualities()[i] < options.min_quality) continue;
      found.push_back({PhotoId{g.hash_photos()[i]}, distance, nearest[i] & (kMaxQueries - 1)});
    }
  }
  KeepBest(&found, options.max_neighbours, [](const HashNeighbour& a, const HashNeighbour& b) {
    return std::tie(a.distance, a.photo) < std::tie(b.distance, b.photo);
  });
  return found;
}

std::vector<VectorNeighbour> NearestVectors(std::span<const Globals> globals, std::span<const int8_t> query,
                                            int max_neighbours) {
  std::vector<VectorNeighbour> found;
  const Products own = Multiply(query.data(), query.data(), query.size());
  if (own.with_itself == 0) return found;
  for (const Globals& g : globals) {
    if (g.dimension() != query.size()) continue;
    for (size_t i = 0; i < g.vector_photos().size(); ++i) {
      const Products p = Multiply(g.vectors().data() + i * g.dimension(), query.data(), query.size());
      if (p.with_itself == 0) continue;
      const double norms = std::sqrt(static_cast<double>(p.with_itself) * static_cast<double>(own.with_itself));
      found.push_back({PhotoId{g.vector_photos()[i]}, static_cast<float>(p.with_other / norms)});
    }
  }
  KeepBest(&found, max_neighbours, [](const VectorNeighbour& a, const VectorNeighbour& b) {
    return std::tie(b.cosine, a.photo) < std::tie(a.cosine, b.photo);
  });
  return found;
}

}  // namespace pugmark
