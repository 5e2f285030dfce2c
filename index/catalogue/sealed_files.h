// SPDX-License-Identifier: Apache-2.0
//
// What a file that only grows was when a batch ended: how much of it there was, and the SHA-256 of that much.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "index/catalogue/catalogue.h"

namespace pugmark {

struct FilePrefixSeal {
  uint64_t size_bytes = 0;
  Sha256 sha256;
};

// Threads, errors: as Catalogue, which outlives this.
class SealedFiles {
 public:
  explicit SealedFiles(const Catalogue& catalogue) : catalogue_(catalogue) {}

  std::optional<FilePrefixSeal> Get(const std::string& name) const;
  void Set(const std::string& name, const FilePrefixSeal& seal);
  void Forget(const std::string& name);

 private:
  const Catalogue& catalogue_;
};

}  // namespace pugmark
