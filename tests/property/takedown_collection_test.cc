// SPDX-License-Identifier: Apache-2.0
//
// What was removed stays removed: from searches at once, from the index at the next re-index, from the next batch for
// good.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "engine/collection/takedown.h"
#include "engine/ingest/refusal.h"
#include "engine/reindex/check.h"
#include "engine/search/search.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "tests/picture_collection.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = RemovalTarget::Kind;

class TakedownCollectionTest : public PictureCollectionTest {
 protected:
  void SetUp() override {
    PictureCollectionTest::SetUp();
    CreateCollection(collection_, kOptions);
    Ingest({scratch_ / "in"});
  }
  void TearDown() override { ExpectSound(); }

  IngestSummary Ingest(const std::vector<fs::path>& inputs, bool readmit = false) const {
    IngestOptions options;
    options.inputs = inputs;
    options.num_threads = 2;
    options.copy_originals = true;
    options.readmit = readmit;
    return pugmark::Ingest(collection_, options, {}, {});
  }
  TakedownReport Remove(const std::vector<RemovalTarget>& targets) const {
    const FileLock lock(CollectionPaths{collection_}.lock());
    Collection collection = OpenCollection(collection_, Catalogue::Access::kWrite);
    return TakeDown(collection, targets, "court order 7", "ana");
  }
  ReindexReport Reindex(bool full = false) const {
    Collection collection = OpenCollection(collection_, Catalogue::Access::kWrite);
    return pugmark::Reindex(collection, {.full = full, .num_threads = 2}, {}, Quiet);
  }
  std::vector<std::string> Found(const fs::path& query) const {
    std::vector<std::string> found;
    for (const Hit& hit : Searcher(collection_, {}).Search(query).hits)
      found.push_back(fs::path(hit.photo.path).filename());
    return found;
  }
  void ExpectSound() const {
    const CheckReport report = CheckCollection(OpenCollection(collection_, Catalogue::Access::kRead));
    EXPECT_THAT(report.findings, IsEmpty());
  }
  RemovalTarget PhotoTarget(int i) const { return {Kind::kPhoto, "", Sha256::OfFile(Picture(i)).Hex()}; }
  fs::path Reencoded(int i) const {
    const fs::path copy = scratch_ / ("copy" + std::to_string(i) + ".jpg");
    cv::Mat picture = cv::imread(Picture(i).string());
    cv::resize(picture, picture, {}, 0.8, 0.8, cv::INTER_AREA);
    WriteJpeg(copy.string(), picture, 70);
    return copy;
  }
};

TEST_F(TakedownCollectionTest, SearchesAreFreeOfItAtOnceAndTheIndexAfterTheNextReindex) {
  const Sha256 sha256 = Sha256::OfFile(Picture(1));
  const CollectionPaths paths{collection_};
  const fs::path copy = Reencoded(1);
  ASSERT_THAT(Found(copy), ElementsAre("p1.jpg"));
  ASSERT_TRUE(fs::exists(paths.thumbnail(sha256)) && fs::exists(paths.original(sha256)));
  const Searcher opened_before(collection_, {});

  const TakedownReport report = Remove({PhotoTarget(1)});
  EXPECT_EQ(report.num_files, 2);
  EXPECT_FALSE(fs::exists(paths.thumbnail(sha256)) || fs::exists(paths.original(sha256)));
  EXPECT_THAT(Found(copy), IsEmpty()) << "The index still holds it; a search must not show it.";
  EXPECT_THAT(Found(Picture(1)), IsEmpty());
  EXPECT_THAT(opened_before.Search(copy).hits, IsEmpty()) << "Nor must one that was begun before.";
  EXPECT_THAT(Found(Picture(2)), ElementsAre("p2.jpg"));
  ExpectSound();

  const ReindexReport reindex = Reindex();
  EXPECT_EQ(reindex.num_dropped, 1);
  const std::optional<Snapshot> snapshot = OpenCurrentSnapshot(paths);
  EXPECT_EQ(snapshot->info.num_photos, kPictures - 1);
  for (const Globals& globals : snapshot->globals) {
    EXPECT_EQ(std::count(globals.hash_photos().begin(), globals.hash_photos().end(), 2u), 0)
        << "Its hash must be gone too.";
  }
  EXPECT_FALSE(Reindex().published) << "There is nothing more to drop.";
}

