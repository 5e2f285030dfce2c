// SPDX-License-Identifier: Apache-2.0
#include "engine/report/packet.h"

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <set>

#include "engine/report/pictures.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "tests/pictures.h"
#include "tests/results.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;

std::string Slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::set<std::string> FilesIn(const fs::path& folder) {
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) names.insert(fs::relative(entry.path(), folder).string());
  }
  return names;
}

class PacketTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(scratch_ / "in");
    fs::create_directories(collection_.root / "thumbs");
    query_ = AddPhoto("query.jpg", 1);
    photo_ = AddPhoto("photo.png", 2);
    result_ = AResult({AHit()});
    result_.path = query_;
    result_.sha256 = Sha256::OfFile(query_);
    result_.hits[0].photo.path = photo_;
    result_.hits[0].photo.sha256 = Sha256::OfFile(photo_);
  }

  std::string AddPhoto(const std::string& name, uint64_t seed) const {
    const std::string path = (scratch_ / "in" / name).string();
    cv::imwrite(path, MakePicture(seed, 200, 150));
    return path;
  }

  void AddThumbnail(const Sha256& sha256) const {
    fs::create_directories(collection_.thumbnail(sha256).parent_path());
    WriteJpeg(collection_.thumbnail(sha256).string(), MakePicture(9, 80, 60));
  }

  PacketOutcome Write(const fs::path& folder) const {
    return WritePacket(folder, {&result_, 1}, HtmlOptions{}, FormatJson(result_) + "\n", PhotoFiles(collection_));
  }

  // sha256sum -c, and that no file is without a sum.
  static void ExpectSumsAreRight(const fs::path& folder) {
    std::set<std::string> named;
    for (const std::string& line : Lines(Slurp(folder / "SHA256SUMS"))) {
      const std::string name = line.substr(66);
      EXPECT_EQ(line.substr(64, 2), "  ");
      EXPECT_EQ(Sha256::OfFile(folder / name).Hex(), line.substr(0, 64)) << name;
      named.insert(name);
    }
    std::set<std::string> expected = FilesIn(folder);
    expected.erase("SHA256SUMS");
    EXPECT_EQ(named, expected);
  }

  Scratch scratch_;
  CollectionPaths collection_{scratch_ / "c"};
  std::string query_, photo_;
  QueryResult result_;
};

TEST_F(PacketTest, HoldsEverythingAndProvesIt) {
  const PacketOutcome outcome = Write(scratch_ / "packet");
  EXPECT_EQ(outcome.num_originals, 2);
  EXPECT_EQ(outcome.num_missing, 0);
  const std::string query = "originals/" + result_.sha256->Hex() + ".jpg";
  const std::string photo = "originals/" + result_.hits[0].photo.sha256.Hex() + ".png";
  EXPECT_EQ(FilesIn(scratch_ / "packet"),
            (std::set<std::string>{"CONTENTS.txt", "SHA256SUMS", "report.html", "results.jsonl", query, photo}));
  EXPECT_EQ(Slurp(scratch_ / "packet" / query), Slurp(query_)) << "Byte by byte.";
  EXPECT_EQ(Slurp(scratch_ / "packet" / photo), Slurp(photo_));
  EXPECT_EQ(Slurp(scratch_ / "packet" / "results.jsonl"), FormatJson(result_) + "\n");
  const std::string contents = Slurp(scratch_ / "packet" / "CONTENTS.txt");
  EXPECT_THAT(contents, HasSubstr("query: " + query_));
  EXPECT_THAT(contents, HasSubstr("known photo: " + photo_));
  EXPECT_THAT(contents, HasSubstr(std::string(kLeadSentence)));
  ExpectSumsAreRight(scratch_ / "packet");
}

TEST_F(PacketTest, SaysWhatIsGoneAndKeepsTheThumbnail) {
  fs::remove(photo_);
  AddThumbnail(result_.hits[0].photo.sha256);
  const PacketOutcome outcome = Write(scratch_ / "packet");
  EXPECT_EQ(outcome.num_originals, 1);
  EXPECT_EQ(outcome.num_missing, 1);
  const std::string thumbnail = "thumbnails/" + result_.hits[0].photo.sha256.Hex() + ".jpg";
  EXPECT_EQ(FilesIn(scratch_ / "packet").count(thumbnail), 1u);
  const std::string contents = Slurp(scratch_ / "packet" / "CONTENTS.txt");
  EXPECT_THAT(contents, HasSubstr("MISSING    " + result_.hits[0].photo.sha256.Hex()));
  EXPECT_THAT(contents, HasSubstr("no longer at its place"));
  EXPECT_THAT(contents, HasSubstr(thumbnail));
  ExpectSumsAreRight(scratch_ / "packet");
}

