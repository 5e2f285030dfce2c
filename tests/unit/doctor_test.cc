// SPDX-License-Identifier: Apache-2.0
#include "engine/doctor/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "engine/decode/conformance.h"
#include "index/catalogue/audit_log.h"
#include "tests/picture_collection.h"

namespace pugmark {
namespace {

Review Answered(Answer answer, const std::string& verdict, double probability) {
  Review review;
  review.answer = answer;
  review.machine_verdict = verdict;
  review.machine_probability = probability;
  return review;
}

TEST(WilsonIntervalTest, IsThatOfThePaper) {
  // Newcombe, Two-Sided Confidence Intervals for the Single Proportion, 1998, table I, method 3.
  const auto [low, high] = WilsonInterval(81, 263);
  EXPECT_NEAR(low, 0.2553, 5e-5);
  EXPECT_NEAR(high, 0.3662, 5e-5);
  EXPECT_NEAR(WilsonInterval(0, 20).second, 0.1611, 5e-5);
  EXPECT_EQ(WilsonInterval(0, 20).first, 0);
  EXPECT_NEAR(WilsonInterval(1, 29).first, 0.0061, 5e-5);
  EXPECT_EQ(WilsonInterval(0, 0), (std::pair<double, double>(0, 1)));
}

TEST(ReviewCurveTest, CountsAnswersByVerdictAndStatedProbability) {
  std::vector<Review> reviews;
  for (int i = 0; i < 12; ++i) reviews.push_back(Answered(i < 3 ? Answer::kYes : Answer::kNo, "same-object", 0.95));
  reviews.push_back(Answered(Answer::kUnsure, "same-object", 0.95));
  reviews.push_back(Answered(Answer::kYes, "", 0));
  reviews.push_back(Answered(Answer::kYes, "same-photo", 1.0));
  reviews.push_back(Answered(Answer::kNo, "look-alike", 0.2));
  const std::vector<ReviewBin> curve = ReviewCurve(reviews);
  ASSERT_EQ(curve.size(), 3u);
  EXPECT_EQ(curve[0].verdict, "same-photo");
  EXPECT_EQ(curve[0].num_yes, 1);
  EXPECT_EQ(curve[0].to, 1.0);
  EXPECT_FALSE(curve[0].disagrees()) << "One answer decides nothing.";
  EXPECT_EQ(curve[1].verdict, "same-object");
  EXPECT_EQ(curve[1].num_yes, 3);
  EXPECT_EQ(curve[1].num_no, 9);
  EXPECT_NEAR(curve[1].stated, 0.95, 1e-9);
  EXPECT_TRUE(curve[1].disagrees()) << "A quarter came true where 95 % were stated.";
  EXPECT_EQ(curve[2].verdict, "look-alike");
  for (Review& review : reviews) review.machine_probability = 0.3;
  EXPECT_FALSE(ReviewCurve(reviews)[1].disagrees()) << "3 of 12 agrees with 30 %.";
}

TEST(ConformanceTest, EveryFormatIsDecodedToWhatWasEncoded) {
  const std::vector<ConformanceResult> results = TryDecoders();
  EXPECT_EQ(results.size(), 8u);
  for (const ConformanceResult& result : results) {
    EXPECT_TRUE(result.is_right || !result.is_tried) << PhotoFormatName(result.format) << ": " << result.error;
    if (result.format == PhotoFormat::kPng) {
      EXPECT_TRUE(result.is_right);
      EXPECT_EQ(result.mean_error, 0);
    }
  }
}

// A limit that any picture would pass proves nothing.
TEST(ConformanceTest, AWrongPictureWouldBeNoticed) {
  const Image image = ConformancePicture(96, 64);
  double swapped = 0, mirrored = 0;
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 96; ++x) {
      const uint8_t* p = &image.pixels[3 * static_cast<size_t>(y * 96 + x)];
      const uint8_t* q = &image.pixels[3 * static_cast<size_t>(y * 96 + 95 - x)];
      swapped += std::abs(p[0] - p[2]);
      mirrored += std::abs(p[0] - q[0]);
    }
  }
  EXPECT_GT(swapped / (96 * 64), 20);
  EXPECT_GT(mirrored / (96 * 64), 20);
}

class DoctorTest : public PictureCollectionTest {
 protected:
  void SetUp() override {
    PictureCollectionTest::SetUp();
    CreateCollection(collection_, kOptions);
    Take(collection_, {scratch_ / "in"});
    AppendToLog({collection_}, R"({"command":"ingest"})", 1000);
  }
  Finding Of(const std::string& topic) const {
    const std::vector<Finding> findings = ExamineCollection(collection_, {});
    const auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.topic == topic; });
    if (found != findings.end()) return *found;
    ADD_FAILURE() << topic;
    return {};
  }
};

TEST_F(DoctorTest, AHealthyCollection) {
  for (const Finding& finding : ExamineCollection(collection_, {})) {
    EXPECT_EQ(finding.level, Level::kOk) << finding.topic << ": " << finding.message;
  }
  EXPECT_THAT(Of("self-match").message, testing::HasSubstr("5 of 5 sampled photos find themselves, 5 of them first"));
}

TEST_F(DoctorTest, AnIndexThatDoesNotFindItsPhotos) {
  PublishGlobalsOnly(collection_, OpenCurrentSnapshot({collection_})->info, {});
  EXPECT_EQ(Of("self-match").level, Level::kFail);
}

TEST_F(DoctorTest, ADamagedIndexDoesNotHideTheRest) {
  std::ofstream(CollectionPaths{collection_}.current()) << "nonsense";
  EXPECT_EQ(Of("snapshot").level, Level::kFail);
  EXPECT_EQ(Of("audit log").level, Level::kOk);
  std::filesystem::remove(CollectionPaths{collection_}.audit_heads());
  EXPECT_EQ(Of("audit log").level, Level::kFail);
}

TEST_F(DoctorTest, TheInstallationOfTheTestsIsFit) {
  for (const Finding& finding : ExamineInstallation()) EXPECT_NE(finding.level, Level::kFail) << finding.message;
}

}  // namespace
}  // namespace pugmark
