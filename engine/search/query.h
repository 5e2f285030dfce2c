// SPDX-License-Identifier: Apache-2.0
//
// From a file to what a search or a comparison needs of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>

#include "engine/decode/decode.h"
#include "engine/features/features.h"
#include "engine/search/pair.h"
#include "engine/search/regions.h"
#include "engine/search/search.h"

namespace pugmark {

// A photo, or the part of it that is asked for, decoded and described.
struct Described {
  PhotoInfo info;
  Image image;  // Without pixels if there is none.
  Features features;
  Region place;  // Of `image` in the upright original, pixels.

  PairSide side() const { return {&features, image.pixels.empty() ? nullptr : &image, place}; }
};

// The original as a place.
Region WholeOf(int width_px, int height_px);

// The review thumbnail of a catalogued photo; nothing if it is missing or damaged: the weaker verdict is given without it,
// and 'pugmark check' reports the loss.
std::optional<Image> StoredThumbnail(const CollectionPaths& paths, const Sha256& photo);

// Reads the file and hands its bytes to `use`, with result->path, ->sha256 and ->elapsed_ms filled. A file that cannot
// be read, and a photo for which memory does not suffice, become an error of the result.
void ReadQuery(const std::filesystem::path& path, const std::function<void(std::span<const uint8_t>)>& use,
               QueryResult* result);

// Decodes and describes the photo, or its region of interest: that is cut from the photo at the resolution at which it
// has the working size, if the original has as much, so that a part gives as many keypoints as a whole photo. Fills
// size, regions and number of keypoints of `result`, or its error if there is no image in the bytes or a region lies
// outside of it ("invalid_argument"); nullopt then. Threads, cost: as Decode and ExtractFeatures; a region decodes
// twice.
std::optional<Described> DescribeQuery(std::span<const uint8_t> bytes, const FeatureOptions& options,
                                       const QueryRegions& regions, QueryResult* result);

}  // namespace pugmark
