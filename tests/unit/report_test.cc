// SPDX-License-Identifier: Apache-2.0
#include "engine/report/report.h"

#include <cmath>

#include "engine/report/html.h"
#include "engine/report/width.h"
#include "engine/report/wording.h"
#include "tests/results.h"

namespace pugmark {
namespace {

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

// "\x1b[1;31mred\x1b[0m" → "red".
std::string WithoutColours(std::string text) {
  for (size_t i = text.find("\x1b["); i != std::string::npos; i = text.find("\x1b[", i)) {
    text.erase(i, text.find_first_not_of("0123456789;", i + 2) + 1 - i);
  }
  return text;
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
  EXPECT_EQ(cell(2, "price"), "'1,200") << "1.2, in a German spreadsheet.";
  EXPECT_EQ(cell(2, "posted_at"), "2017-01-14T09:30:00Z");
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
  for (const char* start : {"+1", "-1", "@SUM", "＝1", " =1", "\u00a0=1"}) {
    Hit hit = AHit();
    hit.sightings = {ASighting(start)};
    EXPECT_THAT(FormatCsv(AResult({hit})), HasSubstr(std::string(",'") + start + ",")) << start;
  }
}

TEST(ReportCsv, LosesNothingInASpreadsheet) {
  const auto listing_id = [](const std::string& id) {
    Hit hit = AHit();
    hit.sightings[0].listing.external_id = id;
    return ParseCsv(FormatCsv(AResult({hit})))[0][19];
  };
  for (const char* changed :
       {"00123", "081468466973", "1234567890123456", "1E5", "2017-03-04", "00:12", "1.5", "TRUE", "5 %"}) {
    EXPECT_EQ(listing_id(changed), std::string("'") + changed);
  }
  for (const char* kept : {"0", "123", "941060014539", "BA-4936", "12 pcs", "true love"})
    EXPECT_EQ(listing_id(kept), kept);
}

Hit AReviewedHit(Answer answer) {
  Hit hit = AHit();
  hit.machine_verdict = hit.verdict;
  hit.machine_probability = hit.probability;
  hit.review = Review{};
  hit.review->answer = answer;
  hit.review->reviewer = "Ana Mwangi";
  hit.review->reviewed_at = "2026-11-24T19:26:16Z";
  hit.review->note = "=other <b>cracks</b>\x1b[2J";
  if (answer == Answer::kNo) {
    hit.verdict = Verdict::kLookAlike;
    hit.probability = 0;
  }
  return hit;
}

TEST(ReportReview, IsShownWithItsPersonAndNote) {
  const QueryResult result = AResult({AReviewedHit(Answer::kNo)});
  const std::string text = FormatText(result, {160, false, false});
  EXPECT_THAT(
      text,
      HasSubstr("  reviewed: no, by Ana Mwangi (was same-photo, 99.8 %) on 2026-11-24: =other <b>cracks</b>\\u{001B}"));
  EXPECT_THAT(FormatText(AResult({AReviewedHit(Answer::kYes)}), {160, false, false}),
              HasSubstr("confirmed by Ana Mwangi on 2026-11-24: =other"));
  EXPECT_THAT(FormatSummary(std::vector<QueryResult>{result}, {160, false, false}), HasSubstr("no, Ana Mwangi"));
  const auto rows = ParseCsv(CsvHeader() + FormatCsv(result));
  ASSERT_EQ(rows[0].size(), rows[1].size());
  EXPECT_EQ((std::vector<std::string>(rows[0].end() - 5, rows[0].end())),
            (std::vector<std::string>{"review", "reviewed_by", "reviewed_at", "review_note", "machine_verdict"}));
  EXPECT_EQ((std::vector<std::string>(rows[1].end() - 5, rows[1].end())),
            (std::vector<std::string>{"no", "Ana Mwangi", "2026-11-24T19:26:16Z", "'=other <b>cracks</b>\\u{001B}[2J",
                                      "same-photo"}));
}

TEST(ReportReview, ClaimsNoNumbersForWhatOnlyAPersonFound) {
  Hit hit;
  hit.rank = 1;
  hit.photo.sha256 = ShaOf(0xAB);
  hit.review = AReviewedHit(Answer::kYes).review;
  const QueryResult result = AResult({hit});
  EXPECT_TRUE(json::parse(FormatJson(result))["hits"][0]["expected_false_hits"].is_null());
  const std::string text = FormatText(result, {80, false, true});
  EXPECT_THAT(text, HasSubstr("nothing that Pugmark sees"));
  EXPECT_THAT(text, Not(HasSubstr("%")));
  EXPECT_THAT(text, Not(HasSubstr("false hits")));
}

TEST(ReportText, FitsTheTerminal) {
  Hit chinese = AHit();
  chinese.sightings = {ASighting(kChinese), AnOrdinarySighting()};
  Hit late = AHit();
  late.rank = 10000;
  late.sightings[0].listing.posted_at = kChinese;
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
            "verdict      platform  seller      listing  posted        prob.\n"
            "same-photo   darkbay   ivory_king  L-42     2017-01-14   99.8 %\n"
            "  a part of the photo, mirrored · rhino_horn, ivory\n"
            "  copied from bank 'museum' (benign) · + 2 more sightings\n"
            "\n");
  // Where there is room everything of a hit is on its line.
  EXPECT_THAT(FormatText(AResult({hit}), {.width = 160}),
              HasSubstr("same-photo   darkbay   ivory_king  L-42     2017-01-14   99.8 %  a part of the photo, mirrored  "
                        "rhino_horn, ivory\n"));
  const std::string verbose = FormatText(AResult({hit}), {.width = 120, .verbose = true});
  EXPECT_THAT(verbose, HasSubstr("87 inliers, found again in 43 places"));
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
  EXPECT_THAT(FormatText(AResult({hit}), {}), HasSubstr("the same bytes"));
}

TEST(ReportText, SaysWhatMatched) {
  Hit hit = AHit();
  hit.query_overlap = hit.photo_overlap = 0.95f;
  EXPECT_EQ(MatchedText(hit), "the whole photo");
  hit.query_overlap = 0.2f;
  EXPECT_EQ(MatchedText(hit), "a part of the query") << "A collage.";
  hit.photo_overlap = 0.2f;
  EXPECT_EQ(MatchedText(hit), "a part of both");
  hit.query_overlap = 0.95f;
  EXPECT_EQ(MatchedText(hit), "a part of the photo") << "A crop.";
  hit.verdict = Verdict::kSameObject;
  hit.mirrored = true;
  EXPECT_EQ(MatchedText(hit), "the object, mirrored");
  hit.verdict = Verdict::kSameScene;
  EXPECT_EQ(MatchedText(hit), "the surroundings, mirrored");
  hit.verdict = Verdict::kSameFile;
  EXPECT_EQ(MatchedText(hit), "the same bytes");
}

TEST(ReportText, SummaryKeepsTheVerdictAndTheProbabilityWhole) {
  Hit hit = AHit();
  hit.sightings = {ASighting(kChinese)};
  hit.sightings[0].listing.posted_at = "2017-01-14T09:30:00Z";
  hit.verdict = Verdict::kSameObject;
  QueryResult result = AResult({hit});
  result.path = "/a/" + kChinese;
  for (const int width : {60, 80, 160}) {
    const std::string text = FormatSummary(std::vector{result, AResult({}), AnUnreadableResult()}, {.width = width});
    for (const char* whole : {"same-object", "2017-01-14", "99.8 %", "no hit", "unreadable"}) {
      EXPECT_THAT(text, HasSubstr(whole)) << width;
    }
    for (const std::string& line : Lines(text)) EXPECT_LE(DisplayWidth(line), width) << line;
  }
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
    EXPECT_EQ(Count(FormatHtml(result.queries, options), "<script"), 1u) << "The page's own.";
    EXPECT_TRUE(json::accept(FormatJson(result)));
    std::istringstream lines(FormatText(result, {60, false, true}));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(DisplayWidth(line), 60) << line;
  }
}

}  // namespace
}  // namespace pugmark
