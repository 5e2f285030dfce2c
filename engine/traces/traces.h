// SPDX-License-Identifier: Apache-2.0
//
// What a photo's file and picture give away about who made it: the camera's and the lens's serial number, the owner's
// name, the JPEG tables of the program that wrote it, and QR codes in the picture.
//
// A trace is a soft lead: everything here can be forged, shared or left over from a former owner. Two photos with an
// equal trace may come from one hand; index/catalogue/traces.h counts how many others have it as well.
#pragma once

#include <vector>

#include "engine/decode/decode.h"
#include "index/catalogue/traces.h"

namespace pugmark {

// decoded: a photo, with DecodeOptions::read_qr_codes. Values are valid, escaped UTF-8 of bounded length. Left out: serial
// numbers and names that no camera would be told by (fewer than four letters or digits, all alike, "unknown" and the
// like). Threads: pure.
std::vector<FileTrace> FindTraces(const DecodeResult& decoded);

}  // namespace pugmark
