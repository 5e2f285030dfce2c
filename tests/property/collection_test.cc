// SPDX-License-Identifier: Apache-2.0
//
// Laws that hold for every collection, over pictures that the test makes: what comes out does not depend on order, threads
// or the way there.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "engine/ingest/ingest.h"
#include "engine/reindex/check.h"
#include "engine/search/search.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "tests/pictures.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

constexpr int kPictures = 12;

// Small and quick: the laws do not depend on the scale.
const FeatureOptions kOptions{.working_size_px = 320, .max_keypoints = 200, .contrast_threshold = 0.01f};

class CollectionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    pictures_ = std::make_unique<Scratch>();
    for (int i = 0; i < kPictures; ++i) {
      WriteJpeg(Picture(i), MakePicture(static_cast<uint64_t>(i), 400 + 10 * i, 300));
    }
  }
  static void TearDownTestSuite() { pictures_.reset(); }

  static std::string Picture(int i) { return (*pictures_ / ("p" + std::to_string(100 + i) + ".jpg")).string(); }

  static IngestSummary Take(const fs::path& collection, const std::vector<fs::path>& inputs, int num_threads = 2,
                            std::stop_token stop = {}, IngestObserver observer = {}) {
    IngestOptions options;
    options.inputs = inputs;
    options.num_threads = num_threads;
    return Ingest(collection, options, stop, observer);
  }

  static void ExpectSound(const fs::path& collection) {
    const CheckReport report = CheckCollection(OpenCollection(collection, Catalogue::Access::kRead));
    EXPECT_TRUE(report.findings.empty()) << report.findings.front();
  }

  // Everything of a result that must not vary: which photos, which verdicts, which evidence.
  static std::string Answer(const QueryResult& result) {
    std::string answer = result.error_code;
    for (const Hit& hit : result.hits) {
      answer += hit.photo.sha256.Hex() + " " + std::string(VerdictName(hit.verdict)) + " " +
                std::to_string(hit.num_inliers) + " " + std::to_string(hit.num_cells) + " " +
                std::to_string(hit.agreeing_pixels) + (hit.mirrored ? " mirrored" : "");
      for (const double t : hit.photo_from_query) answer += " " + std::to_string(t);
      answer += "\n";
    }
    return answer;
  }

  static inline std::unique_ptr<Scratch> pictures_;
};

TEST_F(CollectionTest, EveryPhotoFindsItselfFirst) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  Take(scratch / "c", {pictures_->path()});
  const Searcher searcher(scratch / "c", {});
  for (int i = 0; i < kPictures; ++i) {
    const QueryResult same = searcher.Search(Picture(i));
    ASSERT_FALSE(same.hits.empty());
    EXPECT_EQ(same.hits[0].verdict, Verdict::kSameFile);
    EXPECT_EQ(same.hits[0].photo.path, fs::absolute(Picture(i)).string());
    for (size_t h = 1; h < same.hits.size(); ++h) {
      EXPECT_EQ(same.hits[h].verdict, Verdict::kLookAlike) << "No picture shows what another shows.";
    }
    // And by its content alone: other bytes, the same pixels.
    const std::string copy = (scratch / "copy.jpg").string();
    WriteJpeg(copy, cv::imread(Picture(i)), 80);
    const QueryResult found = searcher.Search(copy);
    ASSERT_FALSE(found.hits.empty()) << i;
    EXPECT_EQ(found.hits[0].verdict, Verdict::kSamePhoto) << i;
    EXPECT_EQ(found.hits[0].photo.path, fs::absolute(Picture(i)).string());
  }
  ExpectSound(scratch / "c");
}

