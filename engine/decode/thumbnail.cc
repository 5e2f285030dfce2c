// SPDX-License-Identifier: Apache-2.0

// jpeglib.h relies on cstdio.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <algorithm>
#include <csetjmp>
#include <cstdlib>
#include <vector>

#include "engine/decode/decode.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

// libjpeg's longjmp() ends in Write(), which has nothing to destroy.
class JpegWriter {
 public:
  JpegWriter() = default;
  ~JpegWriter() {
    jpeg_destroy_compress(&jpeg_);
    std::free(buffer_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  bool Write(const Image& image, int quality);
  std::vector<uint8_t> bytes() const { return {buffer_, buffer_ + size_}; }

 private:
  jpeg_compress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jmp_buf escape_{};
  unsigned char* buffer_ = nullptr;  // Allocated by libjpeg with malloc().
  unsigned long size_ = 0;
};

bool JpegWriter::Write(const Image& image, int quality) {
  jpeg_.err = jpeg_std_error(&errors_);
  errors_.error_exit = [](j_common_ptr jpeg) { std::longjmp(static_cast<JpegWriter*>(jpeg->client_data)->escape_, 1); };
  errors_.output_message = [](j_common_ptr) {};
  if (setjmp(escape_) != 0) return false;
  jpeg_.client_data = this;
  jpeg_create_compress(&jpeg_);
  jpeg_mem_dest(&jpeg_, &buffer_, &size_);
  jpeg_.image_width = static_cast<JDIMENSION>(image.width_px);
  jpeg_.image_height = static_cast<JDIMENSION>(image.height_px);
  jpeg_.input_components = image.channels;
  jpeg_.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_EXT_BGR;
  jpeg_set_defaults(&jpeg_);
  jpeg_set_quality(&jpeg_, quality, TRUE);
  jpeg_.optimize_coding = TRUE;  // A thumbnail is written once and kept for years.
  jpeg_start_compress(&jpeg_, TRUE);
  const size_t row_bytes = static_cast<size_t>(image.width_px) * static_cast<size_t>(image.channels);
  while (jpeg_.next_scanline < jpeg_.image_height) {
    // libjpeg takes no const input, but only reads it.
    JSAMPROW row = const_cast<uint8_t*>(image.pixels.data() + jpeg_.next_scanline * row_bytes);
    jpeg_write_scanlines(&jpeg_, &row, 1);
  }
  jpeg_finish_compress(&jpeg_);
  return true;
}

}  // namespace

std::vector<uint8_t> EncodeThumbnail(const Image& image, int max_side_px, int quality) {
  PUGMARK_CHECK(image.width_px >= 1 && image.height_px >= 1 && (image.channels == 1 || image.channels == 3));
  const Image thumbnail = Shrink(image, max_side_px);
  JpegWriter writer;
  // The input is ours and valid, so only memory can be lacking.
  if (!writer.Write(thumbnail, std::clamp(quality, 1, 100))) throw std::bad_alloc();
  return writer.bytes();
}

}  // namespace pugmark