TEST_F(TakedownCollectionTest, TheSnapshotIsStillUsableWithoutItsLastPhoto) {
  for (const int last : {kPictures - 1, kPictures - 2}) {
    Remove({PhotoTarget(last)});
    EXPECT_THAT(Found(Picture(0)), ElementsAre("p0.jpg"));
    ExpectSound();
  }
  // An ingest goes on from it, without rebuilding.
  WriteJpeg((scratch_ / "more.jpg").string(), MakePicture(77, 400, 300));
  const IngestSummary summary = Ingest({scratch_ / "more.jpg"});
  ASSERT_TRUE(summary.index && summary.index->published);
  EXPECT_FALSE(summary.index->codebook_trained) << "It took the snapshot for another catalogue's.";
  EXPECT_EQ(summary.index->num_added, 1);
  EXPECT_THAT(Found(scratch_ / "more.jpg"), ElementsAre("more.jpg"));
  EXPECT_EQ(Reindex().num_dropped, 2) << "Entries that an ingest carried on.";
  EXPECT_EQ(ReadSnapshotInfo({collection_}, *CurrentSnapshot({collection_})).num_photos, kPictures - 1);
}

TEST_F(TakedownCollectionTest, RemovingEverythingEmptiesTheIndex) {
  Remove({{Kind::kPlatform, "", ""}});
  EXPECT_THAT(Found(Picture(0)), IsEmpty());
  for (const bool full : {false, true}) {
    const ReindexReport report = Reindex(full);
    EXPECT_EQ(report.published, !full) << "The second finds nothing to do.";
    EXPECT_EQ(OpenCurrentSnapshot({collection_})->info.num_entries, 0);
    ExpectSound();
  }
  // And life goes on.
  WriteJpeg((scratch_ / "more.jpg").string(), MakePicture(77, 400, 300));
  EXPECT_EQ(Ingest({scratch_ / "more.jpg"}).counts.num_new_photos, 1);
  EXPECT_THAT(Found(scratch_ / "more.jpg"), ElementsAre("more.jpg"));
}

TEST_F(TakedownCollectionTest, ItDoesNotComeBackNeitherAsItselfNorAsACopy) {
  Remove({PhotoTarget(3)});
  const fs::path copy = Reencoded(3);
  fs::path mirrored = scratch_ / "mirrored.jpg";
  cv::Mat flipped;
  cv::flip(cv::imread(Picture(3).string()), flipped, 1);
  WriteJpeg(mirrored.string(), flipped, 85);
  const IngestSummary summary = Ingest({Picture(3), copy, mirrored, Picture(2)});
  EXPECT_EQ(summary.counts.num_new_photos, 0);
  EXPECT_EQ(summary.counts.num_removed_earlier, 3);
  EXPECT_EQ(summary.counts.num_unreadable, 0);
  ASSERT_EQ(summary.refused.size(), 3u);
  EXPECT_EQ(summary.refused[0].kind, Refused::Kind::kSameBytes);
  EXPECT_EQ(summary.refused[1].kind, Refused::Kind::kSamePicture);
  EXPECT_EQ(summary.refused[1].tombstone.sha256, Sha256::OfFile(Picture(3)));
  EXPECT_LE(summary.refused[1].distance, kConfidentPdqDistance);
  EXPECT_EQ(summary.refused[2].kind, Refused::Kind::kSamePicture) << "Mirroring is the cheapest disguise.";
  EXPECT_FALSE(fs::exists(CollectionPaths{collection_}.thumbnail(Sha256::OfFile(copy))));
  std::ifstream in(CollectionPaths{collection_}.quarantine());
  const std::string quarantine(std::istreambuf_iterator<char>(in), {});
  EXPECT_THAT(quarantine, HasSubstr("\"code\":\"removed\""));
  EXPECT_THAT(quarantine, HasSubstr("court order 7"));
  EXPECT_THAT(quarantine, HasSubstr("--readmit"));
}

