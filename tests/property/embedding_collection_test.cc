// SPDX-License-Identifier: Apache-2.0
//
// A collection with a user's network, from init to hit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "engine/reindex/check.h"
#include "engine/search/search.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "tests/onnx.h"
#include "tests/picture_collection.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class EmbeddingCollectionTest : public PictureCollectionTest {
 protected:
  void SetUp() override {
    PictureCollectionTest::SetUp();
    WriteModel(1);
    std::ofstream(scratch_ / "tiny.json") << R"({"name": "tiny net", "width": 32, "height": 32, "fit": "stretch"})";
  }

  void WriteModel(uint32_t seed) const {
    const std::vector<uint8_t> bytes = TinyNetwork(seed, 32, 24);
    std::ofstream(model_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  // Publishes an index that holds nothing but the global descriptors: neither votes nor hashes name a candidate.
  static void PublishVectorsOnly(const fs::path& collection) {
    const std::optional<Snapshot> base = OpenCurrentSnapshot({collection});
    GlobalsBuilder globals;
    const Globals& old = base->globals.at(0);
    for (size_t i = 0; i < old.vector_photos().size(); ++i) {
      globals.AddVector(PhotoId{old.vector_photos()[i]}, old.vectors().subspan(i * old.dimension(), old.dimension()));
    }
    PublishGlobalsOnly(collection, base->info, globals);
  }

  template <typename Action>
  static void ExpectError(ErrorCode code, const std::string& text, const Action& action) {
    try {
      action();
      ADD_FAILURE() << "No error with '" << text << "'";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      EXPECT_THAT(e.what(), HasSubstr(text));
    }
  }

  fs::path model_ = scratch_ / "tiny.onnx";
};

TEST_F(EmbeddingCollectionTest, ItsDescriptorsNameCandidates) {
  CreateCollection(collection_, kOptions, model_);
  Take(collection_, {scratch_ / "in"});
  {
    const Collection opened = OpenCollection(collection_, Catalogue::Access::kRead);
    ASSERT_TRUE(opened.embedding);
    EXPECT_EQ(opened.embedding->name, "tiny net");
    EXPECT_EQ(opened.embedding->size, 24);
    EXPECT_EQ(opened.catalogue.GetFeatures(PhotoId{1})->global_descriptor.size(), 24u);
    EXPECT_TRUE(CheckCollection(opened).findings.empty());
  }
  EXPECT_EQ(OpenCurrentSnapshot({collection_})->globals.at(0).vector_photos().size(), static_cast<size_t>(kPictures));

  PublishVectorsOnly(collection_);
  SearchOptions shut;
  shut.doors.max_embedding_candidates = 0;
  const Searcher with(collection_, {}), without(collection_, shut);
  for (const bool mirrored : {false, true}) {
    for (int i = 0; i < kPictures; ++i) {
      cv::Mat copy = cv::imread(Picture(i).string());
      if (mirrored) cv::flip(copy, copy, 1);
      WriteJpeg((scratch_ / "q.jpg").string(), copy, 50);
      const QueryResult found = with.Search(scratch_ / "q.jpg");
      ASSERT_EQ(found.hits.size(), 1u) << i;
      EXPECT_EQ(found.hits[0].photo.path, fs::absolute(Picture(i)).string());
      EXPECT_EQ(found.hits[0].verdict, Verdict::kSamePhoto);
      EXPECT_EQ(found.hits[0].mirrored, mirrored);
      EXPECT_TRUE(without.Search(scratch_ / "q.jpg").hits.empty());
    }
  }
  // Nearest by cosine as every photo here is, a stranger is no hit.
  WriteJpeg((scratch_ / "q.jpg").string(), MakePicture(99, 400, 300));
  EXPECT_TRUE(with.Search(scratch_ / "q.jpg").hits.empty());
}

TEST_F(EmbeddingCollectionTest, ThreadsAndMergingChangeNothing) {
  std::vector<std::string> seals;
  for (const int num_threads : {1, 4}) {
    const fs::path collection = scratch_ / ("c" + std::to_string(num_threads));
    CreateCollection(collection, kOptions, model_);
    Take(collection, {scratch_ / "in"}, num_threads);
    const SnapshotInfo info = ReadSnapshotInfo({collection}, 1);
    for (const FileSeal& seal : info.files) seals.push_back(seal.sha256);
  }
  ASSERT_EQ(seals.size(), 6u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(seals[i], seals[i + 3]);

  CreateCollection(collection_, kOptions, model_);
  Take(collection_, {Picture(0), Picture(1), Picture(2)});
  Take(collection_, {Picture(3)});
  Take(collection_, {Picture(4)});
  Collection opened = OpenCollection(collection_, Catalogue::Access::kWrite);
  Reindex(opened, {}, {}, Quiet);
  const std::optional<Snapshot> merged = OpenCurrentSnapshot({collection_}), whole = OpenCurrentSnapshot({scratch_ / "c1"});
  ASSERT_EQ(merged->globals.size(), 1u);
  EXPECT_TRUE(std::ranges::equal(merged->globals[0].vectors(), whole->globals[0].vectors()));
  EXPECT_TRUE(std::ranges::equal(merged->globals[0].vector_photos(), whole->globals[0].vector_photos()));
}

TEST_F(EmbeddingCollectionTest, AnotherNetworkIsRefused) {
  CreateCollection(collection_, kOptions, model_);
  Take(collection_, {Picture(0)});
  fs::remove(model_);  // The copy serves.
  Take(collection_, {Picture(1)});
  const CollectionPaths paths{collection_};
  const std::vector<uint8_t> model = ReadFile(paths.embedding_model(), 1 << 20);

  model_ = paths.embedding_model();
  WriteModel(2);
  const auto everything_refuses = [&](const std::string& text) {
    ExpectError(ErrorCode::kCorrupt, text, [&] { Searcher(collection_, {}); });
    ExpectError(ErrorCode::kCorrupt, text, [&] { Take(collection_, {Picture(2)}); });
    const CheckReport report = CheckCollection(OpenCollection(collection_, Catalogue::Access::kRead));
    ASSERT_EQ(report.findings.size(), 1u);
    EXPECT_THAT(report.findings[0], HasSubstr(text));
  };
  everything_refuses("model.onnx: is not the file that this collection was made with");
  fs::remove(paths.embedding_model());
  everything_refuses("The collection's embedding cannot be read");
  WriteFileAtomically(paths.embedding_model(), {reinterpret_cast<const char*>(model.data()), model.size()});
  EXPECT_EQ(Searcher(collection_, {}).Search(Picture(1)).hits.size(), 1u) << "Put back, all is well.";
  WriteFileAtomically(paths.embedding_config(), R"({"name": "tiny net", "width": 32, "height": 32})");
  everything_refuses("model.json: is not the file");
}

TEST_F(EmbeddingCollectionTest, WhatCannotBeUsedMakesNoCollection) {
  ExpectError(ErrorCode::kNotFound, "none.onnx", [&] { CreateCollection(collection_, kOptions, scratch_ / "none.onnx"); });
  fs::copy_file(model_, scratch_ / "alone.onnx");
  ExpectError(ErrorCode::kNotFound, "alone.json: is missing",
              [&] { CreateCollection(collection_, kOptions, scratch_ / "alone.onnx"); });
  std::ofstream(scratch_ / "bad.onnx") << "no network";
  fs::copy_file(scratch_ / "tiny.json", scratch_ / "bad.json");
  ExpectError(ErrorCode::kInvalidArgument, "bad.onnx: cannot be loaded",
              [&] { CreateCollection(collection_, kOptions, scratch_ / "bad.onnx"); });
  std::ofstream(scratch_ / "tiny.json") << R"({"name": "tiny net", "width": 32, "height": 32, "fot": "crop"})";
  ExpectError(ErrorCode::kInvalidArgument, "unknown field", [&] { CreateCollection(collection_, kOptions, model_); });
  EXPECT_FALSE(fs::exists(collection_));
}

}  // namespace
}  // namespace pugmark
