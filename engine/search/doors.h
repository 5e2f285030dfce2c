// SPDX-License-Identifier: Apache-2.0
//
// Further doors to the candidates: photos that resemble the query as a whole.
//
// The vote of keypoints (index/vectors/shortlist.h) needs detail. A small, blurred or badly compressed copy may keep so
// little of it that the photo it was made from is not among the candidates; its coarse tones still name it. What comes
// through a door is only a candidate: it is verified by its local features like every other, and is no hit without.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/decode/decode.h"
#include "engine/features/embedding.h"
#include "index/snapshots/snapshots.h"

namespace pugmark {

struct DoorOptions {
  int max_pdq_candidates = 10;  // [0, 10000]. 0 shuts the door.
  // [0, 256] bits. Published as a match is 31; verification decides here, and text laid over a photo costs 57 on average.
  int max_pdq_distance = 90;
  // [0, 100], of the query and of the photo. Hashes of nearly uniform pictures are noise: published limit 50. Asking for
  // less found nothing more (docs/measuring.md, "Doors").
  int min_pdq_quality = 50;
  int max_embedding_candidates = 20;  // [0, 10000]. Used only if the collection has an embedding.
};

struct DoorCandidate {
  PhotoId photo;
  bool mirrored = false;  // The query's mirror image is what resembles the photo.
};

// The photos nearest to the query by PDQ over its 8 turned and mirrored hashes, nearest first. Nothing if the query's
// quality is too low, or the snapshot has no hashes. query: the working image.
// Threads: pure. Deterministic. Cost: about 0.8 ms, and 12 ns a photo of the snapshot.
std::vector<DoorCandidate> PdqCandidates(const Snapshot& snapshot, const Image& query, const DoorOptions& options);

// The photos whose global descriptors are nearest to the query's by cosine, nearest first, each in both orientations:
// most networks do not tell a picture from its mirror image. Nothing if the snapshot has no such descriptors.
// Threads: safe from any number at once. Cost: one run of the network, 0.1 ns per value a photo; and two verifications
// a candidate.
std::vector<DoorCandidate> EmbeddingCandidates(const Snapshot& snapshot, const Embedding& embedding, const Image& query,
                                               const DoorOptions& options);

// Of all doors, in this order; a photo may come through several. embedding: null if the collection has none.
std::vector<DoorCandidate> DoorCandidates(const Snapshot& snapshot, const Embedding* embedding, const Image& query,
                                          const DoorOptions& options);

}  // namespace pugmark
