// SPDX-License-Identifier: Apache-2.0
//
// A collection as the pipelines use it: its directory, its catalogue and the settings that all its photos share, and the
// translation between features and what catalogue and index store of them.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/collection/installed_embedding.h"
#include "engine/features/features.h"
#include "index/base/collection.h"
#include "index/catalogue/catalogue.h"
#include "index/snapshots/snapshots.h"
#include "index/vectors/part.h"

namespace pugmark {

struct Collection {
  CollectionPaths paths;
  Catalogue catalogue;
  FeatureOptions features;  // Fixed when the collection is made.
  std::optional<EmbeddingSetting> embedding;  // Likewise; nothing if it has none.
};

// Makes an empty collection. The directory may exist if it is empty. Throws Error(kExists) if there is a collection,
// Error(kInvalidArgument) if options are out of range or the directory holds other things, Error(kIo).
// embedding: an ONNX file to be copied into the collection with the JSON file beside it; empty: none. Throws as
// ReadEmbeddingFiles, before anything is written.
void CreateCollection(const std::filesystem::path& root, const FeatureOptions& options,
                      const std::filesystem::path& embedding = {});

// Where the collection lies. Throws Error(kNotFound) if `root` is no collection.
CollectionPaths LocateCollection(const std::filesystem::path& root);

// Throws as LocateCollection and Catalogue do. For kWrite the caller holds the lock.
Collection OpenCollection(const std::filesystem::path& root, Catalogue::Access access);

// Whether the snapshot was built from this very catalogue. A catalogue that was restored from a backup gives the numbers of
// lost photos to new ones; a snapshot that still knows the old ones must not answer for them. A snapshot whose last photo was
// removed since (takedown.h) still belongs.
bool BelongsTogether(const SnapshotInfo& snapshot, const Catalogue& catalogue);

StoredFeatures ToStored(const Features& features, const FeatureOptions& options);

// Throws Error(kCorrupt) if the blobs are damaged, Error(kUnsupported) if another extractor made them.
Features FromStored(const StoredFeatures& stored, const FeatureOptions& options);

// Without the keypoints that the index knows as furniture of this photo.
Features WithoutFurniture(Features features, PhotoId photo, const Furniture& furniture);

// Weak geometry for the index: position as fractions of the long side, scale, direction.
std::vector<EntryGeometry> GeometryOf(const Features& features);

}  // namespace pugmark
