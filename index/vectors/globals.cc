// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/globals.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "index/base/error.h"
#include "index/vectors/checked_writer.h"
#include "index/vectors/globals_format.h"
#include "index/vectors/part.h"

static_assert(std::endian::native == std::endian::little, "Globals are written as the machine holds them: little-endian.");

namespace pugmark {
namespace {

using Header = internal::GlobalsHeader;
constexpr uint64_t kBytesPerHash = sizeof(HashBits) + sizeof(uint32_t) + sizeof(uint8_t);
constexpr uint64_t kMaxPhotos = 0xFFFFFFFF;

[[noreturn]] void ThrowDamaged(const std::filesystem::path& path) {
  throw Error(ErrorCode::kCorrupt, fmt::format("{}: does not hold the hashes and vectors that its header says. Nothing was "
                                               "changed. Run 'pugmark reindex --full' to rebuild it from the catalogue.",
                                               path.string()));
}

}  // namespace

struct Globals::Mapping {
  explicit Mapping(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0) Fail(path, fd);
    size = static_cast<size_t>(status.st_size);
    if (size >= sizeof(Header)) data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED) Fail(path, fd);
    ::close(fd);
  }
  ~Mapping() {
    if (data != nullptr) ::munmap(data, size);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  void* data = nullptr;  // Null if the file is too short for a header.
  size_t size = 0;

 private:
  [[noreturn]] static void Fail(const std::filesystem::path& path, int fd) {
    const int error = errno;
    if (fd >= 0) ::close(fd);
    throw Error(ErrorCode::kIo, fmt::format("{}: cannot be opened: {}.", path.string(), std::strerror(error)));
  }
};

Globals::Globals() = default;
Globals::Globals(Globals&&) noexcept = default;
Globals& Globals::operator=(Globals&&) noexcept = default;
Globals::~Globals() = default;

Globals Globals::Open(const std::filesystem::path& path) {
  Globals globals;
  globals.mapping_ = std::make_unique<Mapping>(path);
  const Mapping& file = *globals.mapping_;
  if (file.data == nullptr) ThrowDamaged(path);
  Header header;
  std::memcpy(&header, file.data, sizeof(header));
  // Bounds first, so that the sum below cannot overflow.
  if (header.magic != internal::kGlobalsMagic || header.num_hashes > kMaxPhotos || header.num_vectors > kMaxPhotos ||
      header.dimension > kMaxVectorDimension || (header.num_vectors > 0) != (header.dimension > 0) ||
      file.size != sizeof(Header) + header.num_hashes * kBytesPerHash +
                       header.num_vectors * (sizeof(uint32_t) + header.dimension)) {
    ThrowDamaged(path);
  }
  const uint8_t* at = static_cast<const uint8_t*>(file.data) + sizeof(Header);
  const auto take = [&]<typename T>(std::span<const T>* view, uint64_t n) {
    *view = {reinterpret_cast<const T*>(at), static_cast<size_t>(n)};
    at += n * sizeof(T);
  };
  take(&globals.hashes_, header.num_hashes);
  take(&globals.hash_photos_, header.num_hashes);
  take(&globals.vector_photos_, header.num_vectors);
  take(&globals.qualities_, header.num_hashes);
  take(&globals.vectors_, header.num_vectors * header.dimension);
  globals.dimension_ = static_cast<size_t>(header.dimension);
  return globals;
}

void GlobalsBuilder::AddHash(PhotoId photo, const HashBits& hash, uint8_t quality) {
  hash_photos_.push_back(PhotoNumber(photo));
  hashes_.push_back(hash);
  qualities_.push_back(quality);
}

void GlobalsBuilder::AddVector(PhotoId photo, std::span<const int8_t> vector) {
  if (vector.empty() || vector.size() > kMaxVectorDimension || (dimension_ > 0 && vector.size() != dimension_)) {
    throw Error(ErrorCode::kCorrupt, fmt::format("The embedding of photo {} has {} values where the others have {}. "
                                                 "Run 'pugmark check'.",
                                                 photo.value, vector.size(), dimension_));
  }
  dimension_ = vector.size();
  vector_photos_.push_back(PhotoNumber(photo));
  vectors_.insert(vectors_.end(), vector.begin(), vector.end());
}

void GlobalsBuilder::Write(const std::filesystem::path& path) const {
  CheckedWriter writer(path);
  const Header header = {internal::kGlobalsMagic, hashes_.size(), vector_photos_.size(), dimension_};
  writer(&header, sizeof(header), 1);
  const auto put = [&](const auto& values) { writer(values.data(), sizeof(values[0]), values.size()); };
  put(hashes_);
  put(hash_photos_);
  put(vector_photos_);
  put(qualities_);
  put(vectors_);
  writer.Close();
}

}  // namespace pugmark
