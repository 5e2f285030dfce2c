// SPDX-License-Identifier: Apache-2.0
//
// What a person lays over each other to check a hit: the query carried onto the photo, the same part of the photo, and
// where the two differ.
//
// Nothing is decided here; agreement.h measures, this shows. A thing photographed twice is no plane: the transform of
// such a hit is an approximation, and so is its overlay.
#pragma once

#include <optional>

#include "engine/decode/decode.h"
#include "engine/verify/verify.h"

namespace pugmark {

// A picture, and how large the upright original is to which the transform refers; the picture may be a smaller copy of
// it.
struct OverlaySide {
  const Image* image = nullptr;  // Borrowed for the call.
  int width_px = 0, height_px = 0;
};

// Difference in grey levels, once brightness and contrast are evened out, at which the map is at its brightest.
inline constexpr int kFullDifference = 96;

// Three pictures of one size, three channels each: the part of the photo that the query shows, with a little around it.
struct Overlay {
  Image query;  // Carried onto the photo. Grey where the query shows nothing.
  Image photo;
  Image difference;  // Black: equal. Through red to yellow: different by kFullDifference or more. Grey: not compared.
};

// Long side at most max_side_px [16, 4096]; no larger than the finer of the two pictures has detail for.
// nullopt: the transform carries the query to nowhere in the photo, or onto less than 8 pixels of it, or turns it over
// at the horizon. Threads: pure. Cost: about 15 ms at 800 px.
std::optional<Overlay> LayOver(const OverlaySide& query, const OverlaySide& photo, const Transform& photo_from_query,
                               int max_side_px);

}  // namespace pugmark
