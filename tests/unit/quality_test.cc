// SPDX-License-Identifier: Apache-2.0
// How the quality benchmark counts: figures that decide about matching must not be wrong themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "benchmarks/quality/corpus.h"
#include "benchmarks/quality/outcomes.h"
#include "index/base/error.h"
#include "tests/scratch.h"

namespace pugmark::bench {
namespace {

using testing::HasSubstr;

HitOutcome MakeHit(double probability, Relation truth, Verdict verdict = Verdict::kSamePhoto) {
  HitOutcome h;
  h.truth = truth;
  h.hit.verdict = verdict;
  h.hit.probability = probability;
  return h;
}

Outcome MakeOutcome(bool expects, std::vector<HitOutcome> hits) {
  Outcome outcome;
  outcome.expects = expects;
  outcome.hits = std::move(hits);
  return outcome;
}

constexpr auto kRight = Relation::kSamePhoto;
constexpr auto kWrong = Relation::kNone;

TEST(OutcomesTest, AveragePrecisionOfHandComputedCases) {
  EXPECT_EQ(MicroAveragePrecision({}), 0);
  EXPECT_EQ(MicroAveragePrecision({MakeOutcome(true, {})}), 0);
  EXPECT_EQ(MicroAveragePrecision({MakeOutcome(true, {MakeHit(0.9, kRight)})}), 1);
  // Found after a wrong one of the same query: precision 1/2 at recall 1.
  EXPECT_DOUBLE_EQ(MicroAveragePrecision({MakeOutcome(true, {MakeHit(0.9, kWrong), MakeHit(0.8, kRight)})}), 0.5);
  // Ranks over all queries: right, wrong, right, and one query whose photo is not found: (1/1 + 2/3) / 3.
  EXPECT_DOUBLE_EQ(MicroAveragePrecision({MakeOutcome(true, {MakeHit(0.7, kRight)}),
                                          MakeOutcome(true, {MakeHit(0.9, kRight), MakeHit(0.8, kWrong)}),
                                          MakeOutcome(true, {})}),
                   (1 + 2.0 / 3) / 3);
}

TEST(OutcomesTest, AveragePrecisionCountsQueriesWithoutMatch) {
  const Outcome found = MakeOutcome(true, {MakeHit(0.8, kRight)});
  // Nothing is expected of an unrelated query, but its hits push the right ones down.
  EXPECT_DOUBLE_EQ(MicroAveragePrecision({found, MakeOutcome(false, {MakeHit(0.9, kWrong)})}), 0.5);
  EXPECT_DOUBLE_EQ(MicroAveragePrecision({found, MakeOutcome(false, {MakeHit(0.7, kWrong)})}), 1);
  EXPECT_DOUBLE_EQ(MicroAveragePrecision({found, MakeOutcome(false, {})}), 1);
  EXPECT_EQ(MicroAveragePrecision({MakeOutcome(false, {MakeHit(0.9, kWrong)})}), 0);
}

TEST(OutcomesTest, AveragePrecisionCountsTiesAgainstUs) {
  const Outcome right = MakeOutcome(true, {MakeHit(0.9, kRight)});
  const Outcome wrong = MakeOutcome(false, {MakeHit(0.9, kWrong)});
  EXPECT_DOUBLE_EQ(MicroAveragePrecision({right, wrong}), 0.5);
  EXPECT_DOUBLE_EQ(MicroAveragePrecision({wrong, right}), 0.5);
  // Two wrong, then two right: (1/3 + 2/4) / 2.
  EXPECT_DOUBLE_EQ(MicroAveragePrecision({right, wrong, right, wrong}), (1.0 / 3 + 0.5) / 2);
}

TEST(OutcomesTest, AveragePrecisionForgivesFurtherCopiesAndWhatIsTrue) {
  // The second copy of the same photo is neither found twice nor an error.
  const std::vector<HitOutcome> copies = {MakeHit(0.9, kRight), MakeHit(0.8, kRight), MakeHit(0.8, kRight)};
  const Outcome later = MakeOutcome(true, {MakeHit(0.7, kRight)});
  EXPECT_DOUBLE_EQ(MicroAveragePrecision({MakeOutcome(true, copies)}), 1);
  EXPECT_DOUBLE_EQ(MicroAveragePrecision({MakeOutcome(true, copies), later}), 1);
  // So is another view of the thing, or its table.
  const std::vector<HitOutcome> views = {MakeHit(0.99, Relation::kSameThing), MakeHit(0.98, Relation::kSamePlace),
                                         MakeHit(0.9, kRight)};
  EXPECT_DOUBLE_EQ(MicroAveragePrecision({MakeOutcome(true, views)}), 1);
}

TEST(OutcomesTest, VerdictsClaimNoMoreThanIsTrue) {
  constexpr std::array kRelations = {Relation::kSamePhoto, Relation::kSameThing, Relation::kSamePlace, Relation::kNone};
  const std::vector<std::pair<Verdict, std::array<bool, 4>>> table = {
      {Verdict::kSameFile, {true, false, false, false}},  {Verdict::kSamePhoto, {true, false, false, false}},
      {Verdict::kSameObject, {true, true, false, false}}, {Verdict::kSameScene, {true, true, true, false}},
      {Verdict::kLookAlike, {true, true, true, true}}};
  for (const auto& [verdict, row] : table) {
    for (size_t r = 0; r < row.size(); ++r) EXPECT_EQ(IsTrue(verdict, kRelations[r]), row[r]) << VerdictName(verdict) << r;
    EXPECT_EQ(IsAlert(verdict), verdict != Verdict::kLookAlike);
  }
}

TEST(OutcomesTest, FirstHitIsAskedForTruthAndVerdict) {
  EXPECT_FALSE(MakeOutcome(true, {}).FirstIs(Relation::kNone, Verdict::kLookAlike));
  const Outcome view = MakeOutcome(true, {MakeHit(0.9, Relation::kSameThing, Verdict::kSameObject), MakeHit(0.8, kRight)});
  EXPECT_TRUE(view.FirstIs(Relation::kSameThing, Verdict::kSameScene));
  EXPECT_TRUE(view.FirstIs(Relation::kSamePlace, Verdict::kSameObject));
  EXPECT_FALSE(view.FirstIs(Relation::kSamePhoto, Verdict::kSameScene));
  EXPECT_FALSE(view.FirstIs(Relation::kSameThing, Verdict::kSamePhoto));
}

TEST(OutcomesTest, CalibrationOfAHandComputedCase) {
  const std::vector<Outcome> outcomes = {
      MakeOutcome(true, {MakeHit(0.95, kRight), MakeHit(0.91, kWrong)}),
      MakeOutcome(true, {MakeHit(1.0, kRight),  // The last bin is closed.
                         MakeHit(0.45, Relation::kSameThing, Verdict::kSameObject)}),
      MakeOutcome(false, {MakeHit(0.41, Relation::kSamePlace, Verdict::kSameObject),
                          MakeHit(0.05, Relation::kSamePlace, Verdict::kLookAlike),
                          MakeHit(0.07, Relation::kSameThing, Verdict::kLookAlike),
                          MakeHit(0.9, kRight, Verdict::kSameFile)})};  // Equal bytes: nothing to be calibrated.
  const Json json = Calibration(outcomes);
  // Stated and true: 2.86 and 2 from 0.9, 0.86 and 1 from 0.4, 0.12 and 1 from 0; 7 hits.
  EXPECT_NEAR(json["expected_calibration_error"].get<double>(), (0.86 + 0.14 + 0.88) / 7, 1e-12);
  ASSERT_EQ(json["bins"].size(), 3u);
  EXPECT_EQ(json["bins"][0]["hits"], 2);
  EXPECT_EQ(json["bins"][2]["from"], 0.9);
  EXPECT_EQ(json["bins"][2]["hits"], 3);
  EXPECT_NEAR(json["bins"][2]["stated"].get<double>(), 2.86 / 3, 1e-12);
  EXPECT_NEAR(json["bins"][2]["came_true"].get<double>(), 2.0 / 3, 1e-12);
  EXPECT_EQ(json["verdicts"]["same-object"]["hits"], 2);
  EXPECT_EQ(json["verdicts"]["same-object"]["came_true"], 0.5);
  EXPECT_FALSE(json["verdicts"].contains("same-scene"));
  EXPECT_EQ(Calibration({})["expected_calibration_error"], 0.0);
}

TEST(OutcomesTest, UncertaintyIsWilsons) {
  EXPECT_NEAR(Uncertainty(0.5, 100), 0.09617, 1e-5);
  EXPECT_NEAR(Uncertainty(1, 20), 0.08056, 1e-5);
  EXPECT_NEAR(Uncertainty(0, 20), Uncertainty(1, 20), 1e-12);
  EXPECT_EQ(Uncertainty(0.5, 0), 0);
}

TEST(OutcomesTest, DetailsAreOneLineOfJsonEach) {
  CorpusPhoto photo;
  photo.name = "tab\t\"quote\".jpg";
  photo.set = "pool";
  Outcome outcome = MakeOutcome(true, {MakeHit(0.75, Relation::kSamePlace, Verdict::kSameScene)});
  outcome.edit = "mirror";
  outcome.source = outcome.hits[0].photo = &photo;
  std::string lines = "before\n";
  AppendDetails({outcome, outcome}, "copy", &lines);
  std::istringstream stream(lines);
  std::string line;
  std::getline(stream, line);
  EXPECT_EQ(line, "before");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(std::getline(stream, line));
    const Json json = Json::parse(line);
    EXPECT_EQ(json["kind"], "copy");
    EXPECT_EQ(json["source"], photo.name);
    EXPECT_EQ(json["hits"][0]["truth"], "place");
    EXPECT_EQ(json["hits"][0]["verdict"], "same-scene");
    EXPECT_EQ(json["hits"][0]["probability"], 0.75);
  }
  EXPECT_FALSE(std::getline(stream, line));
}

constexpr char kColumns[] = "file,object,family,session,ground,azimuth_deg,elevation_deg,edit,derived_from\n";

// Files are no pictures: a corpus reads names and bytes.
class CorpusTest : public testing::Test {
 protected:
  void Write(const std::string& file, const std::string& content) {
    std::filesystem::create_directories((scratch_ / file).parent_path());
    std::ofstream(scratch_ / file) << content;
  }
  // Each with bytes of its own.
  void WritePhotos(const std::vector<std::string>& files) {
    for (const std::string& file : files) Write(file, file);
  }
  void SetUp() override {
    for (const char* set : {"pool", "domain", "instances"}) std::filesystem::create_directories(scratch_ / "data" / set);
    Write("samples/truth/photos.csv", kColumns);
  }
  Corpus Load(const std::string& siblings = "") {
    Write("siblings.tsv", siblings);
    return Corpus(scratch_ / "data", scratch_ / "samples", scratch_ / "siblings.tsv");
  }
  static const CorpusPhoto& Named(const Corpus& corpus, const std::string& name) {
    for (const CorpusPhoto& photo : corpus.photos()) {
      if (photo.name == name) return photo;
    }
    throw std::runtime_error("no photo " + name);
  }
  static Relation Between(const Corpus& corpus, const std::string& a, const std::string& b) {
    const Relation forth = corpus.RelationOf(Named(corpus, a), Named(corpus, b));
    EXPECT_EQ(forth, corpus.RelationOf(Named(corpus, b), Named(corpus, a))) << a << " and " << b;
    return forth;
  }
  void ExpectRefused(const std::string& siblings) {
    try {
      Load(siblings);
      ADD_FAILURE() << siblings;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kInvalidArgument) << siblings;
      EXPECT_THAT(e.what(), HasSubstr("siblings.tsv"));
    }
  }

