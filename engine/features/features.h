// SPDX-License-Identifier: Apache-2.0
//
// Image → keypoints and descriptors: what a photo is found again by.
//
// SIFT [1] keypoints, described by RootSIFT [2] in 8 bits. The detector decides recall: contrast threshold 0.01 instead of
// 0.04 finds the faint detail of smooth ivory (measured: docs/measuring.md). Keypoints are spread over the picture, so
// that a busy table cloth does not take them all.
// [1] Lowe, Distinctive Image Features from Scale-Invariant Keypoints, IJCV 2004.
// [2] Arandjelović and Zisserman, Three Things Everyone Should Know to Improve Object Retrieval, CVPR 2012, section 2.
// Departure from [2]: values are stored as round(512 x), at most 255, which loses nothing that matching can see.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/decode/decode.h"
#include "engine/features/pdq.h"

namespace pugmark {

inline constexpr int kDescriptorSize = 128;
inline constexpr int kPackedKeypointBytes = 6;

inline constexpr int kMinWorkingSize_px = 64, kMaxWorkingSize_px = 2000;
inline constexpr int kFewestKeypoints = 16, kMostKeypoints = 4000;

// Settings of a collection: all its photos are described alike.
struct FeatureOptions {
  int working_size_px = 640;         // Long side, within the limits above. 640 finds re-photographed objects best; 320 serves copies.
  int max_keypoints = 800;           // Within the limits above. Cost of extraction, storage and verification grows with it.
  float contrast_threshold = 0.01f;  // [0, 0.2]. Smaller: fainter keypoints.
  bool operator==(const FeatureOptions&) const = default;
};

// Place, size and direction of a local feature, in pixels of the working image (first pixel's centre is (0.5, 0.5)).
struct Keypoint {
  float x_px = 0;
  float y_px = 0;
  float scale_px = 1;   // Diameter of the described neighbourhood's core, as OpenCV's KeyPoint::size.
  float angle_rad = 0;  // [0, 2π), from the x axis towards the y axis (which points down).
};

struct Features {
  int width_px = 0;  // Working image.
  int height_px = 0;
  std::vector<Keypoint> keypoints;   // Strongest first; of a photo in parts (describe.h), part by part.
  std::vector<uint8_t> descriptors;  // keypoints.size() × 128, row-major.
  std::optional<PdqHash> pdq;        // Of the working image. Nothing if it was described before Pugmark computed it.
  std::vector<int8_t> global_descriptor;  // By Embedding::Describe; empty unless the collection has one.

  size_t size() const { return keypoints.size(); }
  std::span<const uint8_t> descriptor(size_t i) const {
    return std::span(descriptors).subspan(i * kDescriptorSize, kDescriptorSize);
  }
};

// Once, at the start of a program that describes photos: no threads within OpenCV, since photos are described side by side;
// and glibc keeps the memory that SIFT's pyramids give back. They are megabytes that come and go with every photo, and
// mapping them anew costs as much as the features themselves (docs/measuring.md, "Memory handling").
void PrepareProcess();

// Shrinks the image to the working scale and describes it. Few or no keypoints is no error.
// Threads: safe from any number at once; starts none. Deterministic. Cost: about 15 ms at 640 px with AVX2, 45 ms without.
Features ExtractFeatures(const Image& image, const FeatureOptions& options);

// The same without the PDQ hash, for what is no photo by itself.
Features ExtractKeypoints(const Image& image, const FeatureOptions& options);

// The features that the left-right mirrored image would have, without extracting again: gradients change sign in x only,
// so in the keypoint's own frame rows swap and orientation bins run backwards. Applied twice it gives its input back,
// without PDQ hash and global descriptor, which do not follow from their own values.
Features MirrorFeatures(const Features& features);

// Names method and options: features are comparable only if their extractors are equal.
std::string ExtractorName(const FeatureOptions& options);

// 6 bytes a keypoint, little-endian: x and y in 1/32 px (16 bit each), log2 scale in 1/16 octave (8 bit, from 0.5 px),
// angle in 1/256 turn (8 bit).
std::vector<uint8_t> PackKeypoints(std::span<const Keypoint> keypoints);

// Some 46 bytes a descriptor instead of 128: values in steps of 16, entropy-coded by zstd. Inverse: UnpackFeatures, whose
// descriptors lie 50 from the given ones on average, of a length of 512; pairs of views keep 99 of 100 inliers
// (docs/measuring.md, "Packed descriptors"). Packing what was unpacked gives it again. Cost: about 0.3 ms for 800.
std::vector<uint8_t> PackDescriptors(std::span<const uint8_t> descriptors);

// Inverse of PackKeypoints and PackDescriptors, up to their rounding. Throws Error(kCorrupt) if the sizes do not agree with each other or a
// keypoint lies outside the image: the blobs may come from a stranger's collection.
Features UnpackFeatures(int width_px, int height_px, std::span<const uint8_t> keypoints,
                        std::span<const uint8_t> descriptors);

}  // namespace pugmark
