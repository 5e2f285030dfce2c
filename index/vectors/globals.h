// SPDX-License-Identifier: Apache-2.0
//
// What a snapshot keeps of whole pictures: one hash, and one vector if the collection has an embedding, per photo; and
// which photos are nearest to a query by either. A second door to the candidates, for photos with too few keypoints to be
// voted for.
//
// Every part has such a file beside it, with the photos of that part. Both searches look at everything: 32 bytes a photo
// pass at memory speed, and an exact answer needs no tuning. Layout: docs/formats.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "index/base/ids.h"

namespace pugmark {

inline constexpr int kMaxVectorDimension = 4096;

using HashBits = std::array<uint64_t, 4>;

// One global file opened for searching: memory-mapped, read-only. Threads: safe from any number at once.
class Globals {
 public:
  // Throws Error(kCorrupt) if the file is none, or not as long as its header says; Error(kIo).
  static Globals Open(const std::filesystem::path& path);

  // All views live as long as this object. Photos ascend.
  std::span<const uint32_t> hash_photos() const { return hash_photos_; }
  std::span<const HashBits> hashes() const { return hashes_; }
  std::span<const uint8_t> qualities() const { return qualities_; }  // [0, 100], as the hash's maker gave it.
  std::span<const uint32_t> vector_photos() const { return vector_photos_; }
  std::span<const int8_t> vectors() const { return vectors_; }  // vector_photos().size() × dimension(), row-major.
  size_t dimension() const { return dimension_; }               // 0 if there are no vectors.

  Globals(Globals&&) noexcept;
  Globals& operator=(Globals&&) noexcept;
  ~Globals();

 private:
  Globals();
  struct Mapping;
  std::unique_ptr<Mapping> mapping_;
  std::span<const uint32_t> hash_photos_, vector_photos_;
  std::span<const HashBits> hashes_;
  std::span<const uint8_t> qualities_;
  std::span<const int8_t> vectors_;
  size_t dimension_ = 0;
};

// Collects hashes and vectors of photos, each in ascending order of photo, and writes them as one file.
// Memory: 37 bytes a hash, dimension + 4 a vector.
class GlobalsBuilder {
 public:
  // Throws Error(kLimit) for photo ids beyond 2^32-1.
  void AddHash(PhotoId photo, const HashBits& hash, uint8_t quality);
  // All vectors have one size, [1, kMaxVectorDimension]; Error(kCorrupt) otherwise: they come from stored features.
  void AddVector(PhotoId photo, std::span<const int8_t> vector);

  bool empty() const { return hash_photos_.empty() && vector_photos_.empty(); }

  // Throws Error(kIo). The file is synced to disk when this returns.
  void Write(const std::filesystem::path& path) const;

 private:
  size_t dimension_ = 0;
  std::vector<uint32_t> hash_photos_, vector_photos_;
  std::vector<HashBits> hashes_;
  std::vector<uint8_t> qualities_;
  std::vector<int8_t> vectors_;
};

struct HashNeighbour {
  PhotoId photo;
  int distance = 0;  // Bits that differ.
  size_t query = 0;  // Which of the query's hashes is the nearest.
};

struct HashSearchOptions {
  int max_neighbours = 10;
  int max_distance = 90;  // [0, 256] bits.
  int min_quality = 0;    // Photos whose hash has a lower quality are passed over.
};

// The photos whose hash is near to any of the queries' (at most 64), nearest first, ties by photo; of several queries the
// nearest counts, then the first. Deterministic. Threads: pure. Cost: about 1.5 ns × queries a photo.
std::vector<HashNeighbour> NearestHashes(std::span<const Globals> globals, std::span<const HashBits> queries,
                                         const HashSearchOptions& options);

struct VectorNeighbour {
  PhotoId photo;
  float cosine = 0;  // [-1, 1], largest is best.
};

// The photos whose vectors point most nearly where the query does, best first, ties by photo. Files of another dimension
// are passed over. Exact on the stored values, hence deterministic. Threads: pure. Cost: 0.1 ns × dimension a photo.
std::vector<VectorNeighbour> NearestVectors(std::span<const Globals> globals, std::span<const int8_t> query,
                                            int max_neighbours);

}  // namespace pugmark
