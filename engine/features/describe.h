// SPDX-License-Identifier: Apache-2.0
//
// From a decoded photo to its features, with the pictures that it is made of described each by itself.
#pragma once

#include <cstdint>
#include <span>

#include "engine/decode/decode.h"
#include "engine/features/features.h"

namespace pugmark {

// The features of `image`, which was decoded from `bytes` at options.working_size_px. A collage, a screenshot or a
// picture that fills less than half of its frame is described in parts (parts.h): each at the working scale, as far as
// the photo has as much resolution, and by keypoints of its own, so that a tile gives almost as many as the photo in
// it. What lies beside the parts gives none: text, buttons and the frames of apps are alike in photos that have nothing
// else in common. Places are in pixels of `image` all the same, so that a part is known by where it lies. decode: the
// budgets under which bytes were decoded. info: what decoding them told. Threads, errors: as ExtractFeatures. Cost:
// that, and for a photo in parts that of decoding it again, and of each part.
Features DescribePhoto(std::span<const uint8_t> bytes, const DecodeOptions& decode, const PhotoInfo& info,
                       const Image& image, const FeatureOptions& options);

// How many keypoints DescribePhoto gives at most: those of one picture, or twice as many, shared among its parts, each
// of which gets some at least.
int MostKeypointsOfPhoto(const FeatureOptions& options);

}  // namespace pugmark
