// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/shortlist.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <iterator>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "index/base/clones.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

constexpr float kSigmaBits = 16;

struct Vote {
  uint32_t photo;
  uint32_t query;  // Index of the query keypoint.
  uint64_t entry;
  float weight;
};

// Hamming scan of one list. On processors with POPCNT it runs several times faster than the portable form; both give
// the same result.
PUGMARK_CLONES("default", "popcnt", "avx2")
void ScanList(const Part::List& list, uint64_t signature, int max_bits, std::vector<uint32_t>* hits) {
  hits->clear();
  for (size_t i = 0; i < list.size; ++i) {
    if (std::popcount(signature ^ list.signature(i)) <= max_bits) hits->push_back(static_cast<uint32_t>(i));
  }
}

std::vector<Vote> CollectVotes(std::span<const Part> parts, std::span<const WordAssignment> words,
                               const ShortlistOptions& options, int max_bits) {
  const auto words_each = static_cast<size_t>(options.words_per_keypoint);
  int64_t num_entries = 0;
  for (const Part& part : parts) num_entries += part.num_entries();
  std::array<float, 65> weight_of_bits;
  for (size_t h = 0; h < weight_of_bits.size(); ++h) {
    weight_of_bits[h] = std::exp(-static_cast<float>(h * h) / (kSigmaBits * kSigmaBits));
  }

  std::vector<Vote> votes;
  std::vector<uint32_t> hits;
  for (size_t w = 0; w < words.size(); ++w) {
    if (words[w].word < 0) continue;
    size_t list_size = 0;
    for (const Part& part : parts) list_size += part.list(words[w].word).size;
    if (list_size == 0) continue;
    const float idf = std::log1p(static_cast<float>(num_entries) / static_cast<float>(list_size));
    for (const Part& part : parts) {
      const Part::List list = part.list(words[w].word);
      ScanList(list, words[w].signature, max_bits, &hits);
      for (const uint32_t i : hits) {
        const uint64_t entry = list.entry(i);
        if (options.before.value > 0 && EntryPhoto(entry) >= options.before.value) continue;
        const int bits = std::popcount(list.signature(i) ^ words[w].signature);
        votes.push_back({EntryPhoto(entry), static_cast<uint32_t>(w / words_each), entry,
                         idf * idf * weight_of_bits[static_cast<size_t>(bits)]});
      }
    }
  }
  return votes;
}

// Scores one photo's votes, which are ordered by query keypoint.
class PhotoScorer {
 public:
  float Score(std::span<const Vote> votes, std::span<const uint64_t> query_entries) {
    entry_votes_.clear();
    for (const Vote& v : votes) ++entry_votes_[v.entry];
    bins_.fill(0);
    for (size_t begin = 0; begin < votes.size();) {
      size_t end = begin;
      while (end < votes.size() && votes[end].query == votes[begin].query) ++end;
      const float query_burst = std::sqrt(static_cast<float>(end - begin));
      const uint64_t query = query_entries[votes[begin].query];
      for (size_t i = begin; i < end; ++i) {
        const float entry_burst = std::sqrt(static_cast<float>(entry_votes_[votes[i].entry]));
        Add(query, votes[i].entry, votes[i].weight / (query_burst * entry_burst));
      }
      begin = end;
    }
    return Peak();
  }

 private:
  static constexpr int kAngleBins = 16;
  static constexpr int kScaleBins = 17;  // One octave each, differences of -8 … +8.

  void Add(uint64_t query, uint64_t entry, float weight) {
    const int turn = (EntryAngleStep(entry) - EntryAngleStep(query)) & (kAngleStepsInEntry - 1);
    const int angle_bin = turn * kAngleBins / kAngleStepsInEntry;
    const int steps = EntryScaleStep(entry) - EntryScaleStep(query) + 8 * kScaleStepsPerOctaveInEntry;
    const int scale_bin = std::clamp(steps / kScaleStepsPerOctaveInEntry, 0, kScaleBins - 1);
    bins_[static_cast<size_t>(angle_bin * kScaleBins + scale_bin)] += weight;
  }

  // The largest sum over 2 × 2 neighbouring bins, so that a true peak on a border is not split.
  float Peak() const {
    float peak = 0;
    for (int a = 0; a < kAngleBins; ++a) {
      const int next_a = (a + 1) % kAngleBins;
      for (int s = 0; s + 1 < kScaleBins; ++s) {
        const auto at = [&](int angle, int scale) { return bins_[static_cast<size_t>(angle * kScaleBins + scale)]; };
        peak = std::max(peak, at(a, s) + at(a, s + 1) + at(next_a, s) + at(next_a, s + 1));
      }
    }
    return peak;
  }

