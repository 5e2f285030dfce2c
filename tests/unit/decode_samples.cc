// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/decode_samples.h"

// jpeglib.h relies on cstdio.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <gif_lib.h>
#include <libheif/heif.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

namespace pugmark::samples {
namespace {

void Require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

void Append(File* file, const std::string& text) { file->insert(file->end(), text.begin(), text.end()); }
void Append(File* file, const File& part) { file->insert(file->end(), part.begin(), part.end()); }
void AppendNumber(File* file, uint64_t value, int size, bool big_endian = false) {
  for (int i = 0; i < size; ++i) {
    file->push_back(static_cast<uint8_t>(value >> (8 * (big_endian ? size - 1 - i : i))));
  }
}

File Riff(const File& chunks) {
  File file;
  Append(&file, "RIFF");
  AppendNumber(&file, chunks.size() + 4, 4);
  Append(&file, "WEBP");
  Append(&file, chunks);
  return file;
}

File Chunk(const std::string& type, const File& content) {
  File chunk;
  Append(&chunk, type);
  AppendNumber(&chunk, content.size(), 4);
  Append(&chunk, content);
  if (content.size() % 2 != 0) chunk.push_back(0);
  return chunk;
}

File Vp8x(uint8_t flags, cv::Size canvas) {
  File content;
  AppendNumber(&content, flags, 4);
  AppendNumber(&content, static_cast<uint64_t>(canvas.width - 1), 3);
  AppendNumber(&content, static_cast<uint64_t>(canvas.height - 1), 3);
  return Chunk("VP8X", content);
}

// One row in the colours that the JPEG is to hold.
File JpegRow(const cv::Mat& bgr, int y, JpegColors colors) {
  File row;
  for (int x = 0; x < bgr.cols; ++x) {
    const auto& p = bgr.at<cv::Vec3b>(y, x);
    switch (colors) {
      case JpegColors::kGrey: row.push_back(static_cast<uint8_t>((p[0] + p[1] + p[2]) / 3)); break;
      case JpegColors::kYcc:
      case JpegColors::kRgb: row.insert(row.end(), {p[2], p[1], p[0]}); break;
      case JpegColors::kCmyk:
      case JpegColors::kYcck:
      case JpegColors::kPlainCmyk: {
        // A third of the darkness is left to black ink, so that K matters.
        const int light = 255 - (255 - std::max({p[0], p[1], p[2]})) / 3;
        std::array<int, 4> inverted = {p[2] * 255 / light, p[1] * 255 / light, p[0] * 255 / light, light};
        for (int ink : inverted) {
          row.push_back(static_cast<uint8_t>(colors == JpegColors::kPlainCmyk ? 255 - ink : ink));
        }
      }
    }
  }
  return row;
}

std::vector<jpeg_scan_info> CoefficientScans(int components) {
  std::vector<jpeg_scan_info> scans;
  jpeg_scan_info dc{};
  dc.comps_in_scan = components;
  for (int c = 0; c < components; ++c) dc.component_index[c] = c;
  scans.push_back(dc);
  for (int bit = 1; bit >= 0; --bit) {
    for (int c = 0; c < components; ++c) {
      for (int k = 1; k < DCTSIZE2; ++k) scans.push_back({1, {c, 0, 0, 0}, k, k, bit == 1 ? 0 : 1, bit});
    }
  }
  return scans;
}

}  // namespace

cv::Mat Picture(int width, int height) {
  cv::Mat picture(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double u = static_cast<double>(x) / width;
      const double v = static_cast<double>(y) / height;
      picture.at<cv::Vec3b>(y, x) = {static_cast<uint8_t>(20 + 200 * u), static_cast<uint8_t>(30 + 180 * v),
                                     static_cast<uint8_t>(128 + 100 * std::sin(7 * u * u + 5 * v))};
    }
  }
  cv::circle(picture, {width / 4, height / 3}, height / 6, {40, 200, 240}, cv::FILLED, cv::LINE_AA);
  return picture;
}

cv::Mat StoredAs(const cv::Mat& upright, int orientation) {
  cv::Mat stored = upright.clone();
  switch (orientation) {
    case 2: cv::flip(upright, stored, 1); break;
    case 3: cv::rotate(upright, stored, cv::ROTATE_180); break;
    case 4: cv::flip(upright, stored, 0); break;
    case 5: cv::transpose(upright, stored); break;
    case 6: cv::rotate(upright, stored, cv::ROTATE_90_COUNTERCLOCKWISE); break;
    case 7:
      cv::transpose(upright, stored);
      cv::flip(stored, stored, -1);
      break;
    case 8: cv::rotate(upright, stored, cv::ROTATE_90_CLOCKWISE); break;
    default: break;
  }
  return stored;
}

