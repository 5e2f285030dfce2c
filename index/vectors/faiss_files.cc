// SPDX-License-Identifier: Apache-2.0
#include "index/vectors/faiss_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <system_error>
#include <type_traits>
#include <vector>

#include "index/vectors/codebook.h"

static_assert(std::endian::native == std::endian::little, "FAISS writes files as the machine holds numbers.");

namespace pugmark::internal {
namespace {

constexpr uint64_t kSignatureBytes = 8;
constexpr uint64_t kSignatureBits = 64;
constexpr uint64_t kChunk = 1 << 13;  // Floating-point numbers.

// Reads forward; what is not as expected stays the finding, and everything after it reads as 0.
class Walk {
 public:
  explicit Walk(const std::filesystem::path& path) : file_(path, std::ios::binary) {
    std::error_code error;
    left_ = std::filesystem::file_size(path, error);
    if (error || !file_) Fail("it cannot be opened");
  }

  const std::string& problem() const { return problem_; }
  uint64_t left() const { return left_; }
  bool ok() const { return problem_.empty(); }
  void Fail(std::string problem) {
    if (ok()) problem_ = std::move(problem);
  }

  template <typename T>
  T Take() {
    static_assert(std::is_arithmetic_v<T>);
    T value{};
    Read(&value, sizeof(T));
    return value;
  }
  template <typename T>
  void Expect(T wanted, const char* what) {
    const T found = Take<T>();
    if (ok() && found != wanted) Fail(fmt::format("{} is {} instead of {}", what, found, wanted));
  }
  void ExpectTag(const char* tag) {
    char found[4] = {};
    Read(found, sizeof(found));
    if (ok() && std::memcmp(found, tag, sizeof(found)) != 0) Fail(fmt::format("it is not of the kind '{}'", tag));
  }
  void ExpectFlag(const char* what) {
    if (Take<uint8_t>() > 1) Fail(fmt::format("{} is neither true nor false", what));
  }
  // `count` numbers, all of them finite.
  void ExpectFloats(uint64_t count, const char* what) {
    if (count > left_ / sizeof(float)) Fail(fmt::format("{} does not fit into it", what));
    std::vector<float> values(std::min(count, kChunk));
    for (uint64_t done = 0; ok() && done < count; done += values.size()) {
      values.resize(std::min<uint64_t>(kChunk, count - done));
      Read(values.data(), values.size() * sizeof(float));
      if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
        Fail(fmt::format("{} holds what is no number", what));
      }
    }
  }

 private:
  void Read(void* out, uint64_t size) {
    if (ok() && (size > left_ || !file_.read(static_cast<char*>(out), static_cast<std::streamsize>(size)))) {
      Fail("it ends early");
    }
    if (ok()) left_ -= size;
  }

