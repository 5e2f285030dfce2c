// SPDX-License-Identifier: Apache-2.0
//
// JPEG by libjpeg-turbo's own interface: scaled decoding, markers, and knowing how far a truncated file reached.
//
// libjpeg ends on errors by longjmp(), which must not pass an object with a destructor. So every call into it is in a
// member function of JpegReader that has none on its stack, and says by its result whether it came back the long way.

// jpeglib.h relies on cstdio.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <fmt/format.h>
#include <jerror.h>

#include <algorithm>
#include <csetjmp>
#include <string>
#include <vector>

#include "engine/decode/budget.h"
#include "engine/decode/checks.h"
#include "engine/decode/exif.h"
#include "engine/decode/jpeg_tables.h"
#include "engine/decode/pixels.h"
#include "index/base/files.h"

namespace pugmark::decode {
namespace {

class JpegReader {
 public:
  explicit JpegReader(const DecodeOptions& options) : options_(options) {}
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // Each returns false on an error that libjpeg cannot pass; then only Reason() may be asked.
  bool ReadHeader(Bytes data);
  // Output is `eighths`/8 of the photo's size. Reads the whole file if it is progressive.
  bool Start(J_COLOR_SPACE colors, unsigned eighths);
  bool ReadRow(uint8_t* row);

  const jpeg_decompress_struct& header() const { return jpeg_; }
  bool has_multiple_scans() { return jpeg_has_multiple_scans(&jpeg_) != 0; }
  // Bytes that libjpeg keeps for the coefficients of all blocks; only asked if there are several scans.
  uint64_t CoefficientBytes() const;
  bool damaged() const { return damaged_; }
  // Share of the rows that were there before the data ended; 1 if it did not end.
  double rows_share() const { return rows_share_; }
  Failure Reason();

 private:
  static JpegReader* Self(j_common_ptr jpeg) { return static_cast<JpegReader*>(jpeg->client_data); }
  static void OnError(j_common_ptr jpeg);
  static void OnMessage(j_common_ptr jpeg, int level);
  static void OnProgress(j_common_ptr jpeg);
  void NoteDataEnd();

