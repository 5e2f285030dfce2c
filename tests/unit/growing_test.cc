// SPDX-License-Identifier: Apache-2.0
// Guided matching, on keypoints whose true counterparts are known because the test made them.
#include "engine/verify/growing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "tests/pictures.h"

namespace pugmark {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
constexpr int kWidth_px = 640, kHeight_px = 480;
constexpr size_t kNumKeypoints = 800;

// Distributions of the standard library differ between its implementations; this does not.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  float Uniform(float low, float high) {
    return low + (high - low) * static_cast<float>(static_cast<double>(engine_() >> 11) * 0x1.0p-53);
  }
  size_t Below(size_t n) { return engine_() % n; }

 private:
  std::mt19937_64 engine_;
};

Features MakeFeatures(uint64_t seed, size_t size = kNumKeypoints) {
  Random random(seed);
  Features features;
  features.width_px = kWidth_px;
  features.height_px = kHeight_px;
  for (size_t i = 0; i < size; ++i) {
    features.keypoints.push_back({random.Uniform(0, kWidth_px), random.Uniform(0, kHeight_px),
                                  std::exp2(random.Uniform(1, 4)), random.Uniform(0, 2 * kPi)});
  }
  for (size_t i = 0; i < size * kDescriptorSize; ++i) {
    features.descriptors.push_back(static_cast<uint8_t>(random.Uniform(0, 91)));
  }
  return features;
}

struct Pair {
  Features query, photo;
  std::vector<int> truth;  // Of each of the query's keypoints: the photo's; -1: out of the picture.
};

// The photo shows the query's keypoints where `place` carries them, in another order, scaled and turned about as `model` does:
// sizes and directions are never measured exactly.
// correlation: [0, 1], of both descriptors of one detail; 1: they are equal.
Pair MakePair(uint64_t seed, const Affine& model, float correlation,
              const std::function<cv::Point2f(const Keypoint&)>& place) {
  Pair pair;
  pair.query = MakeFeatures(seed);
  pair.photo.width_px = kWidth_px;
  pair.photo.height_px = kHeight_px;
  const float zoom = std::sqrt(model.a * model.d - model.b * model.c);
  const float turn = std::atan2(model.c - model.b, model.a + model.d);
  Random random(seed + 1);
  std::vector<size_t> order(pair.query.size());
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
  pair.truth.assign(pair.query.size(), -1);
  const float noise = std::sqrt(1 - correlation * correlation);
  for (const size_t i : order) {
    const Keypoint& q = pair.query.keypoints[i];
    const cv::Point2f at = place(q);
    if (at.x < 0 || at.y < 0 || at.x >= kWidth_px || at.y >= kHeight_px) continue;
    pair.truth[i] = static_cast<int>(pair.photo.size());
    const float angle_rad = std::fmod(q.angle_rad + turn + random.Uniform(-0.3f, 0.3f) + 4 * kPi, 2 * kPi);
    const float scale_px = q.scale_px * zoom * std::exp2(random.Uniform(-0.5f, 0.5f));
    pair.photo.keypoints.push_back({at.x, at.y, scale_px, angle_rad});
    for (const uint8_t v : pair.query.descriptor(i)) {
      const float other = random.Uniform(-45, 45);
      const float mixed = 45 + correlation * (static_cast<float>(v) - 45) + noise * other;
      pair.photo.descriptors.push_back(static_cast<uint8_t>(std::clamp(mixed, 0.0f, 255.0f)));
    }
  }
  return pair;
}

cv::Point2f Apply(const Affine& m, const Keypoint& q) {
  return {m.a * q.x_px + m.b * q.y_px + m.tx, m.c * q.x_px + m.d * q.y_px + m.ty};
}

Growth GrowPair(const Pair& pair, const Affine& model, const std::vector<Match>& seeds) {
  return Grow({}, pair.query, pair.photo, Distances(pair.query.descriptors, pair.photo.descriptors), model, seeds);
}

