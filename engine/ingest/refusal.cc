// SPDX-License-Identifier: Apache-2.0
#include "engine/ingest/refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "index/base/clones.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

using Bits = std::array<uint64_t, 4>;

// The smallest distance of `hash` to any of the queries.
PUGMARK_CLONES("default", "popcnt")
int NearestDistance(const Bits& hash, const Bits* queries, size_t num_queries) {
  int nearest = kPdqBits;
  for (size_t q = 0; q < num_queries; ++q) {
    int bits = 0;
    for (size_t w = 0; w < 4; ++w) bits += std::popcount(hash[w] ^ queries[q][w]);
    nearest = std::min(nearest, bits);
  }
  return nearest;
}

}  // namespace

TombstoneHashes::TombstoneHashes(const std::vector<TombstoneHash>& hashes) {
  for (const TombstoneHash& hash : hashes) {
    PdqHash unpacked = UnpackPdq(hash.pdq);
    if (unpacked.quality >= kReliablePdqQuality) entries_.push_back({hash.tombstone, unpacked});
  }
}

const Tombstone* TombstoneHashes::Find(const Image& image, int* distance) const {
  if (entries_.empty()) return nullptr;
  const PdqTransform transform = TransformForPdq(image);
  if (transform.quality < kReliablePdqQuality) return nullptr;
  const Tombstone* nearest = nullptr;
  *distance = kConfidentPdqDistance + 1;
  const std::array<PdqHash, 8> hashes = DihedralHashes(transform);
  std::array<Bits, 8> queries;
  for (size_t i = 0; i < hashes.size(); ++i) queries[i] = hashes[i].bits;
  for (const Entry& entry : entries_) {
    const int bits = NearestDistance(entry.hash.bits, queries.data(), queries.size());
    if (bits >= *distance) continue;
    *distance = bits;
    nearest = &entry.tombstone;
  }
  return nearest;
}

std::string RefusalMessage(const Refused& refused) {
  const std::string day = refused.tombstone.removed_at.substr(0, 10);
  const std::string reason = EscapeText(refused.tombstone.reason);
  switch (refused.kind) {
    case Refused::Kind::kSameBytes: return fmt::format("This photo was removed on {}: {}", day, reason);
    case Refused::Kind::kSamePicture:
      return fmt::format(
          "It looks like photo {}, which was removed on {} ({} of 256 bits differ): {} If it is another photo, "
          "ingest it with --readmit.",
          refused.tombstone.sha256.Hex(), day, refused.distance, reason + (reason.ends_with('.') ? "" : "."));
    case Refused::Kind::kSighting:
      return fmt::format("That it was seen in {} was removed on {}: {}", EscapeText(refused.listing), day, reason);
  }
  return reason;
}

}  // namespace pugmark