  Scratch scratch_;
};

TEST_F(CorpusTest, MalformedSiblingsAreRefused) {
  ExpectRefused("thing a.jpg b.jpg\n");           // Blanks, not tabs.
  ExpectRefused("thing\ta.jpg\n");                // One photo only.
  ExpectRefused("cousin\ta.jpg\tb.jpg\tseen\n");  // No such relation.
  ExpectRefused("# fine\n\nplace\ta.jpg\tb.jpg\n\tplace\tc.jpg\td.jpg\n");
  EXPECT_NO_THROW(Load("# a comment\n\nplace\ta.jpg\tb.jpg\nthing\ta\tb\twhat was seen\nphoto\tc\td\n"));
  std::filesystem::remove(scratch_ / "siblings.tsv");
  EXPECT_THROW(Corpus({}, scratch_ / "samples", scratch_ / "siblings.tsv"), Error);
  EXPECT_NO_THROW(Corpus({}, scratch_ / "samples", {}));
}

TEST_F(CorpusTest, MalformedTruthIsRefused) {
  const auto expect = [&](const std::string& table, ErrorCode code) {
    Write("samples/truth/photos.csv", table);
    try {
      Load();
      ADD_FAILURE() << table;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << table;
    }
  };
  WritePhotos({"samples/ads/a.jpg"});
  expect("file,object\n", ErrorCode::kInvalidArgument);
  expect(std::string(kColumns) + "ads/a.jpg,x\n", ErrorCode::kInvalidArgument);
  expect(std::string(kColumns) + "ads/a.jpg,x,,,,north,0,none,\n", ErrorCode::kInvalidArgument);
  expect(std::string(kColumns) + "ads/missing.jpg,x,,,,0,0,none,\n", ErrorCode::kIo);
}

