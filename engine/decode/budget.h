// SPDX-License-Identifier: Apache-2.0
//
// What one hostile photo may cost: every limit on what comes from outside as a picture, and why it is where it is.
//
// Adjustable are those that an honest photo can meet; they hold for the whole process, since the hostility of photos is
// no property of one call. Fixed are those that no honest photo comes near.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pugmark {

struct DecodeBudget {
  // Of the file. A 24-megapixel camera writes 15 MB at best quality, a 48-megapixel phone 12; ads are below 1.
  uint64_t max_file_bytes = 64ull << 20;
  // Of the original by its header. 108 megapixels are what phones are sold with; they come as JPEG, which is decoded
  // scaled and never held as a whole.
  int64_t max_photo_pixels = 128'000'000;
  // For one photo: its bytes, the copy that some decoders want, and what they decode to. Enough for a 24-megapixel
  // HEIC, 50 megapixels of interlaced PNG, 67 of progressive JPEG. A worker's address space grows by no more than this and 32 MiB.
  uint64_t max_memory_bytes = 256ull << 20;
  // Processor time for one photo, all threads of the decoder together. 12 megapixels of JPEG take 30 ms, 24 of
  // progressive JPEG 0.3 s, of HEIC 1.0 s: these need more. So that a busy machine refuses what an idle one does.
  double max_seconds = 1.0;
  // The clock's time for one photo, as a multiple of max_seconds: for what waits for ever instead of computing. Wide,
  // because on a busy machine an honest decoder waits as well.
  double wall_factor = 30.0;

  // What decoders may allocate for pixels: the rest is for the file's bytes and small things.
  uint64_t max_decoded_bytes() const { return max_memory_bytes / 4 * 3; }
};

// The limits of this process: defaults unless set. Set them before the first photo and before there are threads.
const DecodeBudget& ProcessBudget();
void SetProcessBudget(const DecodeBudget& budget);

namespace decode {

// What RowShrinker's 32-bit sums hold; DecodeOptions can only set it lower.
inline constexpr int kMaxSidePx = 32'767;
// EXIF of a camera fits one JPEG segment (64 KiB); what is longer is not read, the photo itself still is.
inline constexpr size_t kMaxExifBytes = 64 << 10;
// One EXIF text (DecodeOptions promises 256).
inline constexpr size_t kMaxExifTextBytes = 256;
// Chunks, blocks or directory entries of a container. Photos have tens; large PNGs one IDAT per 8 KiB.
inline constexpr int kMaxContainerParts = 200'000;
// Scans of a progressive JPEG: encoders write 10, exotic ones up to about 100. A scan of a few bytes still costs a pass
// over all blocks, so scans x pixels is what a bomb inflates; the product is bounded too (10 scans at 128 megapixels).
inline constexpr int kMaxJpegScans = 200;
inline constexpr int64_t kMaxJpegScanPixels = 1'280'000'000;
// A truncated photo is kept if at least 1/kMinRowsShare of its rows were there.
inline constexpr int kMinRowsShare = 10;
// Photos that one worker decodes before a new one takes its place: what a decoder loses of its memory, or what a photo
// that took the worker over does to later ones, ends with it. A start costs some 20 ms.
inline constexpr int kMaxPhotosOfWorker = 1'000;
// What one QR code may say: 7,089 digits or 2,953 bytes, which are at most three each as UTF-8.
inline constexpr size_t kMaxQrCodeBytes = 9'000;
// What a worker may say of a photo beside its pixels: texts of the EXIF and one sentence, generously.
inline constexpr size_t kMaxReplyBytes = 1 << 20;

}  // namespace decode

}  // namespace pugmark
