// SPDX-License-Identifier: Apache-2.0
//
// The nightly job on small collections: what is built, what is held back, what is described anew.
#include "engine/reindex/reindex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "engine/collection/coverage.h"
#include "engine/reindex/check.h"
#include "engine/reindex/published.h"
#include "engine/search/search.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/extractions.h"
#include "index/catalogue/traces.h"
#include "tests/picture_collection.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ReindexTest : public PictureCollectionTest {
 protected:
  void SetUp() override {
    PictureCollectionTest::SetUp();
    CreateCollection(collection_, kOptions);
  }

  Collection Open() const { return OpenCollection(collection_, Catalogue::Access::kWrite); }

  ReindexReport Run(const ReindexOptions& options = {}) const {
    Collection collection = Open();
    return Reindex(collection, options, {}, Quiet);
  }

  void ExpectSound() const {
    const CheckReport report = CheckCollection(OpenCollection(collection_, Catalogue::Access::kRead));
    EXPECT_THAT(report.findings, testing::IsEmpty());
  }

  // Best verdict for other bytes with the same pixels as picture i.
  Verdict VerdictOfCopy(int i) const {
    const std::string copy = (scratch_ / "copy.jpg").string();
    WriteJpeg(copy, cv::imread(Picture(i).string()), 80);
    const QueryResult found = Searcher(collection_, {}).Search(copy);
    if (found.hits.empty()) return Verdict::kNone;
    EXPECT_EQ(found.hits[0].photo.path, fs::absolute(Picture(i)).string());
    return found.hits[0].verdict;
  }

  // From now on photos are described in another way, as if a new program had come.
  void ChangeExtractor(const std::string& max_keypoints) const {
    Open().catalogue.SetSetting("max_keypoints", max_keypoints);
  }

  Coverage CoverageNow() const {
    const Collection collection = Open();
    const SnapshotInfo info = OpenCurrentSnapshot(collection.paths)->info;
    return CoverageOf(collection.catalogue, collection.features, &info);
  }

  // Gives every photo the features of the next one, with valid checksums: an index of the wrong things.
  void MixUpFeatures() const {
    Collection collection = Open();
    std::vector<StoredFeatures> features;
    for (int64_t id = 1; id <= kPictures; ++id) features.push_back(*collection.catalogue.GetFeatures(PhotoId{id}));
    for (int64_t id = 1; id <= kPictures; ++id) {
      Extractions(collection.catalogue).Replace(PhotoId{id}, features[static_cast<size_t>(id % kPictures)], 0);
    }
  }
};

TEST_F(ReindexTest, SpillingToDiskChangesNothing) {
  Take(collection_, {scratch_ / "in"});
  std::vector<std::string> hashes[2];
  for (const int i : {0, 1}) {
    ReindexOptions options;
    options.full = true;
    if (i == 1) options.max_entries_in_memory = 250;  // About one photo at a time.
    for (const FileSeal& seal : Run(options).snapshot.files) hashes[i].push_back(seal.sha256);
  }
  EXPECT_EQ(hashes[0].size(), 3u);
  EXPECT_EQ(hashes[0], hashes[1]);
  ExpectSound();
  EXPECT_TRUE(StagingLeftovers({collection_}).empty());
}

