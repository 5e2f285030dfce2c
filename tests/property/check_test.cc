// SPDX-License-Identifier: Apache-2.0
//
// `check` notices what is wrong with every kind of file, says which command mends it, and that command does.
#include "engine/reindex/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "engine/reindex/published.h"
#include "engine/reindex/reindex.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "tests/picture_collection.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class CheckTest : public PictureCollectionTest {
 protected:
  void SetUp() override {
    PictureCollectionTest::SetUp();
    CreateCollection(collection_, kOptions);
    IngestOptions options;
    options.inputs = {Picture(0), Picture(1)};
    options.copy_originals = true;
    Ingest(collection_, options, {}, {});
  }

  CheckReport Check(bool originals = false) const {
    CheckOptions options;
    options.originals = originals;
    options.num_threads = 2;
    return CheckCollection(OpenCollection(collection_, Catalogue::Access::kRead), options);
  }

  static std::vector<uint8_t> Bytes(const fs::path& file) { return ReadFile(file, 1 << 26); }
  static void Write(const fs::path& file, const std::vector<uint8_t>& bytes) {
    WriteFileUnsynced(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

  // Every single flipped bit at `places`, and every cut there, must be a finding; afterwards the file is as it was.
  void ExpectEveryDamageFound(const fs::path& file, const std::vector<size_t>& places) const {
    const std::vector<uint8_t> sound = Bytes(file);
    std::mt19937 random(7);
    for (const size_t at : places) {
      std::vector<uint8_t> damaged = sound;
      damaged[at] = static_cast<uint8_t>(damaged[at] ^ (1u << random() % 8));
      Write(file, damaged);
      EXPECT_FALSE(Check().findings.empty()) << file << ": a bit of byte " << at << " was flipped";
      damaged = sound;
      damaged.resize(at);
      Write(file, damaged);
      EXPECT_FALSE(Check().findings.empty()) << file << ": cut to " << at << " bytes";
    }
    Write(file, sound);
    EXPECT_THAT(Check().findings, testing::IsEmpty());
  }

  static std::vector<size_t> Some(size_t size, int n) {
    std::mt19937 random(static_cast<uint32_t>(size));
    std::vector<size_t> places = {0, size / 2, size - 1};
    for (int i = 0; i < n; ++i) places.push_back(random() % size);
    return places;
  }

  CollectionPaths paths_{collection_};
};

TEST_F(CheckTest, ASoundCollectionIsSound) {
  const CheckReport report = Check(true);
  EXPECT_THAT(report.findings, testing::IsEmpty());
  EXPECT_THAT(report.notes, testing::IsEmpty());
  EXPECT_EQ(report.num_photos, 2);
  EXPECT_EQ(report.num_copies, 2);
  EXPECT_EQ(report.num_originals, 2);
  EXPECT_EQ(report.num_snapshots, 1);
  EXPECT_EQ(report.num_unsealed_thumbnails, 0);
}

TEST_F(CheckTest, EveryFlippedBitAndEveryCutIsFound) {
  const fs::path snapshot = paths_.snapshots() / "000001";
  for (const fs::directory_entry& entry : fs::directory_iterator(snapshot)) {
    ExpectEveryDamageFound(entry.path(), Some(fs::file_size(entry.path()), 4));
  }
  std::vector<size_t> all;
  for (size_t i = 0; i < fs::file_size(paths_.current()); ++i) all.push_back(i);
  ExpectEveryDamageFound(paths_.current(), all);
  const Sha256 sha = Sha256::OfFile(Picture(0));
  ExpectEveryDamageFound(paths_.thumbnail(sha), Some(fs::file_size(paths_.thumbnail(sha)), 6));
  ExpectEveryDamageFound(paths_.original(sha), Some(fs::file_size(paths_.original(sha)), 2));
}

TEST_F(CheckTest, EveryByteOfAManifestCounts) {
  const fs::path file = paths_.snapshots() / "000001/manifest.json";
  const std::vector<uint8_t> sound = Bytes(file);
  for (size_t at = 0; at < sound.size(); ++at) {
    std::vector<uint8_t> damaged = sound;
    damaged[at] = static_cast<uint8_t>(damaged[at] ^ (1u << at % 8));
    Write(file, damaged);
    EXPECT_EQ(CheckSnapshot(paths_, 1).size(), 1u) << "byte " << at;
  }
}

TEST_F(CheckTest, DamageOfAnOldSnapshotIsMendedByPruning) {
  Take(collection_, {Picture(2)});
  const fs::path part = paths_.snapshots() / "000002/part-000002-1.faiss";
  fs::resize_file(part, 200);
  fs::resize_file(paths_.snapshots() / "000001/manifest.json", 20);
  const CheckReport report = Check();
  ASSERT_GE(report.details.size(), 2u);
  EXPECT_EQ(report.details[0].object, "snapshot 1");
  EXPECT_THAT(report.details[0].mend, HasSubstr("prune --keep 1"));
  EXPECT_EQ(report.details[1].object, "snapshot 2");
  EXPECT_THAT(report.details[1].mend, HasSubstr("reindex --full"));
  EXPECT_THAT(report.findings[1], HasSubstr("bytes where its manifest says"));
  Collection collection = OpenCollection(collection_, Catalogue::Access::kWrite);
  Reindex(collection, {.full = true}, {}, Quiet);
  EXPECT_THAT(Check().findings, testing::IsEmpty()) << "What was damaged is gone as well.";
}

TEST_F(CheckTest, OriginalsAreRereadWhereTheyWereSeen) {
  Take(collection_, {Picture(2), Picture(3), Picture(4)});
  fs::remove(Picture(0));  // The collection has a copy.
  fs::remove(Picture(2));
  WriteJpeg(Picture(3).string(), MakePicture(77));
  EXPECT_THAT(Check().findings, testing::IsEmpty()) << "They are not asked for.";
  const CheckReport report = Check(true);
  ASSERT_EQ(report.findings.size(), 3u) << testing::PrintToString(report.findings);
  EXPECT_THAT(report.findings[0], HasSubstr("the original of photo 3 is at none"));
  EXPECT_THAT(report.findings[1], HasSubstr("is not photo 4 any more"));
  EXPECT_THAT(report.findings[2], HasSubstr("the original of photo 4 is at none"));
  EXPECT_EQ(report.num_originals, 2);
}

TEST_F(CheckTest, AThumbnailUnderAnotherPhotosNameIsFound) {
  const fs::path a = paths_.thumbnail(Sha256::OfFile(Picture(0))), b = paths_.thumbnail(Sha256::OfFile(Picture(1)));
  fs::copy_file(a, b, fs::copy_options::overwrite_existing);
  const CheckReport report = Check();
  ASSERT_EQ(report.details.size(), 1u);
  EXPECT_EQ(report.details[0].object, b.string());
  // What the finding says mends it.
  fs::remove(b);
  Take(collection_, {Picture(1)});
  EXPECT_THAT(Check().findings, testing::IsEmpty());
}

TEST_F(CheckTest, AnIndexThatLacksEntriesOfAPhotoIsFound) {
  const std::optional<Snapshot> old = OpenCurrentSnapshot(paths_);
  PhotoSet keep;
  keep.Add(PhotoId{1});
  SnapshotWriter writer(paths_);
  writer.LinkCodebook(old->info);
  const PartSource part{&old->parts[0], &keep};
  writer.AddMergedPart(std::span(&part, 1), {}, 2, [](int64_t) {});
  MakeCurrent(paths_, writer.Seal(old->info.extractor, old->info.last_photo, old->info.last_sha256, 2).number);
  const CheckReport report = Check();
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_THAT(report.findings[0], HasSubstr("it holds 0 entries of photo 2"));
}

TEST_F(CheckTest, StraysAreNotedAndNoDamage) {
  fs::create_directories(paths_.snapshots() / "000007.tmp");
  const Sha256 nobody = Sha256::Of(std::vector<uint8_t>{1, 2, 3});
  fs::create_directories(paths_.thumbnail(nobody).parent_path());
  fs::copy_file(paths_.thumbnail(Sha256::OfFile(Picture(0))), paths_.thumbnail(nobody));
  const CheckReport report = Check();
  EXPECT_THAT(report.findings, testing::IsEmpty());
  ASSERT_EQ(report.notes.size(), 2u);
  EXPECT_THAT(report.notes[0], HasSubstr("1 thumbnails belong to no photo"));
  EXPECT_THAT(report.notes[1], HasSubstr("000007.tmp"));
}

TEST_F(CheckTest, CanBeInterrupted) {
  std::stop_source stop;
  stop.request_stop();
  CheckOptions options;
  options.stop = stop.get_token();
  EXPECT_THROW(CheckCollection(OpenCollection(collection_, Catalogue::Access::kRead), options), Error);
}

}  // namespace
}  // namespace pugmark
