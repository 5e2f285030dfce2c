// SPDX-License-Identifier: Apache-2.0
#include "engine/collection/collection.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "engine/features/describe.h"
#include "index/base/error.h"
#include "index/base/fault.h"
#include "index/base/files.h"
#include "index/catalogue/takedown.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWorkingSize = "working_size_px";
constexpr const char* kMaxKeypoints = "max_keypoints";
constexpr const char* kContrast = "contrast_threshold";

template <typename Number>
Number NumberSetting(const Catalogue& catalogue, const char* key) {
  const std::string text = catalogue.Setting(key).value_or("");
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("The catalogue's setting '{}' is '{}', which is no number. Restore the catalogue from a backup.",
                            key, EscapeText(text)));
  }
  return number;
}

void CheckOptions(const FeatureOptions& options) {
  if (options.working_size_px < kMinWorkingSize_px || options.working_size_px > kMaxWorkingSize_px) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("The working size must be between {} and {} pixels.",
                                                         kMinWorkingSize_px, kMaxWorkingSize_px));
  }
  if (options.max_keypoints < kFewestKeypoints || options.max_keypoints > kMostKeypoints) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("The number of keypoints must be between {} and {}.",
                                                         kFewestKeypoints, kMostKeypoints));
  }
  if (!(options.contrast_threshold >= 0 && options.contrast_threshold <= 0.2f)) {
    throw Error(ErrorCode::kInvalidArgument, "The contrast threshold must be between 0 and 0.2.");
  }
}

}  // namespace

void CreateCollection(const fs::path& root, const FeatureOptions& options, const fs::path& embedding) {
  CheckOptions(options);
  const CollectionPaths paths{fs::absolute(root).lexically_normal()};
  if (fs::exists(paths.catalogue())) {
    throw Error(ErrorCode::kExists, fmt::format("{}: is a collection already; it was left as it is.", root.string()));
  }
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(root, error)) {
    const std::string name = entry.path().filename().string();
    // Ours: what an init left that was interrupted.
    if (name == "snapshots" || name == "thumbs" || name == "LOCK" || name.starts_with("catalogue.new")) continue;
    if (name == "embedding") continue;
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: is not empty. Name a new or empty directory for the collection.",
                                                         EscapeText(root.string())));
  }
  std::optional<EmbeddingFiles> files;
  if (!embedding.empty()) files = ReadEmbeddingFiles(embedding);
  fs::create_directories(paths.snapshots(), error);
  if (!error) fs::create_directories(paths.root / "thumbs", error);
  if (error) throw Error(ErrorCode::kIo, fmt::format("{}: cannot be created: {}.", root.string(), error.message()));
  const FileLock lock(paths.lock());
  PUGMARK_FAULT_POINT("init.locked");
  // There is a catalogue only once it is complete, settings and all.
  const fs::path fresh = paths.root / "catalogue.new";
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(fresh.string() + suffix, error);
  Catalogue::Create(fresh);
  {
    Catalogue catalogue(fresh, Catalogue::Access::kWrite);
    Catalogue::Transaction transaction(catalogue);
    catalogue.SetSetting(kWorkingSize, fmt::format("{}", options.working_size_px));
    catalogue.SetSetting(kMaxKeypoints, fmt::format("{}", options.max_keypoints));
    catalogue.SetSetting(kContrast, fmt::format("{}", options.contrast_threshold));
    if (files) InstallEmbedding(*files, paths, catalogue);
    transaction.Commit();
  }
  PUGMARK_FAULT_POINT("init.settings_written");
  fs::rename(fresh, paths.catalogue(), error);
  if (error) throw Error(ErrorCode::kIo, fmt::format("{}: cannot be created: {}.", root.string(), error.message()));
  PUGMARK_FAULT_POINT("init.catalogue_named");
  Sync(paths.root);
}

CollectionPaths LocateCollection(const fs::path& root) {
  CollectionPaths paths{fs::absolute(root).lexically_normal()};
  if (!fs::exists(paths.catalogue())) {
    const std::string name = EscapeText(root.string());
    throw Error(ErrorCode::kNotFound,
                fmt::format("{}: is not a collection. Make one with 'pugmark -c {} init'.", name, name));
  }
  return paths;
}