TEST_F(ReindexTest, ThePlanIsWhatIsDone) {
  Take(collection_, {Picture(0), Picture(1), Picture(2)});
  Take(collection_, {Picture(3)});
  const auto plan = [&](const ReindexOptions& options) {
    const Collection collection = OpenCollection(collection_, Catalogue::Access::kRead);
    return PlanReindex(collection, OpenBase(collection), options, false, true).plan;
  };
  const ReindexPlan merge = plan({});
  EXPECT_EQ(merge.action, ReindexPlan::Action::kMerge);
  EXPECT_EQ(merge.num_parts, 2);
  EXPECT_EQ(merge.num_photos, 4);
  EXPECT_THAT(merge.reasons.at(0), HasSubstr("2 parts of snapshot 2"));
  EXPECT_EQ(Run().kind, "merged");
  EXPECT_EQ(plan({}).action, ReindexPlan::Action::kNothing);
  EXPECT_TRUE(plan({}).reasons.empty());
  const ReindexPlan full = plan({.full = true});
  EXPECT_EQ(full.action, ReindexPlan::Action::kRebuild);
  EXPECT_EQ(full.num_added, 0) << "All of them are in the index.";
  const ReindexReport report = Run({.full = true});
  EXPECT_EQ(report.kind, "rebuilt");
  EXPECT_EQ(report.num_added, 0);
  EXPECT_EQ(report.snapshot.num_photos, 4);

  fs::resize_file(collection_ / "snapshots/000004/codebook.faiss", 1000);
  EXPECT_THAT(plan({}).reasons.at(0), HasSubstr("it is damaged"));
  WriteFileAtomically(CollectionPaths{collection_}.current(), "no number");
  EXPECT_EQ(plan({}).action, ReindexPlan::Action::kRebuild);
  EXPECT_TRUE(Run().published) << "A damaged CURRENT is mended.";
  ExpectSound();
}

TEST_F(ReindexTest, HowManyAreKeptIsRemembered) {
  Take(collection_, {Picture(0)});
  Run({.keep_snapshots = 4});
  for (int i = 1; i < kPictures; ++i) Take(collection_, {Picture(i)});
  EXPECT_EQ(ListSnapshots({collection_}), (std::vector<int64_t>{2, 3, 4, 5})) << "Ingest keeps as many.";
  Run({.keep_snapshots = 2});
  EXPECT_EQ(ListSnapshots({collection_}).size(), 2u);
  EXPECT_EQ(SnapshotsKept(Open().catalogue), 2);
}

TEST_F(ReindexTest, BlankPhotosDoNotMakeACollectionStale) {
  const std::string blank = (scratch_ / "blank.jpg").string();
  WriteJpeg(blank, cv::Mat(100, 100, CV_8UC3, cv::Scalar(250, 250, 250)));
  Take(collection_, {blank});
  EXPECT_EQ(Run().built, 0);
  const Collection collection = Open();
  EXPECT_EQ(CoverageOf(collection.catalogue, collection.features, nullptr).num_unindexed, 0);
  EXPECT_EQ(Searcher(collection_, {}).num_unindexed(), 0);
  Take(collection_, {Picture(0)});
  EXPECT_EQ(CoverageNow().num_unindexed, 0);
  EXPECT_EQ(OpenCurrentSnapshot({collection_})->info.num_photos, 2);
  ExpectSound();
}

TEST_F(ReindexTest, AnIndexOfTheWrongThingsIsHeldBack) {
  Take(collection_, {scratch_ / "in"});
  ASSERT_TRUE(Run({.full = true}).published);
  MixUpFeatures();
  const ReindexReport report = Run({.full = true});
  EXPECT_TRUE(report.held_back);
  EXPECT_FALSE(report.published);
  EXPECT_EQ(report.built, 3);
  EXPECT_EQ(report.snapshot.number, 2);
  EXPECT_EQ(CurrentSnapshot({collection_}), 2) << "The old one stays in use.";
  ASSERT_TRUE(report.gate);
  EXPECT_FALSE(report.gate->failures.empty());
  EXPECT_FALSE(report.gate->lost.empty());
  for (const GateFigures& f : report.gate->figures) {
    if (f.canary != "recompressed") continue;
    EXPECT_EQ(f.first_old, kPictures);
    EXPECT_EQ(f.first_new, 0) << "The copies look like other photos now.";
  }
  EXPECT_TRUE(CheckSnapshot({collection_}, 3).empty()) << "It is there as a whole, to be looked at.";
  const auto state_of = [&](int64_t number) {
    for (const ListedSnapshot& s : ListedSnapshots(Open())) {
      if (s.number == number) return std::string(SnapshotStateName(s.state));
    }
    return std::string("none");
  };
  EXPECT_EQ(state_of(3), "held back");
  Collection collection = Open();
  EXPECT_THROW(RollBack(collection, 3), Error) << "What failed cannot be gone back to.";

  EXPECT_TRUE(Run({.full = true}).held_back);
  EXPECT_EQ(state_of(3), "none") << "One is enough to look at.";
  EXPECT_EQ(state_of(4), "held back");
  ReindexOptions accept{.full = true};
  accept.gate.mode = GateOptions::Mode::kAccept;
  const ReindexReport accepted = Run(accept);
  EXPECT_TRUE(accepted.published);
  EXPECT_FALSE(accepted.gate->passed);
  EXPECT_EQ(CurrentSnapshot({collection_}), 5);
  EXPECT_EQ(SnapshotRecords(Open().catalogue).All().at(5).gate, "accepted");
}

