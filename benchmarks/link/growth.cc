// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/link/growth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "benchmarks/common/machine.h"
#include "engine/collection/collection.h"
#include "engine/reindex/reindex.h"
#include "index/base/files.h"

namespace pugmark::bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kNight = 500;
constexpr size_t kPhotosPerCommit = 500;
constexpr int kNoise = 13;  // Of a descriptor's values, from -6 to 6.

class Copier {
 public:
  Copier(const fs::path& source, const fs::path& target)
      : source_(OpenCollection(source, Catalogue::Access::kRead)), target_(target) {
    source_.catalogue.VisitFeatures({}, [&](PhotoId photo, const StoredFeatures& stored) {
      if (stored.num_keypoints >= 100) originals_.emplace_back(photo, FromStored(stored, source_.features));
      return true;
    });
  }

  // The next photos, up to `end`.
  void GrowTo(size_t end) {
    Collection target = OpenCollection(target_, Catalogue::Access::kWrite);
    const FileLock lock(target.paths.lock());
    const BatchId batch = target.catalogue.StartBatch("copies");
    while (num_photos_ < end) {
      Catalogue::Transaction transaction(target.catalogue);
      for (size_t i = 0; i < kPhotosPerCommit && num_photos_ < end; ++i) Add(num_photos_++, batch, &target);
      transaction.Commit();
    }
    target.catalogue.FinishBatch(batch, {});
    Reindex(target, {.num_threads = 2}, {}, [](std::string_view, int64_t, int64_t) {});
  }
  size_t num_photos() const { return num_photos_; }

 private:
  void Add(size_t i, BatchId batch, Collection* target) {
    const auto& [original, features] = originals_[i % originals_.size()];
    Photo photo = *source_.catalogue.GetPhoto(original);
    const fs::path thumbnail = source_.paths.thumbnail(photo.sha256);
    const std::string name = fmt::format("copy {}", i);
    photo.sha256 = Sha256::Of({reinterpret_cast<const uint8_t*>(name.data()), name.size()});
    photo.batch = batch;
    const fs::path copy = target->paths.thumbnail(photo.sha256);
    fs::create_directories(copy.parent_path());
    std::error_code error;
    fs::copy_file(thumbnail, copy, error);
    const PhotoId id = target->catalogue.AddPhoto(
        photo, ToStored(i < originals_.size() ? features : CopyOf(features, i), target->features));
    Listing listing;
    listing.platform = "growth";
    listing.seller = fmt::format("seller {}", i / 5);
    listing.external_id = fmt::format("{}", i);
    target->catalogue.AddSighting(id, target->catalogue.AddListing(listing), photo.path, "", batch);
  }

  static Features CopyOf(const Features& original, size_t seed) {
    std::mt19937_64 random(seed);
    const auto uniform = [&] { return static_cast<float>(random() % 10'000) / 10'000; };
    const float scale = 0.7f + 0.3f * uniform();
    const float left = (1 - scale) * static_cast<float>(original.width_px) * uniform();
    const float top = (1 - scale) * static_cast<float>(original.height_px) * uniform();
    Features copy;
    copy.width_px = original.width_px;
    copy.height_px = original.height_px;
    copy.pdq = original.pdq;
    for (size_t k = 0; k < original.size(); ++k) {
      if (uniform() > 0.6f) continue;
      Keypoint p = original.keypoints[k];
      p.x_px = std::clamp(p.x_px * scale + left + uniform() - 0.5f, 0.0f, static_cast<float>(copy.width_px) - 1);
      p.y_px = std::clamp(p.y_px * scale + top + uniform() - 0.5f, 0.0f, static_cast<float>(copy.height_px) - 1);
      p.scale_px *= scale;
      copy.keypoints.push_back(p);
      for (const uint8_t value : original.descriptor(k)) {
        const int noise = static_cast<int>(random() % kNoise) - kNoise / 2;
        copy.descriptors.push_back(static_cast<uint8_t>(std::clamp(value + noise, 0, 255)));
      }
    }
    return copy;
  }

  Collection source_;
  const fs::path target_;
  std::vector<std::pair<PhotoId, Features>> originals_;
  size_t num_photos_ = 0;
};

}  // namespace

Json MeasureGrowth(const fs::path& source, size_t num_photos, int num_threads, const fs::path& work,
                   std::string* text) {
  const fs::path root = work / "growth";
  CreateCollection(root, OpenCollection(source, Catalogue::Access::kRead).features);
  Copier copier(source, root);
  Json steps = Json::array();
  const auto say = [&](const std::string& line) {
    *text += line;
    fmt::print(stderr, "{}", line);
    std::fflush(stderr);
  };
  say("\nGrowth: features of real photos and of copies of them (growth.h)\n");
  for (const size_t size : {num_photos / 4, num_photos / 2, num_photos}) {
    if (size <= copier.num_photos()) continue;
    copier.GrowTo(size);
    std::string line =
        fmt::format("  {} photos, completely (load {:.1f})\n  ", copier.num_photos(), LoadAverage().front());
    steps.push_back({{"photos", copier.num_photos()}, {"complete", LinkShown(root, num_threads, true, &line)}});
    say(line);
    copier.GrowTo(size + kNight);
    line = fmt::format("  {} photos, {} of them new (load {:.1f})\n  ", copier.num_photos(), kNight,
                       LoadAverage().front());
    steps.back()["night"] = LinkShown(root, num_threads, false, &line);
    say(line);
  }
  return steps;
}

}  // namespace pugmark::bench
