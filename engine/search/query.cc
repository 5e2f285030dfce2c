// SPDX-License-Identifier: Apache-2.0
#include "engine/search/query.h"

#include <chrono>
#include <new>
#include <utility>

#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

constexpr uint64_t kMaxPhotoBytes = 256ull << 20;

}  // namespace

Region WholeOf(int width_px, int height_px) {
  return {0, 0, static_cast<float>(width_px), static_cast<float>(height_px)};
}

void ReadQuery(const std::filesystem::path& path, const std::function<void(std::span<const uint8_t>)>& use,
               QueryResult* result) {
  const auto start = std::chrono::steady_clock::now();
  result->path = path;
  std::vector<uint8_t> bytes;
  try {
    bytes = ReadFile(path, kMaxPhotoBytes);
    result->sha256 = Sha256::Of(bytes);
  } catch (const Error& e) {  // Of this photo; the next may well be readable.
    result->error_code = ErrorCodeName(e.code());
    result->error = e.what();
  }
  try {
    if (result->error_code.empty()) use(bytes);
  } catch (const std::bad_alloc&) {
    result->error_code = ErrorCodeName(ErrorCode::kLimit);
    result->error = "Searching for it needs more memory than there is.";
  }
  result->elapsed_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

std::optional<Described> DescribeQuery(std::span<const uint8_t> bytes, const FeatureOptions& options, QueryResult* result) {
  DecodeOptions decode;
  decode.max_side_px = options.working_size_px;
  DecodeResult decoded = Decode(bytes, decode);
  result->width_px = decoded.info.width_px;
  result->height_px = decoded.info.height_px;
  if (!decoded.image) {
    result->error_code = DecodeErrorCodeName(decoded.error.code);
    result->error = decoded.error.message;
    return std::nullopt;
  }
  Described described;
  described.features = ExtractFeatures(*decoded.image, options);
  described.place = WholeOf(result->width_px, result->height_px);
  described.info = std::move(decoded.info);
  described.image = std::move(*decoded.image);
  result->num_keypoints = static_cast<int>(described.features.size());
  return described;
}

}  // namespace pugmark
