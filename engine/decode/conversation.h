// SPDX-License-Identifier: Apache-2.0
//
// One question to a decode worker and its answer, within the budget's time; internal to engine/decode. The words are
// those of wire.h. Nothing that comes back is believed: sizes, ranges and texts are checked before anything is
// allocated by them.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/decode/decode.h"
#include "engine/decode/wire.h"

namespace pugmark::decode {

class Conversation {
 public:
  enum class End { kAnswered, kDied, kTooSlow, kNonsense };

  // pid, socket: of the worker. max_seconds: of its processor time, all threads together; wall_seconds: by the clock.
  Conversation(int pid, int socket, double max_seconds, double wall_seconds);

  // Has `data` decoded. If the answer ends before its QR codes, the result has the image nonetheless.
  End Ask(std::span<const uint8_t> data, const DecodeOptions& options, DecodeResult* result);

  // What a worker says when it is ready: what is wrong, or nothing. One line, escaped.
  End Hear(std::string* problem);

 private:
  using Clock = std::chrono::steady_clock;

  bool Fail(End end);
  bool Send(std::span<const uint8_t> bytes);
  bool Receive(std::span<uint8_t> bytes);
  bool ReceiveFields(Frame* frame, std::vector<uint8_t>* fields);
  template <typename Step>
  bool Transfer(size_t size, short event, Step step);
  bool Await(short event) const;

  const int pid_;
  const int socket_;
  const double max_seconds_;
  const double processor_before_;
  const Clock::time_point until_;
  End end_ = End::kAnswered;
};

}  // namespace pugmark::decode
