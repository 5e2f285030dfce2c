// SPDX-License-Identifier: Apache-2.0
//
// QR codes in a decoded image, by ZXing. Whoever made the picture chose what ZXing sees: call it in a worker.
#pragma once

#include "engine/decode/decode.h"

namespace pugmark {

// The codes that are found at the image's own scale: one that fills a sixth of the picture or more is read; dark on
// light only. Never throws: a code that cannot be read is none.
// Cost: 0.5 ms at 640 px for photos. Without limit for a picture of finder patterns, since ZXing tries them by threes:
// 1,000 on 640 x 640 pixels take 10 s.
QrCodes ReadQrCodes(const Image& image);

}  // namespace pugmark