  std::ifstream file_;
  uint64_t left_ = 0;
  std::string problem_;
};

// What every index begins with. Returns the number of its vectors.
uint64_t TakeIndexHeader(Walk& walk) {
  walk.Expect<int32_t>(kVectorSize, "the size of its vectors");
  const auto count = walk.Take<int64_t>();
  walk.Take<int64_t>();  // Two that FAISS ignores.
  walk.Take<int64_t>();
  walk.ExpectFlag("whether it is trained");
  walk.Expect<int32_t>(1, "its metric");  // L2, which has no argument.
  if (count < 0 || static_cast<uint64_t>(count) > kMaxWords) walk.Fail("it claims more vectors than there are words");
  return static_cast<uint64_t>(count);
}

void WalkLists(Walk& walk, uint64_t num_words) {
  walk.ExpectTag("ilar");
  walk.Expect<uint64_t>(num_words, "the number of its lists");
  walk.Expect<uint64_t>(kSignatureBytes, "the size of a signature");
  char kind[4] = {walk.Take<char>(), walk.Take<char>(), walk.Take<char>(), walk.Take<char>()};
  const bool is_full = std::memcmp(kind, "full", 4) == 0;
  if (walk.ok() && !is_full && std::memcmp(kind, "sprs", 4) != 0) walk.Fail("its table of sizes is of an unknown kind");
  const auto count = walk.Take<uint64_t>();
  if (walk.ok() && (is_full ? count != num_words : count % 2 != 0 || count > 2 * num_words)) {
    walk.Fail(fmt::format("its table of sizes has {} numbers for {} lists", count, num_words));
  }
  if (!walk.ok()) return;
  uint64_t num_entries = 0, next_word = 0;
  for (uint64_t i = 0; walk.ok() && i < (is_full ? count : count / 2); ++i) {
    const uint64_t word = is_full ? i : walk.Take<uint64_t>();
    const auto size = walk.Take<uint64_t>();
    if (word < next_word || word >= num_words) walk.Fail("its table of sizes names lists that there are not");
    if (size > walk.left() / (sizeof(uint64_t) + kSignatureBytes)) walk.Fail("its lists are longer than the file");
    next_word = word + 1;
    num_entries += size;  // At most 2^20 summands below 2^60.
  }
  if (walk.ok() && (num_entries > walk.left() || num_entries * (sizeof(uint64_t) + kSignatureBytes) != walk.left())) {
    walk.Fail("its lists do not fill it to the byte");
  }
}

}  // namespace

std::string CodebookProblem(const std::filesystem::path& path) {
  Walk walk(path);
  walk.ExpectTag("IwSh");
  if (TakeIndexHeader(walk) != 0) walk.Fail("it claims to hold vectors itself");
  const auto num_words = walk.Take<uint64_t>();
  if (walk.ok() && (num_words < 1 || num_words > kMaxWords)) walk.Fail(fmt::format("it claims {} words", num_words));
  walk.Take<uint64_t>();  // Lists to look into; ours does not ask FAISS.
  walk.ExpectTag("IxF2");
  if (TakeIndexHeader(walk) != num_words) walk.Fail("it has another number of centres than of words");
  if (!walk.ok()) return walk.problem();
  walk.Expect<uint64_t>(num_words * kVectorSize, "the size of its centres");
  walk.ExpectFloats(num_words * kVectorSize, "its centres");
  walk.Expect<uint8_t>(0, "its direct map");
  walk.Expect<uint64_t>(0, "the size of its direct map");
  walk.ExpectTag("rrot");
  walk.ExpectFlag("whether it has a bias");
  walk.Expect<uint64_t>(kVectorSize * kSignatureBits, "the size of its projection");
  walk.ExpectFloats(kVectorSize * kSignatureBits, "its projection");
  const auto bias = walk.Take<uint64_t>();
  if (bias != 0 && bias != kSignatureBits) walk.Fail("its bias has a wrong size");
  if (walk.ok()) walk.ExpectFloats(bias, "its bias");
  walk.Expect<int32_t>(kVectorSize, "what its projection takes");
  walk.Expect<int32_t>(static_cast<int32_t>(kSignatureBits), "what its projection gives");
  walk.ExpectFlag("whether its projection is trained");
  walk.Expect<int32_t>(static_cast<int32_t>(kSignatureBits), "the bits of a signature");
  walk.ExpectFloats(1, "its period");
  const auto thresholds = walk.Take<int32_t>();
  if (thresholds < 0 || thresholds > 3) walk.Fail("its thresholds are of an unknown kind");
  if (!walk.ok()) return walk.problem();
  walk.Expect<uint64_t>(num_words * kSignatureBits, "the number of its medians");
  walk.ExpectFloats(num_words * kSignatureBits, "its medians");
  WalkLists(walk, num_words);
  return walk.problem();
}

std::string PartProblem(const std::filesystem::path& path, int num_words) {
  Walk walk(path);
  if (num_words < 1 || static_cast<uint64_t>(num_words) > kMaxWords)
    return "its manifest claims an impossible number of words";
  WalkLists(walk, static_cast<uint64_t>(num_words));
  return walk.problem();
}

}  // namespace pugmark::internal