TEST_F(TakedownCollectionTest, ReadmittingLiftsTheTombstoneOfTheseBytesOnly) {
  Remove({PhotoTarget(3)});
  const fs::path copy = Reencoded(3);
  // Another copy first: it comes in, and the removed photo stays removed.
  const IngestSummary first = Ingest({copy}, /*readmit=*/true);
  EXPECT_EQ(first.counts.num_new_photos, 1);
  ASSERT_EQ(first.readmitted.size(), 1u);
  EXPECT_EQ(first.readmitted[0].kind, Refused::Kind::kSamePicture);
  EXPECT_EQ(Ingest({Picture(3), copy}).counts.num_removed_earlier, 1);
  EXPECT_THAT(Found(copy), ElementsAre("copy3.jpg"));
  // Then the photo itself, named twice.
  const IngestSummary second = Ingest({Picture(3), scratch_ / "in"}, /*readmit=*/true);
  EXPECT_EQ(second.counts.num_new_photos, 1);
  EXPECT_EQ(second.readmitted.size(), 1u);
  EXPECT_EQ(Ingest({Picture(3)}).counts.num_known_photos, 1);
  EXPECT_EQ(Found(Picture(3))[0], "p3.jpg");
  EXPECT_TRUE(fs::exists(CollectionPaths{collection_}.thumbnail(Sha256::OfFile(Picture(3)))));
}

TEST_F(TakedownCollectionTest, ARemovedSightingOfAPhotoThatStaysDoesNotComeBack) {
  std::ofstream(scratch_ / "m.csv")
      << "file,platform,listing_id,seller\nin/p0.jpg,bazaar,1,joe\nin/p0.jpg,market,2,jim\n";
  IngestOptions options;
  options.manifests = {scratch_ / "m.csv"};
  EXPECT_EQ(pugmark::Ingest(collection_, options, {}, {}).counts.num_new_sightings, 2);
  EXPECT_EQ(Remove({{Kind::kSeller, "bazaar", "joe"}}).removal.photos.size(), 0u);
  const IngestSummary again = pugmark::Ingest(collection_, options, {}, {});
  EXPECT_EQ(again.counts.num_new_sightings, 0);
  ASSERT_EQ(again.refused.size(), 1u);
  EXPECT_EQ(again.refused[0].kind, Refused::Kind::kSighting);
  EXPECT_THAT(RefusalMessage(again.refused[0]), HasSubstr("id:1 of platform 'bazaar'"));
  options.readmit = true;
  EXPECT_EQ(pugmark::Ingest(collection_, options, {}, {}).counts.num_new_sightings, 1);
}

TEST_F(TakedownCollectionTest, LeftoversOfACrashArePurgedByTheNextWriter) {
  const CollectionPaths paths{collection_};
  for (const bool by_ingest : {true, false}) {
    const int i = by_ingest ? 1 : 2;
    {
      Collection collection = OpenCollection(collection_, Catalogue::Access::kWrite);
      Takedown(collection.catalogue)
          .Remove({PhotoTarget(i)}, "court order 7", "ana");  // Killed right after the commit.
    }
    const Sha256 sha256 = Sha256::OfFile(Picture(i));
    ASSERT_TRUE(fs::exists(paths.thumbnail(sha256)));
    ExpectSound();
    if (by_ingest) {
      Ingest({Picture(0)});
    } else {
      Reindex();
    }
    EXPECT_FALSE(fs::exists(paths.thumbnail(sha256)) || fs::exists(paths.original(sha256)));
    EXPECT_THAT(Takedown(*std::make_unique<Catalogue>(paths.catalogue(), Catalogue::Access::kRead)).Unpurged(),
                IsEmpty());
  }
}

