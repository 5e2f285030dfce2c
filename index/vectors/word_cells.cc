// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/word_cells.h"

#include <faiss/Clustering.h>
#include <faiss/utils/distances.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "index/base/error.h"

// See codebook.cc.
extern "C" void omp_set_num_threads(int) __attribute__((weak));

namespace pugmark {
namespace {

// Measured on RootSIFT: of 128 cells of 128 words each, the nearest word of 99 in 100 descriptors lies in 16.
constexpr size_t kProbes = 16;
constexpr int kIterations = 5;
// Descriptors that are looked up together: of one photo, so that photos on several cores do not nest.
constexpr size_t kBlock = 2048;

}  // namespace

WordCells::WordCells(int dimensions, int seed) : faiss::Index(dimensions), seed_(seed), cells_(dimensions) {}

void WordCells::add(idx_t n, const float* x) {
  PUGMARK_CHECK(ntotal == 0 && n > 0);
  const auto num_words = static_cast<size_t>(n), dimensions = static_cast<size_t>(d);
  const size_t num_cells = std::bit_ceil(static_cast<size_t>(std::sqrt(static_cast<double>(num_words))));
  faiss::ClusteringParameters parameters;
  parameters.niter = kIterations;
  parameters.seed = seed_;
  parameters.min_points_per_centroid = 1;
  faiss::Clustering clustering(d, static_cast<int>(num_cells), parameters);
  clustering.train(n, x, cells_);
  std::vector<idx_t> cell_of(num_words);
  cells_.assign(n, x, cell_of.data());

  labels_.resize(num_words);
  for (size_t i = 0; i < num_words; ++i) labels_[i] = static_cast<idx_t>(i);
  std::stable_sort(labels_.begin(), labels_.end(), [&](idx_t a, idx_t b) {
    return cell_of[static_cast<size_t>(a)] < cell_of[static_cast<size_t>(b)];
  });
  begin_.assign(num_cells + 1, 0);
  for (const idx_t cell : cell_of) ++begin_[static_cast<size_t>(cell) + 1];
  for (size_t cell = 0; cell < num_cells; ++cell) begin_[cell + 1] += begin_[cell];
  words_.resize(num_words * dimensions);
  for (size_t i = 0; i < num_words; ++i) {
    const float* word = x + static_cast<size_t>(labels_[i]) * dimensions;
    std::copy(word, word + dimensions, &words_[i * dimensions]);
  }
  norms_.resize(num_words);
  faiss::fvec_norms_L2sqr(norms_.data(), words_.data(), dimensions, num_words);
  ntotal = n;
}

void WordCells::reset() {
  cells_.reset();
  ntotal = 0;
}

void WordCells::search(idx_t n, const float* x, idx_t k, float* distances, idx_t* labels,
                       const faiss::SearchParameters*) const {
  PUGMARK_CHECK(k > 0 && ntotal > 0);
  const auto num = static_cast<size_t>(n), each = static_cast<size_t>(k), num_blocks = (num + kBlock - 1) / kBlock;
  tbb::parallel_for(size_t{0}, num_blocks, [&](size_t block) {
    const size_t first = block * kBlock;
    SearchBlock(std::min(kBlock, num - first), x + first * static_cast<size_t>(d), each, distances + first * each,
                labels + first * each);
  });
}

void WordCells::SearchBlock(size_t n, const float* x, size_t k, float* distances, idx_t* labels) const {
  if (omp_set_num_threads != nullptr) omp_set_num_threads(1);
  const auto dimensions = static_cast<size_t>(d), num_cells = begin_.size() - 1, probes = std::min(kProbes, num_cells);
  std::vector<float> cell_distances(n * probes);
  std::vector<idx_t> probed(n * probes);
  cells_.search(static_cast<idx_t>(n), x, static_cast<idx_t>(probes), cell_distances.data(), probed.data());
  std::vector<std::vector<size_t>> visitors(num_cells);
  for (size_t i = 0; i < n * probes; ++i) {
    if (probed[i] >= 0) visitors[static_cast<size_t>(probed[i])].push_back(i / probes);
  }

  std::fill(distances, distances + n * k, std::numeric_limits<float>::max());
  std::fill(labels, labels + n * k, idx_t{-1});
  std::vector<float> rows, found_distances;
  std::vector<int64_t> found;
  for (size_t cell = 0; cell < num_cells; ++cell) {
    const std::vector<size_t>& here = visitors[cell];
    const size_t first = begin_[cell], size = begin_[cell + 1] - first;
    if (here.empty() || size == 0) continue;
    rows.resize(here.size() * dimensions);
    for (size_t i = 0; i < here.size(); ++i) {
      std::copy_n(x + here[i] * dimensions, dimensions, &rows[i * dimensions]);
    }
    const size_t num_found = std::min(k, size);
    found_distances.resize(here.size() * num_found);
    found.resize(here.size() * num_found);
    faiss::knn_L2sqr(rows.data(), &words_[first * dimensions], dimensions, here.size(), size, num_found,
                     found_distances.data(), found.data(), &norms_[first]);
    for (size_t i = 0; i < here.size(); ++i) {
      float* const best = distances + here[i] * k;
      idx_t* const words = labels + here[i] * k;
      for (size_t j = 0; j < num_found; ++j) {
        const float distance = found_distances[i * num_found + j];
        const size_t place = static_cast<size_t>(std::upper_bound(best, best + k, distance) - best);
        if (place == k) break;
        std::copy_backward(best + place, best + k - 1, best + k);
        std::copy_backward(words + place, words + k - 1, words + k);
        best[place] = distance;
        words[place] = labels_[first + static_cast<size_t>(found[i * num_found + j])];
      }
    }
  }
}

}  // namespace pugmark