TEST_F(CorpusTest, RelationsFollowFolders) {
  WritePhotos({"data/pool/a.jpg", "data/pool/b.jpg", "data/domain/combs/a.jpg", "data/domain/combs/b.jpg",
               "data/instances/jade_1/a.jpg", "data/instances/jade_1/b.jpg", "data/instances/jade_2/a.jpg",
               "data/instances/wxbs/fox/a.jpg", "data/instances/wxbs/fox/b.jpg", "data/instances/wxbs/hen/a.jpg"});
  const Corpus corpus = Load();
  EXPECT_EQ(Between(corpus, "a.jpg", "a.jpg"), Relation::kSamePhoto);
  EXPECT_EQ(Between(corpus, "a.jpg", "b.jpg"), Relation::kNone);
  EXPECT_EQ(Between(corpus, "combs/a.jpg", "combs/b.jpg"), Relation::kNone);  // A family of goods, not one of them.
  EXPECT_EQ(Named(corpus, "combs/a.jpg").families, Named(corpus, "combs/b.jpg").families);
  EXPECT_EQ(Between(corpus, "jade_1/a.jpg", "jade_1/b.jpg"), Relation::kSameThing);
  EXPECT_EQ(Between(corpus, "jade_1/a.jpg", "jade_2/a.jpg"), Relation::kNone);
  EXPECT_EQ(Between(corpus, "wxbs/fox/a.jpg", "wxbs/fox/b.jpg"), Relation::kSameThing);
  EXPECT_EQ(Between(corpus, "wxbs/fox/a.jpg", "wxbs/hen/a.jpg"), Relation::kNone);
  const CorpusPhoto& photo = Named(corpus, "jade_2/a.jpg");
  EXPECT_EQ(corpus.Find(photo.sha256), &photo);
  EXPECT_EQ(corpus.Find(Sha256{}), nullptr);
}

