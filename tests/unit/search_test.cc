// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/search/regions.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

TEST(Regions, AreReadInPixelsAndPercent) {
  const Region pixels = PlaceOf(ParseRectangle("10,20.5,300,200"), 400, 300);
  EXPECT_FLOAT_EQ(pixels.x_px, 10);
  EXPECT_FLOAT_EQ(pixels.y_px, 20.5);
  EXPECT_FLOAT_EQ(pixels.width_px, 300);
  EXPECT_FLOAT_EQ(pixels.height_px, 200);
  const Region percent = PlaceOf(ParseRectangle("10%,20%,50%,80%"), 400, 300);
  EXPECT_FLOAT_EQ(percent.x_px, 40);
  EXPECT_FLOAT_EQ(percent.y_px, 60);
  EXPECT_FLOAT_EQ(percent.width_px, 200);
  EXPECT_FLOAT_EQ(percent.height_px, 240);
}

TEST(Regions, MayEndWithThePhotoAndNoFurther) {
  const Region whole = PlaceOf(ParseRectangle("0,0,400,300"), 400, 300);
  EXPECT_FLOAT_EQ(whole.width_px, 400);
  const Region rounded = PlaceOf(ParseRectangle("33.4%,0%,66.7%,100%"), 400, 300);  // 400.4 px.
  EXPECT_FLOAT_EQ(rounded.x_px + rounded.width_px, 400);
  EXPECT_THROW(PlaceOf(ParseRectangle("1,0,400,300"), 400, 300), Error);
  EXPECT_THROW(PlaceOf(ParseRectangle("0%,1%,100%,100%"), 400, 300), Error);
  EXPECT_THROW(PlaceOf(ParseRectangle("0,0,7,300"), 400, 300), Error) << "Too small to match.";
}

TEST(Regions, RefuseWhatIsNoRectangle) {
  for (const char* text : {"", "1", "1,2,3", "1,2,3,4,", "1,2,3,4,5", "1,2,3,x", "1,2,3,4 ", "nan,0,10,10", "0,0,inf,10",
                           "0,0,1e999,10", "0,0,-5,10", "0,0,0,10", "-1,0,10,10", "10%,10%,10,10", "%,%,%,%"}) {
    EXPECT_THROW(ParseRectangle(text), Error) << text;
  }
}

TEST(Regions, DropKeypointsByTheirPlaceInTheOriginal) {
  Features features;
  features.width_px = 100;
  features.height_px = 100;
  for (const float x_px : {5.f, 45.f, 55.f, 95.f}) features.keypoints.push_back({x_px, 50, 1, 0});
  for (uint8_t i = 0; i < 4; ++i) features.descriptors.insert(features.descriptors.end(), kDescriptorSize, i);
  // A part of 200 × 200 original pixels that begins at (1000, 500).
  const Region place{1000, 500, 200, 200};
  const Features kept = WithoutRegions(features, place, {{1080, 590, 40, 20}}, 10);  // Those at 1090 and 1110.
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_FLOAT_EQ(kept.keypoints[0].x_px, 5);
  EXPECT_FLOAT_EQ(kept.keypoints[1].x_px, 95);
  EXPECT_EQ(kept.descriptor(0)[0], 0);
  EXPECT_EQ(kept.descriptor(1)[127], 3);
  EXPECT_EQ(kept.width_px, 100);
  EXPECT_EQ(WithoutRegions(features, place, {{0, 0, 900, 900}}, 10).size(), 4u) << "Elsewhere.";
  EXPECT_EQ(WithoutRegions(features, place, {}, 3).size(), 3u) << "The strongest.";
}

}  // namespace
}  // namespace pugmark
