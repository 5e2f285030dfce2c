// SPDX-License-Identifier: Apache-2.0
//
// What evidence leads to which verdict: one typical pair of each kind, with the figures that such pairs were measured to have
// (docs/measuring.md), and what must not be called more than it is.
#include "engine/search/verdict.h"

#include <gtest/gtest.h>

namespace pugmark {
namespace {

struct Pair {
  Verification verification;
  Agreement agreement;
  Features query, photo;

  Verdict verdict(bool has_pixels = true) const {
    return Judge(verification, query, photo, agreement, has_pixels, 2000).verdict;
  }
};

// n inliers around (x, y), in fractions of both pictures; the photo's are moved by `shift`.
void Place(int n, float x, float y, float shift, Pair* pair) {
  pair->query.width_px = pair->query.height_px = pair->photo.width_px = pair->photo.height_px = 640;
  for (int i = 0; i < n; ++i) {
    const float dx = 40 * (static_cast<float>(i % 5) / 5 - 0.5f), dy = 40 * (static_cast<float>(i % 7) / 7 - 0.5f);
    pair->query.keypoints.push_back({640 * x + dx, 640 * y + dy, 4, 0});
    pair->photo.keypoints.push_back({640 * (x + shift) + dx, 640 * y + dy, 4, 0});
    pair->verification.inliers.push_back({static_cast<int>(pair->verification.inliers.size()),
                                          static_cast<int>(pair->verification.inliers.size())});
  }
}

Pair EditedCopy() {
  Pair pair;
  Place(100, 0.5f, 0.5f, 0.1f, &pair);
  Verification& v = pair.verification;
  v.num_cells = 120;
  v.detail_share = 0.65f;
  v.distinctness = 0.97f;
  v.num_confirmed_cells = 100;
  v.confirmed_share = 0.5f;
  v.tight = true;
  v.median_error_px = 0.13f;
  v.high_error_px = 0.5f;
  v.log10_nfa = -300;
  pair.agreement = {0.95f, 150, 0.8f, 0.9f, 70, 0.1f};
  return pair;
}

TEST(Verdict, AnEditedCopyIsTheSamePhoto) {
  EXPECT_EQ(EditedCopy().verdict(), Verdict::kSamePhoto);
  EXPECT_EQ(EditedCopy().verdict(false), Verdict::kSameObject) << "Without pixels the weaker verdict is given.";
}

TEST(Verdict, AnUnmovedCopyIsNoFrame) {
  Pair pair = EditedCopy();
  pair.photo.keypoints = pair.query.keypoints;
  pair.verification.detail_share = 0.2f;
  pair.agreement.agreeing = 0.5f;
  EXPECT_LE(pair.verdict(), Verdict::kSameObject);
}

TEST(Verdict, CompressionMovesKeypointsButNotPixels) {
  Pair pair = EditedCopy();
  pair.verification.median_error_px = 0.7f;
  EXPECT_EQ(pair.verdict(), Verdict::kSamePhoto);
  pair.agreement.high_displacement_px = 0.6f;
  EXPECT_EQ(pair.verdict(), Verdict::kSameObject) << "Both are moved: another view.";
}

TEST(Verdict, AFewDetailsOfASmallTileSufficeIfThePixelsAgree) {
  Pair pair = EditedCopy();
  pair.verification.log10_nfa = -7;
  pair.verification.num_cells = 8;
  pair.verification.num_confirmed_cells = 3;
  pair.verification.confirmed_share = 0.2f;
  EXPECT_EQ(pair.verdict(), Verdict::kSamePhoto);
  pair.agreement.agreeing = 0.6f;
  EXPECT_GT(pair.verdict(), Verdict::kSamePhoto);
}

TEST(Verdict, AnotherViewIsTheSameObject) {
  Pair pair = EditedCopy();
  pair.verification.median_error_px = 2;
  pair.verification.high_error_px = 8;
  pair.verification.distinctness = 0.4f;
  pair.verification.detail_share = 0.1f;
  pair.verification.num_confirmed_cells = 13;
  pair.verification.confirmed_share = 0.05f;
  pair.verification.log10_nfa = -18;
  pair.agreement.agreeing = 0.35f;
  pair.agreement.high_displacement_px = 1;
  EXPECT_EQ(pair.verdict(), Verdict::kSameObject);
}

// Just short of what is asked of everything: 5 √10 + 0.6 + √(3.35 + 14) = 20.6.
TEST(Verdict, WeakerEvidenceNeedsManyDetailsAndDepth) {
  Pair pair = EditedCopy();
  Verification& v = pair.verification;
  v.tight = false;
  v.distinctness = 0.5f;
  v.detail_share = 0.15f;
  v.num_cells = 30;
  v.num_confirmed_cells = 10;
  v.confirmed_share = 0.06f;
  v.log10_nfa = -14;
  pair.agreement.agreeing = 0.3f;
  ASSERT_GT(EvidenceStrength(v), 20);
  ASSERT_LT(EvidenceStrength(v), 22.5);
  EXPECT_EQ(pair.verdict(), Verdict::kSameObject);

  Pair flat = pair;
  flat.verification.tight = true;
  flat.verification.median_error_px = 1;
  EXPECT_EQ(flat.verdict(), Verdict::kLookAlike) << "A sign, or a cloth.";
  Pair crowd = pair;
  crowd.verification.num_cells = 60;
  EXPECT_EQ(crowd.verdict(), Verdict::kLookAlike) << "Ten of sixty are an accident of much detail.";
  Pair few = pair;
  few.verification.num_confirmed_cells = 8;
  few.verification.confirmed_share = 0.3f;
  ASSERT_GT(EvidenceStrength(few.verification), 20);
  EXPECT_EQ(few.verdict(), Verdict::kLookAlike);
}

TEST(Verdict, TheSameTableUnderOtherGoodsIsTheSameScene) {
  Pair pair = EditedCopy();
  pair.verification.median_error_px = 0.29f;
  pair.verification.detail_share = 0.22f;
  pair.verification.log10_nfa = -112;
  pair.agreement.agreeing = 0.46f;
  EXPECT_EQ(pair.verdict(), Verdict::kSameScene);
}

TEST(Verdict, GoodsOfOneMakeAreLookAlikes) {
  Pair pair = EditedCopy();
  pair.verification.tight = false;
  pair.verification.log10_nfa = -33;
  pair.verification.distinctness = 0.28f;
  pair.verification.detail_share = 0.1f;
  pair.verification.num_confirmed_cells = 6;
  pair.verification.confirmed_share = 0.02f;
  pair.agreement.agreeing = 0.15f;
  EXPECT_EQ(pair.verdict(), Verdict::kLookAlike);
}

TEST(Verdict, PrintOnOtherGoodsIsNoProof) {
  Pair pair = EditedCopy();
  pair.verification.median_error_px = 0.2f;
  pair.verification.detail_share = 0.1f;
  pair.verification.num_confirmed_cells = 14;
  pair.verification.confirmed_share = 0.09f;
  pair.verification.log10_nfa = -15;
  pair.agreement.agreeing = 0.2f;
  EXPECT_EQ(pair.verdict(), Verdict::kLookAlike);
  pair.verification.median_error_px = 2;  // The same evidence where nothing is flat.
  EXPECT_EQ(pair.verdict(), Verdict::kSameObject);
}

TEST(Verdict, ASharedLogoInACornerIsNothing) {
  Pair pair;
  Place(30, 0.92f, 0.92f, 0, &pair);
  pair.verification = {.num_matches = 40,
                       .inliers = pair.verification.inliers,
                       .num_cells = 10,
                       .detail_share = 0.05f,
                       .distinctness = 1,
                       .num_confirmed_cells = 10,
                       .confirmed_share = 0.05f,
                       .tight = true,
                       .median_error_px = 0.1f,
                       .high_error_px = 0.3f,
                       .photo_from_query = {},
                       .query_region = {},
                       .photo_region = {},
                       .log10_nfa = -14};
  pair.agreement = {0.5f, 100, 1, 1, 20, 0.5f};
  EXPECT_EQ(pair.verdict(), Verdict::kNone);
}

TEST(Verdict, NothingFoundIsNothing) { EXPECT_EQ(Pair{}.verdict(), Verdict::kNone); }

TEST(Verdict, ProbabilitiesFollowTheEvidence) {
  Pair strong = EditedCopy(), weak = EditedCopy();
  weak.verification.log10_nfa = -40;
  weak.verification.num_confirmed_cells = 15;
  weak.verification.confirmed_share = 0.1f;
  const Judgement a = Judge(strong.verification, strong.query, strong.photo, strong.agreement, true, 2000);
  const Judgement b = Judge(weak.verification, weak.query, weak.photo, weak.agreement, true, 2000);
  EXPECT_GT(a.probability, b.probability);
  EXPECT_LT(a.probability, 1) << "Only equal bytes are certain.";
  EXPECT_LT(a.expected_false_hits, b.expected_false_hits);
}

TEST(ExpectedFalseHits, GrowWithTheCollectionAndFallWithTheEvidence) {
  EXPECT_LT(ExpectedFalseHits(-20, 2000), ExpectedFalseHits(-10, 2000));
  // The same pair: its NFA grows with the number of photos, and so does what is expected, tenfold for tenfold.
  EXPECT_NEAR(ExpectedFalseHits(-19, 20'000) / ExpectedFalseHits(-20, 2'000), 10, 1e-6);
  EXPECT_GE(ExpectedFalseHits(-1000, 2000), 1e-9);
}

}  // namespace
}  // namespace pugmark
