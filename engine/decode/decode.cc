// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/decode.h"

#include <algorithm>
#include <new>
#include <utility>

#include "engine/decode/checks.h"
#include "engine/decode/codecs.h"
#include "engine/decode/pixels.h"
#include "engine/decode/qr_codes.h"
#include "engine/decode/workers.h"
#include "index/base/error.h"

namespace pugmark {
namespace decode {
namespace {

// The brands of an ISO base media file, major one first; 64 are more than any writer lists.
PhotoFormat HeifFormat(const ByteReader& in) {
  const uint64_t end = std::min<uint64_t>(in.U32(0), 16 + 4 * 64);
  bool is_heif = false;
  for (uint64_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4) {
    if (in.Is(at, "avif") || in.Is(at, "avis")) return PhotoFormat::kAvif;
    for (std::string_view brand : {"heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"}) {
      if (in.Is(at, brand)) return PhotoFormat::kHeic;
    }
    is_heif = is_heif || in.Is(at, "mif1") || in.Is(at, "msf1");
  }
  return is_heif ? PhotoFormat::kHeic : PhotoFormat::kUnknown;
}

PhotoFormat FindFormat(Bytes data) {
  const ByteReader in(data, ByteOrder::kBig);
  if (in.U24(0) == 0xFFD8FF) return PhotoFormat::kJpeg;
  if (in.Is(0, "\x89PNG\r\n\x1A\n")) return PhotoFormat::kPng;
  if (in.Is(0, "RIFF") && in.Is(8, "WEBP")) return PhotoFormat::kWebp;
  if (in.Is(0, "GIF87a") || in.Is(0, "GIF89a")) return PhotoFormat::kGif;
  const uint32_t start = in.U32(0);
  if (start == 0x49492A00 || start == 0x4D4D002A || start == 0x49492B00 || start == 0x4D4D002B)
    return PhotoFormat::kTiff;
  if (in.Is(4, "ftyp")) return HeifFormat(in);
  // Two letters are little to go by: text may begin with them too.
  const uint32_t bmp_header_bytes = ByteReader(data, ByteOrder::kLittle).U32(14);
  if (in.Is(0, "BM") && bmp_header_bytes >= 12 && bmp_header_bytes <= 124) return PhotoFormat::kBmp;
  return PhotoFormat::kUnknown;
}

Failure DecodeAs(PhotoFormat format, Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image) {
  switch (format) {
    case PhotoFormat::kJpeg: return DecodeJpeg(data, options, info, image);
    case PhotoFormat::kPng: return DecodePng(data, options, info, image);
    case PhotoFormat::kWebp: return DecodeWebp(data, options, info, image);
    case PhotoFormat::kTiff: return DecodeTiff(data, options, info, image);
    case PhotoFormat::kBmp: return DecodeBmp(data, options, info, image);
    case PhotoFormat::kGif: return DecodeGif(data, options, info, image);
    case PhotoFormat::kHeic:
    case PhotoFormat::kAvif: return DecodeHeif(data, options, info, image);
    case PhotoFormat::kUnknown: break;
  }
  return Refuse(DecodeErrorCode::kNotAnImage, "It begins like none of JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC and AVIF.");
}

}  // namespace
}  // namespace decode

std::string_view PhotoFormatName(PhotoFormat format) {
  switch (format) {
    case PhotoFormat::kUnknown: return "unknown";
    case PhotoFormat::kJpeg: return "jpeg";
    case PhotoFormat::kPng: return "png";
    case PhotoFormat::kWebp: return "webp";
    case PhotoFormat::kTiff: return "tiff";
    case PhotoFormat::kBmp: return "bmp";
    case PhotoFormat::kGif: return "gif";
    case PhotoFormat::kHeic: return "heic";
    case PhotoFormat::kAvif: return "avif";
  }
  return "unknown";
}

std::string_view DecodeErrorCodeName(DecodeErrorCode code) {
  switch (code) {
    case DecodeErrorCode::kEmpty: return "empty";
    case DecodeErrorCode::kNotAnImage: return "not_an_image";
    case DecodeErrorCode::kUnsupported: return "unsupported";
    case DecodeErrorCode::kCorrupt: return "corrupt";
    case DecodeErrorCode::kTooLarge: return "too_large";
    case DecodeErrorCode::kTooSmall: return "too_small";
    case DecodeErrorCode::kTooSlow: return "too_slow";
    case DecodeErrorCode::kDecoderDied: return "decoder_died";
  }
  return "corrupt";
}

PhotoFormat FindPhotoFormat(std::span<const uint8_t> data) { return decode::FindFormat(data); }

DecodeResult Decode(std::span<const uint8_t> data, const DecodeOptions& options) {
  if (DecodeWorkers* const workers = DecodeWorkers::OfProcess()) return workers->Decode(data, options);
  DecodeResult result = DecodeHere(data, options);
  if (options.read_qr_codes && result.image) result.qr_codes = ReadQrCodes(*result.image);
  return result;
}

DecodeResult DecodeHere(std::span<const uint8_t> data, const DecodeOptions& options) {
  PUGMARK_CHECK(options.max_side_px >= 1 && options.min_side_px >= 1);
  DecodeResult result;
  if (data.empty()) {
    result.error = {DecodeErrorCode::kEmpty, "It has no bytes."};
    return result;
  }
  result.info.format = decode::FindFormat(data);
  Image image;
  decode::Failure failure;
  try {
    failure = decode::DecodeAs(result.info.format, data, options, &result.info, &image);
    if (!failure) image = decode::TurnUpright(std::move(image), result.info.orientation);
  } catch (const std::bad_alloc&) {
    failure = decode::Refuse(DecodeErrorCode::kTooLarge, "There was not enough memory to decode it.");
  }
  if (result.info.orientation >= 5) std::swap(result.info.width_px, result.info.height_px);
  if (failure) {
    result.error = *std::move(failure);
  } else {
    result.image = std::move(image);
  }
  return result;
}

}  // namespace pugmark