TEST_F(CollectionTest, AnyOrderOfBatchesGivesTheSameAnswersAfterFullReindex) {
  const Scratch scratch;
  cv::Mat crop = cv::imread(Picture(4));
  WriteJpeg((scratch / "query.jpg").string(), crop(cv::Rect(40, 30, 320, 220)), 75);
  std::map<std::string, std::string> answers;
  int round = 0;
  ::setenv("RC_PARAMS", "max_success=30", /*overwrite=*/0);  // A second each. For more: RC_PARAMS=max_success=1000.
  rc::check("order of ingest does not matter", [&] {
    const auto order = *rc::gen::container<std::vector<int>>(kPictures, rc::gen::inRange(0, kPictures));
    const fs::path collection = scratch / ("c" + std::to_string(round++));
    CreateCollection(collection, kOptions);
    std::vector<fs::path> first, second;
    // Some order of all pictures, with repetitions, in two batches.
    for (const int i : order) (i % 2 == 0 ? first : second).push_back(Picture(i));
    for (int i = 0; i < kPictures; ++i) second.push_back(Picture(i));
    Take(collection, first.empty() ? second : first);
    Take(collection, second);
    Collection opened = OpenCollection(collection, Catalogue::Access::kWrite);
    ReindexOptions options{.full = true, .num_threads = 2};
    options.gate.mode = GateOptions::Mode::kOff;  // Many rounds; the order is what matters here.
    Reindex(opened, options, {}, [](std::string_view, int64_t, int64_t) {});
    const QueryResult result = Searcher(collection, {}).Search(scratch / "query.jpg");
    RC_ASSERT(!result.hits.empty());
    answers["hits"] = answers.contains("hits") ? answers["hits"] : Answer(result);
    RC_ASSERT(answers["hits"] == Answer(result));
    fs::remove_all(collection);
  });
}

TEST_F(CollectionTest, ResultsAreTheSameForAnyNumberOfThreads) {
  const Scratch scratch;
  std::vector<fs::path> queries;
  for (int i = 0; i < kPictures; ++i) {
    const std::string name = (scratch / ("q" + std::to_string(i) + ".jpg")).string();
    cv::Mat flipped;
    cv::flip(cv::imread(Picture(i)), flipped, 1);
    WriteJpeg(name, flipped, 70);
    queries.push_back(name);
  }
  std::string expected;
  std::vector<std::string> expected_files;
  for (const int num_threads : {1, 2, 8}) {
    const fs::path collection = scratch / ("c" + std::to_string(num_threads));
    CreateCollection(collection, kOptions);
    Take(collection, {pictures_->path()}, num_threads);
    std::string answers;
    Searcher(collection, {}).SearchAll(queries, num_threads, {}, [&](const QueryResult& r) { answers += Answer(r); });
    EXPECT_NE(answers.find("mirrored"), std::string::npos);
    std::vector<std::string> files;
    for (const FileSeal& seal : ReadSnapshotInfo({collection}, 1).files) files.push_back(seal.sha256);
    if (expected.empty()) {
      expected = answers;
      expected_files = files;
    }
    EXPECT_EQ(answers, expected) << num_threads << " threads";
    EXPECT_EQ(files, expected_files) << "The index is the same to the byte.";
  }
}

TEST_F(CollectionTest, TheSameBatchAgainAddsNothing) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  std::ofstream(scratch / "broken.jpg") << "no photo";
  const std::vector<fs::path> inputs = {pictures_->path(), scratch / "broken.jpg"};
  const IngestSummary first = Take(scratch / "c", inputs);
  EXPECT_EQ(first.counts.num_new_photos, kPictures);
  EXPECT_EQ(first.counts.num_new_sightings, kPictures);
  ASSERT_EQ(first.unreadable.size(), 1u);
  EXPECT_EQ(first.unreadable[0].code, "not_an_image");
  const std::vector<uint8_t> quarantine = ReadFile(CollectionPaths{scratch / "c"}.quarantine(), 1 << 20);

  const IngestSummary second = Take(scratch / "c", inputs);
  EXPECT_EQ(second.counts.num_new_photos, 0);
  EXPECT_EQ(second.counts.num_known_photos, kPictures);
  EXPECT_EQ(second.counts.num_new_sightings, 0);
  EXPECT_EQ(second.counts.num_unreadable, 1) << "Still unreadable, and said so.";
  EXPECT_EQ(CurrentSnapshot({scratch / "c"}), 1) << "Nothing new, no new snapshot.";
  EXPECT_EQ(ReadFile(CollectionPaths{scratch / "c"}.quarantine(), 1 << 20), quarantine) << "Listed once.";
  ExpectSound(scratch / "c");
}

