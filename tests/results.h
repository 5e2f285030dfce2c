// SPDX-License-Identifier: Apache-2.0
//
// Results as a search gives them, ordinary and hostile, for tests of what is shown of them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "engine/search/search.h"

namespace pugmark {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

// What a seller might write to harm whoever looks at it.
inline const std::string kScript =
    "<script>alert('x')</script>\"><img src=http://evil/x onerror=y>{{title}}{{{title}}}";
inline const std::string kEscapes =
    "\x1b[2J\x1b]0;pwned\x07\r\ngone\x7f\xc2\x9b"
    "31m";
inline const std::string kBidi =
    "\xe2\x80\xae"
    "gpj.exe\xe2\x81\xa6\xe2\x80\xa8";
inline const std::string kNotUtf8 = "caf\xe9 \xff\xc0\xaf \xed\xa0\x80";
inline const std::string kFormula = "=HYPERLINK(\"http://evil\",\"a,b\")";
inline const std::string kChinese = "象牙雕刻清代老物件收藏品全国包邮象牙雕刻清代老物件收藏品全国包邮";

inline Sha256 ShaOf(uint8_t first) {
  Sha256 sha;
  sha.bytes[0] = first;
  return sha;
}

inline Sighting ASighting(const std::string& text) {
  Sighting sighting;
  sighting.listing = {.platform = text,
                      .external_id = text,
                      .url = text,
                      .seller = text,
                      .seller_url = text,
                      .title = text,
                      .price = text,
                      .currency = text,
                      .posted_at = text,
                      .products = {text, text},
                      .species = {text},
                      .operation = text,
                      .extra_json = ""};
  sighting.path = text;
  sighting.captured_at = text;
  return sighting;
}

inline Sighting AnOrdinarySighting() {
  Sighting sighting;
  sighting.listing.platform = "darkbay";
  sighting.listing.external_id = "L-42";
  sighting.listing.seller = "ivory_king";
  sighting.listing.title = "Old horn";
  sighting.listing.url = "http://darkbay.example/L-42";
  sighting.listing.posted_at = "2017-01-14T09:30:00Z";
  sighting.listing.products = {"rhino_horn", "ivory"};
  return sighting;
}

inline Hit AHit(int num_inliers = 87) {
  Hit hit;
  hit.rank = 1;
  hit.verdict = Verdict::kSamePhoto;
  hit.probability = 0.998;
  hit.expected_false_hits = 2.5e-9;
  hit.num_inliers = num_inliers;
  hit.num_cells = num_inliers / 2;
  hit.agreeing_pixels = 0.93f;
  hit.photo.sha256 = ShaOf(0xAB);
  hit.photo.path = "/ads/horn.jpg";
  hit.photo.width_px = 1280;
  hit.photo.height_px = 960;
  hit.query_overlap = 0.925f;
  hit.photo_overlap = 0.5f;
  hit.query_region = {10, 20, 300, 200};
  hit.photo_region = {100, 120, 600, 400};
  hit.photo_from_query = {2, 0, 80, 0, 2, 80, 0, 0, 1};
  for (int i = 0; i < num_inliers; ++i) {
    const float x = static_cast<float>(10 + i % 300), y = static_cast<float>(20 + i % 200);
    hit.inliers.push_back({x, y, 2 * x + 80, 2 * y + 80});
  }
  hit.sightings = {AnOrdinarySighting()};
  return hit;
}

inline QueryResult AResult(std::vector<Hit> hits) {
  QueryResult result;
  result.path = "inbox/new.jpg";
  result.sha256 = ShaOf(0x01);
  result.width_px = 640;
  result.height_px = 480;
  result.num_keypoints = 700;
  result.snapshot = 7;
  result.num_photos = 103482;
  result.elapsed_ms = 41.26;
  result.hits = std::move(hits);
  return result;
}

inline QueryResult AnUnreadableResult() {
  QueryResult result;
  result.path = "inbox/notes.txt";
  result.error_code = "not_an_image";
  result.error = "The file is no image.";
  return result;
}

inline QueryResult AHostileResult() {
  Hit hit = AHit();
  hit.sightings.clear();
  for (const std::string& text : {kScript, kEscapes, kBidi, kNotUtf8, kFormula, kChinese}) {
    hit.sightings.push_back(ASighting(text));
    hit.banks.push_back({text, BankRole::kBenign});
  }
  hit.photo.path = "/ads/" + kEscapes + kBidi + kScript + kNotUtf8;
  hit.photo.format = hit.photo.camera_make = hit.photo.camera_model = hit.photo.camera_serial = hit.photo.taken_at =
      kScript;
  QueryResult result = AResult({hit});
  result.path = "=" + kScript + kEscapes + kBidi + kNotUtf8;
  return result;
}

inline std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Nothing that a terminal obeys, apart from line breaks, and no reversed reading direction.
inline void ExpectHarmlessOnTerminals(const std::string& text) {
  for (const char c : text) {
    EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r') << static_cast<int>(c);
    EXPECT_NE(c, '\x7f');
  }
  EXPECT_THAT(text, Not(HasSubstr("\xc2\x9b")));
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xae")));
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x81\xa6")));
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xa8")));
  EXPECT_NO_THROW(static_cast<void>(json(text).dump())) << "not UTF-8";
}

inline size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t i = text.find(what); i != std::string::npos; i = text.find(what, i + 1)) ++count;
  return count;
}

}  // namespace pugmark
