// SPDX-License-Identifier: Apache-2.0
//
// The codebook: which visual word a descriptor belongs to, and its signature within the word.
//
// Words are k-means centroids; the signature is Hamming embedding [1]: the descriptor is projected to 64 random
// orthogonal directions and each value compared with the median of its word. Two descriptors of the same detail share a
// word and differ in few bits. Kept as a FAISS IndexIVFSpectralHash with median thresholds.
// [1] Jégou, Douze, Schmid, Hamming Embedding and Weak Geometric Consistency, ECCV 2008, sections 3.2-3.3.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace faiss {
struct IndexIVFSpectralHash;
}

namespace pugmark {

inline constexpr int kVectorSize = 128;  // Bytes of a descriptor.

struct CodebookOptions {
  int num_words = 1024;              // [1, 65536].
  int iterations = 8;                // Of k-means. More: slightly better words, linearly more time.
  int max_samples_per_word = 32;     // Descriptors used per word; the rest is skipped evenly.
  uint64_t seed = 1;
};

// The number of words that serves `num_descriptors`: grows as their square root, a power of two in [16, 16384].
int RecommendedNumWords(int64_t num_descriptors);

inline constexpr int kNumDefaultWords = 4096;  // Of the shipped codebook.

// Where a descriptor stands: word -1 means that there were fewer words than asked for.
struct WordAssignment {
  int32_t word = -1;
  uint64_t signature = 0;
};

class Codebook {
 public:
  // descriptors: n × 128 bytes, row-major. num_words is lowered to n if there are fewer descriptors; n must be positive.
  // Deterministic for equal input, whatever the number of threads. Cost: as Assign, times iterations.
  static Codebook Train(std::span<const uint8_t> descriptors, const CodebookOptions& options);

  // The shipped one: words of ordinary photos and rendered ads (benchmarks/words), so that a small or a new
  // collection is searchable without training. Cost: 10 ms.
  static Codebook Default();

  // The caller has verified size and SHA-256: FAISS trusts what it reads. Throws Error(kCorrupt) if it is no codebook.
  static Codebook Load(const std::filesystem::path& path);
  // Throws Error(kIo).
  void Save(const std::filesystem::path& path) const;
  // As it is shipped; for the program that trains it. Throws Error(kIo).
  void SaveCompressed(const std::filesystem::path& path) const;

  int num_words() const;

  // The words_each nearest words of every descriptor, nearest first: n × words_each, row-major.
  // descriptors: n × 128, row-major. From 2,048 words on about one in a hundred of the nearest is missed, and the next is
  // taken (word_cells.h). Threads: safe from any number at once. Cost: n × num_words × 256 operations; an eighth of that
  // for 16,384 words.
  std::vector<WordAssignment> Assign(std::span<const uint8_t> descriptors, int words_each) const;

  Codebook(Codebook&&) noexcept;
  Codebook& operator=(Codebook&&) noexcept;
  ~Codebook();

 private:
  explicit Codebook(std::unique_ptr<faiss::IndexIVFSpectralHash> index);
  std::unique_ptr<faiss::IndexIVFSpectralHash> index_;
  struct LazyCells;
  std::unique_ptr<LazyCells> cells_;  // Of its words, made by the first Assign; null if there are few words.
};

}  // namespace pugmark