TEST_F(CollectionTest, AKnownPhotoInANewListingAddsASighting) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  Take(scratch / "c", {Picture(0)});
  fs::copy_file(Picture(0), scratch / "same.jpg");
  std::ofstream(scratch / "m.csv") << "file,platform,listing_id,seller,bank\nsame.jpg,bazaar,17,jo,seizure\n"
                                      "missing.jpg,bazaar,18,jo,\n../outside.jpg,bazaar,19,jo,\n";
  IngestOptions options;
  options.manifests = {scratch / "m.csv"};
  const IngestSummary summary = Ingest(scratch / "c", options, {}, {});
  EXPECT_EQ(summary.counts.num_new_photos, 0);
  EXPECT_EQ(summary.counts.num_new_sightings, 1);
  EXPECT_EQ(summary.unreadable.size(), 2u) << "A missing file, and one outside the manifest's folder.";
  const QueryResult result = Searcher(scratch / "c", {}).Search(Picture(0));
  ASSERT_EQ(result.hits.size(), 1u);
  EXPECT_EQ(result.hits[0].sightings.size(), 2u);
  ASSERT_EQ(result.hits[0].banks.size(), 2u);
  EXPECT_EQ(result.hits[0].banks[1].name, "seizure");
  EXPECT_EQ(result.hits[0].banks[1].role, BankRole::kSeizure);
}

TEST_F(CollectionTest, InterruptedIngestContinues) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  std::stop_source stop;
  IngestObserver observer;
  observer.progress = [&](const IngestProgress& p) {
    if (p.num_done == 3) stop.request_stop();
  };
  const IngestSummary first = Take(scratch / "c", {pictures_->path()}, 1, stop.get_token(), observer);
  EXPECT_TRUE(first.cancelled);
  EXPECT_GE(first.counts.num_new_photos, 3);
  EXPECT_LT(first.counts.num_new_photos, kPictures);
  ExpectSound(scratch / "c");
  const IngestSummary second = Take(scratch / "c", {pictures_->path()});
  EXPECT_EQ(second.counts.num_known_photos, first.counts.num_new_photos);
  EXPECT_EQ(first.counts.num_new_photos + second.counts.num_new_photos, kPictures);
  EXPECT_EQ(OpenCurrentSnapshot({scratch / "c"})->info.num_photos, kPictures) << "What the first run left is searchable.";
}

TEST_F(CollectionTest, SmallPartsAnswerAsTheMergedIndex) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  Take(scratch / "c", {Picture(0), Picture(1), Picture(2), Picture(3), Picture(4), Picture(5)});
  for (int i = 6; i < kPictures; ++i) Take(scratch / "c", {Picture(i)});
  EXPECT_EQ(OpenCurrentSnapshot({scratch / "c"})->parts.size(), 7u);
  cv::Mat crop = cv::imread(Picture(7));
  WriteJpeg((scratch / "q.jpg").string(), crop(cv::Rect(50, 30, 300, 200)), 80);
  const std::string before = Answer(Searcher(scratch / "c", {}).Search(scratch / "q.jpg"));
  {
    Collection collection = OpenCollection(scratch / "c", Catalogue::Access::kWrite);
    const auto quiet = [](std::string_view, int64_t, int64_t) {};
    const ReindexReport report = Reindex(collection, {}, {}, quiet);
    EXPECT_TRUE(report.published);
    EXPECT_EQ(report.snapshot.parts.size(), 1u);
    EXPECT_EQ(report.snapshot.num_photos, kPictures);
    EXPECT_FALSE(Reindex(collection, {}, {}, quiet).published) << "Nothing is left to do.";
  }
  EXPECT_EQ(Answer(Searcher(scratch / "c", {}).Search(scratch / "q.jpg")), before);
  EXPECT_FALSE(before.empty());
  ExpectSound(scratch / "c");
}

