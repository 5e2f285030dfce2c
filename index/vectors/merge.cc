// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "index/base/error.h"
#include "index/vectors/checked_writer.h"
#include "index/vectors/globals_format.h"

namespace pugmark {
namespace {

constexpr size_t kBufferedValues = 1 << 17;
constexpr uint64_t kBytesBetweenReleases = 64 << 20;

// Values of 8 bytes, gathered so that stdio is called for many at once.
class ValueWriter {
 public:
  explicit ValueWriter(CheckedWriter* writer) : writer_(writer) { buffer_.reserve(kBufferedValues); }
  void Put(uint64_t value) {
    buffer_.push_back(value);
    if (buffer_.size() == kBufferedValues) Flush();
  }
  void Flush() {
    (*writer_)(buffer_.data(), sizeof(uint64_t), buffer_.size());
    buffer_.clear();
  }

 private:
  CheckedWriter* writer_;
  std::vector<uint64_t> buffer_;
};

// Calls `use` with the index of every entry that is kept.
template <typename Use>
void ForKept(const PartSource& source, const Part::List& list, Use&& use) {
  for (size_t i = 0; i < list.size; ++i) {
    if (source.keep == nullptr || source.keep->Contains(PhotoId{EntryPhoto(list.entry(i))})) use(i);
  }
}

// Gives back what reading has mapped, so that it does not count as ours.
class PageBudget {
 public:
  explicit PageBudget(std::span<const PartSource> sources) : sources_(sources) {}
  void Spend(uint64_t bytes) {
    spent_ += bytes;
    if (spent_ < kBytesBetweenReleases) return;
    for (const PartSource& source : sources_) source.part->ReleasePages();
    spent_ = 0;
  }

 private:
  const std::span<const PartSource> sources_;
  uint64_t spent_ = 0;
};

std::vector<uint64_t> KeptSizes(std::span<const PartSource> sources, int num_words) {
  std::vector<uint64_t> sizes(static_cast<size_t>(num_words));
  PageBudget budget(sources);
  for (int word = 0; word < num_words; ++word) {
    uint64_t& size = sizes[static_cast<size_t>(word)];
    for (const PartSource& source : sources) {
      const Part::List list = source.part->list(word);
      if (source.keep == nullptr) {
        size += list.size;
      } else {
        ForKept(source, list, [&](size_t) { ++size; });
        budget.Spend(list.size * sizeof(uint64_t));
      }
    }
  }
  return sizes;
}

void PutTag(CheckedWriter& writer, std::string_view tag) { writer(tag.data(), 1, tag.size()); }

// As faiss::write_InvertedLists begins a file: all sizes, or only those that are not 0 if they are at most half.
void WriteHead(CheckedWriter& writer, const std::vector<uint64_t>& sizes) {
  const auto put = [&](uint64_t value) { writer(&value, sizeof(value), 1); };
  PutTag(writer, "ilar");
  put(sizes.size());
  put(sizeof(uint64_t));  // Bytes of a signature.
  const auto num_filled =
      static_cast<size_t>(std::count_if(sizes.begin(), sizes.end(), [](uint64_t n) { return n > 0; }));
  if (num_filled > sizes.size() / 2) {
    PutTag(writer, "full");
    put(sizes.size());
    writer(sizes.data(), sizeof(uint64_t), sizes.size());
    return;
  }
  PutTag(writer, "sprs");
  put(2 * num_filled);
  for (size_t word = 0; word < sizes.size(); ++word) {
    if (sizes[word] == 0) continue;
    put(word);
    put(sizes[word]);
  }
}

struct Origin {
  uint32_t photo;
  uint32_t source;
  uint64_t index;  // In the source's hashes or vectors.
};

// Where the kept photos of `photos(source)` are, ascending by photo.
template <typename PhotosOf>
std::vector<Origin> Gather(std::span<const GlobalsSource> sources, PhotosOf&& photos_of) {
  std::vector<Origin> origins;
  for (size_t s = 0; s < sources.size(); ++s) {
    const std::span<const uint32_t> photos = photos_of(*sources[s].globals);
    for (size_t i = 0; i < photos.size(); ++i) {
      if (sources[s].keep != nullptr && !sources[s].keep->Contains(PhotoId{photos[i]})) continue;
      origins.push_back({photos[i], static_cast<uint32_t>(s), i});
    }
  }
  std::sort(origins.begin(), origins.end(), [](const Origin& a, const Origin& b) { return a.photo < b.photo; });
  return origins;
}

}  // namespace

int64_t MergeParts(std::span<const PartSource> sources, int num_words, const std::filesystem::path& path,
                   const std::function<void(int64_t num_lists)>& progress) {
  const std::vector<uint64_t> sizes = KeptSizes(sources, num_words);
  CheckedWriter writer(path);
  WriteHead(writer, sizes);
  ValueWriter values(&writer);
  PageBudget budget(sources);
  int64_t num_entries = 0;
  for (int word = 0; word < num_words; ++word) {
    for (const PartSource& source : sources) {
      const Part::List list = source.part->list(word);
      ForKept(source, list, [&](size_t i) { values.Put(list.signature(i)); });
    }
    for (const PartSource& source : sources) {
      const Part::List list = source.part->list(word);
      ForKept(source, list, [&](size_t i) { values.Put(list.entry(i)); });
      budget.Spend(2 * list.size * sizeof(uint64_t));
    }
    num_entries += static_cast<int64_t>(sizes[static_cast<size_t>(word)]);
    progress(word + 1);
  }
  values.Flush();
  writer.Close();
  return num_entries;
}

bool MergeGlobals(std::span<const GlobalsSource> sources, const std::filesystem::path& path) {
  const std::vector<Origin> hashes = Gather(sources, [](const Globals& g) { return g.hash_photos(); });
  const std::vector<Origin> vectors = Gather(sources, [](const Globals& g) { return g.vector_photos(); });
  if (hashes.empty() && vectors.empty()) return false;
  size_t dimension = 0;
  for (const Origin& o : vectors) {
    const size_t size = sources[o.source].globals->dimension();
    if (dimension != 0 && size != dimension) {
      throw Error(ErrorCode::kCorrupt,
                  fmt::format("The index holds embeddings of {} and of {} values. Nothing was changed. "
                              "Run 'pugmark reindex --full'.",
                              dimension, size));
    }
    dimension = size;
  }
  CheckedWriter writer(path);
  const internal::GlobalsHeader header = {internal::kGlobalsMagic, hashes.size(), vectors.size(), dimension};
  writer(&header, sizeof(header), 1);
  for (const Origin& o : hashes) writer(&sources[o.source].globals->hashes()[o.index], sizeof(HashBits), 1);
  for (const Origin& o : hashes) writer(&o.photo, sizeof(o.photo), 1);
  for (const Origin& o : vectors) writer(&o.photo, sizeof(o.photo), 1);
  for (const Origin& o : hashes) writer(&sources[o.source].globals->qualities()[o.index], 1, 1);
  for (const Origin& o : vectors) writer(&sources[o.source].globals->vectors()[o.index * dimension], 1, dimension);
  writer.Close();
  return true;
}

}  // namespace pugmark