File ExifBlock(const Exif& exif) {
  constexpr uint32_t kIfd0 = 8, kExifIfd = kIfd0 + 2 + 5 * 12 + 4, kTexts = kExifIfd + 2 + 5 * 12 + 4;
  File block, texts;
  const auto entry = [&](uint32_t tag, uint32_t type, uint32_t count, uint32_t value) {
    AppendNumber(&block, tag, 2);
    AppendNumber(&block, type, 2);
    AppendNumber(&block, count, 4);
    AppendNumber(&block, value, 4);
  };
  const auto text = [&](uint32_t tag, std::string value) {
    value.resize(std::max<size_t>(value.size() + 1, 5));  // Shorter ones would have to lie in the entry.
    entry(tag, 2, static_cast<uint32_t>(value.size()), kTexts + static_cast<uint32_t>(texts.size()));
    Append(&texts, value);
  };
  Append(&block, std::string("II*\0", 4));
  AppendNumber(&block, kIfd0, 4);
  AppendNumber(&block, 5, 2);
  text(0x010F, exif.make);
  text(0x0110, exif.model);
  entry(0x0112, 3, 1, static_cast<uint32_t>(exif.orientation));
  text(0x013B, exif.artist);
  entry(0x8769, 4, 1, kExifIfd);
  AppendNumber(&block, 0, 4);
  AppendNumber(&block, 5, 2);
  text(0x9003, exif.taken_at);
  text(0xA430, exif.owner);
  text(0xA431, exif.serial);
  text(0xA434, exif.lens_model);
  text(0xA435, exif.lens_serial);
  AppendNumber(&block, 0, 4);
  Append(&block, texts);
  return block;
}

File Jpeg(const cv::Mat& bgr, const JpegKind& kind) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  errors.error_exit = [](j_common_ptr info) {
    info->err->output_message(info);
    std::abort();
  };
  jpeg_create_compress(&jpeg);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &buffer, &size);
  jpeg.image_width = static_cast<JDIMENSION>(bgr.cols);
  jpeg.image_height = static_cast<JDIMENSION>(bgr.rows);
  const bool is_cmyk = kind.colors >= JpegColors::kCmyk;
  jpeg.input_components = kind.colors == JpegColors::kGrey ? 1 : is_cmyk ? 4 : 3;
  jpeg.in_color_space = kind.colors == JpegColors::kGrey ? JCS_GRAYSCALE : is_cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  if (kind.colors == JpegColors::kRgb) jpeg_set_colorspace(&jpeg, JCS_RGB);
  if (kind.colors == JpegColors::kYcck) jpeg_set_colorspace(&jpeg, JCS_YCCK);
  if (kind.colors == JpegColors::kPlainCmyk) jpeg.write_Adobe_marker = FALSE;
  jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = 1;
  if (kind.colors == JpegColors::kYcck) jpeg.comp_info[3].h_samp_factor = jpeg.comp_info[3].v_samp_factor = 1;
  jpeg_set_quality(&jpeg, kind.quality, TRUE);
  if (kind.progressive) jpeg_simple_progression(&jpeg);
  const std::vector<jpeg_scan_info> scans = CoefficientScans(jpeg.num_components);
  if (kind.every_coefficient_alone) {
    jpeg.scan_info = scans.data();
    jpeg.num_scans = static_cast<int>(scans.size());
  }
  jpeg.arith_code = kind.arithmetic;
  jpeg.restart_interval = static_cast<unsigned>(kind.restart_interval);
  jpeg_start_compress(&jpeg, TRUE);
  if (kind.exif) {
    File marker;
    Append(&marker, std::string("Exif\0\0", 6));
    Append(&marker, ExifBlock(*kind.exif));
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, marker.data(), static_cast<unsigned>(marker.size()));
  }
  for (int y = 0; y < bgr.rows; ++y) {
    File row = JpegRow(bgr, y, kind.colors);
    JSAMPROW rows[1] = {row.data()};
    jpeg_write_scanlines(&jpeg, rows, 1);
  }
  jpeg_finish_compress(&jpeg);
  File file(buffer, buffer + size);
  jpeg_destroy_compress(&jpeg);
  std::free(buffer);
  return file;
}

File ByOpenCv(const cv::Mat& picture, const std::string& extension) {
  File file;
  std::vector<int> parameters;
  if (extension == ".webp") parameters = {cv::IMWRITE_WEBP_QUALITY, 101};  // Above 100: lossless.
  Require(cv::imencode(extension, picture, file, parameters), "OpenCV could not encode a sample.");
  return file;
}

