// SPDX-License-Identifier: Apache-2.0
//
// Candidates that resemble the query as a whole: from ingest to hit, through merging, and beside photos without hashes.
#include "engine/search/doors.h"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/reindex/check.h"
#include "engine/search/search.h"
#include "index/base/error.h"
#include "tests/picture_collection.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

class DoorsTest : public PictureCollectionTest {
 protected:
  void SetUp() override {
    PictureCollectionTest::SetUp();
    CreateCollection(collection_, kOptions);
  }

  void Take(const std::vector<fs::path>& inputs) { PictureCollectionTest::Take(collection_, inputs); }

  // What an older Pugmark stored: everything but the hash.
  void TakeWithoutHash(int i) {
    Collection collection = OpenCollection(collection_, Catalogue::Access::kWrite);
    Photo photo;
    photo.sha256 = Sha256::OfFile(Picture(i));
    photo.path = Picture(i).string();
    photo.width_px = 400;
    photo.height_px = 300;
    photo.batch = collection.catalogue.StartBatch("older");
    StoredFeatures stored = ToStored(ExtractFeatures(ToImage(cv::imread(Picture(i).string())), kOptions), kOptions);
    ASSERT_EQ(stored.pdq.size(), kPackedPdqBytes);
    stored.pdq.clear();
    collection.catalogue.AddPhoto(photo, stored);
    IndexNewPhotos(collection, {}, {}, Quiet);
  }

  size_t NumHashes() const {
    size_t n = 0;
    const std::optional<Snapshot> snapshot = OpenCurrentSnapshot({collection_});
    for (const Globals& g : snapshot->globals) n += g.hashes().size();
    return n;
  }

  // In the index that is then published, photo i has the hash of photo i + shift, and the vote hears nothing.
  void PublishHashesOnly(int64_t shift) const {
    const std::optional<Snapshot> base = OpenCurrentSnapshot({collection_});
    GlobalsBuilder globals;
    const Globals& old = base->globals.at(0);
    for (size_t i = 0; i < old.hashes().size(); ++i) {
      const int64_t photo = (old.hash_photos()[i] - 1 + shift) % kPictures + 1;
      globals.AddHash(PhotoId{photo}, old.hashes()[i], old.qualities()[i]);
    }
    PublishGlobalsOnly(collection_, base->info, globals);
  }

  // Blurred and recompressed, and turned over if asked for.
  fs::path Query(int i, bool mirrored) const {
    cv::Mat copy = cv::imread(Picture(i).string());
    cv::GaussianBlur(copy, copy, {}, 1.5);
    if (mirrored) cv::flip(copy, copy, 1);
    WriteJpeg((scratch_ / "q.jpg").string(), copy, 40);
    return scratch_ / "q.jpg";
  }
};

TEST_F(DoorsTest, AHashNamesWhatTheVoteMisses) {
  Take({scratch_ / "in"});
  EXPECT_EQ(NumHashes(), static_cast<size_t>(kPictures));
  PublishHashesOnly(0);
  SearchOptions shut;
  shut.doors.max_pdq_candidates = 0;
  const Searcher with(collection_, {}), without(collection_, shut);
  for (const bool mirrored : {false, true}) {
    for (int i = 0; i < kPictures; ++i) {
      const QueryResult found = with.Search(Query(i, mirrored));
      ASSERT_EQ(found.hits.size(), 1u) << i << (mirrored ? " mirrored" : "");
      EXPECT_EQ(found.hits[0].photo.path, fs::absolute(Picture(i)).string());
      EXPECT_LE(found.hits[0].verdict, Verdict::kSameObject);
      EXPECT_EQ(found.hits[0].mirrored, mirrored);
      EXPECT_TRUE(without.Search(scratch_ / "q.jpg").hits.empty());
    }
  }
}