// The first true matches near the middle of the query.
std::vector<Match> SeedsOf(const Pair& pair, size_t size) {
  std::vector<Match> seeds;
  for (size_t i = 0; i < pair.truth.size() && seeds.size() < size; ++i) {
    const Keypoint& q = pair.query.keypoints[i];
    if (pair.truth[i] < 0 || std::hypot(q.x_px - 320, q.y_px - 240) > 60) continue;
    seeds.push_back({static_cast<int>(i), pair.truth[i]});
  }
  return seeds;
}

int NumVisible(const Pair& pair) {
  return static_cast<int>(pair.truth.size() - static_cast<size_t>(std::count(pair.truth.begin(), pair.truth.end(), -1)));
}

int NumTrue(const Pair& pair, const Growth& growth) {
  const auto is_true = [&](const Match& m) { return pair.truth[static_cast<size_t>(m.query)] == m.photo; };
  return static_cast<int>(std::count_if(growth.matches.begin(), growth.matches.end(), is_true));
}

int NumConfirmedCells(const Pair& pair, const Growth& growth) { return NumCells({}, pair.query, pair.photo, growth.confirmed); }

void ExpectOneToOne(const Growth& growth) {
  std::set<int> queries, photos;
  for (const Match& m : growth.matches) {
    EXPECT_TRUE(queries.insert(m.query).second) << m.query;
    EXPECT_TRUE(photos.insert(m.photo).second) << m.photo;
  }
}

// A similarity, and an affinity that shrinks one direction; part of the query lies outside the photo.
const std::vector<Affine> kModels = {{0.8f * std::cos(0.3f), -0.8f * std::sin(0.3f), 0.8f * std::sin(0.3f),
                                      0.8f * std::cos(0.3f), 120, -20},
                                     {1.2f, 0.15f, -0.1f, 0.9f, -60, 30}};

TEST(GrowingTest, FindsEverythingAgainUnderAnAffinity) {
  for (const Affine& model : kModels) {
    const Pair pair = MakePair(1, model, 0.95f, [&](const Keypoint& q) { return Apply(model, q); });
    const Growth growth = GrowPair(pair, model, SeedsOf(pair, 4));
    const int num_visible = NumVisible(pair);
    ASSERT_GT(num_visible, 500);
    EXPECT_GT(NumTrue(pair, growth), 0.98 * num_visible);
    ExpectOneToOne(growth);
    // Both photos' cells count, so two keypoints in one cell of the smaller view may be one cell less.
    EXPECT_LE(growth.num_cells, growth.num_visible_cells);
    EXPECT_GT(growth.num_best_cells, 0.8 * growth.num_visible_cells);
    EXPECT_LT(growth.log10_chance, -300);
  }
}

// Descriptors that no longer pass the ratio test: what is known of the place makes up for it.
TEST(GrowingTest, PlaceMakesUpForWeakDescriptors) {
  const Affine model = kModels[0];
  const Pair pair = MakePair(2, model, 0.35f, [&](const Keypoint& q) { return Apply(model, q); });
  const auto unguided = MatchDescriptors(pair.query, pair.photo, VerifyOptions().max_ratio);
  const Growth growth = GrowPair(pair, model, SeedsOf(pair, 4));
  EXPECT_GT(NumTrue(pair, growth), 0.8 * NumVisible(pair));
  EXPECT_GT(NumTrue(pair, growth), 4 * static_cast<int>(unguided.size()));
  EXPECT_GT(NumTrue(pair, growth), 0.95 * static_cast<double>(growth.matches.size()));
  EXPECT_LT(growth.num_best_cells, 0.9 * growth.num_cells);  // Fair matches, not excellent ones.
  EXPECT_LT(growth.log10_chance, -100);
}

