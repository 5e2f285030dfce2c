// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/part.h"

#include <faiss/impl/FaissException.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <faiss/invlists/InvertedLists.h>
#include <faiss/invlists/OnDiskInvertedLists.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/vectors/checked_writer.h"
#include "index/vectors/faiss_files.h"

static_assert(std::endian::native == std::endian::little, "Parts are written as the machine holds them: little-endian.");

namespace pugmark {
namespace {

constexpr size_t kSignatureBytes = 8;

uint64_t Quantise(float value, float steps, int bits) {
  const float largest = static_cast<float>((1 << bits) - 1);
  return static_cast<uint64_t>(std::clamp(std::floor(value * steps), 0.0f, largest));
}

}  // namespace

uint32_t PhotoNumber(PhotoId photo) {
  if (photo.value <= 0 || photo.value > 0xFFFFFFFFll) {
    throw Error(ErrorCode::kLimit, fmt::format("Photo {} cannot be indexed: an index holds at most 4,294,967,295 photos. "
                                               "Split the collection.",
                                               photo.value));
  }
  return static_cast<uint32_t>(photo.value);
}

uint64_t PackEntry(PhotoId photo, const EntryGeometry& geometry) {
  const auto turns = static_cast<int>(std::round(geometry.angle_rad * kAngleStepsInEntry / (2 * std::numbers::pi_v<float>)));
  return static_cast<uint64_t>(PhotoNumber(photo)) << 32 | Quantise(geometry.x, 1024, 10) << 22 |
         Quantise(geometry.y, 1024, 10) << 12 | Quantise(geometry.log2_scale, kScaleStepsPerOctaveInEntry, 5) << 7 |
         static_cast<uint64_t>(turns & (kAngleStepsInEntry - 1));
}

PartBuilder::PartBuilder(int num_words)
    : lists_(std::make_unique<faiss::ArrayInvertedLists>(static_cast<size_t>(num_words), kSignatureBytes)) {}
PartBuilder::~PartBuilder() = default;

void PartBuilder::Add(PhotoId photo, std::span<const WordAssignment> words, std::span<const EntryGeometry> geometry) {
  PUGMARK_CHECK(words.size() == geometry.size());
  for (size_t i = 0; i < words.size(); ++i) {
    const auto word = static_cast<size_t>(words[i].word);
    PUGMARK_CHECK(words[i].word >= 0 && word < lists_->nlist);
    const auto entry = static_cast<faiss::InvertedLists::idx_t>(PackEntry(photo, geometry[i]));
    lists_->add_entry(word, entry, reinterpret_cast<const uint8_t*>(&words[i].signature));
  }
  ++num_photos_;
  num_entries_ += static_cast<int64_t>(words.size());
}

void PartBuilder::Write(const std::filesystem::path& path) const {
  try {
    CheckedWriter writer(path);
    faiss::write_InvertedLists(lists_.get(), &writer);
    writer.Close();
  } catch (const faiss::FaissException& e) {
    throw Error(ErrorCode::kIo, fmt::format("{}: writing the part failed: {}", path.string(), e.what()));
  }
}

Part::Part(std::unique_ptr<faiss::InvertedLists> lists) : lists_(std::move(lists)) {
  num_entries_ = static_cast<int64_t>(lists_->compute_ntotal());
}
Part::Part(Part&&) noexcept = default;
Part& Part::operator=(Part&&) noexcept = default;
Part::~Part() = default;

Part Part::Open(const std::filesystem::path& path, int num_words, int64_t num_entries) {
  if (const std::string problem = internal::PartProblem(path, num_words); !problem.empty()) {
    throw Error(ErrorCode::kCorrupt, fmt::format("{}: is not a part of this index: {}. Nothing was changed. "
                                                 "Run 'pugmark reindex --full' to rebuild it from the catalogue.",
                                                 path.string(), problem));
  }
  try {
    const uint64_t max_entries = std::filesystem::file_size(path) / (sizeof(uint64_t) + kSignatureBytes);
    faiss::FileIOReader reader(path.c_str());
    std::unique_ptr<faiss::InvertedLists> lists(faiss::read_InvertedLists(&reader, faiss::IO_FLAG_MMAP));
    bool sound = lists && lists->nlist == static_cast<size_t>(num_words) && lists->code_size == kSignatureBytes;
    uint64_t sum = 0;
    for (size_t w = 0; sound && w < lists->nlist; ++w) {
      sound = lists->list_size(w) <= max_entries;  // Each and the sum: sizes that overflow must not cancel out.
      sum += lists->list_size(w);
      sound = sound && sum <= max_entries;
    }
    if (sound && sum == static_cast<uint64_t>(num_entries)) return Part(std::move(lists));
  } catch (const std::exception& e) {  // FAISS's own, and bad_alloc or length_error on sizes that make no sense.
    throw Error(ErrorCode::kCorrupt, fmt::format("{}: cannot be read as a part: {}. Nothing was changed. "
                                                 "Run 'pugmark reindex --full' to rebuild it from the catalogue.",
                                                 path.string(), e.what()));
  }
  throw Error(ErrorCode::kCorrupt, fmt::format("{}: does not hold the lists that its manifest says. Nothing was changed. "
                                               "Run 'pugmark reindex --full' to rebuild it from the catalogue.",
                                               path.string()));
}

Part::List Part::list(int word) const {
  const auto w = static_cast<size_t>(word);
  const size_t size = lists_->list_size(w);
  if (size == 0) return {};
  return {size, reinterpret_cast<const uint8_t*>(lists_->get_ids(w)), lists_->get_codes(w)};
}

void Part::ReleasePages() const {
  // What is mapped starts at a page and is shared with the file, so nothing is lost.
  if (const auto* mapped = dynamic_cast<const faiss::OnDiskInvertedLists*>(lists_.get()); mapped != nullptr && mapped->ptr) {
    ::madvise(mapped->ptr, mapped->totsize, MADV_DONTNEED);
  }
}

}  // namespace pugmark