TEST_F(DoorsTest, AHashAloneIsNoHit) {
  Take({scratch_ / "in"});
  PublishHashesOnly(1);
  const std::optional<Snapshot> snapshot = OpenCurrentSnapshot({collection_});
  for (int i = 0; i < kPictures; ++i) {
    const Image query = Shrink(ToImage(cv::imread(Query(i, false).string())), kOptions.working_size_px);
    const std::vector<DoorCandidate> candidates = PdqCandidates(*snapshot, query, {});
    ASSERT_FALSE(candidates.empty()) << "It is a candidate …";
    EXPECT_EQ(candidates[0].photo, PhotoId{(i + 1) % kPictures + 1});
    EXPECT_TRUE(Searcher(collection_, {}).Search(scratch_ / "q.jpg").hits.empty()) << "… and nothing more.";
  }
}

TEST_F(DoorsTest, FlatPicturesAreNoCandidatesForEachOther) {
  cv::Mat flat(300, 400, CV_8UC3, cv::Scalar(250, 250, 250));
  cv::circle(flat, {200, 150}, 8, cv::Scalar(200, 220, 230), cv::FILLED, cv::LINE_AA);
  WriteJpeg((scratch_ / "flat.jpg").string(), flat);
  Take({scratch_ / "in", scratch_ / "flat.jpg"});
  const std::optional<Snapshot> snapshot = OpenCurrentSnapshot({collection_});
  const Image query = Shrink(ToImage(flat), kOptions.working_size_px);
  EXPECT_TRUE(PdqCandidates(*snapshot, query, {}).empty());
  DoorOptions any;
  any.min_pdq_quality = 0;
  EXPECT_EQ(PdqCandidates(*snapshot, query, any).size(), 1u);
}

TEST_F(DoorsTest, PhotosWithoutHashesStayAndAreJoined) {
  for (int i = 0; i < 3; ++i) TakeWithoutHash(i);
  ASSERT_EQ(CurrentSnapshot({collection_}), 3);
  EXPECT_EQ(NumHashes(), 0u);
  const SnapshotInfo older = ReadSnapshotInfo({collection_}, 3);
  for (const PartInfo& part : older.parts) EXPECT_TRUE(part.globals.empty());
  EXPECT_EQ(Searcher(collection_, {}).Search(Query(1, false)).hits.size(), 1u) << "Found by the vote as before.";

  Take({Picture(3)});
  Take({Picture(4)});
  EXPECT_EQ(NumHashes(), 2u);
  const SnapshotInfo carried_on = ReadSnapshotInfo({collection_}, 5);
  EXPECT_EQ(carried_on.parts[3].globals, "globals-000004-3.bin");
  EXPECT_EQ(carried_on.files.size(), 1u + 5 + 2) << "Codebook, parts and globals are sealed.";
  for (const bool full : {false, true}) {
    Collection collection = OpenCollection(collection_, Catalogue::Access::kWrite);
    EXPECT_TRUE(Reindex(collection, {.full = full}, {}, Quiet).published);
    EXPECT_EQ(NumHashes(), 2u) << (full ? "rebuilt" : "merged");
    EXPECT_EQ(OpenCurrentSnapshot({collection_})->globals.size(), 1u);
    EXPECT_EQ(Searcher(collection_, {}).Search(Query(4, true)).hits.size(), 1u);
  }
  // Thumbnails were not made for the older photos; nothing else is wanting.
  const CheckReport report = CheckCollection(OpenCollection(collection_, Catalogue::Access::kRead));
  for (const std::string& finding : report.findings) {
    EXPECT_NE(finding.find("thumbnail"), std::string::npos) << finding;
  }
}

TEST_F(DoorsTest, DamageIsFoundByCheckAndMendedByReindex) {
  Take({scratch_ / "in"});
  const fs::path file = collection_ / "snapshots/000001/globals-000001-0.bin";
  {
    std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
    f.seekp(40);
    f.put('\x55');
  }
  EXPECT_EQ(CheckSnapshot({collection_}, 1).size(), 1u);
  fs::resize_file(file, 40);
  EXPECT_THROW(Searcher(collection_, {}), Error);
  Collection collection = OpenCollection(collection_, Catalogue::Access::kWrite);
  EXPECT_TRUE(Reindex(collection, {}, {}, Quiet).published);
  EXPECT_TRUE(CheckCollection(collection).findings.empty());
  EXPECT_EQ(NumHashes(), static_cast<size_t>(kPictures));
}

}  // namespace
}  // namespace pugmark
