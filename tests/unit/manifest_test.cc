// SPDX-License-Identifier: Apache-2.0
#include "engine/ingest/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include "index/base/error.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ManifestTest : public ::testing::Test {
 protected:
  ManifestTest() {
    std::string pattern = (fs::temp_directory_path() / "manifest_test.XXXXXX").native();
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ / "manifest";
  }
  ~ManifestTest() override { fs::remove_all(directory_); }

  Manifest Read(const std::string& text, const ManifestLimits& limits = {}, bool allow_outside = false) {
    fs::remove(path_);  // Overwriting would make ext4 flush it, a thousand times slower.
    std::ofstream(path_, std::ios::binary) << text;
    return ReadManifest(path_, {}, allow_outside, limits);
  }

  ErrorCode CodeOfReading(const std::string& text, std::string* message = nullptr, const ManifestLimits& limits = {}) {
    try {
      Read(text, limits);
    } catch (const Error& error) {
      if (message != nullptr) *message = error.what();
      return error.code();
    }
    ADD_FAILURE() << "was read";
    return ErrorCode::kInternal;
  }

  // The message about the only row.
  std::string ProblemOf(const std::string& text, const ManifestLimits& limits = {}) {
    const Manifest manifest = Read(text, limits);
    EXPECT_THAT(manifest.rows, IsEmpty());
    EXPECT_THAT(manifest.problems, SizeIs(1));
    return manifest.problems.empty() ? "" : manifest.problems[0].message;
  }

  fs::path directory_, path_;
};

constexpr char kCsv[] =
    "file,platform,listing_id,url,seller,seller_url,title,price,currency,posted_at,captured_at,products,species,"
    "operation,bank,weight,Shelf no\n"
    "photos/1.jpg,market,7,https://m/7,horn_king,https://m/u/1,\"Old cup, \"\"rare\"\"\",\"1.200,-\",EUR,2016-12-01,"
    "2016-12-02T10:00:00Z,rhino_horn; ivory|rhino_horn,Diceros bicornis, op 1 , case 12 ,2 kg,\n";

TEST_F(ManifestTest, AllColumns) {
  const Manifest manifest = Read(kCsv);
  EXPECT_THAT(manifest.problems, IsEmpty());
  ASSERT_THAT(manifest.rows, SizeIs(1));
  const ManifestRow& row = manifest.rows[0];
  EXPECT_EQ(row.line, 2);
  EXPECT_EQ(row.file, directory_ / "photos/1.jpg");
  EXPECT_EQ(row.captured_at, "2016-12-02T10:00:00Z");
  EXPECT_EQ(row.bank, "case 12");
  const Listing& listing = row.listing;
  EXPECT_EQ(listing.platform, "market");
  EXPECT_EQ(listing.external_id, "7");
  EXPECT_EQ(listing.url, "https://m/7");
  EXPECT_EQ(listing.seller, "horn_king");
  EXPECT_EQ(listing.seller_url, "https://m/u/1");
  EXPECT_EQ(listing.title, "Old cup, \"rare\"");
  EXPECT_EQ(listing.price, "1.200,-");
  EXPECT_EQ(listing.currency, "EUR");
  EXPECT_EQ(listing.posted_at, "2016-12-01");
  EXPECT_THAT(listing.products, ElementsAre("rhino_horn", "ivory"));
  EXPECT_THAT(listing.species, ElementsAre("Diceros bicornis"));
  EXPECT_EQ(listing.operation, "op 1");
  EXPECT_EQ(listing.extra_json, R"({"weight":"2 kg"})");
}

TEST_F(ManifestTest, RootAndVisitor) {
  std::ofstream(path_) << "file\na.jpg\n../x\nb/./c.jpg";
  EXPECT_EQ(ReadManifest(path_, "/data/./photos/", false).rows[0].file, "/data/photos/a.jpg");
  std::vector<std::string> events;
  VisitManifest(
      path_, "/r", false, [&](ManifestRow&& row) { events.push_back(row.file.native()); },
      [&](ManifestProblem&& problem) { events.push_back(std::to_string(problem.line)); });
  EXPECT_THAT(events, ElementsAre("/r/a.jpg", "3", "/r/b/c.jpg"));
}

// --- CSV