TEST_F(CollectionTest, ADamagedSnapshotIsRebuiltFromTheCatalogue) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  Take(scratch / "c", {pictures_->path()});
  fs::resize_file(scratch / "c" / "snapshots/000001/codebook.faiss", 1000);
  EXPECT_THROW(Searcher(scratch / "c", {}), Error);
  {
    Collection collection = OpenCollection(scratch / "c", Catalogue::Access::kWrite);
    Reindex(collection, {}, {}, [](std::string_view, int64_t, int64_t) {});
  }
  EXPECT_FALSE(Searcher(scratch / "c", {}).Search(Picture(3)).hits.empty());
  ExpectSound(scratch / "c");
}

// A catalogue restored from a backup gives the numbers of photos that were lost to new ones.
TEST_F(CollectionTest, ARestoredCatalogueIsNotAnsweredFromTheOldIndex) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  Take(scratch / "c", {Picture(0), Picture(1)});
  fs::copy_file(scratch / "c/catalogue.db", scratch / "backup.db");
  Take(scratch / "c", {Picture(2), Picture(3)});
  fs::copy_file(scratch / "backup.db", scratch / "c/catalogue.db", fs::copy_options::overwrite_existing);
  fs::remove(scratch / "c/catalogue.db-wal");
  fs::remove(scratch / "c/catalogue.db-shm");
  EXPECT_FALSE(CheckCollection(OpenCollection(scratch / "c", Catalogue::Access::kRead)).findings.empty());
  EXPECT_THROW(Searcher(scratch / "c", {}), Error);
  Take(scratch / "c", {Picture(4), Picture(5)});
  for (const int i : {4, 5}) {
    WriteJpeg((scratch / "copy.jpg").string(), cv::imread(Picture(i)), 80);
    const QueryResult found = Searcher(scratch / "c", {}).Search(scratch / "copy.jpg");
    ASSERT_FALSE(found.hits.empty());
    EXPECT_EQ(found.hits[0].photo.path, fs::absolute(Picture(i)).string());
  }
  ExpectSound(scratch / "c");
}

TEST_F(CollectionTest, LostThumbnailsAndMissingCopiesComeBackWithTheSameBatch) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  Take(scratch / "c", {Picture(0)});
  fs::remove_all(scratch / "c/thumbs");
  EXPECT_FALSE(CheckCollection(OpenCollection(scratch / "c", Catalogue::Access::kRead)).findings.empty());
  IngestOptions options;
  options.inputs = {Picture(0)};
  options.copy_originals = true;
  Ingest(scratch / "c", options, {}, {});
  ExpectSound(scratch / "c");
  const Sha256 sha = Sha256::OfFile(Picture(0));
  EXPECT_EQ(Sha256::OfFile(CollectionPaths{scratch / "c"}.original(sha)), sha);
}

TEST_F(CollectionTest, TheCollectionItselfIsNoEvidence) {
  const Scratch scratch;
  CreateCollection(scratch / "in/c", kOptions);
  fs::copy_file(Picture(0), scratch / "in/a.jpg");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Take(scratch / "in/c", {scratch / "in"}).num_inputs, 1);
}

