// SPDX-License-Identifier: Apache-2.0
//
// HEIC and AVIF by libheif, which applies rotation, mirroring and cropping of the container itself. EXIF orientation is
// not applied on top: by the HEIF standard it is informative only.
#include <fmt/format.h>
#include <libheif/heif.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/decode/budget.h"
#include "engine/decode/checks.h"
#include "engine/decode/exif.h"
#include "engine/decode/pixels.h"
#include "index/base/files.h"

namespace pugmark::decode {
namespace {

struct Release {
  void operator()(heif_context* context) const { heif_context_free(context); }
  void operator()(const heif_image_handle* handle) const { heif_image_handle_release(handle); }
  void operator()(const heif_image* image) const { heif_image_release(image); }
  void operator()(heif_decoding_options* options) const { heif_decoding_options_free(options); }
};
template <typename T>
using Owned = std::unique_ptr<T, Release>;

Failure HeifFailure(const heif_error& error) {
  DecodeErrorCode code = DecodeErrorCode::kCorrupt;
  if (error.code == heif_error_Unsupported_feature || error.code == heif_error_Unsupported_filetype) {
    code = DecodeErrorCode::kUnsupported;
  } else if (error.subcode == heif_suberror_Security_limit_exceeded) {
    code = DecodeErrorCode::kTooLarge;
  }
  return Refuse(code, fmt::format("libheif: {}.", EscapeText(error.message ? error.message : "unknown error")));
}

void ReadMetadata(const heif_image_handle* handle, PhotoInfo* info) {
  heif_item_id id = 0;
  if (heif_image_handle_get_list_of_metadata_block_IDs(handle, "Exif", &id, 1) != 1) return;
  const size_t size = heif_image_handle_get_metadata_size(handle, id);
  // The first 4 bytes say how far behind them the TIFF structure begins.
  if (size <= 4 || size > kMaxExifBytes) return;
  std::vector<uint8_t> block(size);
  if (heif_image_handle_get_metadata(handle, id, block.data()).code != heif_error_Ok) return;
  const ByteReader in(block, ByteOrder::kBig);
  PhotoInfo exif;
  ReadExif(in.Slice(4ull + in.U32(0), size), &exif);
  info->camera_make = exif.camera_make;
  info->camera_model = exif.camera_model;
  info->camera_serial = exif.camera_serial;
  info->taken_at = exif.taken_at;
}

// One row of red, green, blue (, alpha) to blue, green, red on white.
void ConvertRow(const uint8_t* in, int width, bool has_alpha, bool premultiplied, uint8_t* out) {
  for (int x = 0; x < width; ++x, in += has_alpha ? 4 : 3, out += 3) {
    const unsigned alpha = has_alpha ? in[3] : 255u;
    for (int c = 0; c < 3; ++c) {
      out[2 - c] = premultiplied ? PremultipliedOnWhite(in[c], alpha) : OnWhite(in[c], alpha);
    }
  }
}

// HEIF has grey photos, but libheif 1.15 does not say so before decoding: one whose channels are all equal is one.
void DropEqualChannels(Image* image) {
  const std::vector<uint8_t>& pixels = image->pixels;
  for (size_t i = 0; i + 2 < pixels.size(); i += 3) {
    if (pixels[i] != pixels[i + 1] || pixels[i] != pixels[i + 2]) return;
  }
  std::vector<uint8_t> grey(pixels.size() / 3);
  for (size_t i = 0; i < grey.size(); ++i) grey[i] = pixels[3 * i];
  image->channels = 1;
  image->pixels = std::move(grey);
}

}  // namespace

Failure DecodeHeif(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image) {
  const Owned<heif_context> context(heif_context_alloc());
  if (!context) throw std::bad_alloc();
  heif_context_set_maximum_image_size_limit(context.get(), std::min(options.max_photo_side_px, kMaxSidePx));
  heif_context_set_max_decoding_threads(context.get(), 0);
  heif_error error = heif_context_read_from_memory_without_copy(context.get(), data.data(), data.size(), nullptr);
  if (error.code != heif_error_Ok) return HeifFailure(error);
  heif_image_handle* raw_handle = nullptr;
  error = heif_context_get_primary_image_handle(context.get(), &raw_handle);
  if (error.code != heif_error_Ok) return HeifFailure(error);
  const Owned<heif_image_handle> handle(raw_handle);
  ReadMetadata(handle.get(), info);
  if (auto failure = CheckSize(heif_image_handle_get_width(handle.get()), heif_image_handle_get_height(handle.get()),
                               options, info)) {
    return failure;
  }
  // Before cropping it may be larger.
  const int64_t stored_width = heif_image_handle_get_ispe_width(handle.get());
  const int64_t stored_height = heif_image_handle_get_ispe_height(handle.get());
  PhotoInfo stored;
  if (auto failure = CheckSize(stored_width, stored_height, options, &stored)) return failure;
  // The decoder's own 4:2:0 or 4:4:4 planes, of up to 16 bits, and the interleaved picture beside them.
  const bool is_deep = heif_image_handle_get_luma_bits_per_pixel(handle.get()) > 8;
  const auto pixels = static_cast<uint64_t>(stored_width * stored_height);
  if (auto failure = CheckDecodedBytes(pixels * (is_deep ? 10 : 7), options)) return failure;

  const bool has_alpha = heif_image_handle_has_alpha_channel(handle.get()) != 0;
  const bool premultiplied = has_alpha && heif_image_handle_is_premultiplied_alpha(handle.get()) != 0;
  const Owned<heif_decoding_options> decoding(heif_decoding_options_alloc());
  if (!decoding) throw std::bad_alloc();
  decoding->convert_hdr_to_8bit = 1;
  heif_image* raw_picture = nullptr;
  error = heif_decode_image(handle.get(), &raw_picture, heif_colorspace_RGB,
                            has_alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, decoding.get());
  if (error.code != heif_error_Ok) return HeifFailure(error);
  const Owned<heif_image> picture(raw_picture);

  // The picture inside may differ from what its container claims; the picture counts.
  int stride = 0;
  const uint8_t* rows = heif_image_get_plane_readonly(picture.get(), heif_channel_interleaved, &stride);
  const int width = heif_image_get_width(picture.get(), heif_channel_interleaved);
  const int height = heif_image_get_height(picture.get(), heif_channel_interleaved);
  if (rows == nullptr) return Refuse(DecodeErrorCode::kCorrupt, "libheif gave no pixels.");
  if (auto failure = CheckSize(width, height, options, info)) return failure;
  const Size photo{width, height};
  RowShrinker shrinker(photo, ShrunkSize(photo, options.max_side_px), 3);
  std::vector<uint8_t> row(static_cast<size_t>(width) * 3);
  for (int y = 0; y < height; ++y) {
    ConvertRow(rows + static_cast<ptrdiff_t>(y) * stride, width, has_alpha, premultiplied, row.data());
    shrinker.AddRow(row.data());
  }
  *image = shrinker.Take();
  DropEqualChannels(image);
  return std::nullopt;
}

}  // namespace pugmark::decode