  std::array<float, kAngleBins * kScaleBins> bins_;
  std::unordered_map<uint64_t, int> entry_votes_;
};

// No photo scores more than its votes weigh together. Photos that share a cell only allow each other more.
class Bounds {
 public:
  explicit Bounds(const std::vector<Vote>& votes)
      : sums_(std::clamp<size_t>(std::bit_ceil(votes.size()), 1 << 8, 1 << 22)) {
    for (const Vote& v : votes) sums_[Cell(v.photo)] += v.weight;
  }

  float Of(uint32_t photo) const {
    constexpr float kRounding = 1.0001f;  // The same weights are added in another order.
    return kRounding * sums_[Cell(photo)];
  }
  // What num cells at most exceed.
  float Exceeded(size_t num) const {
    if (num >= sums_.size()) return 0;
    std::vector<float> sums = sums_;
    const auto place = sums.begin() + static_cast<std::ptrdiff_t>(num);
    std::nth_element(sums.begin(), place, sums.end(), std::greater<>());
    return *place;
  }

 private:
  size_t Cell(uint32_t photo) const { return photo & (sums_.size() - 1); }
  std::vector<float> sums_;
};

// Of every photo that has votes.
std::vector<Candidate> ScoreAll(std::vector<Vote> votes, std::span<const uint64_t> query_entries) {
  // Total order: equal votes differ in nothing, so that the sums below never depend on how the sort ran.
  std::sort(votes.begin(), votes.end(), [](const Vote& a, const Vote& b) {
    return std::tie(a.photo, a.query, a.entry, a.weight) < std::tie(b.photo, b.query, b.entry, b.weight);
  });
  std::vector<Candidate> candidates;
  PhotoScorer scorer;
  for (size_t begin = 0; begin < votes.size();) {
    size_t end = begin;
    while (end < votes.size() && votes[end].photo == votes[begin].photo) ++end;
    const float score = scorer.Score(std::span(votes).subspan(begin, end - begin), query_entries);
    candidates.push_back({PhotoId{votes[begin].photo}, score});
    begin = end;
  }
  return candidates;
}

// The best, best first; all if there are fewer.
void KeepBest(size_t num, std::vector<Candidate>* candidates) {
  const size_t kept = std::min(candidates->size(), num);
  std::partial_sort(candidates->begin(), candidates->begin() + static_cast<std::ptrdiff_t>(kept), candidates->end(),
                    [](const Candidate& a, const Candidate& b) {
                      return a.score != b.score ? a.score > b.score : a.photo < b.photo;
                    });
  candidates->resize(kept);
}

}  // namespace

int RecommendedMaxBits(int64_t num_entries) {
  if (num_entries <= 1'000'000) return 24;
  if (num_entries <= 10'000'000) return 22;
  if (num_entries <= 1'000'000'000) return 20;
  return 18;
}

std::vector<Candidate> Shortlist(const Codebook& codebook, std::span<const Part> parts,
                                 std::span<const uint8_t> descriptors, std::span<const EntryGeometry> geometry,
                                 const ShortlistOptions& options) {
  PUGMARK_CHECK(descriptors.size() == geometry.size() * kVectorSize);
  int64_t num_entries = 0;
  for (const Part& part : parts) num_entries += part.num_entries();
  const int max_bits = options.max_bits > 0 ? options.max_bits : RecommendedMaxBits(num_entries);

  const std::vector<WordAssignment> words = codebook.Assign(descriptors, options.words_per_keypoint);
  const std::vector<Vote> votes = CollectVotes(parts, words, options, max_bits);
  std::vector<uint64_t> query_entries(geometry.size());
  for (size_t i = 0; i < geometry.size(); ++i) query_entries[i] = PackEntry(PhotoId{1}, geometry[i]);

  // Most photos have a vote or two by chance. Those that may have the most points are scored; then, if the last of the
  // best has fewer than others were allowed, all that may have as many.
  const Bounds bounds(votes);
  const auto num_kept = static_cast<size_t>(options.max_candidates);
  float least = bounds.Exceeded(4 * num_kept);
  for (;;) {
    std::vector<Vote> strong;
    std::copy_if(votes.begin(), votes.end(), std::back_inserter(strong),
                 [&](const Vote& v) { return bounds.Of(v.photo) >= least; });
    std::vector<Candidate> candidates = ScoreAll(std::move(strong), query_entries);
    KeepBest(num_kept, &candidates);
    const float last = candidates.size() < num_kept ? 0 : candidates.back().score;
    if (last >= least) return candidates;
    least = last;
  }
}

}  // namespace pugmark