TEST_F(CollectionTest, ASecondPlaceOfAPhotoIsASighting) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  for (const char* folder : {"one", "two"}) {
    fs::create_directories(scratch / folder);
    fs::copy_file(Picture(0), scratch / folder / "a.jpg");
    Take(scratch / "c", {scratch / folder});
  }
  EXPECT_EQ(Searcher(scratch / "c", {}).Search(Picture(0)).hits.at(0).sightings.size(), 2u);
}

TEST_F(CollectionTest, DamagedFeaturesOfOnePhotoDoNotHideTheOthers) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  // The same picture twice, so that both are candidates for a third copy.
  WriteJpeg((scratch / "a.jpg").string(), cv::imread(Picture(0)), 80);
  Take(scratch / "c", {Picture(0), scratch / "a.jpg"});
  {
    // One descriptor byte of the first photo.
    std::fstream db(scratch / "c/catalogue.db", std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(db)), {});
    const Collection collection = OpenCollection(scratch / "c", Catalogue::Access::kRead);
    const StoredFeatures stored = *collection.catalogue.GetFeatures(PhotoId{1});
    const std::string needle(stored.descriptors.begin(), stored.descriptors.begin() + 256);
    const size_t at = bytes.find(needle);
    ASSERT_NE(at, std::string::npos);
    db.clear();
    db.seekp(static_cast<std::streamoff>(at));
    db.put(static_cast<char>(needle[0] ^ 1));
  }
  WriteJpeg((scratch / "q.jpg").string(), cv::imread(Picture(0)), 60);
  const QueryResult found = Searcher(scratch / "c", {}).Search(scratch / "q.jpg");
  EXPECT_EQ(found.num_damaged, 1);
  ASSERT_EQ(found.hits.size(), 1u);
  EXPECT_EQ(found.hits[0].photo.id, PhotoId{2});
}

// All its detail lies at the border, where a table or a laid-over frame would be; and yet a copy is a copy.
TEST_F(CollectionTest, ACopyWithAnEmptyMiddleIsStillTheSamePhoto) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  cv::Mat picture = MakePicture(77, 480, 360);
  cv::ellipse(picture, {240, 180}, {200, 150}, 0, 0, 360, cv::Scalar(200, 200, 200), cv::FILLED, cv::LINE_AA);
  WriteJpeg((scratch / "a.jpg").string(), picture);
  Take(scratch / "c", {pictures_->path(), scratch / "a.jpg"});
  cv::Mat half;
  cv::resize(picture, half, {}, 0.5, 0.5, cv::INTER_AREA);
  WriteJpeg((scratch / "half.jpg").string(), half, 70);
  WriteJpeg((scratch / "plain.jpg").string(), picture, 30);
  for (const char* copy : {"plain.jpg", "half.jpg"}) {
    const QueryResult found = Searcher(scratch / "c", {}).Search(scratch / copy);
    ASSERT_FALSE(found.hits.empty()) << copy;
    EXPECT_EQ(found.hits[0].verdict, Verdict::kSamePhoto) << copy;
  }
}

TEST_F(CollectionTest, OneWriterAtATime) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  const FileLock lock(CollectionPaths{scratch / "c"}.lock());
  EXPECT_THROW(Take(scratch / "c", {Picture(0)}), Error);
}

TEST_F(CollectionTest, PhotosWithoutDetailAreKeptAndFoundByTheirBytes) {
  const Scratch scratch;
  CreateCollection(scratch / "c", kOptions);
  WriteJpeg((scratch / "flat.jpg").string(), cv::Mat(100, 100, CV_8UC3, cv::Scalar(250, 250, 250)));
  Take(scratch / "c", {scratch / "flat.jpg"});
  EXPECT_FALSE(CurrentSnapshot({scratch / "c"})) << "Nothing to index yet.";
  const QueryResult result = Searcher(scratch / "c", {}).Search(scratch / "flat.jpg");
  ASSERT_EQ(result.hits.size(), 1u);
  EXPECT_EQ(result.hits[0].verdict, Verdict::kSameFile);
}

}  // namespace
}  // namespace pugmark
