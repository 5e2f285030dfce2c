// SPDX-License-Identifier: Apache-2.0
#include "index/base/files.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <system_error>
#include <thread>
#include <utility>

#include "index/base/error.h"
#include "index/base/fault.h"

namespace pugmark {
namespace {

constexpr int kTriesToLock = 10;
constexpr auto kBetweenTries = std::chrono::milliseconds(20);

// Closes on every path; only an explicit Close() reports the error that close() can bring.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags, mode_t mode = 0644)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool Close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

[[noreturn]] void ThrowErrno(const std::filesystem::path& path, std::string_view doing) {
  const int error = errno;
  throw Error(error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
              fmt::format("{}: {} failed: {}.", EscapeText(path.string()), doing, std::strerror(error)));
}

void WriteAll(const Descriptor& file, const std::filesystem::path& path, std::string_view content) {
  if (internal::FaultPointsInUse() && content.size() > 1) {
    const size_t half = content.size() / 2;
    if (::write(file.get(), content.data(), half) != static_cast<ssize_t>(half)) ThrowErrno(path, "writing");
    PUGMARK_FAULT_POINT("files.half_written");
    content.remove_prefix(half);
  }
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = ::write(file.get(), content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) ThrowErrno(path, "writing");
    done += static_cast<size_t>(n);
  }
}

void WriteAndSync(Descriptor& file, const std::filesystem::path& path, std::string_view content) {
  WriteAll(file, path, content);
  PUGMARK_FAULT_POINT("files.written");
  if (::fsync(file.get()) != 0 || !file.Close()) ThrowErrno(path, "writing");
}

// Length of the well-formed UTF-8 sequence at the start of `s` (1-4), and its code point; 0 if malformed.
size_t DecodeUtf8(std::string_view s, char32_t* code_point) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(s[i]); };
  const uint8_t lead = byte(0);
  const size_t length = lead < 0x80 ? 1 : (lead >> 5) == 6 ? 2 : (lead >> 4) == 14 ? 3 : (lead >> 3) == 30 ? 4 : 0;
  if (length == 0 || length > s.size()) return 0;
  char32_t value = length == 1 ? lead : static_cast<char32_t>(lead & (0x7F >> length));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    value = (value << 6) | (byte(i) & 0x3F);
  }
  static constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 0;
  *code_point = value;
  return length;
}

bool IsDangerous(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) ||                            // C0, DEL, C1
         c == 0x061C || c == 0x200E || c == 0x200F ||                      // bidirectional marks
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||   // embeddings, overrides, isolates
         c == 0x2028 || c == 0x2029 || c == 0xFEFF;                        // line breaks, byte order mark
}

}  // namespace

std::vector<uint8_t> ReadFile(const std::filesystem::path& path, uint64_t max_bytes) {
  const Descriptor file(path, O_RDONLY | O_NONBLOCK);
  if (file.get() < 0) ThrowErrno(path, "opening");
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) ThrowErrno(path, "reading its size");
  if (!S_ISREG(info.st_mode)) {
    throw Error(ErrorCode::kIo, fmt::format("{}: is not a regular file.", EscapeText(path.string())));
  }
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size > max_bytes) {
    throw Error(ErrorCode::kLimit,
                fmt::format("{}: has {} bytes; at most {} are read.", EscapeText(path.string()), size, max_bytes));
  }
  std::vector<uint8_t> data(size);
  size_t done = 0;
  while (done < data.size()) {
    const ssize_t n = ::read(file.get(), data.data() + done, data.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) ThrowErrno(path, "reading");
    if (n == 0) break;  // The file shrank meanwhile; what is there is what we were given.
    done += static_cast<size_t>(n);
  }
  data.resize(done);
  return data;
}

void WriteFileAtomically(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  if (file.get() < 0) ThrowErrno(temporary, "creating");
  PUGMARK_FAULT_POINT("files.temporary_created");
  WriteAndSync(file, temporary, content);
  PUGMARK_FAULT_POINT("files.temporary_synced");
  if (::rename(temporary.c_str(), path.c_str()) != 0) ThrowErrno(path, "replacing");
  PUGMARK_FAULT_POINT("files.renamed");
  Sync(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

void WriteFileUnsynced(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  if (file.get() < 0) ThrowErrno(temporary, "creating");
  WriteAll(file, temporary, content);
  if (!file.Close()) ThrowErrno(temporary, "writing");
  if (::rename(temporary.c_str(), path.c_str()) != 0) ThrowErrno(path, "replacing");
  PUGMARK_FAULT_POINT("files.unsynced_written");
}

void Sync(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0 || ::fsync(file.get()) != 0) ThrowErrno(path, "syncing");
  PUGMARK_FAULT_POINT("files.synced");
}

void SyncFileSystem(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0 || ::syncfs(file.get()) != 0) ThrowErrno(path, "syncing");
  PUGMARK_FAULT_POINT("files.file_system_synced");
}

void AppendToFile(const std::filesystem::path& path, std::string_view content) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_APPEND);
  if (file.get() < 0) ThrowErrno(path, "opening");
  WriteAndSync(file, path, content);
  PUGMARK_FAULT_POINT("files.appended");
}

void RemoveDirectory(const std::filesystem::path& path) {
  std::error_code error;
  for (const std::filesystem::directory_entry& entry : std::filesystem::directory_iterator(path, error)) {
    const bool is_directory = entry.is_directory(error) && !entry.is_symlink(error);
    if (is_directory) {
      RemoveDirectory(entry.path());
    } else {
      std::filesystem::remove(entry.path(), error);
      PUGMARK_FAULT_POINT("files.removed");
    }
  }
  // Whatever could not be removed above is still in the way here.
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT) ThrowErrno(path, "removing");
  PUGMARK_FAULT_POINT("files.directory_removed");
}

FileLock::FileLock(const std::filesystem::path& path) : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (fd_ < 0) ThrowErrno(path, "opening the lock");
  // IsLocked() holds it for an instant; that is no writer.
  int tries_left = kTriesToLock;
  while (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (--tries_left > 0) {
      std::this_thread::sleep_for(kBetweenTries);
      continue;
    }
    ::close(fd_);
    throw Error(ErrorCode::kLocked, fmt::format("{}: another pugmark is writing to this collection. "
                                                "Wait for it to end; searching is possible meanwhile.",
                                                EscapeText(path.string())));
  }
}

bool IsLocked(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY);
  return file.get() >= 0 && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0;  // Closing gives it up again.
}

FileLock::~FileLock() { ::close(fd_); }

std::string UtcNow() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

std::string EscapeText(std::string_view untrusted) {
  std::string text;
  text.reserve(untrusted.size());
  while (!untrusted.empty()) {
    char32_t c = 0;
    const size_t length = DecodeUtf8(untrusted, &c);
    if (length == 0) {
      fmt::format_to(std::back_inserter(text), "\\x{:02X}", static_cast<uint8_t>(untrusted[0]));
    } else if (IsDangerous(c)) {
      fmt::format_to(std::back_inserter(text), "\\u{{{:04X}}}", static_cast<uint32_t>(c));
    } else {
      text.append(untrusted.substr(0, length));
    }
    untrusted.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

}  // namespace pugmark