TEST_F(ReindexTest, AnIndexThatLacksPhotosIsHeldBackAndSaysWhich) {
  Take(collection_, {scratch_ / "in"});
  const Snapshot old = *OpenCurrentSnapshot({collection_});
  // The same without the third photo.
  PhotoSet keep = CoveredPhotos(Open().catalogue, old.info);
  keep.Remove(PhotoId{3});
  SnapshotWriter writer({collection_});
  writer.LinkCodebook(old.info);
  const PartSource part{&old.parts[0], &keep};
  const GlobalsSource globals{&old.globals[0], &keep};
  writer.AddMergedPart(std::span(&part, 1), std::span(&globals, 1), kPictures, [](int64_t) {});
  const SnapshotInfo sealed = writer.Seal(old.info.extractor, old.info.last_photo, old.info.last_sha256, kPictures);
  EXPECT_EQ(CurrentSnapshot({collection_}), 1) << "Sealed is not published.";
  const Collection collection = Open();
  const Snapshot fresh = OpenSnapshot({collection_}, sealed.number);
  for (const Snapshot* compared_with : {&old, static_cast<const Snapshot*>(nullptr)}) {
    const GateReport report =
        TestSnapshot(collection, compared_with, fresh, CoveredPhotos(collection.catalogue, old.info), {}, 2, {},
                     [](int64_t, int64_t) {});
    EXPECT_FALSE(report.passed);
    ASSERT_FALSE(report.lost.empty());
    for (const LostCanary& lost : report.lost) EXPECT_EQ(lost.photo, PhotoId{3});
    EXPECT_EQ(report.figures.at(0).canary, "self");
    EXPECT_EQ(report.figures.at(0).num_tried, kPictures);
    EXPECT_EQ(report.figures.at(0).found_new, kPictures - 1);
  }
  EXPECT_TRUE(TestSnapshot(collection, &old, old, CoveredPhotos(collection.catalogue, old.info), {}, 1, {},
                           [](int64_t, int64_t) {})
                  .passed);
  EXPECT_EQ(ListedSnapshots(collection).back().state, SnapshotState::kUntried) << "As after a kill before the test.";
  EXPECT_FALSE(Run().held_back);
}