TEST_F(CorpusTest, SiblingsAreNamedByPhotoOrGroup) {
  WritePhotos({"data/pool/a.jpg", "data/pool/b.jpg", "data/pool/c.jpg", "data/instances/jade_1/a.jpg",
               "data/instances/jade_1/b.jpg", "data/instances/jade_2/a.jpg", "data/instances/jade_3/a.jpg"});
  const Corpus corpus = Load(
      "photo\tb.jpg\ta.jpg\tone picture\n"
      "place\tc.jpg\tinstances/jade_1\n"
      "thing\tinstances/jade_2\tinstances/jade_1\tthe same piece\n"
      "photo\tjade_2/a.jpg\tjade_1/b.jpg\n"
      "place\tjade_1/a.jpg\tjade_1/b.jpg\n");
  EXPECT_EQ(Between(corpus, "a.jpg", "b.jpg"), Relation::kSamePhoto);
  EXPECT_EQ(Between(corpus, "a.jpg", "c.jpg"), Relation::kNone);
  EXPECT_EQ(Between(corpus, "c.jpg", "jade_1/a.jpg"), Relation::kSamePlace);
  EXPECT_EQ(Between(corpus, "c.jpg", "jade_1/b.jpg"), Relation::kSamePlace);
  EXPECT_EQ(Between(corpus, "jade_1/a.jpg", "jade_2/a.jpg"), Relation::kSameThing);
  EXPECT_EQ(Between(corpus, "jade_1/b.jpg", "jade_2/a.jpg"), Relation::kSamePhoto);  // The stronger of two lines.
  EXPECT_EQ(Between(corpus, "jade_1/a.jpg", "jade_1/b.jpg"), Relation::kSameThing);  // A line takes nothing away.
  EXPECT_EQ(Between(corpus, "jade_3/a.jpg", "jade_1/b.jpg"), Relation::kNone);
}

