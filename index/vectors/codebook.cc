// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/codebook.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFSpectralHash.h>
#include <faiss/VectorTransform.h>
#include <faiss/impl/FaissException.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <mutex>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/vectors/checked_writer.h"
#include "index/vectors/faiss_files.h"
#include "index/vectors/word_cells.h"

// OpenBLAS splits matrix products over threads in ways that change the last bit; one thread keeps results identical and
// leaves the cores to the pipelines, which run one photo per core. Weak: another BLAS has no such function.
extern "C" void openblas_set_num_threads(int) __attribute__((weak));
extern "C" void omp_set_num_threads(int) __attribute__((weak));

// The shipped codebook lies in the program itself, so that it can neither be missing nor be another version's.
asm(".section .rodata\n"
    ".globl pugmark_default_words_size, pugmark_default_words\n"
    ".balign 8\n"
    "pugmark_default_words_size: .quad 1f - pugmark_default_words\n"
    "pugmark_default_words: .incbin \"" PUGMARK_DEFAULT_WORDS "\"\n"
    "1:\n"
    ".previous\n");
extern "C" const uint64_t pugmark_default_words_size;
extern "C" const uint8_t pugmark_default_words[];

namespace pugmark {
namespace {

constexpr int kSignatureBits = 64;
// IndexIVFSpectralHash cuts each projected coordinate into half-periods of alternating bits; a period far beyond any
// value that occurs leaves one cut, at the median.
constexpr float kPeriod = 1e6f;
constexpr int kCellSeed = 1;

std::vector<float> ToFloat(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

// FAISS reads what a file says; what the sizes below promise is what Assign() will read.
bool IsOurs(const faiss::IndexIVFSpectralHash& index) {
  const auto* quantizer = dynamic_cast<const faiss::IndexFlatL2*>(index.quantizer);
  const auto* projection = dynamic_cast<const faiss::LinearTransform*>(index.vt);
  return quantizer != nullptr && quantizer->d == kVectorSize &&
         quantizer->ntotal == static_cast<faiss::Index::idx_t>(index.nlist) &&
         quantizer->codes.size() == index.nlist * kVectorSize * sizeof(float) && projection != nullptr &&
         projection->d_in == kVectorSize && projection->d_out == kSignatureBits &&
         projection->A.size() == static_cast<size_t>(kVectorSize * kSignatureBits) &&
         (!projection->have_bias || projection->b.size() == kSignatureBits) &&
         index.code_size == kSignatureBits / 8;
}

// Null if it is not what Assign() needs.
std::unique_ptr<faiss::IndexIVFSpectralHash> AsOurs(std::unique_ptr<faiss::Index> index) {
  auto* hash = dynamic_cast<faiss::IndexIVFSpectralHash*>(index.get());
  if (hash == nullptr || hash->d != kVectorSize || hash->nbit != kSignatureBits || !hash->is_trained ||
      hash->trained.size() != hash->nlist * kSignatureBits || !IsOurs(*hash)) {
    return nullptr;
  }
  static_cast<void>(index.release());  // Owned by what is returned.
  return std::unique_ptr<faiss::IndexIVFSpectralHash>(hash);
}

// Whole numbers, of which descriptors consist as well, compress to a third.
void Round(std::span<float> values) {
  for (float& v : values) v = std::round(v);
}

void UseOneBlasThread() {
  static const bool done = [] {
    if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

int RecommendedNumWords(int64_t num_descriptors) {
  const double words = 4 * std::sqrt(static_cast<double>(std::max<int64_t>(num_descriptors, 1)));
  return static_cast<int>(std::bit_floor(static_cast<unsigned>(std::clamp(words, 16.0, 16384.0))));
}

// Grouping 16,384 words takes a tenth of a second and more, and many a command opens a codebook and looks nothing up.
struct Codebook::LazyCells {
  const WordCells& Of(const faiss::IndexIVFSpectralHash& index) {
    std::call_once(once, [&] {
      cells.add(static_cast<faiss::Index::idx_t>(index.nlist), dynamic_cast<faiss::IndexFlat&>(*index.quantizer).get_xb());
    });
    return cells;
  }

  std::once_flag once;
  WordCells cells{kVectorSize, kCellSeed};
};

Codebook::Codebook(std::unique_ptr<faiss::IndexIVFSpectralHash> index) : index_(std::move(index)) {
  if (WordCells::ServeFor(index_->nlist)) cells_ = std::make_unique<LazyCells>();
}

Codebook::Codebook(Codebook&&) noexcept = default;
Codebook& Codebook::operator=(Codebook&&) noexcept = default;
Codebook::~Codebook() = default;

Codebook Codebook::Train(std::span<const uint8_t> descriptors, const CodebookOptions& options) {
  UseOneBlasThread();
  const size_t n = descriptors.size() / kVectorSize;
  PUGMARK_CHECK(n > 0 && n * kVectorSize == descriptors.size() && options.num_words > 0);
  const size_t num_words = std::min(static_cast<size_t>(options.num_words), n);
  const size_t max_samples = num_words * static_cast<size_t>(options.max_samples_per_word);
  const size_t num_samples = std::min(n, max_samples);
  std::vector<float> samples(num_samples * kVectorSize);
  for (size_t i = 0; i < num_samples; ++i) {
    const uint8_t* row = &descriptors[(i * n / num_samples) * kVectorSize];
    std::copy(row, row + kVectorSize, &samples[i * kVectorSize]);
  }
  try {
    auto quantizer = std::make_unique<faiss::IndexFlatL2>(kVectorSize);
    auto index = std::make_unique<faiss::IndexIVFSpectralHash>(quantizer.get(), kVectorSize, num_words, kSignatureBits,
                                                               kPeriod);
    index->quantizer = quantizer.release();
    index->own_fields = true;
    index->IndexIVF::own_fields = true;
    index->threshold_type = faiss::IndexIVFSpectralHash::Thresh_median;
    index->cp.niter = options.iterations;
    index->cp.seed = static_cast<int>(options.seed);
    index->cp.min_points_per_centroid = 1;
    index->cp.max_points_per_centroid = options.max_samples_per_word;
    WordCells cells(kVectorSize, kCellSeed);
    if (WordCells::ServeFor(num_words)) index->clustering_index = &cells;
    index->train(static_cast<faiss::Index::idx_t>(num_samples), samples.data());
    index->clustering_index = nullptr;
    // FAISS 1.7.3 leaves room for every training vector; the medians are the first num_words × 64.
    index->trained.resize(num_words * kSignatureBits);
    index->trained.shrink_to_fit();
    Round(index->trained);
    Round({dynamic_cast<faiss::IndexFlat&>(*index->quantizer).get_xb(), num_words * kVectorSize});
    return Codebook(std::move(index));
  } catch (const faiss::FaissException& e) {
    throw Error(ErrorCode::kInternal, fmt::format("FAISS could not train {} words: {}", num_words, e.what()));
  }
}

Codebook Codebook::Load(const std::filesystem::path& path) {
  UseOneBlasThread();
  std::string problem = internal::CodebookProblem(path);
  try {
    std::unique_ptr<faiss::Index> index(problem.empty() ? faiss::read_index(path.c_str()) : nullptr);
    if (auto ours = AsOurs(std::move(index))) return Codebook(std::move(ours));
  } catch (const std::exception& e) {  // FAISS's own, and bad_alloc.
    problem = e.what();
  }
  throw Error(ErrorCode::kCorrupt, fmt::format("{}: is not a codebook of this Pugmark: {}. Nothing was changed. "
                                               "Run 'pugmark reindex --full' to rebuild it from the catalogue.",
                                               path.string(), problem.empty() ? "its fields disagree" : problem));
}

void Codebook::Save(const std::filesystem::path& path) const {
  try {
    CheckedWriter writer(path);
    faiss::write_index(index_.get(), &writer);
    writer.Close();
  } catch (const faiss::FaissException& e) {
    throw Error(ErrorCode::kIo, fmt::format("{}: writing the codebook failed: {}", path.string(), e.what()));
  }
}

Codebook Codebook::Default() {
  UseOneBlasThread();
  const size_t size = pugmark_default_words_size;
  faiss::VectorIOReader reader;
  reader.data.resize(ZSTD_getFrameContentSize(pugmark_default_words, size));
  PUGMARK_CHECK(ZSTD_decompress(reader.data.data(), reader.data.size(), pugmark_default_words, size) == reader.data.size());
  auto ours = AsOurs(std::unique_ptr<faiss::Index>(faiss::read_index(&reader)));
  PUGMARK_CHECK(ours != nullptr && ours->nlist == kNumDefaultWords);
  return Codebook(std::move(ours));
}

void Codebook::SaveCompressed(const std::filesystem::path& path) const {
  constexpr int kLevel = 19;
  faiss::VectorIOWriter writer;
  faiss::write_index(index_.get(), &writer);
  std::string compressed(ZSTD_compressBound(writer.data.size()), '\0');
  const size_t size =
      ZSTD_compress(compressed.data(), compressed.size(), writer.data.data(), writer.data.size(), kLevel);
  PUGMARK_CHECK(!ZSTD_isError(size));
  WriteFileAtomically(path, std::string_view(compressed).substr(0, size));
}

int Codebook::num_words() const { return static_cast<int>(index_->nlist); }

std::vector<WordAssignment> Codebook::Assign(std::span<const uint8_t> descriptors, int words_each) const {
  const size_t n = descriptors.size() / kVectorSize;
  PUGMARK_CHECK(n * kVectorSize == descriptors.size() && words_each > 0);
  const auto k = static_cast<size_t>(words_each);
  std::vector<WordAssignment> assignments(n * k);
  if (n == 0) return assignments;
  // Of this thread: the pipelines run one photo per core, and a team of FAISS's for each would be too many.
  if (omp_set_num_threads != nullptr) omp_set_num_threads(1);
  const std::vector<float> vectors = ToFloat(descriptors);

  std::vector<float> distances(n * k);
  std::vector<faiss::Index::idx_t> words(n * k);
  const faiss::Index* quantizer = index_->quantizer;
  if (cells_) quantizer = &cells_->Of(*index_);
  quantizer->search(static_cast<faiss::Index::idx_t>(n), vectors.data(), words_each, distances.data(), words.data());
  // One pass per rank of word: encode_vectors projects every vector it is given, and takes one word for each.
  std::vector<faiss::Index::idx_t> ranked(n);
  std::vector<uint8_t> codes(n * sizeof(uint64_t));
  for (size_t rank = 0; rank < k; ++rank) {
    for (size_t i = 0; i < n; ++i) ranked[i] = std::max<faiss::Index::idx_t>(words[i * k + rank], 0);
    index_->encode_vectors(static_cast<faiss::Index::idx_t>(n), vectors.data(), ranked.data(), codes.data());
    for (size_t i = 0; i < n; ++i) {
      WordAssignment& a = assignments[i * k + rank];
      a.word = static_cast<int32_t>(words[i * k + rank]);
      std::memcpy(&a.signature, &codes[i * sizeof(uint64_t)], sizeof(uint64_t));
    }
  }
  return assignments;
}

}  // namespace pugmark
