// SPDX-License-Identifier: Apache-2.0
//
// A few pictures and a collection to put them in, for tests of what a snapshot holds beside its lists.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ingest/ingest.h"
#include "index/snapshots/snapshots.h"
#include "tests/pictures.h"
#include "tests/scratch.h"

namespace pugmark {

class PictureCollectionTest : public testing::Test {
 protected:
  static constexpr FeatureOptions kOptions{.working_size_px = 320, .max_keypoints = 200, .contrast_threshold = 0.01f};
  static constexpr int kPictures = 5;

  static void Quiet(std::string_view, int64_t, int64_t) {}

  void SetUp() override {
    std::filesystem::create_directories(scratch_ / "in");
    for (int i = 0; i < kPictures; ++i) WriteJpeg(Picture(i).string(), MakePicture(static_cast<uint64_t>(i), 400, 300));
  }

  std::filesystem::path Picture(int i) const { return scratch_ / "in" / ("p" + std::to_string(i) + ".jpg"); }

  static void Take(const std::filesystem::path& collection, const std::vector<std::filesystem::path>& inputs,
                   int num_threads = 2) {
    IngestOptions options;
    options.inputs = inputs;
    options.num_threads = num_threads;
    Ingest(collection, options, {}, {});
  }

  // Publishes an index without a single entry beside these hashes and vectors: the vote hears nothing.
  static void PublishGlobalsOnly(const std::filesystem::path& collection, const SnapshotInfo& base,
                                 const GlobalsBuilder& globals) {
    SnapshotWriter writer({collection});
    writer.LinkCodebook(base);
    writer.AddPart(PartBuilder(base.num_words), globals);
    const Catalogue catalogue(CollectionPaths{collection}.catalogue(), Catalogue::Access::kRead);
    writer.Publish(base.extractor, base.last_photo, catalogue.GetPhoto(base.last_photo)->sha256, kPictures);
  }

  Scratch scratch_;
  std::filesystem::path collection_ = scratch_ / "c";
};

}  // namespace pugmark