TEST_F(CorpusTest, TruthOfStagedAds) {
  for (const char* name : {"a", "b", "c", "d", "collage"}) WritePhotos({std::string("samples/ads/") + name + ".jpg"});
  Write("samples/truth/photos.csv", std::string(kColumns) +
                                        "ads/a.jpg,tusk1,tusk,tusk1/A,oak-1,10.5,20,none,\n"
                                        "ads/b.jpg,tusk1,tusk,tusk1/B,pine-2,190,20,none,\n"
                                        "ads/c.jpg,tusk2,tusk,tusk2/A,oak-1,10,20,none,\n"
                                        "ads/d.jpg,tusk1,tusk,tusk1/A,oak-1,10.5,20,crop,ads/a.jpg\n"
                                        "ads/collage.jpg,tusk1;tusk2,tusk,,,,,collage,ads/b.jpg;ads/c.jpg\n"
                                        "queries/q.jpg,tusk1,tusk,tusk1/A,oak-1,0,0,none,\n");
  const Corpus corpus = Load();
  ASSERT_EQ(corpus.photos().size(), 5u);  // Without the query, which need not exist.
  EXPECT_EQ(Between(corpus, "ads/a.jpg", "ads/b.jpg"), Relation::kSameThing);
  EXPECT_EQ(Between(corpus, "ads/a.jpg", "ads/c.jpg"), Relation::kSamePlace);
  EXPECT_EQ(Between(corpus, "ads/b.jpg", "ads/c.jpg"), Relation::kNone);
  EXPECT_EQ(Between(corpus, "ads/a.jpg", "ads/d.jpg"), Relation::kSamePhoto);
  EXPECT_EQ(Between(corpus, "ads/collage.jpg", "ads/c.jpg"), Relation::kSamePhoto);
  EXPECT_EQ(Between(corpus, "ads/collage.jpg", "ads/a.jpg"), Relation::kSameThing);
  EXPECT_FALSE(Named(corpus, "ads/a.jpg").edited);
  EXPECT_TRUE(Named(corpus, "ads/d.jpg").edited);
  EXPECT_EQ(Named(corpus, "ads/a.jpg").azimuth_deg, 10.5);
}