TEST_F(ReindexTest, GoingBackAndOnAgain) {
  Take(collection_, {Picture(0), Picture(1)});
  Take(collection_, {Picture(2)});
  Run();
  Collection collection = Open();
  EXPECT_EQ(RollBack(collection, std::nullopt).now.number, 2);
  const RollbackReport report = RollBack(collection, std::nullopt);
  EXPECT_EQ(report.now.number, 1);
  EXPECT_EQ(report.before, 2);
  EXPECT_EQ(report.num_unindexed, 1);
  EXPECT_THROW(RollBack(collection, std::nullopt), Error) << "There is no older one.";
  EXPECT_THROW(RollBack(collection, 77), Error);
  EXPECT_EQ(VerdictOfCopy(0), Verdict::kSamePhoto);
  EXPECT_EQ(VerdictOfCopy(2), Verdict::kNone);
  EXPECT_EQ(Searcher(collection_, {}).Search(Picture(2)).hits.at(0).verdict, Verdict::kSameFile);
  Take(collection_, {Picture(3)});
  EXPECT_EQ(CurrentSnapshot({collection_}), 4) << "Numbers are not given twice.";
  EXPECT_EQ(VerdictOfCopy(2), Verdict::kSamePhoto) << "What was taken in since is indexed again.";
  EXPECT_EQ(VerdictOfCopy(3), Verdict::kSamePhoto);
  ExpectSound();

  fs::resize_file(collection_ / "snapshots/000003/codebook.faiss", 1000);
  EXPECT_THROW(RollBack(collection, 3), Error) << "Nobody goes back to a damaged one.";
  EXPECT_EQ(CurrentSnapshot({collection_}), 4);
}

TEST_F(ReindexTest, PhotosAreDescribedAnewNightByNight) {
  Take(collection_, {scratch_ / "in"});
  {
    Collection older = Open();  // As before there were any traces.
    for (int64_t id = 1; id <= kPictures; ++id) KeepTraces(older.catalogue, PhotoId{id}, {});
  }
  ChangeExtractor("150");
  EXPECT_THROW(Searcher(collection_, {}), Error) << "The index is of other features.";
  ReindexOptions two;
  two.reextract_limit = 2;
  const ReindexReport first = Run(two);
  EXPECT_EQ(first.reextraction.num_done, 2);
  EXPECT_EQ(first.reextraction.num_left, kPictures - 2);
  EXPECT_FALSE(TracesOf(Open().catalogue, PhotoId{1}).empty()) << "Traces are taken anew as well.";
  EXPECT_TRUE(TracesOf(Open().catalogue, PhotoId{kPictures}).empty());
  EXPECT_EQ(first.snapshot.num_photos, 2) << "An index is of one extractor.";
  EXPECT_EQ(CoverageNow().num_older_features, kPictures - 2);
  EXPECT_EQ(Searcher(collection_, {}).num_unindexed(), kPictures - 2);
  EXPECT_EQ(VerdictOfCopy(1), Verdict::kSamePhoto);
  EXPECT_EQ(VerdictOfCopy(3), Verdict::kNone);
  ExpectSound();

  // The second night: the third photo's file is gone, the fourth is another file now.
  fs::rename(Picture(2), scratch_ / "moved.jpg");
  WriteJpeg((scratch_ / "other.jpg").string(), MakePicture(99));
  fs::rename(Picture(3), scratch_ / "moved3.jpg");
  fs::copy_file(scratch_ / "other.jpg", Picture(3));
  const ReindexReport second = Run();
  EXPECT_EQ(second.reextraction.num_done, kPictures - 4);
  EXPECT_EQ(second.num_added, kPictures - 4);
  ASSERT_EQ(second.reextraction.lost.size(), 2u);
  EXPECT_EQ(second.reextraction.lost[0].photo, PhotoId{3});
  EXPECT_THAT(second.reextraction.lost[0].why, HasSubstr("No file is left"));
  EXPECT_THAT(second.reextraction.lost[1].why, HasSubstr("another file now"));
  EXPECT_EQ(VerdictOfCopy(4), Verdict::kSamePhoto);
  ExpectSound();
  EXPECT_FALSE(Run().published) << "Nothing more can be done.";

  // One is found as a copy in the collection, the other is seen at a new place.
  const Sha256 sha = Sha256::OfFile(scratch_ / "moved.jpg");
  fs::create_directories(CollectionPaths{collection_}.original(sha).parent_path());
  fs::rename(scratch_ / "moved.jpg", CollectionPaths{collection_}.original(sha));
  Take(collection_, {scratch_ / "moved3.jpg"});
  const ReindexReport third = Run();
  EXPECT_EQ(third.reextraction.num_done, 2);
  EXPECT_EQ(third.reextraction.num_left, 0);
  EXPECT_EQ(third.snapshot.num_photos, kPictures);
  fs::copy_file(CollectionPaths{collection_}.original(sha), Picture(2));
  EXPECT_EQ(VerdictOfCopy(2), Verdict::kSamePhoto);
  ExpectSound();
  EXPECT_EQ(Extractions(Open().catalogue).ReplacedSince(third.snapshot.number, third.snapshot.extractor).size(), 0u);
}

