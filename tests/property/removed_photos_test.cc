// SPDX-License-Identifier: Apache-2.0
//
// Photos that vanish from the catalogue vanish from the index with the next reindex.
#include <gtest/gtest.h>

#include "engine/collection/coverage.h"
#include "engine/collection/takedown.h"
#include "engine/reindex/check.h"
#include "engine/reindex/reindex.h"
#include "index/base/error.h"
#include "index/vectors/shortlist.h"
#include "tests/picture_collection.h"

namespace pugmark {
namespace {

class RemovedPhotosTest : public PictureCollectionTest {
 protected:
  void SetUp() override {
    PictureCollectionTest::SetUp();
    CreateCollection(collection_, kOptions);
    Take(collection_, {Picture(0), Picture(1), Picture(2)});
    Take(collection_, {Picture(3), Picture(4)});
  }

  void Remove(const std::vector<int64_t>& ids) const {
    Collection collection = OpenCollection(collection_, Catalogue::Access::kWrite);
    std::vector<RemovalTarget> targets;
    for (const int64_t id : ids) {
      targets.push_back({RemovalTarget::Kind::kPhoto, "", collection.catalogue.GetPhoto(PhotoId{id})->sha256.Hex()});
    }
    TakeDown(collection, targets, "a test", "nobody");
  }

  // Photos that have entries in the current index.
  std::vector<int64_t> Indexed() const {
    const std::optional<Snapshot> snapshot = OpenCurrentSnapshot({collection_});
    PhotoSet photos;
    for (const Part& part : snapshot->parts) {
      for (int word = 0; word < snapshot->info.num_words; ++word) {
        const Part::List list = part.list(word);
        for (size_t i = 0; i < list.size; ++i) photos.Add(PhotoId{EntryPhoto(list.entry(i))});
      }
    }
    PhotoSet hashes;
    for (const Globals& globals : snapshot->globals) {
      for (const uint32_t photo : globals.hash_photos()) hashes.Add(PhotoId{photo});
    }
    EXPECT_EQ(hashes.ToVector(), photos.ToVector());
    std::vector<int64_t> ids;
    for (const PhotoId photo : photos.ToVector()) ids.push_back(photo.value);
    return ids;
  }

  ReindexReport Run(const ReindexOptions& options = {}) const {
    Collection collection = OpenCollection(collection_, Catalogue::Access::kWrite);
    return Reindex(collection, options, {}, Quiet);
  }
};

TEST_F(RemovedPhotosTest, TheNextMergeDropsThem) {
  Remove({2, 4});
  const ReindexReport report = Run();
  EXPECT_TRUE(report.published);
  EXPECT_EQ(report.kind, "merged");
  EXPECT_EQ(report.num_dropped, 2);
  EXPECT_EQ(report.num_added, 0);
  EXPECT_EQ(report.snapshot.num_photos, 3);
  EXPECT_EQ(Indexed(), (std::vector<int64_t>{1, 3, 5}));
  EXPECT_TRUE(CheckCollection(OpenCollection(collection_, Catalogue::Access::kRead)).findings.empty());
  EXPECT_FALSE(Run().published) << "Nothing is left to do.";
}

TEST_F(RemovedPhotosTest, AnIngestInBetweenDoesNotMakeThemForgotten) {
  Remove({2});
  WriteJpeg((scratch_ / "new.jpg").string(), MakePicture(60));
  Take(collection_, {scratch_ / "new.jpg"});
  EXPECT_EQ(Indexed(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6})) << "A small part drops nothing.";
  EXPECT_EQ(Run().num_dropped, 1);
  EXPECT_EQ(Indexed(), (std::vector<int64_t>{1, 3, 4, 5, 6}));
}

TEST_F(RemovedPhotosTest, AFullRebuildSaysWhatItDropped) {
  Remove({1, 3});
  const ReindexReport report = Run({.full = true});
  EXPECT_EQ(report.num_dropped, 2);
  EXPECT_EQ(report.num_added, 0);
  EXPECT_EQ(Indexed(), (std::vector<int64_t>{2, 4, 5}));
}

TEST_F(RemovedPhotosTest, TheLastPhotoMayBeAmongThem) {
  Remove({5});
  EXPECT_TRUE(Run().published);
  EXPECT_EQ(Indexed(), (std::vector<int64_t>{1, 2, 3, 4}));
  EXPECT_TRUE(CheckCollection(OpenCollection(collection_, Catalogue::Access::kRead)).findings.empty());
}

}  // namespace
}  // namespace pugmark