TEST_F(CorpusTest, PartsAreDrawnByNameAlone) {
  for (int i = 0; i < 200; ++i) {
    const std::string name = "photo" + std::to_string(i) + ".jpg";
    WritePhotos({"data/pool/" + name, "data/domain/combs/" + name, "data/instances/jade/" + name});
  }
  const Corpus corpus = Load();
  // Of 200, 12 and 5 % are expected. The numbers are those of Mix(), fixed on every machine.
  EXPECT_EQ(corpus.Of(Part::kUnrelated, "pool").size(), 25u);
  EXPECT_EQ(corpus.Of(Part::kStranger, "pool").size(), 12u);
  EXPECT_EQ(corpus.Of(Part::kStranger, "domain").size(), 0u);
  EXPECT_EQ(corpus.Of(Part::kReference, "instances").size(), 200u);
  std::set<std::string> unrelated;
  for (const CorpusPhoto* photo : corpus.Of(Part::kUnrelated, "pool")) unrelated.insert(photo->name);
  for (int i = 0; i < 200; i += 2) {
    ASSERT_TRUE(std::filesystem::remove(scratch_ / ("data/pool/photo" + std::to_string(i) + ".jpg")));
  }
  const Corpus fewer = Load();
  for (const CorpusPhoto* photo : fewer.Of(Part::kUnrelated, "pool")) EXPECT_TRUE(unrelated.contains(photo->name));
  for (const CorpusPhoto* photo : fewer.Of(Part::kReference, "pool")) EXPECT_FALSE(unrelated.contains(photo->name));
}

// Those of the repository are well-formed, and agree with each other.
TEST(CorpusFilesTest, StagedAdsAndSiblingsCanBeRead) {
  const std::filesystem::path samples = PUGMARK_SAMPLES, quality = PUGMARK_QUALITY;
  const Corpus corpus({}, samples, quality / "siblings.tsv");
  ASSERT_GT(corpus.photos().size(), 100u);
  size_t num_copies = 0;
  for (const CorpusPhoto& a : corpus.photos()) {
    EXPECT_EQ(corpus.RelationOf(a, a), Relation::kSamePhoto);
    for (const CorpusPhoto& b : corpus.photos()) {
      if (&a < &b && corpus.RelationOf(a, b) == Relation::kSamePhoto) ++num_copies;
    }
  }
  EXPECT_GT(num_copies, 20u);
}

TEST(CorpusFunctionsTest, AnglesBetweenViews) {
  const auto angle = [](double azimuth_a, double elevation_a, double azimuth_b, double elevation_b) {
    CorpusPhoto a, b;
    a.azimuth_deg = azimuth_a;
    a.elevation_deg = elevation_a;
    b.azimuth_deg = azimuth_b;
    b.elevation_deg = elevation_b;
    return AngleBetweenViews(a, b);
  };
  EXPECT_NEAR(angle(30, 40, 30, 40), 0, 1e-5);
  EXPECT_NEAR(angle(0, 0, 90, 0), 90, 1e-9);
  EXPECT_NEAR(angle(350, 0, 10, 0), 20, 1e-9);
  EXPECT_NEAR(angle(0, 90, 123, 90), 0, 1e-5);    // From above, the azimuth says nothing.
  EXPECT_NEAR(angle(0, 30, 180, 30), 120, 1e-9);  // Over the top.
  EXPECT_NEAR(angle(0, 10, 0, 55), 45, 1e-9);
  EXPECT_NEAR(angle(0, 60, 90, 60), 41.40962211, 1e-6);  // acos(3/4).
}

TEST(CorpusFunctionsTest, MixIsStable) {
  EXPECT_EQ(Mix(0, ""), 0x153D52D3457D13C3ull);
  EXPECT_EQ(Mix(1, "a.jpg"), 0x0CF0E3589616E146ull);
  EXPECT_EQ(Mix(1, "b.jpg"), 0x6DC017D1B30EF503ull);
  EXPECT_EQ(Mix(2, "a.jpg"), 0x21E9410E1AD1F01Aull);
}

}  // namespace
}  // namespace pugmark::bench