TEST_F(ManifestTest, LineBreaksInQuotesKeepTheLineNumbersRight) {
  const Manifest manifest =
      Read("file,title\r\n\"a.jpg\",\"two\r\nlines\"\r\n\r\n  \r\nb.jpg,\"\n\n\"\nc.jpg,../\n,x\n");
  ASSERT_THAT(manifest.rows, SizeIs(3));
  EXPECT_EQ(manifest.rows[0].line, 2);
  EXPECT_EQ(manifest.rows[0].listing.title, "two\r\nlines");
  EXPECT_EQ(manifest.rows[1].line, 6);
  EXPECT_EQ(manifest.rows[2].line, 9);
  ASSERT_THAT(manifest.problems, SizeIs(1));
  EXPECT_EQ(manifest.problems[0].line, 10);
  EXPECT_EQ(manifest.problems[0].message, "file is empty");
}

TEST_F(ManifestTest, ByteOrderMarkBlankLinesAndOldMacLineEnds) {
  EXPECT_THAT(Read("\xEF\xBB\xBF"
                   "file,title\na.jpg,x\n")
                  .rows,
              SizeIs(1));
  EXPECT_THAT(Read("\n \r\n\tfile,title\na.jpg,x").rows, SizeIs(1));
  const Manifest mac = Read("file,title\ra.jpg,x\rb.jpg,y\r");
  ASSERT_THAT(mac.rows, SizeIs(2));
  EXPECT_EQ(mac.rows[1].line, 3);
}

TEST_F(ManifestTest, Delimiters) {
  const Manifest semicolons = Read("file;title;products\na.jpg;x, y, z;\"ivory;tiger\"\n");
  ASSERT_THAT(semicolons.rows, SizeIs(1));
  EXPECT_EQ(semicolons.rows[0].listing.title, "x, y, z");
  EXPECT_THAT(semicolons.rows[0].listing.products, ElementsAre("ivory", "tiger"));
  const Manifest tabs = Read("file\ttitle\tprice\na.jpg\t\t5;-\n\t\t\n");
  ASSERT_THAT(tabs.rows, SizeIs(1));
  EXPECT_EQ(tabs.rows[0].listing.price, "5;-");
  EXPECT_THAT(tabs.problems, SizeIs(1));
  EXPECT_EQ(Read("\"file\",\"a;b;c;d\"\nx.jpg,1\n").rows[0].listing.extra_json, R"({"a;b;c;d":"1"})");
  EXPECT_EQ(Read("sep=;\nfile;title\na.jpg;x,y,z\n").rows[0].listing.title, "x,y,z");
  EXPECT_EQ(CodeOfReading("sep=x\nfilextitle\n"), ErrorCode::kInvalidArgument);
  EXPECT_THAT(Read("FILE\na.jpg\nb.jpg\n").rows, SizeIs(2));
}

