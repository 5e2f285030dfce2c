// SPDX-License-Identifier: Apache-2.0
#include "engine/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/report/width.h"
#include "engine/report/wording.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

// What a seller might write to harm whoever looks at it.
const std::string kScript = "<script>alert('x')</script>\"><img src=http://evil/x onerror=y>{{title}}{{{title}}}";
const std::string kEscapes =
    "\x1b[2J\x1b]0;pwned\x07\r\ngone\x7f\xc2\x9b"
    "31m";
const std::string kBidi =
    "\xe2\x80\xae"
    "gpj.exe\xe2\x81\xa6\xe2\x80\xa8";
const std::string kNotUtf8 = "caf\xe9 \xff\xc0\xaf \xed\xa0\x80";
const std::string kFormula = "=HYPERLINK(\"http://evil\",\"a,b\")";
const std::string kChinese = "象牙雕刻清代老物件收藏品全国包邮象牙雕刻清代老物件收藏品全国包邮";

Sha256 ShaOf(uint8_t first) {
  Sha256 sha;
  sha.bytes[0] = first;
  return sha;
}

Sighting ASighting(const std::string& text) {
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

Sighting AnOrdinarySighting() {
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

Hit AHit(int num_inliers = 87) {
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

QueryResult AResult(std::vector<Hit> hits) {
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

QueryResult AnUnreadableResult() {
  QueryResult result;
  result.path = "inbox/notes.txt";
  result.error_code = "not_an_image";
  result.error = "The file is no image.";
  return result;
}

QueryResult AHostileResult() {
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

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Nothing that a terminal obeys, apart from line breaks, and no reversed reading direction.
void ExpectHarmlessOnTerminals(const std::string& text) {
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

// RFC 4180, strictly: fails the test on a quote in an unquoted cell.
std::vector<std::vector<std::string>> ParseCsv(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string cell;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      EXPECT_TRUE(cell.empty());
      quoted = true;
    } else if (c == ',') {
      row.push_back(std::exchange(cell, ""));
    } else if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      ++i;
      row.push_back(std::exchange(cell, ""));
      rows.push_back(std::exchange(row, {}));
    } else {
      cell += c;
    }
  }
  EXPECT_TRUE(row.empty() && cell.empty()) << "the last line is not ended";
  return rows;
}

size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t i = text.find(what); i != std::string::npos; i = text.find(what, i + 1)) ++count;
  return count;
}

// "\x1b[1;31mred\x1b[0m" → "red".
std::string WithoutColours(std::string text) {
  for (size_t i = text.find("\x1b["); i != std::string::npos; i = text.find("\x1b[", i)) {
    text.erase(i, text.find_first_not_of("0123456789;", i + 2) + 1 - i);
  }
  return text;
}

// Values of the attributes by which a page can name another file. All attributes are quoted, and no text or value holds
// a bracket that is not escaped.
std::vector<std::string> References(const std::string& html) {
  std::vector<std::string> references;
  for (size_t open = html.find('<'); open != std::string::npos; open = html.find('<', open + 1)) {
    const std::string tag = html.substr(open, html.find('>', open) - open);
    for (const std::string name : {"src", "href", "action", "data", "poster", "background"}) {
      const size_t at = tag.find(" " + name + "=");
      if (at == std::string::npos) continue;
      const size_t start = at + name.size() + 3;
      EXPECT_EQ(tag[start - 1], '"') << tag;
      references.push_back(tag.substr(start, tag.find('"', start) - start));
    }
  }
  return references;
}

HtmlOptions OptionsWithPictures() {
  HtmlOptions options;
  options.version = "1.2.3";
  options.collection = "/cases/collection";
  options.created_at = "2026-11-24T06:55:54Z";
  options.parameters = {{"Command", "pugmark search a.jpg"}};
  options.query_picture = [](const QueryResult&) { return std::vector<uint8_t>{0xFF, 0xD8, 0xFF, 0x01}; };
  options.hit_picture = [](const Hit&) { return std::vector<uint8_t>{0xFF, 0xD8, 0xFF, 0x02, 0x03}; };
  return options;
}

std::string Html(const std::vector<QueryResult>& results, const HtmlOptions& options = OptionsWithPictures()) {
  return FormatHtml(results, options);
}

TEST(ReportJson, HoldsEveryFieldOfTheContract) {
  const std::string line = FormatJson(AResult({AHit()}));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const json query = json::parse(line);
  EXPECT_EQ(query.at("schema"), 1);
  EXPECT_EQ(query.at("type"), "query");
  EXPECT_EQ(query.at("query"), "inbox/new.jpg");
  EXPECT_EQ(query.at("sha256"), ShaOf(0x01).Hex());
  EXPECT_EQ(query.at("elapsed_ms"), 41.26);
  EXPECT_EQ(query.at("snapshot"), 7);
  EXPECT_EQ(query.at("photos_searched"), 103482);
  EXPECT_EQ(query.at("query_width"), 640);
  EXPECT_EQ(query.at("query_height"), 480);
  EXPECT_EQ(query.at("keypoints"), 700);

  ASSERT_EQ(query.at("hits").size(), 1u);
  const json& hit = query.at("hits")[0];
  EXPECT_EQ(hit.at("rank"), 1);
  EXPECT_EQ(hit.at("verdict"), "same-photo");
  EXPECT_DOUBLE_EQ(hit.at("probability"), 0.998);
  EXPECT_DOUBLE_EQ(hit.at("expected_false_hits"), 2.5e-9);
  EXPECT_EQ(hit.at("inliers"), 87);
  EXPECT_EQ(hit.at("cells"), 43);
  EXPECT_EQ(hit.at("mirrored"), false);
  EXPECT_EQ(hit.at("photo"), ShaOf(0xAB).Hex());
  EXPECT_EQ(hit.at("path"), "/ads/horn.jpg");
  EXPECT_EQ(hit.at("query_overlap"), 0.925);
  EXPECT_EQ(hit.at("photo_overlap"), 0.5);
  EXPECT_EQ(hit.at("agreeing_pixels"), 0.93);
  EXPECT_EQ(hit.at("query_region"), json({10, 20, 300, 200}));
  EXPECT_EQ(hit.at("photo_region"), json({100, 120, 600, 400}));
  EXPECT_EQ(hit.at("transform"), json::parse("[[2,0,80],[0,2,80],[0,0,1]]"));
  EXPECT_EQ(hit.at("banks"), json::array());

  ASSERT_EQ(hit.at("sightings").size(), 1u);
  const json& sighting = hit.at("sightings")[0];
  EXPECT_EQ(sighting.at("platform"), "darkbay");
  EXPECT_EQ(sighting.at("listing_id"), "L-42");
  EXPECT_EQ(sighting.at("seller"), "ivory_king");
  EXPECT_EQ(sighting.at("url"), "http://darkbay.example/L-42");
  EXPECT_EQ(sighting.at("posted_at"), "2017-01-14T09:30:00Z");
  EXPECT_EQ(sighting.at("products"), json({"rhino_horn", "ivory"}));
  for (const char* name : {"price", "currency", "captured_at", "operation", "path"}) {
    EXPECT_TRUE(sighting.at(name).is_null()) << name;
  }
}

TEST(ReportJson, TellsOfAQueryThatCouldNotBeRead) {
  const json error = json::parse(FormatJson(AnUnreadableResult()));
  EXPECT_EQ(error.at("schema"), 1);
  EXPECT_EQ(error.at("type"), "error");
  EXPECT_EQ(error.at("query"), "inbox/notes.txt");
  EXPECT_EQ(error.at("error"), "not_an_image");
  EXPECT_EQ(error.at("message"), "The file is no image.");
  EXPECT_TRUE(error.at("sha256").is_null());
}

TEST(ReportJson, OnlyTheSameBytesAreCertain) {
  Hit hit = AHit(0);
  hit.probability = 0.99999999;
  EXPECT_LT(json::parse(FormatJson(AResult({hit})))["hits"][0]["probability"], 1.0);
  hit.verdict = Verdict::kSameFile;
  hit.expected_false_hits = 0.5;
  const json same = json::parse(FormatJson(AResult({hit})))["hits"][0];
  EXPECT_EQ(same["probability"], 1.0);
  EXPECT_EQ(same["expected_false_hits"], 0.0);
}

TEST(ReportJson, KeepsTypesWhereNothingIsKnown) {
  Hit hit = AHit(0);
  hit.photo_from_query = {};
  hit.query_region = {std::numeric_limits<float>::quiet_NaN(), 0, 0, 0};
  const json result = json::parse(FormatJson(AResult({hit})))["hits"][0];
  EXPECT_TRUE(result["transform"].is_null());
  EXPECT_EQ(result["query_region"], json({0, 0, 0, 0}));
}

TEST(ReportJson, LosesNothingOfHostileText) {
  const std::string line = FormatJson(AHostileResult());
  ExpectHarmlessOnTerminals(line);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const json query = json::parse(line);
  const json& sightings = query["hits"][0]["sightings"];
  EXPECT_EQ(sightings[0]["title"], kScript);
  EXPECT_EQ(sightings[1]["title"], kEscapes);
  EXPECT_EQ(sightings[2]["title"], kBidi);
  EXPECT_EQ(sightings[3]["title"], "caf\\xE9 \\xFF\\xC0\\xAF \\xED\\xA0\\x80");
  EXPECT_EQ(sightings[4]["title"], kFormula);
  EXPECT_EQ(sightings[5]["title"], kChinese);
  EXPECT_THAT(line, HasSubstr(kChinese));  // Readable without a JSON parser.
}

TEST(ReportCsv, RoundTrips) {
  Hit hit = AHit();
  Sighting second = AnOrdinarySighting();
  second.listing.title = "He said \"old\", and left,\n";
  second.listing.price = "1,200";
  hit.sightings.push_back(second);
  Hit bare = AHit();
  bare.rank = 2;
  bare.sightings.clear();
  bare.banks = {{"case 17", BankRole::kSeizure}, {"museum", BankRole::kBenign}};
  const auto rows = ParseCsv(CsvHeader() + FormatCsv(AResult({hit, bare})) + FormatCsv(AResult({})) +
                             FormatCsv(AnUnreadableResult()));
  ASSERT_EQ(rows.size(), 6u);
  for (const auto& row : rows) EXPECT_EQ(row.size(), rows[0].size());
  const auto cell = [&](size_t row, const std::string& column) {
    const auto found = std::find(rows[0].begin(), rows[0].end(), column);
    EXPECT_NE(found, rows[0].end()) << column;
    return rows[row][static_cast<size_t>(found - rows[0].begin())];
  };
  EXPECT_EQ(cell(1, "query"), "inbox/new.jpg");
  EXPECT_EQ(cell(1, "verdict"), "same-photo");
  EXPECT_EQ(cell(1, "probability"), "0.998");
  EXPECT_EQ(cell(1, "expected_false_hits"), "2.5e-09");
  EXPECT_EQ(cell(1, "photo"), ShaOf(0xAB).Hex());
  EXPECT_EQ(cell(1, "products"), "rhino_horn; ivory");
  EXPECT_EQ(cell(2, "title"), "He said \"old\", and left,\\u{000A}");
  EXPECT_EQ(cell(2, "price"), "1,200");
  EXPECT_EQ(cell(3, "banks"), "case 17 (seizure); museum (benign)");
  EXPECT_EQ(cell(3, "sighting_path"), "");
  EXPECT_EQ(cell(4, "verdict"), "none");
  EXPECT_EQ(cell(5, "verdict"), "error");
  EXPECT_EQ(cell(5, "error"), "not_an_image: The file is no image.");
}

TEST(ReportCsv, StartsNoFormula) {
  const std::string csv = FormatCsv(AHostileResult());
  ExpectHarmlessOnTerminals(csv);
  const auto rows = ParseCsv(csv);
  ASSERT_EQ(rows.size(), 6u);
  for (const auto& row : rows) {
    for (const std::string& cell : row) {
      EXPECT_EQ(std::string("=+-@\t\r").find(cell.empty() ? 'x' : cell[0]), std::string::npos) << cell;
    }
  }
  for (const char* start : {"+1", "-1", "@SUM", "＝1"}) {
    Hit hit = AHit();
    hit.sightings = {ASighting(start)};
    EXPECT_THAT(FormatCsv(AResult({hit})), HasSubstr(std::string(",'") + start + ",")) << start;
  }
}

TEST(ReportText, FitsTheTerminal) {
  Hit chinese = AHit();
  chinese.sightings = {ASighting(kChinese), AnOrdinarySighting()};
  Hit late = AHit();
  late.rank = 10000;
  QueryResult long_path = AResult({AHit(), chinese, late});
  long_path.path = "/a/" + kChinese + kChinese + "/the-end.jpg";
  QueryResult unreadable = AnUnreadableResult();
  for (int i = 0; i < 40; ++i) unreadable.error += " Another word " + kChinese.substr(0, 30);
  for (const int width : {60, 80, 81, 120, 160, 0}) {
    for (const bool verbose : {false, true}) {
      for (const QueryResult& result :
           {AResult({AHit(), chinese}), long_path, AHostileResult(), unreadable, AResult({})}) {
        for (const std::string& line : Lines(FormatText(result, {width, false, verbose}))) {
          EXPECT_LE(DisplayWidth(line), std::max(width, 60)) << line;
        }
      }
    }
  }
}

TEST(ReportText, ShowsWhatMattersAt80Columns) {
  Hit hit = AHit();
  hit.mirrored = true;
  hit.sightings.push_back(AnOrdinarySighting());
  hit.sightings.push_back(AnOrdinarySighting());
  hit.banks = {{"museum", BankRole::kBenign}};
  EXPECT_EQ(FormatText(AResult({hit}), {}),
            "inbox/new.jpg\n"
            "  640 × 480 pixels · snapshot 7 · 103,482 photos searched · 41 ms\n"
            " #  verdict        prob.  platform  listing  seller      posted\n"
            " 1  same-photo    99.8 %  darkbay   L-42     ivory_king  2017-01-14\n"
            "    mirrored · rhino_horn, ivory · copied from bank 'museum' (benign)\n"
            "    + 2 more sightings\n"
            "\n");
  const std::string verbose = FormatText(AResult({hit}), {.width = 120, .verbose = true});
  EXPECT_THAT(verbose, HasSubstr("87 inliers in 43 cells"));
  EXPECT_THAT(verbose, HasSubstr("2.5e-09 false hits expected"));
  EXPECT_THAT(verbose, HasSubstr("sha256 ab0000000000…"));
  EXPECT_THAT(verbose, HasSubstr("rhino_horn, ivory"));
  EXPECT_EQ(Count(verbose, "ivory_king"), 3u);
}

TEST(ReportText, NamesAPhotoWithoutListingByItsFile) {
  Hit hit = AHit();
  hit.sightings.clear();
  const std::string text = FormatText(AResult({hit}), {});
  EXPECT_THAT(text, HasSubstr("horn.jpg"));
  EXPECT_THAT(text, Not(HasSubstr("platform")));
}

TEST(ReportText, NeverSaysOneHundredPercent) {
  Hit hit = AHit();
  hit.probability = 1;
  EXPECT_THAT(FormatText(AResult({hit}), {}), HasSubstr("99.9 %"));
  hit.verdict = Verdict::kSameFile;
  EXPECT_THAT(FormatText(AResult({hit}), {}), HasSubstr("certain"));
  EXPECT_THAT(FormatText(AResult({hit}), {}), HasSubstr("same bytes"));
}

TEST(ReportText, SaysPlainlyThatThereIsNoHit) {
  EXPECT_THAT(FormatText(AResult({}), {}), HasSubstr("No hit among 103,482 photos."));
  EXPECT_THAT(FormatText(AnUnreadableResult(), {}), HasSubstr("Cannot be read (not_an_image): The file is no image."));
}

TEST(ReportText, ColoursOnlyOnRequest) {
  for (const QueryResult& result : {AResult({AHit()}), AHostileResult()}) {
    ExpectHarmlessOnTerminals(FormatText(result, {.width = 100, .verbose = true}));
    const std::string coloured = FormatText(result, {.width = 100, .colour = true, .verbose = true});
    EXPECT_THAT(coloured, HasSubstr("\x1b["));
    // Without our own colours nothing is left that a terminal obeys, and the text is the same.
    EXPECT_EQ(WithoutColours(coloured), FormatText(result, {.width = 100, .verbose = true}));
  }
}

TEST(ReportWidth, MeasuresColumns) {
  EXPECT_EQ(DisplayWidth("ivory"), 5);
  EXPECT_EQ(DisplayWidth("象牙"), 4);
  EXPECT_EQ(DisplayWidth("Ngà"), 3);
  EXPECT_EQ(DisplayWidth("Nga\u0300"), 3);  // The accent combines.
  EXPECT_EQ(CutEnd("象牙雕刻", 6), "象牙…");
  EXPECT_EQ(CutEnd("象牙雕刻", 8), "象牙雕刻");
  EXPECT_EQ(CutBeginning("/a/b/horn.jpg", 9), "…horn.jpg");
  EXPECT_EQ(CutEnd("a", 1), "a");
  EXPECT_EQ(CutEnd("象", 1), "…");
  EXPECT_EQ(Fitted("象牙雕刻", 6), "象牙… ");
}

TEST(ReportWording, Counts) {
  EXPECT_EQ(GroupedNumber(0), "0");
  EXPECT_EQ(GroupedNumber(999), "999");
  EXPECT_EQ(GroupedNumber(1000), "1,000");
  EXPECT_EQ(GroupedNumber(-1234567), "-1,234,567");
  EXPECT_EQ(Counted(1, "photo"), "1 photo");
  EXPECT_EQ(DayOf("2017-01-14T09:30:00Z"), "2017-01-14");
  EXPECT_EQ(DayOf("last Tuesday, about noon"), "last Tuesday, about noon");
}

TEST(ReportHtml, AsksNothingOfAnyNetwork) {
  for (const QueryResult& result : {AResult({AHit()}), AHostileResult()}) {
    const std::string html = Html({result});
    EXPECT_THAT(html, HasSubstr("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:;"));
    for (const char* forbidden :
         {"<script", "<link", "<iframe", "<object", "<form", "@import", "url(", "srcset", "<img"}) {
      EXPECT_THAT(html, Not(HasSubstr(forbidden)));
    }
    size_t num_references = 0;
    for (const std::string& target : References(html)) {
      EXPECT_TRUE(target.starts_with("#") || target.starts_with("data:image/jpeg;base64,")) << target;
      ++num_references;
    }
    EXPECT_GT(num_references, 5u);
  }
}

TEST(ReportHtml, ShowsHostileTextAsText) {
  const std::string html = Html({AHostileResult()});
  ExpectHarmlessOnTerminals(html);
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&apos;x&apos;)&lt;/script&gt;&quot;&gt;"));
  EXPECT_THAT(html, HasSubstr("{{title}}{{{title}}}"));  // Not filled in.
  EXPECT_THAT(html, HasSubstr("\\u{202E}gpj.exe"));
  EXPECT_THAT(html, HasSubstr("caf\\xE9"));
  EXPECT_THAT(html, HasSubstr(kChinese));
}