// Killed after photos were described anew and before they were indexed; then somebody ingests.
TEST_F(ReindexTest, AnIngestIndexesWhatAKilledNightDescribedAnew) {
  Take(collection_, {Picture(0), Picture(1), Picture(2), Picture(3)});
  ChangeExtractor("150");
  ReindexOptions one;
  one.reextract_limit = 1;
  Run(one);
  {
    Collection collection = Open();
    EXPECT_EQ(Reextract(collection, {.limit = 2}, {}, [](int64_t, int64_t) {}).num_done, 2);
  }
  EXPECT_EQ(CoverageNow().num_unindexed, 2);
  Take(collection_, {Picture(4)});
  EXPECT_EQ(CoverageNow().num_unindexed, 0);
  for (const int i : {0, 1, 2, 4}) EXPECT_EQ(VerdictOfCopy(i), Verdict::kSamePhoto) << i;
  ExpectSound();
  // The last one, whose id lies among those that the index knows already.
  {
    Collection collection = Open();
    EXPECT_EQ(Reextract(collection, {}, {}, [](int64_t, int64_t) {}).num_done, 1);
  }
  EXPECT_EQ(CoverageNow().num_unindexed, 1);
  WriteJpeg((scratch_ / "new.jpg").string(), MakePicture(50));
  Take(collection_, {scratch_ / "new.jpg"});
  EXPECT_EQ(OpenCurrentSnapshot({collection_})->parts.size(), 1u) << "Merged, so that no photo is in it twice.";
  EXPECT_EQ(OpenCurrentSnapshot({collection_})->info.num_photos, 6);
  EXPECT_EQ(CoverageNow().num_unindexed, 0);
  EXPECT_EQ(VerdictOfCopy(3), Verdict::kSamePhoto);
  ExpectSound();
}

TEST_F(ReindexTest, SmallCollectionsNeedNoTrainingAndLargeOnesGetTheirOwnWords) {
  Take(collection_, {scratch_ / "in"});
  EXPECT_EQ(OpenCurrentSnapshot({collection_})->info.num_words, kNumDefaultWords);
  EXPECT_EQ(VerdictOfCopy(3), Verdict::kSamePhoto);
  const ReindexReport shipped = Run({.full = true});
  EXPECT_FALSE(shipped.codebook_trained);
  const ReindexReport own = Run({.full = true, .most_default_words = 0});
  EXPECT_TRUE(own.codebook_trained);
  EXPECT_LT(own.snapshot.num_words, kNumDefaultWords);
  EXPECT_EQ(VerdictOfCopy(3), Verdict::kSamePhoto);
  ExpectSound();
}

TEST_F(ReindexTest, InterruptionsLeaveTheOldIndexAndNoRubbish) {
  Take(collection_, {scratch_ / "in"});
  for (const std::string_view stage : {"codebook", "quantising", "testing"}) {
    std::stop_source stop;
    Collection collection = Open();
    const auto stop_there = [&](std::string_view now, int64_t, int64_t) {
      if (now == stage) stop.request_stop();
    };
    EXPECT_THROW(Reindex(collection, {.full = true, .most_default_words = 0}, stop.get_token(), stop_there), Error) << stage;
    EXPECT_EQ(ListSnapshots({collection_}), std::vector<int64_t>{1}) << stage;
    EXPECT_TRUE(StagingLeftovers({collection_}).empty()) << stage;
  }
  ExpectSound();
}

}  // namespace
}  // namespace pugmark
