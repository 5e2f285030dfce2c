// SPDX-License-Identifier: Apache-2.0
//
// The photos of the quality benchmark, what is true of them, and which of them play which part.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "index/base/sha256.h"

namespace pugmark::bench {

// References are in the collection. Unrelated photos are searched but not in it. Strangers fill the other cells of
// collages and the pictures that a copy is pasted into; they are neither.
enum class Part { kReference, kUnrelated, kStranger };

struct CorpusPhoto {
  std::filesystem::path path;
  Sha256 sha256;
  std::string set;     // "pool", "domain", "instances", "samples".
  std::string name;    // Path below its folder of photos, for reports.
  Part part = Part::kReference;
  // A collage has several of each. Photos that share one ...
  std::vector<std::string> shots;     // ... come from one photograph: copies, edited or not;
  std::vector<std::string> things;    // ... show the same physical object;
  std::vector<std::string> families;  // ... show goods of one make; empty if not known;
  std::vector<std::string> places;    // ... were taken on the same table or in the same room; empty if not known;
  std::vector<std::string> sessions;  // ... belong to one sitting with one object.
  bool edited = false; // Of the staged ads: a copy that was edited already.
  double azimuth_deg = 0, elevation_deg = 0;  // Of the staged ads: from where the object was seen.
  int order = -1;      // Of the museum photos: place in the walk around the piece; -1: none.
};

// The least that is true of two photos; stronger first.
enum class Relation { kSamePhoto, kSameThing, kSamePlace, kNone };

class Corpus {
 public:
  // data: the folder with pool/, domain/ and instances/; empty or missing: the staged ads only. samples: the folder with
  // ads/ and truth/photos.csv. siblings: a file of pairs that were found, by eye, to show the same thing or place (its
  // first lines say how it is written). Which photos of pool and domain are held out depends on their names alone.
  // Throws Error(kIo), Error(kInvalidArgument) for a malformed table.
  Corpus(const std::filesystem::path& data, const std::filesystem::path& samples, const std::filesystem::path& siblings);

  std::span<const CorpusPhoto> photos() const { return photos_; }
  std::vector<const CorpusPhoto*> Of(Part part, const std::string& set = {}) const;
  // Null if it is none of ours.
  const CorpusPhoto* Find(const Sha256& sha256) const;
  Relation RelationOf(const CorpusPhoto& a, const CorpusPhoto& b) const;

 private:
  void AddFolder(const std::filesystem::path& folder, const std::string& set);
  void AddSamples(const std::filesystem::path& samples);
  void ReadSiblings(const std::filesystem::path& file);

  std::vector<CorpusPhoto> photos_;
  std::map<Sha256, size_t> by_sha256_;
  std::map<std::pair<std::string, std::string>, Relation> siblings_;  // By names, the smaller first.
};

bool HaveCommon(const std::vector<std::string>& a, const std::vector<std::string>& b);

// Degrees between two directions of view.
double AngleBetweenViews(const CorpusPhoto& a, const CorpusPhoto& b);

// Repeatable on every machine; neighbouring inputs give far-apart outputs.
uint64_t Mix(uint64_t seed, std::string_view text);

}  // namespace pugmark::bench