// A cylinder, say: the affinity of its middle is wrong by up to four times loose_error at the sides.
TEST(GrowingTest, FollowsABentSurface) {
  const Affine model;
  const auto bend = [](const Keypoint& q) {
    const float u = (q.x_px - 320) / 320, v = (q.y_px - 240) / 320;
    return cv::Point2f(q.x_px - 56 * u * std::fabs(u), q.y_px - 30 * v * u);
  };
  const Pair pair = MakePair(3, model, 0.6f, bend);
  const float loose_px = VerifyOptions().loose_error * kWidth_px;
  int num_within = 0;
  for (size_t i = 0; i < pair.truth.size(); ++i) {
    const Keypoint& q = pair.query.keypoints[i];
    const cv::Point2f off = bend(q) - cv::Point2f(q.x_px, q.y_px);
    num_within += pair.truth[i] >= 0 && std::hypot(off.x, off.y) <= loose_px ? 1 : 0;
  }
  const int num_visible = NumVisible(pair);
  ASSERT_LT(num_within, 0.6 * num_visible);
  const Growth growth = GrowPair(pair, model, SeedsOf(pair, 4));
  EXPECT_GT(NumTrue(pair, growth), 1.5 * num_within);
  EXPECT_GT(NumTrue(pair, growth), 0.95 * num_visible);
  EXPECT_GT(NumTrue(pair, growth), 0.98 * static_cast<double>(growth.matches.size()));
  ExpectOneToOne(growth);
}

// Places, sizes and directions agree perfectly; only the descriptors say that these are two things.
TEST(GrowingTest, ConfirmedIsWhatIsDisplacedAsItsNeighbours) {
  const Affine model{1, 0, 0, 1, 0, 0};
  const auto bent = [&](const Keypoint& q) {
    return cv::Point2f(q.x_px + 8 * std::sin(2 * kPi * q.y_px / kHeight_px), q.y_px + 5 * std::sin(2 * kPi * q.x_px / kWidth_px));
  };
  const Pair surface = MakePair(21, model, 0.9f, bent);
  const Growth whole = GrowPair(surface, model, SeedsOf(surface, 8));
  EXPECT_GT(NumConfirmedCells(surface, whole), whole.num_cells * 9 / 10);
  EXPECT_LE(NumConfirmedCells(surface, whole), whole.num_best_cells);

  // As far from the model on average, but each detail for itself: within reach, and no surface.
  Random random(22);
  const Pair scattered = MakePair(21, model, 0.9f, [&](const Keypoint& q) {
    const float turn = random.Uniform(0, 2 * kPi);
    return cv::Point2f(q.x_px + 11 * std::cos(turn), q.y_px + 11 * std::sin(turn));
  });
  const Growth apart = GrowPair(scattered, model, SeedsOf(scattered, 8));
  EXPECT_GT(apart.num_best_cells, whole.num_best_cells / 2);
  EXPECT_LT(NumConfirmedCells(scattered, apart), apart.num_best_cells / 3);
}

TEST(GrowingTest, NothingIsConfirmedThatIsThereTwice) {
  const Affine model{1, 0, 0, 1, 0, 0};
  Pair pair = MakePair(23, model, 0.9f, [&](const Keypoint& q) { return Apply(model, q); });
  const Growth once = GrowPair(pair, model, SeedsOf(pair, 8));
  // Every detail of the photo once more, nearly as like, elsewhere.
  const size_t size = pair.photo.size();
  for (size_t i = 0; i < size; ++i) {
    Keypoint other = pair.photo.keypoints[i];
    other.x_px = std::fmod(other.x_px + kWidth_px / 2, static_cast<float>(kWidth_px));
    pair.photo.keypoints.push_back(other);
    for (size_t d = 0; d < kDescriptorSize; ++d) {
      const uint8_t value = pair.photo.descriptors[i * kDescriptorSize + d];
      pair.photo.descriptors.push_back(static_cast<uint8_t>(value ^ 1));
    }
  }
  const Growth twice = GrowPair(pair, model, SeedsOf(pair, 8));
  EXPECT_GT(NumConfirmedCells(pair, once), once.num_cells / 2);
  EXPECT_GT(twice.num_cells, once.num_cells / 2);
  EXPECT_TRUE(twice.confirmed.empty());
}

