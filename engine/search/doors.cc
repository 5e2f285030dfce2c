// SPDX-License-Identifier: Apache-2.0
#include "engine/search/doors.h"

#include <array>

#include "engine/features/pdq.h"

namespace pugmark {

std::vector<DoorCandidate> PdqCandidates(const Snapshot& snapshot, const Image& query, const DoorOptions& options) {
  std::vector<DoorCandidate> candidates;
  if (options.max_pdq_candidates == 0 || snapshot.globals.empty()) return candidates;
  const PdqTransform transform = TransformForPdq(query);
  if (transform.quality < options.min_pdq_quality) return candidates;
  std::array<HashBits, 8> queries;
  const std::array<PdqHash, 8> hashes = DihedralHashes(transform);
  for (size_t d = 0; d < hashes.size(); ++d) queries[d] = hashes[d].bits;
  for (const HashNeighbour& n :
       NearestHashes(snapshot.globals, queries,
                     {options.max_pdq_candidates, options.max_pdq_distance, options.min_pdq_quality})) {
    candidates.push_back({n.photo, IsMirroredPdq(n.query)});
  }
  return candidates;
}

std::vector<DoorCandidate> EmbeddingCandidates(const Snapshot& snapshot, const Embedding& embedding, const Image& query,
                                               const DoorOptions& options) {
  std::vector<DoorCandidate> candidates;
  if (options.max_embedding_candidates == 0 || snapshot.globals.empty()) return candidates;
  for (const VectorNeighbour& n :
       NearestVectors(snapshot.globals, embedding.Describe(query), options.max_embedding_candidates)) {
    candidates.push_back({n.photo, false});
    candidates.push_back({n.photo, true});
  }
  return candidates;
}

std::vector<DoorCandidate> DoorCandidates(const Snapshot& snapshot, const Embedding* embedding, const Image& query,
                                          const DoorOptions& options) {
  std::vector<DoorCandidate> candidates = PdqCandidates(snapshot, query, options);
  if (embedding != nullptr) {
    const std::vector<DoorCandidate> more = EmbeddingCandidates(snapshot, *embedding, query, options);
    candidates.insert(candidates.end(), more.begin(), more.end());
  }
  return candidates;
}

}  // namespace pugmark