  const DecodeOptions& options_;
  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  jmp_buf escape_{};
  bool too_many_scans_ = false;
  bool damaged_ = false;
  double rows_share_ = 1.0;
};

void JpegReader::OnError(j_common_ptr jpeg) { std::longjmp(Self(jpeg)->escape_, 1); }

void JpegReader::OnMessage(j_common_ptr jpeg, int level) {
  if (level >= 0) return;  // A trace, not a warning.
  JpegReader* self = Self(jpeg);
  switch (jpeg->err->msg_code) {
    case JWRN_JPEG_EOF:
      self->damaged_ = true;
      self->NoteDataEnd();
      break;
    case JWRN_HIT_MARKER:
      self->damaged_ = true;
      // At a restart marker the picture goes on; at the end marker, all that follows is filled with grey.
      if (self->jpeg_.unread_marker == JPEG_EOI) self->NoteDataEnd();
      break;
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC: self->damaged_ = true; break;
    default: break;  // Of no consequence for the pixels: padding, odd version numbers, ICC profiles.
  }
}

void JpegReader::NoteDataEnd() {
  if (rows_share_ < 1.0 || jpeg_.total_iMCU_rows == 0) return;
  // After the first scan of a progressive photo, all rows are there, only coarser.
  if (jpeg_.input_scan_number > 1) return;
  rows_share_ = static_cast<double>(jpeg_.input_iMCU_row) / jpeg_.total_iMCU_rows;
}

void JpegReader::OnProgress(j_common_ptr jpeg) {
  JpegReader* self = Self(jpeg);
  const int64_t pixels = static_cast<int64_t>(self->jpeg_.image_width) * self->jpeg_.image_height;
  const int scans = self->jpeg_.input_scan_number;
  if (scans <= kMaxJpegScans && scans * pixels <= kMaxJpegScanPixels) return;
  self->too_many_scans_ = true;
  std::longjmp(self->escape_, 1);
}

bool JpegReader::ReadHeader(Bytes data) {
  jpeg_.err = jpeg_std_error(&errors_);
  errors_.error_exit = OnError;
  errors_.emit_message = OnMessage;
  errors_.output_message = [](j_common_ptr) {};
  if (setjmp(escape_) != 0) return false;
  jpeg_.client_data = this;
  jpeg_create_decompress(&jpeg_);
  jpeg_.progress = &progress_;
  progress_.progress_monitor = OnProgress;
  jpeg_.mem->max_memory_to_use = static_cast<long>(std::min<uint64_t>(options_.max_decoded_bytes, INT32_MAX));
  jpeg_save_markers(&jpeg_, JPEG_APP0 + 1, 0xFFFF);
  jpeg_mem_src(&jpeg_, data.data(), data.size());
  return jpeg_read_header(&jpeg_, TRUE) == JPEG_HEADER_OK;
}

bool JpegReader::Start(J_COLOR_SPACE colors, unsigned eighths) {
  if (setjmp(escape_) != 0) return false;
  jpeg_.out_color_space = colors;
  jpeg_.scale_num = eighths;
  jpeg_.scale_denom = 8;
  return jpeg_start_decompress(&jpeg_) != 0;
}

bool JpegReader::ReadRow(uint8_t* row) {
  if (setjmp(escape_) != 0) return false;
  JSAMPROW rows[1] = {row};
  return jpeg_read_scanlines(&jpeg_, rows, 1) == 1;
}

uint64_t JpegReader::CoefficientBytes() const {
  uint64_t blocks = 0;
  for (int i = 0; i < jpeg_.num_components; ++i) {
    blocks += static_cast<uint64_t>(jpeg_.comp_info[i].width_in_blocks) * jpeg_.comp_info[i].height_in_blocks;
  }
  return blocks * DCTSIZE2 * sizeof(JCOEF);
}

Failure JpegReader::Reason() {
  if (too_many_scans_) {
    return Refuse(
        DecodeErrorCode::kTooLarge,
        fmt::format("It has more than {} scans or too many for its size; such a file is made to stall a decoder.",
                    kMaxJpegScans));
  }
  DecodeErrorCode code = DecodeErrorCode::kCorrupt;
  switch (errors_.msg_code) {
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_ARITH_NOTIMPL: code = DecodeErrorCode::kUnsupported; break;
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
    case JERR_IMAGE_TOO_BIG: code = DecodeErrorCode::kTooLarge; break;
    default: break;
  }
  char text[JMSG_LENGTH_MAX] = "";
  errors_.format_message(reinterpret_cast<j_common_ptr>(&jpeg_), text);
  return Refuse(code, fmt::format("libjpeg: {}.", EscapeText(text)));
}

void ReadMarkers(const jpeg_decompress_struct& jpeg, PhotoInfo* info) {
  for (jpeg_saved_marker_ptr marker = jpeg.marker_list; marker != nullptr; marker = marker->next) {
    const Bytes data(marker->data, marker->data_length);
    if (!ByteReader(data, ByteOrder::kBig).Is(0, std::string_view("Exif\0\0", 6))) continue;  // XMP is there as well.
    ReadExif(data, info);
    return;
  }
}

// The smallest n for which n/8 of the photo is still as large as wanted: the rest is left to area averaging.
unsigned ChooseEighths(Size photo, int max_side_px) {
  const int64_t side = std::max(photo.width_px, photo.height_px);
  const int64_t eighths = (static_cast<int64_t>(max_side_px) * 8 + side - 1) / side;
  return static_cast<unsigned>(std::clamp<int64_t>(eighths, 1, 8));
}

// One row of CMYK to blue, green, red. Adobe stores ink inverted: 255 is none.
void CmykToBgr(const uint8_t* cmyk, int width_px, bool inverted, uint8_t* bgr) {
  const unsigned flip = inverted ? 0 : 255;
  for (int x = 0; x < width_px; ++x, cmyk += 4, bgr += 3) {
    const unsigned light = cmyk[3] ^ flip;
    for (int c = 0; c < 3; ++c) bgr[2 - c] = static_cast<uint8_t>(((cmyk[c] ^ flip) * light + 127) / 255);
  }
}

}  // namespace

Failure DecodeJpeg(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image) {
  JpegReader reader(options);
  if (!reader.ReadHeader(data)) return reader.Reason();
  const jpeg_decompress_struct& header = reader.header();
  ReadMarkers(header, info);
  info->jpeg_tables = DescribeTables(header);
  if (auto failure = CheckSize(header.image_width, header.image_height, options, info)) return failure;
  if (reader.has_multiple_scans()) {
    if (auto failure = CheckDecodedBytes(reader.CoefficientBytes(), options)) return failure;
  }
  J_COLOR_SPACE colors = JCS_EXT_BGR;
  switch (header.jpeg_color_space) {
    case JCS_GRAYSCALE: colors = JCS_GRAYSCALE; break;
    case JCS_RGB:
    case JCS_YCbCr: break;
    case JCS_CMYK:
    case JCS_YCCK: colors = JCS_CMYK; break;
    default:
      return Refuse(DecodeErrorCode::kUnsupported,
                    fmt::format("It has {} colour components of unknown meaning.", header.num_components));
  }

  const Size photo{info->width_px, info->height_px};
  if (!reader.Start(colors, ChooseEighths(photo, options.max_side_px))) return reader.Reason();
  const Size scaled{static_cast<int>(header.output_width), static_cast<int>(header.output_height)};
  const int channels = colors == JCS_GRAYSCALE ? 1 : 3;
  RowShrinker shrinker(scaled, ShrunkSize(photo, options.max_side_px), channels);
  std::vector<uint8_t> row(static_cast<size_t>(scaled.width_px) * static_cast<size_t>(header.output_components));
  std::vector<uint8_t> bgr(colors == JCS_CMYK ? static_cast<size_t>(scaled.width_px) * 3 : 0);
  double rows_share = 1.0;
  for (int y = 0; y < scaled.height_px; ++y) {
    if (rows_share == 1.0 && !reader.ReadRow(row.data())) {
      rows_share = static_cast<double>(y) / scaled.height_px;
      if (rows_share * kMinRowsShare < 1.0) return reader.Reason();
      std::fill(row.begin(), row.end(), uint8_t{128});  // As libjpeg fills what is missing.
    }
    if (colors == JCS_CMYK) CmykToBgr(row.data(), scaled.width_px, header.saw_Adobe_marker != 0, bgr.data());
    shrinker.AddRow(colors == JCS_CMYK ? bgr.data() : row.data());
  }
  rows_share = std::min(rows_share, reader.rows_share());
  info->truncated = reader.damaged() || rows_share < 1.0;
  if (rows_share * kMinRowsShare < 1.0) {
    return Refuse(DecodeErrorCode::kCorrupt,
                  fmt::format("It ends early: only {:.0f} % of its rows are there.", 100.0 * rows_share));
  }
  *image = shrinker.Take();
  return std::nullopt;
}

}  // namespace pugmark::decode