File PngWithExif(const File& png, const File& exif) {
  constexpr ptrdiff_t kAfterHeader = 8 + 25;
  File chunk;
  AppendNumber(&chunk, exif.size(), 4, true);
  Append(&chunk, "eXIf");
  Append(&chunk, exif);
  AppendNumber(&chunk, 0, 4);
  File file = png;
  file.insert(file.begin() + kAfterHeader, chunk.begin(), chunk.end());
  return file;
}

File WebpWithExif(const File& webp, cv::Size size, const File& exif) {
  File chunks = Vp8x(0x08, size);
  chunks.insert(chunks.end(), webp.begin() + 12, webp.end());
  Append(&chunks, Chunk("EXIF", exif));
  return Riff(chunks);
}

File WebpAnimation(const File& webp, cv::Size frame, cv::Size canvas, int left, int top) {
  File chunks = Vp8x(0x02, canvas);
  Append(&chunks, Chunk("ANIM", File(6)));
  File content;
  AppendNumber(&content, static_cast<uint64_t>(left / 2), 3);
  AppendNumber(&content, static_cast<uint64_t>(top / 2), 3);
  AppendNumber(&content, static_cast<uint64_t>(frame.width - 1), 3);
  AppendNumber(&content, static_cast<uint64_t>(frame.height - 1), 3);
  AppendNumber(&content, 100, 4);
  content.insert(content.end(), webp.begin() + 12, webp.end());
  Append(&chunks, Chunk("ANMF", content));
  Append(&chunks, Chunk("ANMF", content));
  return Riff(chunks);
}

File Gif(const cv::Mat& grey, cv::Size screen, int left, int top, int transparent, bool interlaced) {
  File file;
  int error = 0;
  GifFileType* gif = EGifOpen(
      &file,
      [](GifFileType* self, const GifByteType* data, int count) {
        auto* out = static_cast<File*>(self->UserData);
        out->insert(out->end(), data, data + count);
        return count;
      },
      &error);
  Require(gif != nullptr, "giflib could not start a sample.");
  ColorMapObject* map = GifMakeMapObject(8, nullptr);
  for (int i = 0; i < 8; ++i) {
    const auto level = static_cast<uint8_t>(i * 32);
    map->Colors[i] = {level, level, level};
  }
  EGifSetGifVersion(gif, true);
  bool ok = EGifPutScreenDesc(gif, screen.width, screen.height, 8, 0, map) == GIF_OK;
  const GraphicsControlBlock control{DISPOSAL_UNSPECIFIED, false, 0, transparent};
  GifByteType extension[4];
  EGifGCBToExtension(&control, extension);
  ok = ok && EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, extension) == GIF_OK;
  ok = ok && EGifPutImageDesc(gif, left, top, grey.cols, grey.rows, interlaced, nullptr) == GIF_OK;
  const auto put_rows = [&](int first, int step) {
    for (int y = first; y < grey.rows; y += step) {
      File row;
      for (int x = 0; x < grey.cols; ++x) row.push_back(grey.at<uint8_t>(y, x) / 32);
      ok = ok && EGifPutLine(gif, row.data(), grey.cols) == GIF_OK;
    }
  };
  if (interlaced) {
    put_rows(0, 8);
    put_rows(4, 8);
    put_rows(2, 4);
    put_rows(1, 2);
  } else {
    put_rows(0, 1);
  }
  GifFreeMapObject(map);
  ok = EGifCloseFile(gif, &error) == GIF_OK && ok;
  Require(ok, "giflib could not write a sample.");
  return file;
}

namespace {

// Rows of colour numbers, each as single ones, runs, steps over runs of 0, and an end.
File RunLengths(const std::vector<File>& rows, bool is_4bit) {
  File out;
  for (const File& row : rows) {
    for (size_t x = 0; x < row.size();) {
      size_t run = 1;
      while (x + run < row.size() && run < 255 && row[x + run] == row[x]) ++run;
      const size_t singles = std::min<size_t>({row.size() - x, 7});
      if (run > 2 && row[x] == 0) {
        out.insert(out.end(), {0, 2, static_cast<uint8_t>(run), 0});
        x += run;
        continue;
      }
      if (run > 2 || singles < 3) {
        out.push_back(static_cast<uint8_t>(run));
        out.push_back(static_cast<uint8_t>(is_4bit ? row[x] << 4 | row[x] : row[x]));
        x += run;
        continue;
      }
      out.insert(out.end(), {0, static_cast<uint8_t>(singles)});
      const size_t start = out.size();
      for (size_t i = 0; i < singles; ++i, ++x) {
        if (!is_4bit || i % 2 == 0)
          out.push_back(static_cast<uint8_t>(is_4bit ? row[x] << 4 : row[x]));
        else
          out.back() = static_cast<uint8_t>(out.back() | row[x]);
      }
      if ((out.size() - start) % 2 != 0) out.push_back(0);
    }
    out.insert(out.end(), {0, 0});
  }
  out.insert(out.end(), {0, 1});
  return out;
}

}  // namespace

