// SPDX-License-Identifier: Apache-2.0
//
// What platforms and sellers do to a photo before it is seen again, one kind of edit at a time or two to four in a row.
//
// The strengths are those of everyday misuse, not limits to be tuned: a photo of a screen has moire, tilt and tint at
// once. Every kind works for photos of any shape from 60 px on; photos with a long side above kMaxEditedSide are first
// reduced to it, as every upload form does, so that an edit costs the same whatever the camera. What the single steps
// do is in edit_steps.h.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <span>
#include <string>
#include <vector>

namespace pugmark::bench {

inline constexpr int kMaxEditedSide = 1600;  // px, long side of what is edited.

struct EditKind {
  std::string name;       // Unique: "crop-25", "jpeg-15", "chain-mirror-crop".
  std::string family;     // Row of the figures: "crop", "collage", ..., "chain".
  bool is_chain = false;  // Several edits, one after another.
  bool hard = false;      // Crop to 25 %, stickers, photo of a screen: less recall is asked for.
};

// name: what the edit does (JPEG quality 85 where nothing else is said)
//   platform-600         long side reduced to 600 px, JPEG 70, no metadata
//   jpeg-15              JPEG 15
//   shrink-third         both sides divided by three
//   crop-50, crop-25     this share of the area, anywhere, its shape up to 25 % wider or taller than the photo's
//   rotate-canvas        5..25 degrees either way, nothing cut off, corners in one colour
//   rotate-inscribed     5..25 degrees either way, cut to the largest upright rectangle without corners
//   rotate-any           0..360 degrees, nothing cut off
//   rotate-90            90, 180 or 270 degrees
//   mirror               left and right swapped
//   perspective-mild     one side shortened by 8..14 %, -strong: 22..32 %; nothing cut off
//   banner-light         a solid bar with text over 12..16 % of the height
//   banner-heavy         the same, and large outlined text across the middle
//   watermark-light      tiled oblique text at 25 % opacity, -heavy: larger, closer, 50 %
//   stickers-30          opaque shapes over 29..32 % of the area, anywhere
//   border-8             a coloured frame, 8 % of the long side wide
//   padding-30           bars (one colour, or the blurred photo) that make up 30 % of the result
//   collage-crop         2 x 2 with three strangers, cells cut square; 800..1280 px, gutters of 0..12 px
//   collage-squash       the same, cells squashed square (from no more than 2 : 1, the rest is cut off)
//   paste-large          on a stranger, long side 48..60 % of the stranger's, -small: 35..48 %
//   screenshot-light     an app's page on a phone, one of three looks, -dark: the same in dark colours
//   colour-tint, colour-sepia, colour-saturation, greyscale, gamma-0.6 (brighter), gamma-1.7 (darker)
//   blur-1.5, blur-3     Gaussian blur, sigma in px at a long side of 640 px
//   noise-10, noise-25   Gaussian noise, sigma in grey levels, every channel by itself
//   screen-mild          photographed from a screen: pixel grid, moire, tilt of 8..11 %, tint, glare, blur, noise,
//                        bezel and desk in view; -strong: tilt of 11..15 %, stronger moire
//   chain-mirror-crop                       mirror, crop-50
//   chain-screenshot-filtered-crop          crop-50, a colour filter, screenshot
//   chain-paste-banner                      paste, banner-light over the whole
//   chain-rotated-crop-stickers             crop-50, rotate-canvas, stickers-30
//   chain-platform-perspective-watermark    perspective-mild, watermark-light, platform-600
//   chain-collage-mirror-jpeg40             mirror, collage-crop, JPEG 40
// The order is that of the figures and never changes within a release.
const std::vector<EditKind>& EditKinds();

// Other pictures that an edit may need. Never photos of the collection: they would be rightly found.
struct EditContext {
  std::span<const cv::Mat> strangers;  // BGR, 8 bit, not empty; borrowed for the call.
};

// Edits `photo` and returns a JPEG file.
// kind: only its name counts.
// photo: BGR, 8 bit, any size; not modified.
// Deterministic for (kind name, seed, pixels of photo, pixels and order of strangers) on one build of OpenCV: every
// random choice comes from one stream seeded with the first two.
// Throws Error(kInvalidArgument): unknown kind, empty or other than BGR 8-bit picture, too few strangers (collages: 3,
// pastes: 1; screenshots and photos of a screen use some if there are any).
// Threads: pure. Cost: 1 to 30 ms at 500 px; up to 130 ms at 1280 px; photos of a screen about 240 ms.
std::vector<uint8_t> ApplyEdit(const EditKind& kind, uint64_t seed, const cv::Mat& photo, const EditContext& context);

}  // namespace pugmark::bench
