// SPDX-License-Identifier: Apache-2.0
//
// Files that must survive a crash, and the lock of the one writer.
//
// Assumed of the disk: rename() within a directory is atomic, and what fsync() returned for is on the platter.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pugmark {

// The whole file. Throws Error(kNotFound | kIo) if it cannot be read, is not a regular file (a FIFO would block for
// ever), and Error(kLimit) if it holds more than max_bytes.
std::vector<uint8_t> ReadFile(const std::filesystem::path& path, uint64_t max_bytes);

// Replaces `path` so that after a crash either the old or the new content is there, never a mixture:
// write path.tmp, fsync, rename, fsync of the directory. Throws Error(kIo); the old file is then untouched.
void WriteFileAtomically(const std::filesystem::path& path, std::string_view content);

// Writes path.tmp and renames it: whoever is killed leaves the old file or the new one. Only SyncFileSystem() carries it to
// the disk; a power cut before that may leave anything. Throws Error(kIo).
void WriteFileUnsynced(const std::filesystem::path& path, std::string_view content);

// fsync of a file or directory. Throws Error(kIo).
void Sync(const std::filesystem::path& path);

// Everything written so far to the file system that holds `path` reaches the disk; one call for many small files.
// Throws Error(kIo).
void SyncFileSystem(const std::filesystem::path& path);

// Appends to the file (created if missing) and syncs it. Throws Error(kIo).
void AppendToFile(const std::filesystem::path& path, std::string_view content);

// Removes a directory and all in it, file by file; nothing if there is none. Throws Error(kIo).
void RemoveDirectory(const std::filesystem::path& path);

// Holds an exclusive flock(2) on `path` (created if missing) until destroyed; the kernel drops it if the process dies.
// Throws Error(kLocked) if another process or object holds it, within a fifth of a second.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_ = -1;
};

// Whether somebody holds that lock. Answers by taking a shared one for an instant, which FileLock waits for.
bool IsLocked(const std::filesystem::path& path);

// The present moment in UTC, "2026-11-24T06:55:54Z".
std::string UtcNow();

// Text from outside made harmless and visible: C0/C1 control characters, bidirectional overrides and invalid UTF-8
// become \xNN or \u{NNNN}. The result is valid UTF-8 without line breaks; fit for terminals, logs and JSON.
std::string EscapeText(std::string_view untrusted);

}  // namespace pugmark
