// SPDX-License-Identifier: Apache-2.0
//
// The same photo by another decoder: ImageMagick's `convert`, if it is installed.
#pragma once

#include <filesystem>
#include <optional>

#include "engine/decode/decode.h"

namespace pugmark::bench {

bool HasReferenceDecoder();

// The first picture of the file, upright, on white, 8 bits of blue, green and red; nothing if ImageMagick cannot or
// takes more than 20 s. format: says what the bytes are, whatever the file is called.
std::optional<Image> DecodeByReference(const std::filesystem::path& file, PhotoFormat format);

// 10 log10(255² / mean square difference) in dB over all channels, grey counted for all three; 99 if they are equal,
// nothing if the sizes differ.
std::optional<double> Psnr(const Image& a, const Image& b);

}  // namespace pugmark::bench