TEST(ReportHtml, HoldsTheEvidence) {
  Hit hit = AHit();
  hit.mirrored = true;
  hit.banks = {{"museum", BankRole::kBenign}};
  const std::string html = Html({AResult({hit}), AResult({}), AnUnreadableResult()});
  for (const std::string& text : {std::string(kLeadSentence),
                                  std::string(VerdictMeaning(Verdict::kSamePhoto)),
                                  std::string("99.8 %"),
                                  std::string("2.5 × 10<sup>−9</sup>"),
                                  ShaOf(0x01).Hex(),
                                  ShaOf(0xAB).Hex(),
                                  std::string("snapshot 7"),
                                  std::string("103,482 photos"),
                                  std::string("Pugmark 1.2.3"),
                                  std::string("2026-11-24T06:55:54Z"),
                                  std::string("pugmark search a.jpg"),
                                  std::string("/cases/collection"),
                                  std::string("darkbay"),
                                  std::string("http://darkbay.example/L-42"),
                                  std::string("Copied from bank"),
                                  std::string("No hit among"),
                                  std::string("not_an_image: The file is no image."),
                                  std::string("href=\"#q1h1\""),
                                  std::string("id=\"q1h1\""),
                                  std::string("data:image/jpeg;base64,/9j/AQ=="),
                                  std::string("data:image/jpeg;base64,/9j/AgM=")}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
  EXPECT_THAT(html, Not(HasSubstr("100.0 %")));
  EXPECT_THAT(html, Not(HasSubstr("no thumbnail")));
  EXPECT_THAT(html, Not(HasSubstr("{{")));
}

TEST(ReportHtml, BoundsTheLinesAndScalesThem) {
  // Once side by side, once one above the other.
  EXPECT_EQ(Count(Html({AResult({AHit(5000)})}), "<line "), 2u * 60);
  EXPECT_EQ(Count(Html({AResult({AHit(12)})}), "<line "), 2u * 12);
  HtmlOptions options = OptionsWithPictures();
  options.max_lines = 0;
  EXPECT_EQ(Count(Html({AResult({AHit(12)})}, options), "<line "), 0u);

  Hit hit = AHit(0);
  hit.inliers = {{320, 240, 1280, 960}, {std::numeric_limits<float>::quiet_NaN(), 0, 0, 0}, {-50, 9999, 0, 0}};
  const std::string html = Html({AResult({hit})});
  // 640 × 480 and 1280 × 960 both become 600 × 450; the second photo begins at 616. What is not finite is left out,
  // what lies outside is drawn at the border.
  EXPECT_THAT(html, HasSubstr("x1=\"300.0\" y1=\"225.0\" x2=\"1216.0\" y2=\"450.0\""));
  EXPECT_THAT(html, HasSubstr("x1=\"0.0\" y1=\"450.0\" x2=\"616.0\" y2=\"0.0\""));
  EXPECT_EQ(Count(html, "<line "), 2u * 2);
  EXPECT_THAT(html, Not(HasSubstr("nan")));
}

TEST(ReportHtml, DoesWithoutPictures) {
  EXPECT_THAT(Html({AResult({AHit()}), AResult({})}, HtmlOptions{}), HasSubstr("no thumbnail"));

  HtmlOptions options = OptionsWithPictures();
  options.hit_picture = [](const Hit&) { return std::vector<uint8_t>{'G', 'I', 'F'}; };
  EXPECT_THAT(Html({AResult({AHit()})}, options), HasSubstr("no thumbnail"));

  options = OptionsWithPictures();
  options.max_picture_bytes = 6;  // Room for the query's only.
  const std::string html = Html({AResult({AHit()})}, options);
  EXPECT_THAT(html, HasSubstr("the page is full"));
  EXPECT_EQ(Count(html, "data:image"), 1u);

  Hit unknown_size = AHit();
  unknown_size.photo.width_px = 0;
  EXPECT_EQ(Count(Html({AResult({unknown_size})}), "<line "), 0u);
}

TEST(ReportHtml, AsksForEachPhotoOnce) {
  HtmlOptions options = OptionsWithPictures();
  int num_calls = 0;
  options.hit_picture = [&](const Hit&) {
    ++num_calls;
    return std::vector<uint8_t>{0xFF, 0xD8, 0xFF};
  };
  const std::string html = Html({AResult({AHit()}), AResult({AHit()})}, options);
  EXPECT_EQ(num_calls, 1);
  EXPECT_EQ(Count(html, "id=\"photo-" + ShaOf(0xAB).Hex() + "\""), 1u);
}

TEST(ReportHtml, WritesTheFileOrSaysWhyNot) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("pugmark_report_test." + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::vector<QueryResult> results = {AResult({AHit()})};
  WriteHtml(folder / "report.html", results, OptionsWithPictures());
  std::ifstream file(folder / "report.html", std::ios::binary);
  const std::string written((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(written, Html(results));
  EXPECT_THROW(WriteHtml(folder / "missing" / "report.html", results, OptionsWithPictures()), Error);
  std::filesystem::remove_all(folder);
}

Comparison AComparison(const std::string& a, const std::string& b) {
  Comparison comparison;
  comparison.a = AResult({AHit()});
  comparison.a.path = a;
  comparison.a.hits[0].sightings.clear();
  comparison.a.hits[0].photo.path = b;
  comparison.b = AResult({});
  comparison.b.path = b;
  comparison.b.sha256 = ShaOf(0xAB);
  return comparison;
}

TEST(ReportComparison, SaysWhatItsNumbersAreOf) {
  const Comparison comparison = AComparison("a.jpg", "b.jpg");
  const json object = json::parse(FormatJson(comparison));
  EXPECT_EQ(object["type"], "comparison");
  EXPECT_EQ(object["verdict"], "same-photo");
  EXPECT_EQ(object["b"]["sha256"], object["hits"][0]["photo"]);
  EXPECT_EQ(object["photos_searched"], 1);
  EXPECT_THAT(object["expected_false_hits_of"], HasSubstr("two photos"));
  EXPECT_THAT(FormatText(comparison, {100, false, false}), HasSubstr("comparing these two photos"));
  Comparison failed = comparison;
  failed.b.error_code = "not_found";
  EXPECT_EQ(json::parse(FormatJson(failed))["type"], "error");
  Comparison none = comparison;
  none.a.hits.clear();
  EXPECT_EQ(json::parse(FormatJson(none))["verdict"], "none");
  EXPECT_THAT(FormatText(none, {}), HasSubstr("No hit"));
}

TEST(ReportListing, ShowsPairsAndOnlyTheListingsOwnSightings) {
  Hit hit = AHit();
  hit.sightings.push_back(AnOrdinarySighting());
  hit.sightings.back().listing.external_id = "L-43";
  const ListingResult result = GroupByListing({AResult({hit})}, 10);
  const json object = json::parse(FormatJson(result));
  EXPECT_EQ(object["type"], "listing_query");
  EXPECT_TRUE(object["listing"].is_null());
  ASSERT_EQ(object["listings"].size(), 2u);
  for (const json& listing : object["listings"]) {
    ASSERT_EQ(listing["pairs"].size(), 1u);
    ASSERT_EQ(listing["pairs"][0]["sightings"].size(), 1u);
    EXPECT_EQ(listing["pairs"][0]["sightings"][0]["listing_id"], listing["listing_id"]);
    EXPECT_EQ(listing["pairs"][0]["query"], "inbox/new.jpg");
  }
  EXPECT_THAT(FormatText(result, {100, false, true}), HasSubstr("horn.jpg")) << "Verbose: the pairs.";
  HtmlOptions options;
  options.listing = &result;
  EXPECT_THAT(FormatHtml(result.queries, options), HasSubstr("Pairs of photos"));
}

TEST(ReportListing, NothingFromOutsideReachesTheTerminalOrThePage) {
  for (const std::string& text : {kScript, kEscapes, kBidi, kNotUtf8, kChinese}) {
    Hit hit = AHit();
    hit.sightings = {ASighting(text)};
    hit.photo.path = text;
    QueryResult query = AResult({hit});
    query.path = text;
    ListingResult result = GroupByListing({query}, 10);
    result.queried = ASighting(text).listing;
    HtmlOptions options;
    options.listing = &result;
    for (const std::string& out : {FormatText(result, {60, false, true}), FormatJson(result),
                                   FormatHtml(result.queries, options), FormatText(AComparison(text, text), {60, false, false}),
                                   FormatJson(AComparison(text, text))}) {
      for (const char* harm : {"\x1b", "\x07", "\x7f", "\xc2\x9b", "\xe2\x80\xae", "\xe2\x81\xa6", "\xff"}) {
        EXPECT_THAT(out, Not(HasSubstr(harm)));
      }
    }
    EXPECT_THAT(FormatHtml(result.queries, options), Not(HasSubstr("<script>")));
    EXPECT_TRUE(json::accept(FormatJson(result)));
    std::istringstream lines(FormatText(result, {60, false, true}));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(DisplayWidth(line), 60) << line;
  }
}

}  // namespace
}  // namespace pugmark
