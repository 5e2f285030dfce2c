// SPDX-License-Identifier: Apache-2.0
#include "engine/search/query.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>
#include <utility>

#include "engine/features/describe.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {


void SetError(const DecodeError& error, QueryResult* result) {
  result->error_code = DecodeErrorCodeName(error.code);
  result->error = error.message;
}

// The pixels of `whole` that touch the region, and where they lie in the original.
Image Crop(const Image& whole, const Region& roi, int width_px, int height_px, Region* place) {
  const double x_scale = static_cast<double>(whole.width_px) / width_px;
  const double y_scale = static_cast<double>(whole.height_px) / height_px;
  const int left = std::min(static_cast<int>(roi.x_px * x_scale), whole.width_px - 1);
  const int top = std::min(static_cast<int>(roi.y_px * y_scale), whole.height_px - 1);
  const int right =
      std::clamp(static_cast<int>(std::ceil((roi.x_px + roi.width_px) * x_scale)), left + 1, whole.width_px);
  const int bottom =
      std::clamp(static_cast<int>(std::ceil((roi.y_px + roi.height_px) * y_scale)), top + 1, whole.height_px);
  Image part = CutOut(whole, left, top, right - left, bottom - top);
  *place = {static_cast<float>(left / x_scale), static_cast<float>(top / y_scale),
            static_cast<float>(part.width_px / x_scale), static_cast<float>(part.height_px / y_scale)};
  return part;
}

// Replaces image and place by those of the region, decoded as large as needed. False: an error of the result.
bool DecodeRegion(std::span<const uint8_t> bytes, const FeatureOptions& options, const Region& roi, Described* described,
            QueryResult* result) {
  const double roi_side_px = std::max(roi.width_px, roi.height_px);
  const int side_px = std::max(result->width_px, result->height_px);
  DecodeOptions decode;
  decode.max_side_px =
      static_cast<int>(std::ceil(std::min<double>(side_px, side_px * options.working_size_px / roi_side_px)));
  DecodeResult decoded = Decode(bytes, decode);
  if (!decoded.image) {
    SetError(decoded.error, result);
    return false;
  }
  described->image = Shrink(Crop(*decoded.image, roi, result->width_px, result->height_px, &described->place),
                            options.working_size_px);
  return true;
}

}  // namespace

Region WholeOf(int width_px, int height_px) {
  return {0, 0, static_cast<float>(width_px), static_cast<float>(height_px)};
}

std::optional<Image> StoredThumbnail(const CollectionPaths& paths, const Sha256& photo) {
  try {
    DecodeOptions decode;
    decode.min_side_px = 1;
    return Decode(ReadFile(paths.thumbnail(photo), kMaxThumbnailBytes), decode).image;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void ReadQuery(const std::filesystem::path& path, const std::function<void(std::span<const uint8_t>)>& use,
               QueryResult* result) {
  const auto start = std::chrono::steady_clock::now();
  result->path = path;
  std::vector<uint8_t> bytes;
  try {
    bytes = ReadFile(path, ProcessBudget().max_file_bytes);
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

std::optional<Described> DescribeQuery(std::span<const uint8_t> bytes, const FeatureOptions& options,
                                       const QueryRegions& regions, QueryResult* result) {
  DecodeOptions decode;
  decode.max_side_px = options.working_size_px;
  DecodeResult decoded = Decode(bytes, decode);
  result->width_px = decoded.info.width_px;
  result->height_px = decoded.info.height_px;
  if (!decoded.image) {
    SetError(decoded.error, result);
    return std::nullopt;
  }
  Described described;
  described.info = std::move(decoded.info);
  described.image = std::move(*decoded.image);
  described.place = WholeOf(result->width_px, result->height_px);
  try {
    for (const Rectangle& r : regions.exclude)
      result->excluded.push_back(PlaceOf(r, result->width_px, result->height_px));
    if (regions.roi) result->roi = PlaceOf(*regions.roi, result->width_px, result->height_px);
  } catch (const Error& e) {
    result->error_code = ErrorCodeName(e.code());
    result->error = e.what();
    return std::nullopt;
  }
  if (result->roi && !DecodeRegion(bytes, options, *result->roi, &described, result)) return std::nullopt;

  if (!result->excluded.empty()) {
    // What is dropped must not have taken the places of what is kept.
    FeatureOptions more = options;
    more.max_keypoints = std::min(2 * options.max_keypoints, kMostKeypoints);
    described.features = WithoutRegions(ExtractFeatures(described.image, more), described.place, result->excluded,
                                        options.max_keypoints);
  } else if (result->roi) {
    described.features = ExtractFeatures(described.image, options);  // The user has said which part counts.
  } else {
    described.features = DescribePhoto(bytes, decode, described.info, described.image, options);
  }
  result->num_keypoints = static_cast<int>(described.features.size());
  return described;
}

}  // namespace pugmark
