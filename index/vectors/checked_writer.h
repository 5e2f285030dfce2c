// SPDX-License-Identifier: Apache-2.0
//
// Writes FAISS files so that a full disk is noticed: FAISS's own writer only prints if the last bytes cannot be written.
#pragma once

#include <faiss/impl/io.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "index/base/error.h"
#include "index/base/fault.h"
#include "index/base/files.h"

namespace pugmark {

class CheckedWriter : public faiss::IOWriter {
 public:
  explicit CheckedWriter(const std::filesystem::path& path) : path_(path), file_(std::fopen(path.c_str(), "wbe")) {
    if (file_ == nullptr) Fail("creating");
    PUGMARK_FAULT_POINT("vectors.created");
  }
  ~CheckedWriter() override {
    if (file_ != nullptr) std::fclose(file_);
  }
  CheckedWriter(const CheckedWriter&) = delete;
  CheckedWriter& operator=(const CheckedWriter&) = delete;

  size_t operator()(const void* data, size_t size, size_t num_items) override {
    if (num_items == 0) return 0;  // FAISS passes empty vectors, whose data() may be null; fwrite must not see that.
    const size_t num_written = std::fwrite(data, size, num_items, file_);
    if (num_written != num_items) Fail("writing");
    return num_written;
  }

  // Everything is on the disk when this returns. Throws Error(kIo).
  void Close() {
    PUGMARK_FAULT_POINT("vectors.writing");  // Part of it may still be in the buffer.
    if (std::fclose(std::exchange(file_, nullptr)) != 0) Fail("writing");
    Sync(path_);
  }

 private:
  [[noreturn]] void Fail(const char* doing) const {
    throw Error(ErrorCode::kIo, fmt::format("{}: {} failed: {}. The old index stays in use.", path_.string(), doing,
                                            std::strerror(errno)));
  }

  const std::filesystem::path path_;
  std::FILE* file_;
};

}  // namespace pugmark
