// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/exif.h"

#include <libexif/exif-data.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "engine/decode/budget.h"

namespace pugmark::decode {
namespace {

// A text as written, up to its first NUL, without the blanks that some cameras pad it with.
std::string Text(ExifData* data, ExifIfd ifd, ExifTag tag) {
  const ExifEntry* entry = exif_content_get_entry(data->ifd[ifd], tag);
  if (entry == nullptr || entry->format != EXIF_FORMAT_ASCII || entry->data == nullptr) return {};
  std::string text(reinterpret_cast<const char*>(entry->data), std::min<size_t>(entry->size, kMaxExifTextBytes));
  text.resize(std::min(text.find('\0'), text.size()));
  text.resize(text.find_last_not_of(" \t\r\n") + 1);
  return text;
}

}  // namespace

void ReadExif(Bytes exif, PhotoInfo* info) {
  static constexpr uint8_t kPrefix[] = {'E', 'x', 'i', 'f', 0, 0};
  if (exif.empty() || exif.size() > kMaxExifBytes) return;
  std::vector<uint8_t> block;
  // libexif insists on the prefix, which PNG and often WebP leave out.
  if (exif.size() < sizeof(kPrefix) || std::memcmp(exif.data(), kPrefix, sizeof(kPrefix)) != 0) {
    block.assign(std::begin(kPrefix), std::end(kPrefix));
    block.insert(block.end(), exif.begin(), exif.end());
    exif = block;
  }
  const std::unique_ptr<ExifData, void (*)(ExifData*)> data(exif_data_new(), exif_data_unref);
  if (!data) return;
  // By default libexif rewrites what it read to fit the specification, and so invents entries.
  exif_data_unset_option(data.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
  exif_data_load_data(data.get(), exif.data(), static_cast<unsigned>(exif.size()));

  const ExifEntry* orientation = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (orientation != nullptr && orientation->format == EXIF_FORMAT_SHORT && orientation->size >= 2) {
    const int value = exif_get_short(orientation->data, exif_data_get_byte_order(data.get()));
    if (value >= 1 && value <= 8) info->orientation = value;
  }
  info->camera_make = Text(data.get(), EXIF_IFD_0, EXIF_TAG_MAKE);
  info->camera_model = Text(data.get(), EXIF_IFD_0, EXIF_TAG_MODEL);
  info->camera_serial = Text(data.get(), EXIF_IFD_EXIF, EXIF_TAG_BODY_SERIAL_NUMBER);
  info->taken_at = Text(data.get(), EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_ORIGINAL);
  info->lens_model = Text(data.get(), EXIF_IFD_EXIF, EXIF_TAG_LENS_MODEL);
  info->lens_serial = Text(data.get(), EXIF_IFD_EXIF, EXIF_TAG_LENS_SERIAL_NUMBER);
  info->owner = Text(data.get(), EXIF_IFD_EXIF, EXIF_TAG_CAMERA_OWNER_NAME);
  if (info->owner.empty()) info->owner = Text(data.get(), EXIF_IFD_0, EXIF_TAG_ARTIST);
}

}  // namespace pugmark::decode
