// SPDX-License-Identifier: Apache-2.0
//
// A part: one immutable file of inverted lists. For every visual word, the entries (photo, geometry, signature) of the
// keypoints that belong to it. 16 bytes an entry: FAISS inverted lists whose code is the 64-bit signature and whose id
// packs photo number and geometry. Layout: docs/formats.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "index/base/ids.h"
#include "index/vectors/codebook.h"

namespace faiss {
struct ArrayInvertedLists;
struct InvertedLists;
}  // namespace faiss

namespace pugmark {

// Weak geometry of a keypoint: enough to see whether votes agree, in 32 bits.
struct EntryGeometry {
  float x = 0;  // [0, 1]: fraction of the image's long side. Packed in 10 bits.
  float y = 0;
  float log2_scale = 0;  // [0, 8): octaves above one pixel. Packed in quarter octaves, 5 bits.
  float angle_rad = 0;   // [0, 2π). Packed in 128 steps, 7 bits.
};

inline constexpr int kScaleStepsPerOctaveInEntry = 4;
inline constexpr int kAngleStepsInEntry = 128;

// The 32 bits by which an index knows a photo. Throws Error(kLimit) for photo ids beyond 2^32-1.
uint32_t PhotoNumber(PhotoId photo);

// 64 bits: photo (32) | x (10) | y (10) | scale (5) | angle (7). Throws as PhotoNumber.
uint64_t PackEntry(PhotoId photo, const EntryGeometry& geometry);
constexpr uint32_t EntryPhoto(uint64_t entry) { return static_cast<uint32_t>(entry >> 32); }
constexpr uint32_t EntryPlace(uint64_t entry) { return static_cast<uint32_t>(entry >> 12) & 0xFFFFF; }
constexpr int EntryScaleStep(uint64_t entry) { return static_cast<int>(entry >> 7) & 31; }
constexpr int EntryAngleStep(uint64_t entry) { return static_cast<int>(entry) & 127; }

// Collects the entries of photos and writes them as one part. Memory: 16 bytes an entry (and what vectors grow by).
class PartBuilder {
 public:
  explicit PartBuilder(int num_words);
  ~PartBuilder();
  PartBuilder(const PartBuilder&) = delete;
  PartBuilder& operator=(const PartBuilder&) = delete;

  // words: the nearest word of each keypoint (Codebook::Assign with words_each = 1), geometry: one per keypoint.
  void Add(PhotoId photo, std::span<const WordAssignment> words, std::span<const EntryGeometry> geometry);

  int64_t num_photos() const { return num_photos_; }
  int64_t num_entries() const { return num_entries_; }

  // Throws Error(kIo). The file is synced to disk when this returns.
  void Write(const std::filesystem::path& path) const;

 private:
  std::unique_ptr<faiss::ArrayInvertedLists> lists_;
  int64_t num_photos_ = 0;
  int64_t num_entries_ = 0;
};

// A part opened for searching: memory-mapped, read-only. Threads: safe from any number at once.
class Part {
 public:
  // Throws Error(kCorrupt) if the file is no part with num_words lists and num_entries entries that lie within the file:
  // FAISS trusts what it reads, and a seal proves only that a file is the one its maker sealed.
  static Part Open(const std::filesystem::path& path, int num_words, int64_t num_entries);

  // The entries of one word and their signatures, of equal length. Valid as long as the part lives.
  // Both are 8 bytes each, and need not be aligned in the mapped file.
  struct List {
    size_t size = 0;
    const uint8_t* entries = nullptr;
    const uint8_t* signatures = nullptr;

    uint64_t entry(size_t i) const { return At(entries, i); }
    uint64_t signature(size_t i) const { return At(signatures, i); }

    static uint64_t At(const uint8_t* base, size_t i) {
      uint64_t value;
      std::memcpy(&value, base + i * sizeof(value), sizeof(value));
      return value;
    }
  };
  List list(int word) const;

  int64_t num_entries() const { return num_entries_; }

  // Lets the system take back the pages that reading has mapped; they are read again when they are needed.
  void ReleasePages() const;

  Part(Part&&) noexcept;
  Part& operator=(Part&&) noexcept;
  ~Part();

 private:
  explicit Part(std::unique_ptr<faiss::InvertedLists> lists);
  std::unique_ptr<faiss::InvertedLists> lists_;
  int64_t num_entries_ = 0;
};

}  // namespace pugmark
