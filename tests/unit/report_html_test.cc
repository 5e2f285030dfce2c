// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <limits>

#include "engine/report/html.h"
#include "engine/report/html_pictures.h"
#include "engine/report/html_timeline.h"
#include "index/base/base64.h"
#include "index/base/error.h"
#include "index/base/sha256.h"
#include "tests/pictures.h"
#include "tests/results.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

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

// A picture of a few kilobytes, unlike others.
Image APicture(uint64_t seed, int width_px = 160, int height_px = 120) {
  return ToImage(MakePicture(seed, width_px, height_px));
}

HtmlOptions OptionsWithPictures() {
  HtmlOptions options;
  options.version = "1.2.3";
  options.collection = "/cases/collection";
  options.created_at = "2026-11-24T06:55:54Z";
  options.parameters = {{"Command", "pugmark search a.jpg"}};
  options.not_searched = {"Photos of <other> platforms."};
  options.query_picture = [](const QueryResult&) {
    return ReportPicture{APicture(1), "from the original, SHA-256 checked"};
  };
  options.hit_picture = [](const Hit&) { return ReportPicture{APicture(2), "thumbnail: the original is gone"}; };
  return options;
}

// What stands between the first two of these in the page.
std::string Between(const std::string& html, const std::string& start, const std::string& end) {
  const size_t from = html.find(start) + start.size();
  return html.substr(from, html.find(end, from) - from);
}

std::string Html(const std::vector<QueryResult>& results, const HtmlOptions& options = OptionsWithPictures()) {
  return FormatHtml(results, options);
}

TEST(ReportHtml, AsksNothingOfAnyNetwork) {
  for (const QueryResult& result : {AResult({AHit()}), AHostileResult()}) {
    HtmlOptions options = OptionsWithPictures();
    options.blur = true;
    const std::string html = Html({result}, options);
    for (const char* forbidden :
         {"<link", "<iframe", "<object", "<form", "@import", "url(", "srcset", " style=", " onclick=", "javascript:"}) {
      EXPECT_THAT(html, Not(HasSubstr(forbidden)));
    }
    EXPECT_EQ(Count(html, "<script"), 1u) << "Ours.";
    size_t num_references = 0;
    for (const std::string& target : References(html)) {
      EXPECT_TRUE(target.starts_with("#") || target.starts_with("data:image/jpeg;base64,")) << target;
      ++num_references;
    }
    EXPECT_GT(num_references, 5u);
  }
}

