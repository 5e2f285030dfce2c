// SPDX-License-Identifier: Apache-2.0
//
// What the catalogue's .cc files share.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "index/base/error.h"
#include "index/catalogue/catalogue.h"
#include "index/catalogue/connection.h"

namespace pugmark {

namespace internal {

// First 8 bytes of SHA-256 over the hashes of the parts, so that a flipped bit anywhere in the row is noticed. Changing
// this needs a migration that computes the column anew.
std::array<uint8_t, 8> FeaturesChecksum(const StoredFeatures& features);

}  // namespace internal

struct Catalogue::Impl {
  Impl(const std::filesystem::path& database, Access access)
      : connection(database,
                   access == Access::kWrite ? internal::Connection::Mode::kWrite : internal::Connection::Mode::kRead) {}

  // For every call that writes.
  internal::Connection& Writer() {
    PUGMARK_CHECK(connection.writable());
    return connection;
  }
  // The id of the row with this name, which is made if it is missing.
  int64_t FindOrAdd(const char* find, const char* add, const std::string& name, const char* doing);
  // sql: binds the columns of `features` in order of the table, then the photo.
  void WriteFeatures(const char* sql, const StoredFeatures& features, PhotoId photo, const char* doing);
  ListingId FindOrAddListing(const Listing& listing);
  void AddLabels(ListingId listing, const char* kind, const std::vector<std::string>& labels);
  std::vector<std::string> Labels(int64_t listing, const char* kind);

  internal::Connection connection;
};

// The connection of a catalogue, for classes of this room that are made from one.
struct internal::CatalogueAccess {
  static Connection& Reader(const Catalogue& catalogue) { return catalogue.impl_->connection; }
  static Connection& Writer(Catalogue& catalogue) { return catalogue.impl_->Writer(); }
};

}  // namespace pugmark