Bmp MakeBmp(const cv::Mat& bgr, const BmpKind& kind) {
  Bmp bmp{{}, bgr.clone()};
  const bool has_palette = kind.bits <= 8;
  const auto num_colors = has_palette ? 1u << kind.bits : 0u;
  const auto color = [&](uint32_t i) {
    const auto level = static_cast<uint8_t>(i * 255 / (num_colors - 1));
    return cv::Vec3b(level, static_cast<uint8_t>(255 - level), static_cast<uint8_t>(level / 2));
  };
  std::array<uint32_t, 4> masks = kind.masks;
  if (masks[0] == 0) {
    masks = kind.bits == 16 ? std::array<uint32_t, 4>{0x7C00, 0x3E0, 0x1F, 0}
                            : std::array<uint32_t, 4>{0xFF0000, 0xFF00, 0xFF, 0};
  }
  std::vector<File> rows;     // As stored, uncompressed.
  std::vector<File> numbers;  // Of palettes.
  for (int y = 0; y < bgr.rows; ++y) {
    const int from = kind.top_down ? y : bgr.rows - 1 - y;
    File row, number_row;
    uint32_t held = 0, held_bits = 0;
    for (int x = 0; x < bgr.cols; ++x) {
      const cv::Vec3b pixel = bgr.at<cv::Vec3b>(from, x);
      cv::Vec3b& shown = bmp.shows.at<cv::Vec3b>(from, x);
      if (has_palette) {
        const uint32_t number = pixel[1] * num_colors / 256;
        number_row.push_back(static_cast<uint8_t>(number));
        shown = color(number);
        held = held << kind.bits | number;
        held_bits += kind.bits;
        if (held_bits == 8 || x + 1 == bgr.cols) {
          row.push_back(static_cast<uint8_t>(held << (8 - held_bits)));
          held = held_bits = 0;
        }
        continue;
      }
      uint32_t stored = 0;
      const int alpha = masks[3] == 0 || kind.bits == 24 ? 255 : 255 - 255 * x / bgr.cols;
      const std::array<int, 4> values = {pixel[2], pixel[1], pixel[0], alpha};
      for (size_t c = 0; c < 4; ++c) {
        if (masks[c] == 0 || (c == 3 && kind.bits == 24)) continue;
        const int shift = std::countr_zero(masks[c]);
        const auto max = static_cast<int>(masks[c] >> shift);
        const int value = static_cast<int>(std::lround(values[c] * max / 255.0));
        stored |= static_cast<uint32_t>(value) << shift;
        if (c == 3) continue;
        const double full = std::round(value * 255.0 / max);
        shown[2 - static_cast<int>(c)] =
            static_cast<uint8_t>(std::lround((full * alpha + 255.0 * (255 - alpha)) / 255));
      }
      AppendNumber(&row, stored, static_cast<int>(kind.bits / 8));
    }
    while (row.size() % 4 != 0) row.push_back(0);
    rows.push_back(row);
    numbers.push_back(number_row);
  }
  File pixels;
  if (kind.compression == 1 || kind.compression == 2) {
    pixels = RunLengths(numbers, kind.compression == 2);
  } else {
    for (const File& row : rows) Append(&pixels, row);
  }
  const bool is_os2 = kind.header_bytes == 12;
  File header, palette;
  AppendNumber(&header, kind.header_bytes, 4);
  AppendNumber(&header, static_cast<uint64_t>(bgr.cols), is_os2 ? 2 : 4);
  AppendNumber(&header, static_cast<uint32_t>(kind.top_down ? -bgr.rows : bgr.rows), is_os2 ? 2 : 4);
  AppendNumber(&header, 1, 2);
  AppendNumber(&header, kind.bits, 2);
  if (!is_os2) {
    AppendNumber(&header, kind.compression, 4);
    AppendNumber(&header, pixels.size(), 4);
    for (const uint64_t value : {2835u, 2835u, num_colors, 0u}) AppendNumber(&header, value, 4);
    if (kind.compression == 3 || kind.header_bytes > 40) {
      for (size_t c = 0; c < (kind.header_bytes > 40 ? 4 : 3); ++c) AppendNumber(&header, masks[c], 4);
    }
    header.resize(std::max<size_t>(header.size(), kind.header_bytes));
  }
  for (uint32_t i = 0; i < num_colors; ++i) {
    const cv::Vec3b entry = color(i);
    palette.insert(palette.end(), entry.val, entry.val + 3);
    if (!is_os2) palette.push_back(0);
  }
  const size_t pixels_at = 14 + header.size() + palette.size();
  Append(&bmp.file, "BM");
  AppendNumber(&bmp.file, pixels_at + pixels.size(), 4);
  AppendNumber(&bmp.file, 0, 4);
  AppendNumber(&bmp.file, pixels_at, 4);
  Append(&bmp.file, header);
  Append(&bmp.file, palette);
  Append(&bmp.file, pixels);
  return bmp;
}

