// SPDX-License-Identifier: Apache-2.0
//
// Untrusted bytes → upright 8-bit image at the working scale, within budgets.
//
// The format is found by the bytes, never by the name. JPEG goes through libjpeg-turbo with DCT-scaled decoding, so
// that a 12-megapixel phone photo costs little more than its entropy decoding; HEIC and AVIF through libheif; GIF
// through giflib (first frame); PNG, WebP, TIFF and BMP through OpenCV. No other decoder of OpenCV ever sees the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/decode/budget.h"

namespace pugmark {

// Decoded, upright pixels. Pixel centres are at half-integers: the first pixel covers [0,1) × [0,1), so that resizing
// is a pure multiplication.
struct Image {
  int width_px = 0;
  int height_px = 0;
  int channels = 0;             // 1 = grey, 3 = blue, green, red.
  std::vector<uint8_t> pixels;  // height × width × channels, row-major, no padding.
};

enum class PhotoFormat { kUnknown, kJpeg, kPng, kWebp, kTiff, kBmp, kGif, kHeic, kAvif };
std::string_view PhotoFormatName(PhotoFormat format);  // "jpeg", "png", ...

// What the file says of itself. Everything here was written by strangers: show it escaped.
struct PhotoInfo {
  PhotoFormat format = PhotoFormat::kUnknown;
  int width_px = 0;          // Of the original, upright.
  int height_px = 0;
  int orientation = 1;       // EXIF 1-8, already applied to the image. HEIC and AVIF: 1, their container turns them.
  bool truncated = false;    // The file ends early or is damaged; the image holds what was there.
  std::string camera_make;   // EXIF, empty if absent; at most 256 bytes each.
  std::string camera_model;
  std::string camera_serial;
  std::string taken_at;      // EXIF DateTimeOriginal as written: "2016:12:05 14:03:11".
  std::string owner;         // EXIF CameraOwnerName, or else Artist.
  std::string lens_model;
  std::string lens_serial;
  std::string jpeg_tables;   // JPEG: its quantisation tables, see jpeg_tables.h. Empty for other formats.
};

enum class DecodeErrorCode {
  kEmpty,        // No bytes.
  kNotAnImage,   // Unknown signature.
  kUnsupported,  // A known format in a form that is not read.
  kCorrupt,      // Damaged beyond use.
  kTooLarge,     // Over a budget; refused by its header, before allocating.
  kTooSmall,     // Fewer than DecodeOptions::min_side_px on a side.
  kTooSlow,      // Its time ran out; only by workers.
  kDecoderDied,  // It brought its decoder down; only by workers.
};
std::string_view DecodeErrorCodeName(DecodeErrorCode code);  // "not_an_image", ...

struct DecodeError {
  DecodeErrorCode code = DecodeErrorCode::kCorrupt;
  std::string message;  // One sentence for a person: what and why. Escaped, no line breaks.
};

struct DecodeOptions {
  int max_side_px = 640;                          // Long side of the image; larger photos are shrunk, none is enlarged.
  int min_side_px = 8;                            // Smaller photos are refused: there is nothing to match.
  int64_t max_photo_pixels = ProcessBudget().max_photo_pixels;         // Of the original by its header.
  int max_photo_side_px = decode::kMaxSidePx;                          // More than this default has no effect.
  uint64_t max_decoded_bytes = ProcessBudget().max_decoded_bytes();    // Bound on what a decoder may allocate for pixels.
  bool read_qr_codes = false;                     // See qr_codes.h.
};

// What QR codes in a picture say, each of at most decode::kMaxQrCodeBytes, written by strangers; empty: no code.
using QrCodes = std::array<std::string, 4>;

// An image or an error, never both. Unreadable input is an expected outcome, so it is a value.
struct DecodeResult {
  PhotoInfo info;               // As far as it was known, also on errors.
  std::optional<Image> image;
  DecodeError error;            // Meaningful if !image.
  QrCodes qr_codes;             // Of the image, if DecodeOptions asks for them and they can be read within the budget.
};

// Decodes `data`: upright by EXIF orientation, shrunk by area averaging; CMYK, YCCK and 16 bit are converted, alpha is
// laid on white, grey photos give one channel. A truncated JPEG or GIF gives what was there, with info.truncated set,
// if at least a tenth of its rows were decoded; the rest is grey or white.
// Where it runs: in a sandboxed worker if the process has DecodeWorkers (workers.h; the program always has, unless told
// otherwise), else here. The answer is the same.
//
// Errors: never throws for the content of `data`, whatever it holds; std::bad_alloc becomes kTooLarge. Throws SandboxError
// if no worker can be had.
// Threads: safe to call from any number at once; starts none in this process unless it decodes here: then libde265 and
// dav1d start one or two each for a HEIC or AVIF and end them before this returns. Deterministic.
// Cost: about 1 ms at 0.2 MP, 4 ms at 2 MP, 21 ms at 12 MP (JPEG); by a worker about 0.5 ms more.
DecodeResult Decode(std::span<const uint8_t> data, const DecodeOptions& options);

// The same but for QR codes, in this process whatever it has: what a worker does first.
DecodeResult DecodeHere(std::span<const uint8_t> data, const DecodeOptions& options);

// By the first bytes.
PhotoFormat FindPhotoFormat(std::span<const uint8_t> data);

// JPEG bytes of `image` shrunk to max_side_px (never enlarged). quality: 1-100. Used for review thumbnails.
std::vector<uint8_t> EncodeThumbnail(const Image& image, int max_side_px, int quality);

// `image` shrunk by area averaging to max_side_px on its long side; returned as it is if it is not larger.
Image Shrink(const Image& image, int max_side_px);

// The pixels of a rectangle that lies within the image.
Image CutOut(const Image& image, int x, int y, int width, int height);

}  // namespace pugmark
