// SPDX-License-Identifier: Apache-2.0
//
// Orientation and camera of a photo, by libexif; internal to engine/decode.
#pragma once

#include "engine/decode/bytes.h"
#include "engine/decode/decode.h"

namespace pugmark::decode {

// Fills orientation and the camera fields of `info` with what is there. exif: a TIFF structure, with or without the
// "Exif\0\0" before it that JPEG has; longer than kMaxExifBytes is ignored. Damaged EXIF gives what libexif could read.
void ReadExif(Bytes exif, PhotoInfo* info);

}  // namespace pugmark::decode