File Tiff(const cv::Mat& grey, bool big_endian, int orientation, uint32_t claimed_width, uint32_t claimed_height) {
  constexpr uint32_t kEntries = 9, kData = 8 + 2 + kEntries * 12 + 4;
  const auto bytes = static_cast<uint32_t>(grey.total());
  File file;
  Append(&file, big_endian ? std::string("MM\0*", 4) : std::string("II*\0", 4));
  const auto number = [&](uint64_t value, int size) { AppendNumber(&file, value, size, big_endian); };
  const auto entry = [&](uint32_t tag, uint32_t value) {
    number(tag, 2);
    number(4, 2);
    number(1, 4);
    number(value, 4);
  };
  number(8, 4);
  number(kEntries, 2);
  entry(256, claimed_width);
  entry(257, claimed_height);
  entry(258, 8);
  entry(259, 1);
  entry(262, 1);
  entry(273, kData);
  entry(274, static_cast<uint32_t>(orientation));
  entry(278, claimed_height);
  entry(279, bytes);
  number(0, 4);
  for (int y = 0; y < grey.rows; ++y) file.insert(file.end(), grey.ptr(y), grey.ptr(y) + grey.cols);
  return file;
}

std::optional<File> Heif(const cv::Mat& bgr, bool avif, int orientation, const File& exif) {
  const std::unique_ptr<heif_context, void (*)(heif_context*)> context(heif_context_alloc(), heif_context_free);
  heif_encoder* encoder = nullptr;
  const heif_compression_format format = avif ? heif_compression_AV1 : heif_compression_HEVC;
  if (heif_context_get_encoder_for_format(context.get(), format, &encoder).code != heif_error_Ok) return std::nullopt;
  heif_encoder_set_lossy_quality(encoder, 90);
  heif_encoder_set_logging_level(encoder, 0);
  heif_image* image = nullptr;
  heif_image_create(bgr.cols, bgr.rows, heif_colorspace_RGB, heif_chroma_interleaved_RGB, &image);
  heif_image_add_plane(image, heif_channel_interleaved, bgr.cols, bgr.rows, 8);
  int stride = 0;
  uint8_t* pixels = heif_image_get_plane(image, heif_channel_interleaved, &stride);
  for (int y = 0; y < bgr.rows; ++y) {
    for (int x = 0; x < bgr.cols; ++x) {
      for (int c = 0; c < 3; ++c) pixels[y * stride + 3 * x + c] = bgr.at<cv::Vec3b>(y, x)[2 - c];
    }
  }
  heif_encoding_options* options = heif_encoding_options_alloc();
  options->image_orientation = static_cast<heif_orientation>(orientation);
  heif_image_handle* handle = nullptr;
  heif_error error = heif_context_encode_image(context.get(), image, encoder, options, &handle);
  heif_encoding_options_free(options);
  heif_encoder_release(encoder);
  heif_image_release(image);
  if (error.code != heif_error_Ok) return std::nullopt;
  error = heif_context_add_exif_metadata(context.get(), handle, exif.data(), static_cast<int>(exif.size()));
  heif_image_handle_release(handle);
  Require(error.code == heif_error_Ok, "libheif could not add EXIF to a sample.");
  File file;
  heif_writer writer{1, [](heif_context*, const void* data, size_t size, void* out) {
                       const auto* bytes = static_cast<const uint8_t*>(data);
                       static_cast<File*>(out)->assign(bytes, bytes + size);
                       return heif_error{heif_error_Ok, heif_suberror_Unspecified, nullptr};
                     }};
  error = heif_context_write(context.get(), &writer, &file);
  Require(error.code == heif_error_Ok, "libheif could not write a sample.");
  return file;
}

}  // namespace pugmark::samples