TEST(GrowingTest, ChanceExplainsUnrelatedDescriptors) {
  for (uint64_t seed = 10; seed < 30; ++seed) {
    Pair pair = MakePair(seed, {}, 1, [](const Keypoint& q) { return cv::Point2f(q.x_px, q.y_px); });
    pair.query.descriptors = MakeFeatures(seed + 1000).descriptors;
    // As Verify() does: what agrees with the model by itself.
    std::vector<Match> seeds;
    for (const Match& m : MatchDescriptors(pair.query, pair.photo, 1)) {
      if (pair.truth[static_cast<size_t>(m.query)] == m.photo) seeds.push_back(m);
    }
    const Growth growth = GrowPair(pair, {}, seeds);
    EXPECT_GT(growth.log10_chance, -4) << seed << ": " << growth.matches.size() << " matches";
    EXPECT_LE(growth.log10_chance, 0);
    EXPECT_LT(growth.num_cells, 0.3 * growth.num_visible_cells);
    ExpectOneToOne(growth);
  }
}

// Equal descriptors at the right places do not count if the details are turned or much larger.
TEST(GrowingTest, DirectionAndSizeMustAgree) {
  const Pair pair = MakePair(8, {}, 1, [](const Keypoint& q) { return cv::Point2f(q.x_px, q.y_px); });
  Pair turned = pair, larger = pair;
  for (Keypoint& p : turned.photo.keypoints) p.angle_rad = std::fmod(p.angle_rad + 1, 2 * kPi);
  for (Keypoint& p : larger.photo.keypoints) p.scale_px *= 4;
  for (const Pair* other : {&turned, &larger}) {
    const Growth growth = GrowPair(*other, {}, {});
    EXPECT_EQ(NumTrue(*other, growth), 0);
    EXPECT_EQ(growth.log10_chance, 0);
  }
}

// Several details of the query at one place of the photo: one of them gets it.
TEST(GrowingTest, IsOneToOneWhereManyCompete) {
  Pair pair = MakePair(4, {}, 1, [](const Keypoint& q) { return cv::Point2f(q.x_px, q.y_px); });
  const Features once = pair.query;
  pair.query.keypoints.insert(pair.query.keypoints.end(), once.keypoints.begin(), once.keypoints.end());
  pair.query.descriptors.insert(pair.query.descriptors.end(), once.descriptors.begin(), once.descriptors.end());
  const Growth growth = GrowPair(pair, {}, {});
  EXPECT_GT(growth.matches.size(), 0.9 * kNumKeypoints);
  EXPECT_LE(growth.matches.size(), kNumKeypoints);
  ExpectOneToOne(growth);
}

TEST(GrowingTest, KeepsSeedsAndIsDeterministic) {
  const Pair pair = MakePair(5, kModels[1], 0.4f, [](const Keypoint& q) { return Apply(kModels[1], q); });
  const std::vector<Match> seeds = SeedsOf(pair, 6);
  ASSERT_EQ(seeds.size(), 6u);
  const Growth first = GrowPair(pair, kModels[1], seeds), second = GrowPair(pair, kModels[1], seeds);
  const auto pairs = [](const std::vector<Match>& matches) {
    std::vector<std::pair<int, int>> found;
    for (const Match& m : matches) found.emplace_back(m.query, m.photo);
    return found;
  };
  EXPECT_EQ(pairs(first.matches), pairs(second.matches));
  EXPECT_EQ(first.num_cells, second.num_cells);
  EXPECT_EQ(first.log10_chance, second.log10_chance);
  const auto grown = pairs(first.matches);
  for (const auto& seed : pairs(seeds)) EXPECT_NE(std::find(grown.begin(), grown.end(), seed), grown.end());
}

TEST(GrowingTest, EmptyFeaturesAreNoError) {
  const Features some = MakeFeatures(6, 50);
  Features none;
  none.width_px = kWidth_px;
  none.height_px = kHeight_px;
  for (const auto& [query, photo] : {std::pair(none, some), std::pair(some, none), std::pair(none, none)}) {
    const Growth growth = Grow({}, query, photo, Distances(query.descriptors, photo.descriptors), {}, {});
    EXPECT_TRUE(growth.matches.empty());
    EXPECT_EQ(growth.num_cells, 0);
    EXPECT_TRUE(growth.confirmed.empty());
    EXPECT_EQ(growth.log10_chance, 0);
  }
  // The model carries everything out of the photo.
  Affine away;
  away.tx = 10'000;
  const Growth growth = Grow({}, some, some, Distances(some.descriptors, some.descriptors), away, {});
  EXPECT_TRUE(growth.matches.empty());
  EXPECT_EQ(growth.num_visible_cells, 0);
  EXPECT_EQ(growth.log10_chance, 0);
}