// A browser runs the page's style and script only if the policy names the SHA-256 of exactly what is there.
TEST(ReportHtml, PolicyAllowsThisPagesOwnStyleAndScriptOnly) {
  const std::string html = Html({AHostileResult()});
  const std::string policy = Between(html, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
  EXPECT_THAT(policy, testing::StartsWith("default-src 'none'; img-src data:; style-src 'sha256-"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_THAT(policy, HasSubstr("base-uri 'none'; form-action 'none'"));
  for (const char* element : {"style", "script"}) {
    const std::string text = Between(html, std::string("<") + element + ">", std::string("</") + element + ">");
    const Sha256 sha256 = Sha256::Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    EXPECT_THAT(policy, HasSubstr(std::string(element) + "-src 'sha256-" + Base64(sha256.bytes) + "'"));
    EXPECT_THAT(text, Not(HasSubstr("evil"))) << "Nothing from outside is in it.";
    EXPECT_GT(text.size(), 1000u);
  }
  EXPECT_EQ(Base64(std::vector<uint8_t>{0xFF, 0xD8, 0xFF, 0x01}), "/9j/AQ==");
  EXPECT_EQ(Base64(std::vector<uint8_t>{'M', 'a'}), "TWE=");
  EXPECT_EQ(Base64(std::vector<uint8_t>{'M', 'a', 'n'}), "TWFu");
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
  QueryResult found = AResult({hit});
  found.num_hits_left_out = 2;
  const std::string html = Html({found, AResult({}), AnUnreadableResult()});
  // Both photos, three pictures of the overlay, and the query that was not found.
  EXPECT_EQ(Count(html, "data:image/jpeg;base64,/9j/"), 6u);
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
                                  std::string("a part of the photo, mirrored"),
                                  std::string("from the original, SHA-256 checked"),
                                  std::string("thumbnail: the original is gone"),
                                  std::string("Photos of &lt;other&gt; platforms."),
                                  std::string("Not shown: 2 hits left out by the filters."),
                                  std::string("data-mode=\"curtain\""),
                                  std::string("Query, aligned")}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
  EXPECT_THAT(html, Not(HasSubstr("100.0 %")));
  EXPECT_EQ(Count(html, ">no picture<"), 0u);
  EXPECT_THAT(html, Not(HasSubstr("{{")));
}

TEST(ReportHtml, BoundsTheLinesAndScalesThem) {
  // Once side by side, once one above the other.
  EXPECT_EQ(Count(Html({AResult({AHit(5000)})}), "<line class=\"c"), 2u * 60);
  EXPECT_EQ(Count(Html({AResult({AHit(12)})}), "<line class=\"c"), 2u * 12);
  HtmlOptions options = OptionsWithPictures();
  options.max_lines = 0;
  EXPECT_EQ(Count(Html({AResult({AHit(12)})}, options), "<line class=\"c"), 0u);

  Hit hit = AHit(0);
  hit.inliers = {{320, 240, 1280, 960}, {std::numeric_limits<float>::quiet_NaN(), 0, 0, 0}, {-50, 9999, 0, 0}};
  const std::string html = Html({AResult({hit})});
  // 640 × 480 and 1280 × 960 both become 600 × 450; the second photo begins at 616. What is not finite is left out,
  // what lies outside is drawn at the border.
  EXPECT_THAT(html, HasSubstr("x1=\"300.0\" y1=\"225.0\" x2=\"1216.0\" y2=\"450.0\""));
  EXPECT_THAT(html, HasSubstr("x1=\"0.0\" y1=\"450.0\" x2=\"616.0\" y2=\"0.0\""));
  EXPECT_EQ(Count(html, "<line class=\"c"), 2u * 2);
  EXPECT_THAT(html, Not(HasSubstr("nan")));
}

TEST(ReportHtml, TellsWhatAPersonSaidAndWhatThatMeans) {
  Hit hit = AHit();
  hit.machine_verdict = hit.verdict;
  hit.machine_probability = hit.probability;
  hit.review = Review{};
  hit.review->reviewer = "Ana <b>";
  hit.review->reviewed_at = "2026-11-24T19:26:16Z";
  hit.review->note = "Other cracks";
  hit.review->answer = Answer::kYes;
  std::string html = Html({AResult({hit})});
  EXPECT_EQ(Count(html, "reviewed: <bdi>yes, Ana &lt;b&gt;</bdi>"), 2u) << "In the summary and at the hit.";
  EXPECT_THAT(
      html, HasSubstr("Confirmed by Ana &lt;b&gt; on 2026-11-24: Other cracks. A yes puts the hit before all others"));
  hit.review->answer = Answer::kNo;
  hit.verdict = Verdict::kLookAlike;
  hit.probability = 0;
  html = Html({AResult({hit})});
  EXPECT_THAT(html, HasSubstr("(was same-photo, 99.8 %) on 2026-11-24: Other cracks. A no puts the hit last"));
  EXPECT_THAT(html, HasSubstr("because a person said no"));
  hit.review->answer = Answer::kYes;
  hit.verdict = hit.machine_verdict = Verdict::kNone;
  html = Html({AResult({hit})});
  EXPECT_THAT(html, HasSubstr("Pugmark itself does not recognise this photo"));
  EXPECT_THAT(html, Not(HasSubstr("<dt>Expected false hits</dt>")));
}

TEST(ReportHtml, DarkensWhatWasNotSearchedFor) {
  QueryResult result = AResult({AHit()});
  EXPECT_THAT(Html({result}), Not(HasSubstr("<path")));
  result.roi = Region{320, 0, 320, 240};
  result.excluded = {{0, 0, 64, 48}};
  const std::string html = Html({result, AResult({})});
  // 640 × 480 becomes 600 × 450. Once side by side, once one above the other; the whole query without its ROI.
  EXPECT_EQ(Count(html, "d=\"M0.0 0.0H600.0V450.0H0.0ZM300.0 0.0H600.0V225.0H300.0Z\""), 2u);
  EXPECT_EQ(Count(html, "d=\"M0.0 0.0H60.0V45.0H0.0Z\""), 2u);
  EXPECT_THAT(html, HasSubstr("Of the query: only 320 × 240 at 320, 0 searched for, without 64 × 48 at 0, 0."));
  result.hits.clear();
  EXPECT_EQ(Count(Html({result}), "<path class=\"unsearched\""), 2u) << "Also where nothing was found.";
}

TEST(ReportHtml, SaysThatACopyIsTiltedInPerspective) {
  Hit hit = AHit();
  EXPECT_THAT(Html({AResult({hit})}), Not(HasSubstr("tilted in perspective")));
  hit.photo_from_query[6] = 0.0003;
  EXPECT_THAT(Html({AResult({hit})}), HasSubstr("two photos of one flat thing"));
}

TEST(ReportHtml, DoesWithoutPictures) {
  const std::string without = Html({AResult({AHit()}), AResult({})}, HtmlOptions{});
  EXPECT_THAT(without, HasSubstr("no picture"));
  EXPECT_THAT(without, HasSubstr("No overlay: one of the two pictures is missing."));

  Hit unknown_size = AHit();
  unknown_size.photo.width_px = 0;
  EXPECT_EQ(Count(Html({AResult({unknown_size})}), "<line class=\"c"), 0u);

  Hit no_geometry = AHit();
  no_geometry.photo_from_query = {};
  EXPECT_THAT(Html({AResult({no_geometry})}), HasSubstr("No overlay: no geometry was found"));
  Hit degenerate = AHit();
  degenerate.photo_from_query = {1, 0, 0, 0, 1, 0, -1, 0, 100};  // The horizon lies within the query.
  EXPECT_THAT(Html({AResult({degenerate})}), HasSubstr("No overlay: the geometry"));
}

TEST(ReportHtml, StaysWithinItsSizeAndSaysWhatIsLeftOut) {
  std::vector<Hit> hits;
  for (uint8_t i = 0; i < 12; ++i) {
    hits.push_back(AHit());
    hits.back().rank = i + 1;
    hits.back().photo.sha256 = ShaOf(i);
  }
  HtmlOptions options = OptionsWithPictures();
  const std::string all = Html({AResult(hits)}, options);
  EXPECT_THAT(all, Not(HasSubstr("id=\"left-out\"")));
  EXPECT_EQ(Count(all, "<details class=\"hit\""), 12u);
  EXPECT_EQ(Count(all, "<details class=\"hit\" id=\"q1h1\" open"), 1u);
  EXPECT_EQ(Count(all, "\" open>"), 3u) << "The rest opens on a click.";

  const size_t bytes = [&] {
    size_t sum = 0;
    for (size_t at = all.find("base64,"); at != std::string::npos; at = all.find("base64,", at + 1)) {
      sum += (all.find('"', at) - at - 7) / 4 * 3;
    }
    return sum;
  }();
  options.max_picture_bytes = bytes / 3;
  const std::string bounded = Html({AResult(hits)}, options);
  size_t bounded_bytes = 0;
  for (size_t at = bounded.find("base64,"); at != std::string::npos; at = bounded.find("base64,", at + 1)) {
    bounded_bytes += (bounded.find('"', at) - at - 7) / 4 * 3;
  }
  EXPECT_LE(bounded_bytes, options.max_picture_bytes + 3 * 60) << "Base64 fills up to 3 bytes.";
  EXPECT_THAT(bounded, HasSubstr("id=\"left-out\""));
  EXPECT_THAT(bounded, testing::ContainsRegex("[0-9]+ overlays left out; [0-9]+ pictures? shown small"));
  EXPECT_THAT(bounded, HasSubstr("the page is as large as it may be"));
  EXPECT_EQ(Count(bounded, "<details class=\"hit\""), 12u) << "Only pictures are left out.";

  options.max_picture_bytes = 10;
  const std::string empty = Html({AResult(hits)}, options);
  EXPECT_EQ(Count(empty, "base64,"), 0u);
  EXPECT_THAT(empty, HasSubstr("left out: the page is full"));

  options = OptionsWithPictures();
  options.max_hits = 5;
  const std::string few = Html({AResult(hits)}, options);
  EXPECT_EQ(Count(few, "<details class=\"hit\""), 5u);
  EXPECT_THAT(few, HasSubstr("7 hits more left out of this page"));
  EXPECT_THAT(few, HasSubstr("To keep this page small: 7 hits left out."));
}

TEST(ReportHtml, HoldsEachPhotoOnce) {
  const std::string html = Html({AResult({AHit()}), AResult({AHit()})});
  EXPECT_EQ(Count(html, "id=\"photo-" + ShaOf(0xAB).Hex() + "\""), 1u);
  EXPECT_EQ(Count(html, "<use href=\"#photo-" + ShaOf(0xAB).Hex() + "\""), 4u) << "Two layouts of two hits.";
}

TEST(ReportHtml, VeilsPicturesOnRequestOnly) {
  HtmlOptions options = OptionsWithPictures();
  EXPECT_THAT(Html({AResult({AHit()})}, options), Not(HasSubstr("class=\"reveal\"")));
  options.blur = true;
  const std::string blurred = Html({AResult({AHit()}), AResult({})}, options);
  EXPECT_THAT(blurred, HasSubstr("<html lang=\"en\" class=\"blur\">"));
  EXPECT_EQ(Count(blurred, "<input type=\"checkbox\" class=\"reveal\""), 2u)
      << "Of the hit, and of the query without one.";
  // Pair and overlay of the hit, and the query.
  EXPECT_EQ(Count(blurred, "class=\"veil\""), 3u);
  options.grey = true;
  EXPECT_THAT(Html({AResult({AHit()})}, options), HasSubstr("class=\"blur grey\""));
}

TEST(ReportHtml, DrawsSightingsOverTimeByPlatform) {
  Hit hit = AHit();
  hit.sightings = {AnOrdinarySighting(), AnOrdinarySighting(), AnOrdinarySighting(), AnOrdinarySighting()};
  hit.sightings[1].listing.platform = kScript;
  hit.sightings[1].listing.posted_at = "2016-01-14";
  hit.sightings[2].listing.posted_at = "last Tuesday";
  hit.sightings[3].listing.posted_at = "";
  hit.sightings[3].captured_at = "2017-07-14T00:00:00Z";
  const std::string html = Html({AResult({hit})});
  EXPECT_THAT(html, HasSubstr("3 sightings from 2016-01-14 to 2017-07-14"));
  EXPECT_THAT(html, HasSubstr("1 sighting without a known day not drawn."));
  EXPECT_EQ(Count(html, "<circle class=\"mark same-photo\""), 3u);
  EXPECT_EQ(Count(html, "class=\"lane\""), 2u);
  EXPECT_THAT(html, HasSubstr("cx=\"2.00%\""));
  EXPECT_THAT(html, HasSubstr("cx=\"98.00%\""));
  EXPECT_THAT(html, HasSubstr(">2016-04</text>"));
  EXPECT_THAT(html, HasSubstr("2017-01-14 · darkbay · ivory_king · L-42: same-photo, hit 1"));
  // One day on one platform is no line.
  EXPECT_THAT(Html({AResult({AHit()})}), Not(HasSubstr("class=\"timeline\"")));
}

TEST(ReportTimeline, ReadsDaysAndNothingElse) {
  EXPECT_EQ(html::DayNumber("1970-01-01"), 0);
  EXPECT_EQ(html::DayNumber("2017-01-14T09:30:00Z"), 17180);
  EXPECT_EQ(html::DayNumber("2016-02-29 10:00"), 16860);
  for (const char* none :
       {"", "2017", "2017-02-29", "2017-13-01", "0001-01-01", "2017-01-1x", "2017-01-140", "2017/01/14"}) {
    EXPECT_EQ(html::DayNumber(none), std::nullopt) << none;
  }
}

TEST(ReportHtml, WritesTheFileOrSaysWhyNot) {
  const Scratch folder;
  const std::vector<QueryResult> results = {AResult({AHit()})};
  WriteHtml(folder / "report.html", results, OptionsWithPictures());
  std::ifstream file(folder / "report.html", std::ios::binary);
  const std::string written((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(written, Html(results));
  EXPECT_THROW(WriteHtml(folder / "missing/report.html", results, OptionsWithPictures()), Error);
}

}  // namespace
}  // namespace pugmark