Collection OpenCollection(const fs::path& root, Catalogue::Access access) {
  CollectionPaths paths = LocateCollection(root);
  Catalogue catalogue(paths.catalogue(), access);
  FeatureOptions options;
  options.working_size_px = NumberSetting<int>(catalogue, kWorkingSize);
  options.max_keypoints = NumberSetting<int>(catalogue, kMaxKeypoints);
  options.contrast_threshold = NumberSetting<float>(catalogue, kContrast);
  CheckOptions(options);
  std::optional<EmbeddingSetting> embedding = ReadEmbeddingSetting(catalogue);
  return {std::move(paths), std::move(catalogue), options, std::move(embedding)};
}

bool BelongsTogether(const SnapshotInfo& snapshot, const Catalogue& catalogue) {
  if (const std::optional<Photo> last = catalogue.GetPhoto(snapshot.last_photo)) {
    return last->sha256.Hex() == snapshot.last_sha256;
  }
  try {
    return WasRemoved(catalogue, snapshot.last_photo, Sha256::FromHex(snapshot.last_sha256));
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kInvalidArgument) throw;
    return false;  // The manifest names no SHA-256.
  }
}

StoredFeatures ToStored(const Features& features, const FeatureOptions& options) {
  StoredFeatures stored;
  stored.extractor = ExtractorName(options);
  stored.width_px = features.width_px;
  stored.height_px = features.height_px;
  stored.num_keypoints = static_cast<int>(features.size());
  stored.keypoints = PackKeypoints(features.keypoints);
  stored.descriptors = PackDescriptors(features.descriptors);
  if (features.pdq) {
    const auto pdq = PackPdq(*features.pdq);
    stored.pdq.assign(pdq.begin(), pdq.end());
  }
  stored.global_descriptor.assign(features.global_descriptor.begin(), features.global_descriptor.end());
  return stored;
}

Features FromStored(const StoredFeatures& stored, const FeatureOptions& options) {
  if (stored.extractor != ExtractorName(options)) {
    throw Error(ErrorCode::kUnsupported, fmt::format("A photo's features were made by '{}', this Pugmark makes those of '{}'. Take the photos into a "
                                                     "new collection.",
                                                     EscapeText(stored.extractor), ExtractorName(options)));
  }
  // A row may come from a stranger's catalogue: what our extractor cannot have made is damage, and may be too large to use.
  if (stored.keypoints.size() > static_cast<size_t>(MostKeypointsOfPhoto(options)) * kPackedKeypointBytes ||
      std::max(stored.width_px, stored.height_px) > options.working_size_px) {
    throw Error(ErrorCode::kCorrupt, "Stored features of a photo are larger than this collection's settings allow.");
  }
  Features features = UnpackFeatures(stored.width_px, stored.height_px, stored.keypoints, stored.descriptors);
  if (!stored.pdq.empty()) features.pdq = UnpackPdq(stored.pdq);
  if (stored.global_descriptor.size() > static_cast<size_t>(kMaxGlobalDescriptorSize)) {
    throw Error(ErrorCode::kCorrupt, "A photo's stored global descriptor is larger than any can be. Run 'pugmark check'.");
  }
  features.global_descriptor.assign(stored.global_descriptor.begin(), stored.global_descriptor.end());
  return features;
}

Features WithoutFurniture(Features features, PhotoId photo, const Furniture& furniture) {
  const std::span<const uint64_t> entries = furniture.Of(photo);
  if (entries.empty()) return features;
  const std::vector<EntryGeometry> geometry = GeometryOf(features);
  size_t kept = 0;
  for (size_t i = 0; i < features.size(); ++i) {
    if (std::binary_search(entries.begin(), entries.end(), PackEntry(photo, geometry[i]))) continue;
    features.keypoints[kept] = features.keypoints[i];
    const auto d = features.descriptor(i);
    std::copy(d.begin(), d.end(), features.descriptors.begin() + static_cast<std::ptrdiff_t>(kept * kDescriptorSize));
    ++kept;
  }
  features.keypoints.resize(kept);
  features.descriptors.resize(kept * kDescriptorSize);
  return features;
}

std::vector<EntryGeometry> GeometryOf(const Features& features) {
  const float side_px = static_cast<float>(std::max({features.width_px, features.height_px, 1}));
  std::vector<EntryGeometry> geometry;
  geometry.reserve(features.size());
  for (const Keypoint& p : features.keypoints) {
    geometry.push_back({p.x_px / side_px, p.y_px / side_px, std::log2(std::max(p.scale_px, 1.0f)), p.angle_rad});
  }
  return geometry;
}

}  // namespace pugmark
