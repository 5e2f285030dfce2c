// SPDX-License-Identifier: Apache-2.0
//
// GIF: the first frame on its logical screen, by giflib's record interface (DGifSlurp would read all frames).
#include <fmt/format.h>
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "engine/decode/budget.h"
#include "engine/decode/checks.h"
#include "engine/decode/pixels.h"
#include "index/base/files.h"

namespace pugmark::decode {
namespace {

int ReadBytes(GifFileType* gif, GifByteType* out, int count) {
  Bytes* rest = static_cast<Bytes*>(gif->UserData);
  const size_t n = std::min(rest->size(), static_cast<size_t>(std::max(count, 0)));
  if (n > 0) std::memcpy(out, rest->data(), n);
  *rest = rest->subspan(n);
  return static_cast<int>(n);
}

void Close(GifFileType* gif) {
  int error = 0;
  DGifCloseFile(gif, &error);
}

Failure GifFailure(int error) {
  const char* text = GifErrorString(error);
  return Refuse(DecodeErrorCode::kCorrupt, fmt::format("giflib: {}.", text ? EscapeText(text) : "unknown error"));
}

// Goes to the first picture. Returns its transparent colour, -1 if it has none; nothing if there is no picture.
std::optional<int> FindFirstFrame(GifFileType* gif) {
  int transparent = NO_TRANSPARENT_COLOR;
  for (int parts = 0; parts < kMaxContainerParts; ++parts) {
    GifRecordType record = UNDEFINED_RECORD_TYPE;
    if (DGifGetRecordType(gif, &record) != GIF_OK || record == TERMINATE_RECORD_TYPE) return std::nullopt;
    if (record == IMAGE_DESC_RECORD_TYPE) {
      if (DGifGetImageDesc(gif) != GIF_OK) return std::nullopt;
      return transparent;
    }
    int code = 0;
    GifByteType* block = nullptr;
    if (record != EXTENSION_RECORD_TYPE || DGifGetExtension(gif, &code, &block) != GIF_OK) return std::nullopt;
    GraphicsControlBlock control;
    if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr &&
        DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
      transparent = control.TransparentColor;
    }
    while (block != nullptr && parts++ < kMaxContainerParts) {
      if (DGifGetExtensionNext(gif, &block) != GIF_OK) return std::nullopt;
    }
  }
  return std::nullopt;
}

// The order in which the rows of a picture are stored.
std::vector<int> RowOrder(int height, bool interlaced) {
  std::vector<int> order;
  order.reserve(static_cast<size_t>(height));
  const auto add = [&](int first, int step) {
    for (int y = first; y < height; y += step) order.push_back(y);
  };
  if (interlaced) {
    add(0, 8);
    add(4, 8);
    add(2, 4);
    add(1, 2);
  } else {
    add(0, 1);
  }
  return order;
}

// Blue, green, red of each colour number; white for the transparent one, the first for those the palette lacks.
using Palette = std::array<std::array<uint8_t, 3>, 256>;
Palette ReadPalette(const ColorMapObject& map, int transparent) {
  Palette palette{};
  for (size_t i = 0; i < palette.size(); ++i) {
    const GifColorType& color = map.Colors[static_cast<int>(i) < map.ColorCount ? i : 0];
    palette[i] = {color.Blue, color.Green, color.Red};
  }
  if (transparent >= 0 && transparent < 256) palette[static_cast<size_t>(transparent)] = {255, 255, 255};
  return palette;
}

}  // namespace

Failure DecodeGif(Bytes data, const DecodeOptions& options, PhotoInfo* info, Image* image) {
  int error = 0;
  const std::unique_ptr<GifFileType, void (*)(GifFileType*)> gif(DGifOpen(&data, ReadBytes, &error), Close);
  if (!gif) return GifFailure(error);
  // Some writers leave the screen empty; then it is as large as the frame, which is not known yet.
  const bool has_screen = gif->SWidth > 0 && gif->SHeight > 0;
  if (has_screen) {
    if (auto failure = CheckSize(gif->SWidth, gif->SHeight, options, info)) return failure;
  }
  const std::optional<int> transparent = FindFirstFrame(gif.get());
  if (!transparent)
    return gif->Error != 0 ? GifFailure(gif->Error) : Refuse(DecodeErrorCode::kCorrupt, "It holds no picture.");
  const GifImageDesc frame = gif->Image;
  PhotoInfo frame_info;
  DecodeOptions frame_options = options;
  if (has_screen) frame_options.min_side_px = 1;  // A small frame may lie on a large screen.
  if (auto failure = CheckSize(frame.Width, frame.Height, frame_options, has_screen ? &frame_info : info))
    return failure;
  const auto frame_width = static_cast<size_t>(frame.Width);
  const uint64_t frame_bytes = static_cast<uint64_t>(frame.Height) * frame_width;
  if (auto failure = CheckDecodedBytes(frame_bytes, options)) return failure;
  const ColorMapObject* map = frame.ColorMap ? frame.ColorMap : gif->SColorMap;
  if (!map || map->ColorCount < 1) return Refuse(DecodeErrorCode::kCorrupt, "It has no palette.");
  const Palette palette = ReadPalette(*map, *transparent);

  std::vector<uint8_t> colors(frame_bytes);
  std::vector<bool> have_row(static_cast<size_t>(frame.Height));
  int rows = 0;
  for (int y : RowOrder(frame.Height, frame.Interlace)) {
    if (DGifGetLine(gif.get(), colors.data() + static_cast<size_t>(y) * frame_width, frame.Width) != GIF_OK) break;
    have_row[static_cast<size_t>(y)] = true;
    ++rows;
  }
  info->truncated = rows < frame.Height;
  if (rows * kMinRowsShare < frame.Height) return GifFailure(gif->Error);

  Canvas canvas({info->width_px, info->height_px}, {frame.Width, frame.Height}, frame.Left, frame.Top, 3,
                options.max_side_px);
  std::vector<uint8_t> row(frame_width * 3);
  for (int y = 0; y < frame.Height; ++y) {
    const uint8_t* in = colors.data() + static_cast<size_t>(y) * frame_width;
    for (size_t x = 0; x < frame_width; ++x) std::copy_n(palette[in[x]].begin(), 3, row.data() + 3 * x);
    canvas.AddRow(have_row[static_cast<size_t>(y)] ? row.data() : nullptr);
  }
  *image = canvas.Take();
  return std::nullopt;
}

}  // namespace pugmark::decode
