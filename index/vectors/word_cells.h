// SPDX-License-Identifier: Apache-2.0
//
// The nearest of many words: words are grouped in cells, and a descriptor is compared with the words of the cells next to
// it only. What FAISS's IndexIVFFlat does one descriptor at a time is done for all descriptors that look into a cell as one
// matrix product, which is what makes it pay (docs/measuring.md, "Words in cells").
#pragma once

#include <faiss/IndexFlat.h>

#include <vector>

namespace pugmark {

// As an index of FAISS, so that its k-means can use it. Words are grouped when they are added, all at once.
class WordCells : public faiss::Index {
 public:
  // Whether cells are worth their while for so many words. Fewer are compared one and all.
  static bool ServeFor(size_t num_words) { return num_words >= 2048; }

  // dimensions: of a word. seed: of the grouping.
  WordCells(int dimensions, int seed);

  // x: n × d. Once until reset(). Deterministic. Cost: n × sqrt(n) × d × 12 operations.
  void add(idx_t n, const float* x) override;
  void reset() override;

  // The k words nearest to each of n vectors, nearest first: n × k each; label -1 where the cells held fewer. About one in
  // a hundred of the nearest is missed. Threads: safe at once; large n uses those of the caller's arena.
  void search(idx_t n, const float* x, idx_t k, float* distances, idx_t* labels,
              const faiss::SearchParameters* params = nullptr) const override;

 private:
  void SearchBlock(size_t n, const float* x, size_t k, float* distances, idx_t* labels) const;

  const int seed_;
  faiss::IndexFlatL2 cells_;
  std::vector<size_t> begin_;    // Of each cell in words_; and the end.
  std::vector<float> words_;     // By cell.
  std::vector<float> norms_;     // Squared, of words_.
  std::vector<idx_t> labels_;    // Of words_.
};

}  // namespace pugmark
