// SPDX-License-Identifier: Apache-2.0
//
// The child's side of a decode worker: the program runs itself with kDecodeWorkerArgument, and this is all that it does
// then. The parent's side: workers.h.
#pragma once

#include <functional>
#include <span>

#include "engine/decode/decode.h"
#include "engine/decode/qr_codes.h"

namespace pugmark {

// The hidden first argument; budgets follow.
inline constexpr char kDecodeWorkerArgument[] = "--decode-worker";

// True if the program was started as a worker.
bool IsDecodeWorker(int argc, const char* const* argv);

using DecodeFunction = std::function<DecodeResult(std::span<const uint8_t>, const DecodeOptions&)>;
using QrCodesFunction = std::function<QrCodes(const Image&)>;

// Seals the process (seal.h) and answers on the socket at descriptor 0 until the other end is closed. Call it first in
// main(), before any thread is started. decode, read_qr_codes: tests bring their own. Returns the exit status. Never
// throws.
int RunDecodeWorker(int argc, const char* const* argv, const DecodeFunction& decode = DecodeHere,
                    const QrCodesFunction& read_qr_codes = ReadQrCodes);

}  // namespace pugmark
