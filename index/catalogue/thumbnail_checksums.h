// SPDX-License-Identifier: Apache-2.0
//
// What the thumbnails were when they were written: a JPEG with a flipped bit decodes as well.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "index/catalogue/catalogue.h"

namespace pugmark {

using ThumbnailChecksum = std::array<uint8_t, 8>;

// Threads, errors: as Catalogue, which outlives this.
class ThumbnailChecksums {
 public:
  explicit ThumbnailChecksums(const Catalogue& catalogue) : catalogue_(catalogue) {}

  static ThumbnailChecksum Of(std::span<const uint8_t> jpeg);

  // Replaces an earlier one.
  void Set(PhotoId photo, const ThumbnailChecksum& checksum);
  // Nothing if the thumbnail is older than checksums.
  std::optional<ThumbnailChecksum> Get(PhotoId photo) const;
  // Drops those of photos that are no longer catalogued.
  void ForgetRemoved();

 private:
  const Catalogue& catalogue_;
};

}  // namespace pugmark