TEST_F(PacketTest, AFileOfTheSameNameWithOtherBytesIsNoOriginal) {
  WriteJpeg(query_, MakePicture(3, 200, 150));
  EXPECT_EQ(Write(scratch_ / "packet").num_missing, 1);
  EXPECT_THAT(Slurp(scratch_ / "packet" / "CONTENTS.txt"), HasSubstr("other bytes now"));
}

TEST_F(PacketTest, TheCollectionsCopyIsAnOriginal) {
  const Sha256 sha256 = result_.hits[0].photo.sha256;
  fs::create_directories(collection_.original(sha256).parent_path());
  fs::rename(photo_, collection_.original(sha256));
  EXPECT_EQ(Write(scratch_ / "packet").num_missing, 0);
  ExpectSumsAreRight(scratch_ / "packet");
}

TEST_F(PacketTest, NothingIsOverwritten) {
  Write(scratch_ / "packet");
  const std::set<std::string> before = FilesIn(scratch_ / "packet");
  const auto code_of = [&](const fs::path& folder) {
    try {
      Write(folder);
    } catch (const Error& e) {
      return e.code();
    }
    return ErrorCode::kInternal;
  };
  EXPECT_EQ(code_of(scratch_ / "packet"), ErrorCode::kExists);
  EXPECT_EQ(code_of(scratch_ / "packet/"), ErrorCode::kExists);
  fs::create_directory(scratch_ / "empty");
  EXPECT_EQ(code_of(scratch_ / "empty"), ErrorCode::kExists) << "An empty folder is somebody's, too.";
  fs::create_symlink("nowhere", scratch_ / "link");
  EXPECT_EQ(code_of(scratch_ / "link"), ErrorCode::kExists);
  EXPECT_EQ(code_of(scratch_ / "no/such"), ErrorCode::kNotFound);
  EXPECT_EQ(FilesIn(scratch_ / "packet"), before);
}

// Names from outside decide nothing: neither where a copy is put, nor what the list of contents does to a terminal.
TEST_F(PacketTest, HostileNamesStayInside) {
  const std::string hostile = (scratch_ / "in" / "x\n../../../etc/\x1b[2J\xe2\x80\xae.sh").string();
  fs::create_directories(fs::path(hostile).parent_path());
  std::ofstream(hostile) << "#!/bin/sh\nrm -rf /\n";
  result_.path = hostile;
  result_.sha256 = Sha256::OfFile(hostile);
  result_.hits[0].photo.format = "../../evil";
  Write(scratch_ / "packet");
  for (const std::string& name : FilesIn(scratch_ / "packet")) {
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzSHACONTEUM0123456789./"), std::string::npos) << name;
  }
  EXPECT_EQ(FilesIn(scratch_ / "packet").count("originals/" + result_.sha256->Hex() + ".bin"), 1u);
  ExpectHarmlessOnTerminals(Slurp(scratch_ / "packet" / "CONTENTS.txt"));
  ExpectSumsAreRight(scratch_ / "packet");
}

TEST_F(PacketTest, AFailureLeavesNothing) {
  HtmlOptions html;
  html.query_picture = [](const QueryResult&) -> ReportPicture { throw Error(ErrorCode::kIo, "No more."); };
  EXPECT_THROW(WritePacket(scratch_ / "packet", {&result_, 1}, html, "{}\n", PhotoFiles(collection_)), Error);
  for (const fs::directory_entry& entry : fs::directory_iterator(scratch_.path())) {
    EXPECT_EQ(entry.path().filename().string().find("packet"), std::string::npos) << entry.path();
  }
}

TEST_F(PacketTest, PicturesSayWhereTheyAreFrom) {
  const PhotoFiles files(collection_);
  const auto source = [&] {
    return files.PictureOf(photo_, Sha256::FromHex(result_.hits[0].photo.sha256.Hex())).source;
  };
  EXPECT_EQ(source(), "from the original, SHA-256 checked");
  EXPECT_EQ(files.PictureOf(photo_, result_.hits[0].photo.sha256).image->width_px, 200);
  WriteJpeg(photo_, MakePicture(4, 200, 150));
  EXPECT_EQ(source(), "the file at its place has other bytes now, and there is no thumbnail");
  AddThumbnail(result_.hits[0].photo.sha256);
  EXPECT_EQ(source(), "thumbnail: the file at its place has other bytes now");
  EXPECT_EQ(files.PictureOf(photo_, result_.hits[0].photo.sha256).image->width_px, 80);
  fs::remove(photo_);
  EXPECT_EQ(source(), "thumbnail: the original is no longer at its place");
  ASSERT_EQ(::mkfifo(photo_.c_str(), 0600), 0);
  EXPECT_EQ(source(), "thumbnail: the original cannot be read") << "A FIFO would block for ever.";
  EXPECT_EQ(PhotoFiles(std::nullopt).PictureOf(photo_, result_.hits[0].photo.sha256).image, std::nullopt);
}

}  // namespace
}  // namespace pugmark
