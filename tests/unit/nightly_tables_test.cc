// SPDX-License-Identifier: Apache-2.0
//
// The tables of the nightly job: records of snapshots, what was described anew, checksums of thumbnails.
#include <SQLiteCpp/Database.h>
#include <gtest/gtest.h>

#include "index/base/error.h"
#include "index/catalogue/extractions.h"
#include "index/catalogue/schema.h"
#include "index/catalogue/snapshot_records.h"
#include "index/catalogue/thumbnail_checksums.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

class NightlyTablesTest : public testing::Test {
 protected:
  Catalogue Make() const {
    Catalogue::Create(database_);
    return Catalogue(database_, Catalogue::Access::kWrite);
  }

  static StoredFeatures FeaturesBy(const std::string& extractor, int num_keypoints) {
    StoredFeatures features;
    features.extractor = extractor;
    features.width_px = features.height_px = 100;
    features.num_keypoints = num_keypoints;
    features.keypoints.resize(static_cast<size_t>(num_keypoints) * 6, 1);
    features.descriptors.resize(static_cast<size_t>(num_keypoints) * 128, 2);
    return features;
  }

  static PhotoId Add(Catalogue& catalogue, uint8_t name, const StoredFeatures& features) {
    Photo photo;
    photo.sha256 = Sha256::Of(std::vector<uint8_t>{name});
    photo.path = "/p";
    photo.format = "jpeg";
    photo.admitted_at = "2026-11-24T06:55:54Z";
    photo.batch = catalogue.StartBatch("test");
    return catalogue.AddPhoto(photo, features);
  }

  Scratch scratch_;
  std::filesystem::path database_ = scratch_ / "catalogue.db";
};

TEST_F(NightlyTablesTest, AnOlderCataloguesSnapshotsCountAsPublished) {
  {
    SQLite::Database database(database_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    internal::Migrate(database, internal::CatalogueMigrations().first(1));
    database.exec("INSERT INTO snapshots VALUES (4, 'trained', 1, 210, '2026-11-24T09:17:58Z')");
  }
  EXPECT_THROW(Catalogue(database_, Catalogue::Access::kRead), Error) << "Readers change nothing.";
  const Catalogue catalogue(database_, Catalogue::Access::kWrite);
  const auto records = SnapshotRecords(catalogue).All();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records.at(4).num_photos, 210);
  EXPECT_EQ(records.at(4).recorded_at, "2026-11-24T09:17:58Z");
  EXPECT_FALSE(records.at(4).held_back);
  EXPECT_EQ(records.at(4).gate, "none");
}

TEST_F(NightlyTablesTest, RecordsComeBackAndReplaceEachOther) {
  const Catalogue catalogue = Make();
  SnapshotRecords records(catalogue);
  SnapshotRecord record;
  record.number = 7;
  record.kind = "merged";
  record.num_parts = 1;
  record.num_photos = 12;
  record.held_back = true;
  record.gate = "failed";
  record.compared_with = 6;
  record.figures = {{"mirrored", 9, 8, 7, 6, 5, 2}, {"self", 4, 4, 4, 4, 4, 0}};
  records.Record(record);
  record.number = 8;
  record.figures = {};
  records.Record(record);
  const SnapshotRecord back = records.All().at(7);
  EXPECT_TRUE(back.held_back);
  EXPECT_EQ(back.gate, "failed");
  EXPECT_EQ(back.compared_with, 6);
  ASSERT_EQ(back.figures.size(), 2u);
  EXPECT_EQ(back.figures[0].canary, "self") << "In the order of the test.";
  EXPECT_EQ(back.figures[1].found_old, 8);
  EXPECT_EQ(back.figures[1].found_new, 7);
  EXPECT_EQ(back.figures[1].first_old, 6);
  EXPECT_EQ(back.figures[1].first_new, 5);
  EXPECT_EQ(back.figures[1].num_lost, 2);
  record.number = 7;
  record.held_back = false;
  records.Record(record);
  EXPECT_FALSE(records.All().at(7).held_back);
  EXPECT_TRUE(records.All().at(7).figures.empty()) << "Nothing of the first attempt stays.";
  record.gate = "splendid";
  EXPECT_THROW(records.Record(record), Error);
}

