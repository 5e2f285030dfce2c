// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/conversation.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <ctime>
#include <string_view>
#include <utility>

#include "engine/decode/budget.h"
#include "index/base/files.h"

namespace pugmark::decode {
namespace {

constexpr size_t kMaxMessageBytes = 1024;

// Processor seconds of a child's threads since it was started.
double ProcessorSeconds(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// One line of harmless text, whatever a worker sent.
std::string Tamed(const std::string& text) { return EscapeText(std::string_view(text).substr(0, kMaxMessageBytes)); }

// Passes over a structure's fields like a writer, and keeps the length of its longest text.
struct TextLengths {
  size_t longest = 0;
  template <typename... T>
  void operator()(const T&... fields) {
    (Look(fields), ...);
  }
  void Look(const std::string& text) { longest = std::max(longest, text.size()); }
  template <typename T>
  void Look(const T& /*number*/) {}
};

// What a decoder may say, and nothing else. Texts of the EXIF stay as they are: they are a stranger's words from here
// or from there.
bool IsPlausible(const DecodeOptions& options, const PhotoInfo& info, const DecodeError& error, const Image& image,
                 uint64_t num_pixel_bytes) {
  if (info.format < PhotoFormat::kUnknown || info.format > PhotoFormat::kAvif) return false;
  if (error.code < DecodeErrorCode::kEmpty || error.code > DecodeErrorCode::kTooSmall) return false;
  if (info.width_px < 0 || info.height_px < 0 || info.orientation < 1 || info.orientation > 8) return false;
  TextLengths texts;
  PassInfo(texts, info);
  if (texts.longest > kMaxExifTextBytes) return false;
  if (num_pixel_bytes == 0) return image.width_px == 0 && !error.message.empty();
  const bool fits = image.width_px >= 1 && image.width_px <= options.max_side_px && image.height_px >= 1 &&
                    image.height_px <= options.max_side_px && (image.channels == 1 || image.channels == 3);
  return fits && error.message.empty() && info.format != PhotoFormat::kUnknown && info.width_px >= 1 &&
         info.height_px >= 1 &&
         num_pixel_bytes == static_cast<uint64_t>(image.width_px) * static_cast<uint64_t>(image.height_px) *
                                static_cast<uint64_t>(image.channels);
}

std::span<const uint8_t> BytesOf(const Frame& frame) {
  return {reinterpret_cast<const uint8_t*>(&frame), sizeof(frame)};
}

}  // namespace

Conversation::Conversation(int pid, int socket, double max_seconds, double wall_seconds)
    : pid_(pid),
      socket_(socket),
      max_seconds_(max_seconds),
      processor_before_(ProcessorSeconds(pid)),
      until_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(wall_seconds))) {}

Conversation::End Conversation::Ask(std::span<const uint8_t> data, const DecodeOptions& options, DecodeResult* result) {
  FieldWriter out;
  PassOptions(out, options);
  Frame frame{out.bytes().size(), data.size()};
  std::vector<uint8_t> fields;
  if (!Send(BytesOf(frame)) || !Send(out.bytes()) || !Send(data) || !ReceiveFields(&frame, &fields)) return end_;
  FieldReader in(fields);
  Image image;
  PassReply(in, result->info, result->error, image.width_px, image.height_px, image.channels);
  if (!in.Done() || !IsPlausible(options, result->info, result->error, image, frame.num_bulk_bytes)) {
    return End::kNonsense;
  }
  result->error.message = Tamed(result->error.message);
  if (frame.num_bulk_bytes > 0) {
    image.pixels.resize(frame.num_bulk_bytes);
    if (!Receive(image.pixels)) return end_;
    result->image = std::move(image);
  }
  if (!options.read_qr_codes || !result->image) return End::kAnswered;
  if (!ReceiveFields(&frame, &fields)) return end_;
  FieldReader codes(fields);
  PassQrCodes(codes, result->qr_codes);
  TextLengths lengths;
  PassQrCodes(lengths, result->qr_codes);
  const bool is_plausible = codes.Done() && frame.num_bulk_bytes == 0 && lengths.longest <= kMaxQrCodeBytes;
  return is_plausible ? End::kAnswered : End::kNonsense;
}

Conversation::End Conversation::Hear(std::string* problem) {
  Frame frame;
  std::vector<uint8_t> fields;
  if (!ReceiveFields(&frame, &fields)) return end_;
  FieldReader in(fields);
  in(*problem);
  *problem = Tamed(*problem);
  return in.Done() && frame.num_bulk_bytes == 0 ? End::kAnswered : End::kNonsense;
}

bool Conversation::Fail(End end) {
  end_ = end;
  return false;
}

bool Conversation::Send(std::span<const uint8_t> bytes) {
  return Transfer(bytes.size(), POLLOUT, [&](size_t done) {
    return ::send(socket_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
  });
}

bool Conversation::Receive(std::span<uint8_t> bytes) {
  return Transfer(bytes.size(), POLLIN,
                  [&](size_t done) { return ::recv(socket_, bytes.data() + done, bytes.size() - done, MSG_DONTWAIT); });
}

// The frame and fields of an answer; its bulk is for the caller to judge and receive.
bool Conversation::ReceiveFields(Frame* frame, std::vector<uint8_t>* fields) {
  if (!Receive({reinterpret_cast<uint8_t*>(frame), sizeof(*frame)})) return false;
  if (frame->num_fields_bytes > kMaxReplyBytes) return Fail(End::kNonsense);
  fields->resize(frame->num_fields_bytes);
  return Receive(*fields);
}

template <typename Step>
bool Conversation::Transfer(size_t size, short event, Step step) {
  for (size_t done = 0; done < size;) {
    const ssize_t n = step(done);
    if (n > 0) {
      done += static_cast<size_t>(n);
    } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (!Await(event)) return Fail(End::kTooSlow);
    } else if (n == 0 || errno != EINTR) {
      return Fail(End::kDied);
    }
  }
  return true;
}

// False if the time is used up before anything happens.
bool Conversation::Await(short event) const {
  while (true) {
    const double wall = std::chrono::duration<double>(until_ - Clock::now()).count();
    const double processor = max_seconds_ - (ProcessorSeconds(pid_) - processor_before_);
    const double left = std::min(wall, processor);
    if (left <= 0) return false;
    pollfd socket{socket_, event, 0};
    const int ready = ::poll(&socket, 1, static_cast<int>(std::ceil(left * 1000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace pugmark::decode