// What Verify() makes of the growth.

Features Extract(const cv::Mat& picture) { return ExtractFeatures(ToImage(picture), {}); }

TEST(VerifyGrownTest, ExactCopyAgreesDownToTheDetail) {
  const Features photo = Extract(MakePicture(40));
  const Verification v = Verify({}, photo, photo, 1000);
  EXPECT_TRUE(v.tight);
  EXPECT_LT(v.median_error_px, 0.01);
  EXPECT_LE(v.median_error_px, v.high_error_px);
  EXPECT_GT(v.detail_share, 0.95);
  EXPECT_GT(v.distinctness, 0.95);
  EXPECT_GT(v.num_confirmed_cells, v.num_cells / 2);
  EXPECT_GT(v.confirmed_share, 0.5);
  EXPECT_LE(v.confirmed_share, v.detail_share);
}

// Depth seen from a spot beside: every point moves a little, neighbours alike. A plane still explains it, but not as well as
// it explains a copy.
TEST(VerifyGrownTest, SmoothParallaxIsNoCopy) {
  for (uint64_t seed = 41; seed < 44; ++seed) {
    const cv::Mat picture = MakePicture(seed);
    cv::Mat map_x(picture.size(), CV_32F), map_y(picture.size(), CV_32F), moved, copy;
    for (int y = 0; y < picture.rows; ++y) {
      for (int x = 0; x < picture.cols; ++x) {
        const auto fx = static_cast<float>(x), fy = static_cast<float>(y);
        map_x.at<float>(y, x) = fx + 1.5f * std::sin(2 * kPi * fx / 160) * std::cos(2 * kPi * fy / 200);
        map_y.at<float>(y, x) = fy;
      }
    }
    cv::remap(picture, moved, map_x, map_y, cv::INTER_CUBIC, cv::BORDER_REPLICATE);
    const Features photo = Extract(picture);
    const Verification parallax = Verify({}, Extract(moved), photo, 1000);
    EXPECT_TRUE(parallax.tight);
    EXPECT_GT(parallax.median_error_px, 0.35) << seed;
    EXPECT_LT(parallax.median_error_px, 1.5) << seed;
    EXPECT_GT(parallax.high_error_px, parallax.median_error_px);
    // Moved as a whole and blurred a little: an edited copy.
    const cv::Matx23d shift(1, 0, 1.5, 0, 1, 0.7);
    cv::warpAffine(picture, copy, shift, picture.size(), cv::INTER_CUBIC, cv::BORDER_REPLICATE);
    cv::GaussianBlur(copy, copy, cv::Size(0, 0), 0.7);
    const Verification edited = Verify({}, Extract(copy), photo, 1000);
    EXPECT_TRUE(edited.tight);
    EXPECT_LT(edited.median_error_px, 0.35) << seed;
  }
}

// Of one make: half of the details are another piece's.
TEST(VerifyGrownTest, SharesTellAPartFromTheWhole) {
  Pair pair = MakePair(7, {}, 0.9f, [](const Keypoint& q) { return cv::Point2f(q.x_px, q.y_px); });
  const Verification whole = Verify({}, pair.query, pair.photo, 1000);
  EXPECT_GT(whole.detail_share, 0.9);
  const Features other = MakeFeatures(1007);
  for (size_t i = 0; i < pair.query.descriptors.size(); ++i) {
    if (pair.query.keypoints[i / kDescriptorSize].x_px < 320) pair.query.descriptors[i] = other.descriptors[i];
  }
  const Verification half = Verify({}, pair.query, pair.photo, 1000);
  EXPECT_NEAR(half.detail_share, 0.5, 0.1);
  EXPECT_LT(half.log10_nfa, -100);
  EXPECT_GT(half.log10_nfa, whole.log10_nfa);
}

}  // namespace
}  // namespace pugmark