TEST_F(NightlyTablesTest, TheLastBatchIsTheNewest) {
  Catalogue catalogue = Make();
  const SnapshotRecords records(catalogue);
  EXPECT_FALSE(records.LastBatch());
  BatchCounts counts;
  counts.num_new_photos = 3;
  counts.num_removed_earlier = 2;
  catalogue.FinishBatch(catalogue.StartBatch("first"), counts);
  EXPECT_EQ(records.LastBatch()->counts.num_new_photos, 3);
  EXPECT_EQ(records.LastBatch()->counts.num_removed_earlier, 2);
  EXPECT_FALSE(records.LastBatch()->finished_at.empty());
  catalogue.StartBatch("second");
  EXPECT_EQ(records.LastBatch()->source, "second");
  EXPECT_TRUE(records.LastBatch()->finished_at.empty()) << "It runs, or was killed.";
}

TEST_F(NightlyTablesTest, ReplacedFeaturesAreRememberedUntilEverySnapshotKnowsThem) {
  Catalogue catalogue = Make();
  Extractions extractions(catalogue);
  for (uint8_t i = 1; i <= 4; ++i) Add(catalogue, i, FeaturesBy("old", 5));
  EXPECT_EQ(extractions.CountOfOthers("old"), 0);
  EXPECT_EQ(extractions.CountOfOthers("new"), 4) << "Also if no photo was ever described so.";
  extractions.Replace(PhotoId{2}, FeaturesBy("new", 9), 6);
  extractions.Replace(PhotoId{3}, FeaturesBy("new", 0), 7);
  EXPECT_EQ(catalogue.GetFeatures(PhotoId{2})->num_keypoints, 9);
  EXPECT_EQ(catalogue.GetFeatures(PhotoId{2})->extractor, "new");
  EXPECT_TRUE(catalogue.CheckIntegrity().empty()) << "With checksums of their own.";
  EXPECT_EQ(extractions.CountOfOthers("new"), 2);
  EXPECT_EQ(extractions.PhotosOfOthers("new"), (std::vector<PhotoId>{PhotoId{1}, PhotoId{4}}));
  EXPECT_EQ(extractions.PhotosOf("new", PhotoId{2}).ToVector(), std::vector<PhotoId>{PhotoId{2}});
  EXPECT_EQ(catalogue.TotalsAfter(PhotoId{}, "new").num_photos, 2);
  EXPECT_EQ(catalogue.TotalsAfter(PhotoId{}, "new").num_keypoints, 9);
  EXPECT_EQ(catalogue.TotalsAfter(PhotoId{}, "unheard of").num_photos, 0);
  std::vector<PhotoId> visited;
  const auto note = [&](PhotoId id, const StoredFeatures&) {
    visited.push_back(id);
    return true;
  };
  catalogue.VisitFeatures(PhotoId{}, note, "old");
  EXPECT_EQ(visited, (std::vector<PhotoId>{PhotoId{1}, PhotoId{4}}));

  EXPECT_EQ(extractions.ReplacedSince(6, "new"), (std::vector<PhotoId>{PhotoId{2}, PhotoId{3}}));
  EXPECT_EQ(extractions.ReplacedSince(7, "new"), std::vector<PhotoId>{PhotoId{3}});
  EXPECT_TRUE(extractions.ReplacedSince(8, "new").empty());
  EXPECT_TRUE(extractions.ReplacedSince(1, "old").empty());
  extractions.Forget(7);
  EXPECT_EQ(extractions.ReplacedSince(1, "new"), std::vector<PhotoId>{PhotoId{3}});
  EXPECT_THROW(extractions.Replace(PhotoId{99}, FeaturesBy("new", 1), 7), Error);
  EXPECT_TRUE(extractions.ReplacedSince(1, "new").size() == 1) << "A failed call leaves nothing.";
}

TEST_F(NightlyTablesTest, ChecksumsOfThumbnails) {
  Catalogue catalogue = Make();
  const PhotoId photo = Add(catalogue, 1, FeaturesBy("x", 1));
  ThumbnailChecksums checksums(catalogue);
  EXPECT_FALSE(checksums.Get(photo));
  const std::vector<uint8_t> jpeg = {1, 2, 3};
  checksums.Set(photo, ThumbnailChecksums::Of(jpeg));
  checksums.Set(PhotoId{77}, ThumbnailChecksums::Of(jpeg));
  EXPECT_EQ(checksums.Get(photo), ThumbnailChecksums::Of(jpeg));
  checksums.Set(photo, ThumbnailChecksums::Of(std::vector<uint8_t>{4}));
  EXPECT_NE(checksums.Get(photo), ThumbnailChecksums::Of(jpeg));
  checksums.ForgetRemoved();
  EXPECT_TRUE(checksums.Get(photo));
  EXPECT_FALSE(checksums.Get(PhotoId{77}));
}

}  // namespace
}  // namespace pugmark
