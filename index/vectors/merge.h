// SPDX-License-Identifier: Apache-2.0
//
// Several parts into one, and their globals: list by list from file to file, so that the merged index never has to fit
// into memory.
//
// The merged file is the very file that PartBuilder would have written with the same entries added in the same order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "index/base/photo_set.h"
#include "index/vectors/globals.h"
#include "index/vectors/part.h"

namespace pugmark {

// Borrowed for the call.
struct PartSource {
  const Part* part = nullptr;
  const PhotoSet* keep = nullptr;  // Entries of other photos are left out. Null: every entry is kept.
};

// Writes the kept entries of all sources, which are of one codebook with num_words, to `path`: within each list those
// of the first source first. Returns their number. progress: called after each list with the number of lists done; may
// throw to stop. Throws Error(kIo). The file is synced to disk when this returns. Memory: 16 bytes per word and a
// buffer of 1 MiB; mapped pages of the sources are given back every 64 MiB. Cost: reads every entry once, and once more
// if something may be left out.
int64_t MergeParts(std::span<const PartSource> sources, int num_words, const std::filesystem::path& path,
                   const std::function<void(int64_t num_lists)>& progress);

struct GlobalsSource {
  const Globals* globals = nullptr;
  const PhotoSet* keep = nullptr;
};

// Writes hashes and vectors of all kept photos to `path`, in ascending order of photo; no photo may be in two sources.
// Returns false, and writes nothing, if there are none. Throws Error(kIo), and Error(kCorrupt) if vectors differ in
// size. Memory: 16 bytes a photo.
bool MergeGlobals(std::span<const GlobalsSource> sources, const std::filesystem::path& path);

}  // namespace pugmark