TEST_F(TakedownCollectionTest, CopiesThatStayAreNamed) {
  const fs::path copy = Reencoded(4);
  Ingest({copy});
  const TakedownReport report = Remove({PhotoTarget(4)});
  ASSERT_EQ(report.resembling.size(), 1u);
  EXPECT_EQ(report.resembling[0].photo, Sha256::OfFile(copy));
  EXPECT_EQ(report.resembling[0].removed, Sha256::OfFile(Picture(4)));
  EXPECT_THAT(Found(copy), ElementsAre("copy4.jpg"));
}

// 31 bits and quality 50 are the limits, on both sides; of several tombstones the nearest is named.
TEST(TombstoneHashes, LimitsAreExact) {
  const Image image = ToImage(MakePicture(4, 400, 300));
  const PdqHash hash = DihedralHashes(TransformForPdq(image))[0];
  ASSERT_GE(hash.quality, kReliablePdqQuality);
  const auto tombstone = [&](int num_flipped, int quality, const char* name) {
    PdqHash other = hash;
    for (int i = 0; i < num_flipped; ++i) other.bits[static_cast<size_t>(i % 4)] ^= uint64_t{1} << (i / 4);
    other.quality = quality;
    const auto packed = PackPdq(other);
    return TombstoneHash{{Sha256{}, name, ""}, {packed.begin(), packed.end()}};
  };
  int distance = -1;
  EXPECT_EQ(TombstoneHashes({}).Find(image, &distance), nullptr);
  EXPECT_EQ(TombstoneHashes({tombstone(32, 100, "far"), tombstone(0, 49, "vague")}).Find(image, &distance), nullptr);
  const TombstoneHashes hashes({tombstone(31, 50, "limit"), tombstone(5, 100, "near"), tombstone(6, 100, "less near")});
  const Tombstone* found = hashes.Find(image, &distance);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->reason, "near");
  EXPECT_EQ(distance, 5);
  ASSERT_NE(TombstoneHashes({tombstone(31, 50, "limit")}).Find(image, &distance), nullptr);
  EXPECT_EQ(distance, 31);
  Image grey = image;
  std::fill(grey.pixels.begin(), grey.pixels.end(), uint8_t{128});
  EXPECT_EQ(hashes.Find(grey, &distance), nullptr) << "A picture without contrast resembles everything.";
}

// Any sequence of removals and batches: nothing removed is ever found, everything else is.
TEST_F(TakedownCollectionTest, AnySequenceOfRemovalsBatchesAndReindexesIsSound) {
  std::mt19937 random(7);
  std::vector<bool> removed(kPictures, false);
  for (int step = 0; step < 12; ++step) {
    const int i = static_cast<int>(random() % kPictures);
    switch (random() % 3) {
      case 0:
        if (!removed[static_cast<size_t>(i)]) Remove({PhotoTarget(i)});
        removed[static_cast<size_t>(i)] = true;
        break;
      case 1: {
        const bool readmit = random() % 2 == 0;
        Ingest({Picture(i)}, readmit);
        if (readmit) removed[static_cast<size_t>(i)] = false;
        break;
      }
      default: Reindex(random() % 2 == 0);
    }
    ExpectSound();
    for (int k = 0; k < kPictures; ++k) {
      const std::vector<std::string> found = Found(Picture(k));
      if (removed[static_cast<size_t>(k)]) {
        EXPECT_THAT(found, IsEmpty()) << "picture " << k << ", step " << step;
      } else {
        EXPECT_THAT(found, ElementsAre("p" + std::to_string(k) + ".jpg")) << "step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace pugmark
