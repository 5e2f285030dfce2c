// SPDX-License-Identifier: Apache-2.0
//
// Identities that must not be mixed up: each is a type of its own around the catalogue's row id.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace pugmark {

// Row ids of the catalogue. Valid ids are positive; a default-constructed one names nothing.
template <typename Tag>
struct Id {
  int64_t value = 0;
  auto operator<=>(const Id&) const = default;
};

using PhotoId = Id<struct PhotoTag>;  // Grows with every admitted photo and is never reused.
using ListingId = Id<struct ListingTag>;
using BatchId = Id<struct BatchTag>;

}  // namespace pugmark

template <typename Tag>
struct std::hash<pugmark::Id<Tag>> {
  size_t operator()(const pugmark::Id<Tag>& id) const noexcept { return std::hash<int64_t>{}(id.value); }
};
