// SPDX-License-Identifier: Apache-2.0
// One rigid thing or several, on points whose depth and movement the test chose.
#include "engine/verify/epipolar.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace pugmark {
namespace {

constexpr int kWidth_px = 640, kHeight_px = 480;
constexpr float kFocal_px = 700;
constexpr float kMaxError = 0.002f;

struct Point {
  float x, y, z;  // z: away from the first camera; the thing is 10 away.
};

// Turned about the upright axis through the middle of the thing, then moved.
Point Moved(const Point& p, float turn_rad, float dx, float dy) {
  const float x = p.x, z = p.z - 10;
  return {x * std::cos(turn_rad) + z * std::sin(turn_rad) + dx, p.y + dy,
          z * std::cos(turn_rad) - x * std::sin(turn_rad) + 10};
}

Keypoint Seen(const Point& p) {
  return {kWidth_px / 2 + kFocal_px * p.x / p.z, kHeight_px / 2 + kFocal_px * p.y / p.z, 4, 0};
}

struct Pair {
  Features query, photo;
  std::vector<Match> matches;

  Pair() {
    for (Features* f : {&query, &photo}) {
      f->width_px = kWidth_px;
      f->height_px = kHeight_px;
    }
  }
  void Add(const Point& before, const Point& after) {
    matches.push_back({static_cast<int>(query.keypoints.size()), static_cast<int>(photo.keypoints.size())});
    query.keypoints.push_back(Seen(before));
    photo.keypoints.push_back(Seen(after));
  }
  std::vector<Match> Kept() const { return WithoutIndependent(matches, matches, query, photo, kMaxError); }
};

std::vector<Point> MakePoints(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  const auto uniform = [&](float from, float to) {
    return from + (to - from) * static_cast<float>(random()) / 4294967296.0f;
  };
  std::vector<Point> points;
  for (size_t i = 0; i < size; ++i) points.push_back({uniform(-2, 2), uniform(-2, 2), uniform(8, 12)});
  return points;
}

// However deep the thing is: no plane explains what a camera 20 degrees aside sees of it.
TEST(EpipolarTest, KeepsARigidThing) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    Pair pair;
    for (const Point& p : MakePoints(60, seed)) pair.Add(p, Moved(p, 0.35f, 0.2f, 0.1f));
    EXPECT_GE(pair.Kept().size(), 58u) << seed;
  }
}

TEST(EpipolarTest, DropsWhatMovesByItself) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    Pair pair;
    const std::vector<Point> points = MakePoints(60, seed);
    for (size_t i = 0; i < 40; ++i) pair.Add(points[i], Moved(points[i], 0.35f, 0.2f, 0.1f));
    for (size_t i = 40; i < 60; ++i) pair.Add(points[i], Moved(points[i], -0.25f, -0.1f, 0.4f));
    size_t kept_of_first = 0, kept_of_second = 0;
    for (const Match& m : pair.Kept()) ++(m.query < 40 ? kept_of_first : kept_of_second);
    EXPECT_GE(kept_of_first, 38u) << seed;
    EXPECT_LE(kept_of_second, 6u) << seed;  // Some lie on their lines by accident.
  }
}

TEST(EpipolarTest, KeepsAFlatCopy) {
  Pair pair;
  for (Point p : MakePoints(60, 7)) {
    p.z = 10;
    pair.Add(p, {0.7f * p.x + 0.3f, 0.7f * p.y - 0.1f, 10});
  }
  EXPECT_EQ(pair.Kept().size(), pair.matches.size());
}

TEST(EpipolarTest, JudgesOnlyWhatItIsAskedAbout) {
  Pair pair;
  for (const Point& p : MakePoints(60, 8)) pair.Add(p, Moved(p, 0.35f, 0.2f, 0.1f));
  const std::vector<Match> some = {pair.matches[3], pair.matches[20]};
  const std::vector<Match> kept = WithoutIndependent(some, pair.matches, pair.query, pair.photo, kMaxError);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].query, 3);
  EXPECT_EQ(kept[1].photo, 20);
}

TEST(EpipolarTest, WhereNothingCanBeFittedAllIsKept) {
  Pair few;
  const std::vector<Point> points = MakePoints(7, 9);
  for (size_t i = 0; i < 7; ++i) few.Add(points[i], points[6 - i]);
  EXPECT_EQ(few.Kept().size(), 7u);
  Pair one_place;
  for (int i = 0; i < 20; ++i) one_place.Add({0, 0, 10}, {0, 0, 10});
  EXPECT_EQ(one_place.Kept().size(), 20u);
  EXPECT_TRUE(Pair().Kept().empty());
}

}  // namespace
}  // namespace pugmark
