// SPDX-License-Identifier: Apache-2.0
//
// What a JPEG's quantisation tables say about the program that wrote it; internal to engine/decode.
//
// Cameras, phones and picture editors use tables of their own, so that equal tables are a trace of the same make of
// writer (Farid, Digital Image Ballistics from JPEG Quantization, Dartmouth TR2006-583). Most platforms use those that
// ITU-T T.81 gives as an example, scaled by libjpeg's quality: they say nothing, and are told apart for that reason.
#pragma once

#include <string>

struct jpeg_decompress_struct;

namespace pugmark::decode {

// "standard 85 2x2,1x1,1x1" for the example tables at that quality, else the first 16 digits of the SHA-256 of all
// tables in order of components, and the sampling factors of these. Empty if a component has no table.
// jpeg: its header has been read. Never fails.
std::string DescribeTables(const jpeg_decompress_struct& jpeg);

}  // namespace pugmark::decode
