// SPDX-License-Identifier: Apache-2.0
//
// Which photos are worth verifying: every query keypoint votes for the photos that hold a similar one.
//
// A keypoint is similar if it shares one of the query keypoint's words and differs in few bits of the signature [1]. A
// vote weighs exp(-h²/σ²) idf² as in [2]; votes of one photo count together only where they agree on rotation and scale
// (weak geometric consistency, [1] section 4). Repeated structure, the print of a page above all, must not vote many
// times: a vote is divided by the root of how often its query keypoint, and how often its entry, voted for the photo
// (burstiness on both sides, [3]).
// [1] Jégou, Douze, Schmid, Hamming Embedding and Weak Geometric Consistency, ECCV 2008.
// [2] Arandjelović, Zisserman, DisLocation: Scalable Descriptor Distinctiveness for Location Recognition, ACCV 2014.
// [3] Jégou, Douze, Schmid, On the Burstiness of Visual Elements, CVPR 2009.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/base/ids.h"
#include "index/vectors/codebook.h"
#include "index/vectors/part.h"

namespace pugmark {

struct ShortlistOptions {
  int max_candidates = 50;     // [1, 10000]. More: verification finds more and takes longer.
  int words_per_keypoint = 3;  // [1, 16]. More: finds details that fell just beyond a word's border; cost is linear.
  int max_bits = 0;            // Largest Hamming distance of a vote, [1, 64]; 0 chooses by size (RecommendedMaxBits).
  PhotoId before = {};         // Only photos with smaller ids are looked for; invalid: all.
};

struct Candidate {
  PhotoId photo;
  float score = 0;  // Sum of agreeing votes; larger is better; comparable within one query only.
};

// The chance that two unrelated signatures agree must fall as the collection grows: 24 of 64 bits up to a million
// entries, 22 up to ten million, 20 up to a thousand million, 18 beyond. (methods: 0.84 % of random pairs at 22 bits,
// 0.18 % at 20, 0.03 % at 18.)
int RecommendedMaxBits(int64_t num_entries);

// descriptors: n × 128, row-major; geometry: n. Returns at most max_candidates photos, best first, ties by photo id.
// Threads: pure; safe from any number at once. Deterministic.
// Cost: quantising n × words × 256 operations, then about 2 ns per entry of the visited lists and 30 ns per vote.
std::vector<Candidate> Shortlist(const Codebook& codebook, std::span<const Part> parts,
                                 std::span<const uint8_t> descriptors, std::span<const EntryGeometry> geometry,
                                 const ShortlistOptions& options);

}  // namespace pugmark