TEST_F(ManifestTest, HeadersThatCannotBeUsed) {
  std::string message;
  EXPECT_EQ(CodeOfReading("photo,title\na.jpg,x\n", &message), ErrorCode::kInvalidArgument);
  EXPECT_THAT(message, HasSubstr("no column 'file'"));
  EXPECT_EQ(CodeOfReading("file,Title, title \na.jpg,x,y\n", &message), ErrorCode::kInvalidArgument);
  EXPECT_THAT(message, HasSubstr("two columns 'title'"));
  EXPECT_EQ(CodeOfReading("file,a,a\na.jpg,x,y\n"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOfReading("file,\xFF\na.jpg,x\n"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOfReading("file,\"title\na.jpg,x\n"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOfReading("file" + std::string(1000, ',') + "\n"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOfReading(""), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOfReading("\xEF\xBB\xBF \n"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOfReading(std::string("\xFF\xFE"
                                      "f\0i\0",
                                      6),
                          &message),
            ErrorCode::kInvalidArgument);
  EXPECT_THAT(message, HasSubstr("UTF-16"));
  EXPECT_EQ(CodeOfReading("[{\"file\":\"a.jpg\"}]", &message), ErrorCode::kInvalidArgument);
  EXPECT_THAT(message, HasSubstr("one object per line"));
}

TEST_F(ManifestTest, ColumnsWithoutNameMustBeEmpty) {
  EXPECT_THAT(Read("file,title,,\na.jpg,x,,\n").rows, SizeIs(1));
  EXPECT_THAT(ProblemOf("file,title,,\na.jpg,x,,y\n"), HasSubstr("'y' stands in column 4"));
}

TEST_F(ManifestTest, RowsOfAnotherLength) {
  EXPECT_THAT(ProblemOf("file,title\na.jpg\n"), HasSubstr("1 cells, the header 2"));
  EXPECT_THAT(ProblemOf("file,title\na.jpg,x,y\n"), HasSubstr("3 cells, the header 2"));
  EXPECT_THAT(ProblemOf("file,title\na.jpg," + std::string(100'000, ',') + "\n"), HasSubstr("cells"));
}

TEST_F(ManifestTest, MisplacedQuotesCostOneRow) {
  const Manifest manifest = Read(
      "file,title\n"
      "a.jpg,2\" bangle\n"       // As written: two inches.
      "b.jpg,\"5 inch\" tusk\n"  // Text after the closing quote.
      "c.jpg,\"never closed\n"
      "d.jpg,x\n"
      "e.jpg,\"fine, \"\"quoted\"\"\"\n"
      "f.jpg,\"open at the end\n");
  ASSERT_THAT(manifest.rows, SizeIs(3));
  EXPECT_EQ(manifest.rows[0].listing.title, "2\" bangle");
  EXPECT_EQ(manifest.rows[1].file.filename(), "d.jpg");
  EXPECT_EQ(manifest.rows[2].listing.title, "fine, \"quoted\"");
  ASSERT_THAT(manifest.problems, SizeIs(3));
  EXPECT_EQ(manifest.problems[0].line, 3);
  EXPECT_EQ(manifest.problems[1].line, 4);
  EXPECT_EQ(manifest.problems[2].line, 7);
  EXPECT_THAT(manifest.problems[2].message, HasSubstr("quotation mark"));
}

// --- JSON lines

TEST_F(ManifestTest, JsonLines) {
  const Manifest manifest = Read(
      R"({"file":"a.jpg","platform":" market ","listing_id":7,"price":120.50,"products":["ivory","rhino_horn","ivory"],)"
      R"("species":"A b; C d","weight":{"value":2,"unit":"kg"},"views":10,"url":null})"
      "\r\n\n"
      R"({"FILE":"b.jpg","listing_id":123456789012345678901234567890,"seller":"\u00e4\ud83d\ude00"})");
  EXPECT_THAT(manifest.problems, IsEmpty());
  ASSERT_THAT(manifest.rows, SizeIs(2));
  const Listing& listing = manifest.rows[0].listing;
  EXPECT_EQ(listing.platform, "market");
  EXPECT_EQ(listing.external_id, "7");
  EXPECT_EQ(listing.price, "120.50");  // As written, not 120.5.
  EXPECT_EQ(listing.url, "");
  EXPECT_THAT(listing.products, ElementsAre("ivory", "rhino_horn"));
  EXPECT_THAT(listing.species, ElementsAre("A b", "C d"));
  EXPECT_EQ(listing.extra_json, R"({"views":10,"weight":{"unit":"kg","value":2}})");
  EXPECT_EQ(manifest.rows[1].line, 3);
  EXPECT_EQ(manifest.rows[1].listing.external_id, "123456789012345678901234567890");
  EXPECT_EQ(manifest.rows[1].listing.seller, "\xC3\xA4\xF0\x9F\x98\x80");
}

TEST_F(ManifestTest, JsonLinesThatCannotBeUsed) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"title":"x"})", "file is empty"},
      {R"({"file":"a.jpg",})", "not valid JSON at byte"},
      {R"({"file":"a.jpg"} {})", "not valid JSON"},
      {"{\"file\":\"\xFF\"}", "not valid JSON"},
      {R"({"file":"a\ud800.jpg"})", "not valid JSON"},
      {R"({"file":"a.jpg","x":1e999})", "not valid JSON"},
      {R"({"file":"a.jpg","title":["x"]})", "title is not text"},
      {R"({"file":{"a":1}})", "file is not text"},
      {R"({"file":"a.jpg","products":[1]})", "products holds something that is not text"},
      {R"({"file":"a.jpg","products":{}})", "products is not text or an array"},
      {R"({"file":"a.jpg","File":"b.jpg"})", "'File' occurs twice"},
      {R"({"file":"a.jpg","x":{"y":1,"y":2}})", "'y' occurs twice"},
      {R"({"file":"a.jpg","x":[[[[[[[[[]]]]]]]]]})", "nested"},
      {R"({"file":"a.jpg","x":)" + std::string(200'000, '[') + "}", "nested"},
      {R"({"file":"a.jpg","title":"a\u0000b"})", "zero byte"},
      {R"({"file":"a.jpg","title":")" + std::string(70'000, 'x') + "\"}", "at most 65536"},
      {R"({"file":"a.jpg","x":")" + std::string(2'000'000, 'x') + "\"}", "at most 1048576"},
  };
  for (const auto& [line, expected] : cases) {
    EXPECT_THAT(ProblemOf(line), HasSubstr(expected)) << line.substr(0, 100);
  }
  const Manifest manifest = Read("{\"file\":\"a.jpg\"}\n[1]\n5\n\"file\"\n{\"file\":\"b.jpg\"}\n");
  EXPECT_THAT(manifest.rows, SizeIs(2));
  EXPECT_THAT(manifest.problems, SizeIs(3));
}

// --- Values

TEST_F(ManifestTest, TextThatIsNotUtf8IsQuotedEscaped) {
  EXPECT_EQ(ProblemOf("file,title\na.jpg,horn\xE9\n"), "title 'horn\\xE9' is not UTF-8 text");
  EXPECT_EQ(ProblemOf("file,x\na.jpg,\xC0\x80\n"), "'x' '\\xC0\\x80' is not UTF-8 text");
  EXPECT_EQ(ProblemOf(std::string("file,x\na.jpg,a\0b\n", 17)), "'x' 'a\\u{0000}b' contains a zero byte");
  EXPECT_EQ(ProblemOf("file,posted_at\na.jpg,\x1B[31m\n"),
            "posted_at '\\u{001B}[31m' is not a date as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ");
}

TEST_F(ManifestTest, FieldsThatAreTooLong) {
  const std::string fits(65'536, 'x'), too_long(65'537, 'x');
  EXPECT_THAT(Read("file,title\na.jpg," + fits + "\n").rows, SizeIs(1));
  EXPECT_THAT(ProblemOf("file,title\na.jpg," + too_long + "\n"), HasSubstr("title has 65537 bytes"));
  EXPECT_THAT(ProblemOf("file,x\na.jpg," + too_long + "\n"), HasSubstr("'x' has 65537 bytes"));
  EXPECT_THAT(ProblemOf("file,title\na.jpg," + std::string(3'000'000, 'x') + "\n"), HasSubstr("the line has"));
  std::string labels;
  for (int i = 0; i <= 100; ++i) labels += std::to_string(i) + ";";
  EXPECT_THAT(ProblemOf("file,products\na.jpg," + labels + "\n"), HasSubstr("products names more than 100"));
}

TEST_F(ManifestTest, Dates) {
  for (const char* date : {"2016-12-01", "2016-02-29", "2016-12-01T10:20", "2016-12-01T10:20:30",
                           "2016-12-01T10:20:30Z", "2016-12-01T10:20Z", "2016-12-01T10:20:30+05:30",
                           "2016-12-01T10:20:30-11:00", "2016-12-01T10:20:30.123456+00:00", ""}) {
    EXPECT_THAT(Read(std::string("file,posted_at\na.jpg,") + date + "\n").rows, SizeIs(1)) << date;
  }
  for (const char* date : {"01.12.2016",
                           "2016-12",
                           "2016-13-01",
                           "2016-00-10",
                           "2015-02-29",
                           "2016-12-32",
                           "2016-12-01 10:20",
                           "0000-01-01",
                           "2016-12-01T",
                           "2016-12-01T24:00",
                           "2016-12-01T10",
                           "2016-12-01T10:60",
                           "2016-12-01T10:20:61",
                           "2016-12-01T10:20:30.",
                           "2016-12-01T10:20+0530",
                           "2016-12-01T10:20+24:00",
                           "2016-12-01Z",
                           "2016-12-01T10:20ZZ",
                           "+016-12-01",
                           "2016-1-1",
                           "yesterday",
                           "20161201"}) {
    EXPECT_THAT(ProblemOf(std::string("file,captured_at\na.jpg,") + date + "\n"), HasSubstr(date));
  }
}

TEST_F(ManifestTest, FilesStayBelowRootUnlessAllowed) {
  for (const char* file : {"../x.jpg", "a/../../x.jpg", "/etc/passwd", "./../x.jpg", "a/b/../../../x"}) {
    const std::string text = std::string("file\n") + file + "\n";
    EXPECT_THAT(ProblemOf(text), HasSubstr(file));
    EXPECT_THAT(Read(text, {}, /*allow_outside=*/true).rows, SizeIs(1)) << file;
  }
  EXPECT_EQ(Read("file\n../x.jpg\n", {}, true).rows[0].file, directory_.parent_path() / "x.jpg");
  EXPECT_EQ(Read("file\n/etc/./passwd\n", {}, true).rows[0].file, "/etc/passwd");
  EXPECT_EQ(Read("file\na/../b.jpg\n").rows[0].file, directory_ / "b.jpg");
  EXPECT_EQ(Read("file\n..b.jpg\n").rows[0].file, directory_ / "..b.jpg");
  for (const char* file : {".", "..", "a/", "a/..", "./", "/"}) {
    EXPECT_THAT(ProblemOf(std::string("file\n") + file + "\n"), HasSubstr("directory")) << file;
  }
}

// --- Limits

TEST_F(ManifestTest, WhatCannotBeReadAtAll) {
  const auto code = [](const fs::path& path) {
    try {
      ReadManifest(path, {}, false);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  };
  EXPECT_EQ(code(directory_ / "missing.csv"), ErrorCode::kNotFound);
  EXPECT_EQ(code(directory_), ErrorCode::kIo);
  EXPECT_EQ(CodeOfReading("file\na.jpg\n", nullptr, {.max_bytes = 5}), ErrorCode::kLimit);
  EXPECT_EQ(CodeOfReading("file\na\nb\nc\n", nullptr, {.max_rows = 2}), ErrorCode::kLimit);
  std::string message;
  EXPECT_EQ(CodeOfReading("file\n/a\n/b\n/c\n", &message, {.max_problems = 2}), ErrorCode::kLimit);
  EXPECT_THAT(message, HasSubstr("'/c'"));
}

TEST_F(ManifestTest, HostileQuotesTakeLinearTime) {
  // Every line opens a quote, in all the ways; a reader that starts over from each line would take hours.
  for (const char* line : {"\"\n", "x,\"\n", "\"\"\"\n", "\"x\n", "\",\"\n", "\"\"x\n"}) {
    std::string text = "file,title\n";
    while (text.size() < 400'000) text += line;
    Read(text, {.max_problems = 10'000'000});
  }
}

TEST_F(ManifestTest, MutationsNeverCrash) {
  const std::string csv = std::string(kCsv) + "b.jpg,\"two\nlines\",,,,,,,,,,,,,,,\nc.jpg,,,,,,\xC3\xA4,,,,,,,,,x,y\n";
  const std::string json =
      "{\"file\":\"a.jpg\",\"platform\":\"m\",\"products\":[\"ivory\",\"x\"],\"posted_at\":\"2016-01-01\",\"x\":{\"y\":"
      "[1.5,"
      "null,true]}}\n{\"file\":\"b.jpg\",\"price\":120.50,\"seller\":\"\\u00e4\\ud83d\\ude00\"}\n";
  static constexpr std::string_view kInteresting[] = {"\"",
                                                      ",",
                                                      ";",
                                                      "\t",
                                                      "\n",
                                                      "\r",
                                                      "\r\n",
                                                      "\"\"",
                                                      "{",
                                                      "}",
                                                      "[",
                                                      "]",
                                                      ":",
                                                      "\\",
                                                      std::string_view("\0", 1),
                                                      "\xFF",
                                                      "\xEF\xBB\xBF",
                                                      "../",
                                                      "/",
                                                      "\\u",
                                                      "\\ud800",
                                                      "file",
                                                      "1e999",
                                                      "-",
                                                      "sep=;\n",
                                                      "2016-02-30",
                                                      "\xE2\x80\xAE"};
  std::mt19937_64 random(7);
  const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  int64_t num_rows = 0, num_problems = 0, num_refused = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string text = i % 2 == 0 ? csv : json;
    for (size_t k = 1 + below(4); k > 0 && !text.empty(); --k) {
      const size_t place = below(text.size());
      switch (below(5)) {
        case 0: text[place] = static_cast<char>(random()); break;
        case 1: text.erase(place, 1 + below(20)); break;
        case 2: text.insert(place, kInteresting[below(std::size(kInteresting))]); break;
        case 3: text.insert(place, text.substr(below(text.size()), 1 + below(200))); break;
        default: text.resize(place); break;
      }
    }
    try {
      const Manifest manifest = Read(text, {.max_field_bytes = 100, .max_row_bytes = 400});
      for (const ManifestRow& row : manifest.rows) {
        EXPECT_TRUE(row.file.is_absolute());
        EXPECT_TRUE(row.file.native().starts_with(directory_.native() + "/")) << row.file;
      }
      for (const ManifestProblem& problem : manifest.problems) EXPECT_FALSE(problem.message.empty());
      num_rows += static_cast<int64_t>(manifest.rows.size());
      num_problems += static_cast<int64_t>(manifest.problems.size());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument) << error.what();
      ++num_refused;
    }
  }
  // The mutations reach all three outcomes.
  EXPECT_GT(num_rows, 1000);
  EXPECT_GT(num_problems, 1000);
  EXPECT_GT(num_refused, 100);
}

}  // namespace
}  // namespace pugmark
