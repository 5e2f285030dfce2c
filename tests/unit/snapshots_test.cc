// SPDX-License-Identifier: Apache-2.0
#include "index/snapshots/snapshots.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "index/base/error.h"
#include "index/base/files.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

class SnapshotsTest : public testing::Test {
 protected:
  SnapshotsTest() { std::filesystem::create_directories(paths_.snapshots()); }

  static std::vector<uint8_t> Descriptors(uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<uint8_t> d(200 * kVectorSize);
    for (uint8_t& v : d) v = static_cast<uint8_t>(random() % 90);
    return d;
  }

  void AddPhoto(SnapshotWriter& writer, const Codebook& codebook, int64_t photo) {
    const auto d = Descriptors(static_cast<uint32_t>(photo));
    PartBuilder part(codebook.num_words());
    part.Add(PhotoId{photo}, codebook.Assign(d, 1), std::vector<EntryGeometry>(200));
    writer.AddPart(part);
  }

  SnapshotInfo PublishFirst() {
    SnapshotWriter writer(paths_);
    const Codebook codebook = Codebook::Train(Descriptors(0), {.num_words = 8});
    writer.SetCodebook(codebook);
    AddPhoto(writer, codebook, 1);
    return writer.Publish("test", PhotoId{1}, {}, 1);
  }

  SnapshotInfo PublishNext() {
    const std::optional<Snapshot> base = OpenCurrentSnapshot(paths_);
    SnapshotWriter writer(paths_);
    writer.ContinueFrom(base->info);
    AddPhoto(writer, base->codebook, base->info.last_photo.value + 1);
    return writer.Publish("test", PhotoId{base->info.last_photo.value + 1}, {}, base->info.num_photos + 1);
  }

  static void FlipByte(const std::filesystem::path& file, std::streamoff at) {
    std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
    f.seekg(at);
    const char c = static_cast<char>(f.get() ^ 0x10);
    f.seekp(at);
    f.put(c);
  }

  std::filesystem::path File(int64_t number, const std::string& name) const {
    return paths_.snapshots() / ("00000" + std::to_string(number)) / name;
  }

  Scratch scratch_;
  CollectionPaths paths_{scratch_.path()};
};

TEST_F(SnapshotsTest, NothingIsCurrentAtFirst) {
  EXPECT_FALSE(CurrentSnapshot(paths_));
  EXPECT_FALSE(OpenCurrentSnapshot(paths_));
}

TEST_F(SnapshotsTest, PublishesCarriesOnAndPrunes) {
  PublishFirst();
  const SnapshotInfo second = PublishNext();
  EXPECT_EQ(second.number, 2);
  EXPECT_EQ(second.num_entries, 400);
  const std::optional<Snapshot> opened = OpenCurrentSnapshot(paths_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->info.number, 2);
  EXPECT_EQ(opened->parts.size(), 2u);
  EXPECT_EQ(opened->info.last_photo, PhotoId{2});
  EXPECT_EQ(std::filesystem::hard_link_count(File(2, "codebook.faiss")), 2u) << "Shared with the first snapshot.";
  EXPECT_TRUE(CheckSnapshot(paths_, 1).empty());
  EXPECT_TRUE(CheckSnapshot(paths_, 2).empty());
  PublishNext();
  PublishNext();
  EXPECT_EQ(PruneSnapshots(paths_, {.keep = 2}), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(ListSnapshots(paths_), (std::vector<int64_t>{3, 4}));
  EXPECT_TRUE(CheckSnapshot(paths_, 4).empty()) << "Parts linked from a pruned snapshot live on.";
  EXPECT_EQ(opened->parts[1].num_entries(), 200) << "A reader keeps what it opened.";
}

TEST_F(SnapshotsTest, AbandonedWriterLeavesTheOldCurrent) {
  PublishFirst();
  {
    const std::optional<Snapshot> base = OpenCurrentSnapshot(paths_);
    SnapshotWriter writer(paths_);
    writer.ContinueFrom(base->info);
  }
  EXPECT_EQ(CurrentSnapshot(paths_), 1);
  EXPECT_EQ(ListSnapshots(paths_).size(), 1u);
  // A killed writer leaves its staging directory; it is no snapshot, and pruning removes it.
  std::filesystem::create_directories(paths_.snapshots() / "000002.tmp");
  EXPECT_EQ(ListSnapshots(paths_).size(), 1u);
  PruneSnapshots(paths_, {});
  EXPECT_FALSE(std::filesystem::exists(paths_.snapshots() / "000002.tmp"));
}

TEST_F(SnapshotsTest, EveryDamageIsSeen) {
  const SnapshotInfo info = PublishFirst();
  for (const FileSeal& seal : info.files) {
    const std::filesystem::path file = File(1, seal.file);
    for (const uint64_t at : {uint64_t{0}, seal.size_bytes / 2, seal.size_bytes - 1}) {
      FlipByte(file, static_cast<std::streamoff>(at));
      EXPECT_EQ(CheckSnapshot(paths_, 1).size(), 1u) << seal.file << " at " << at;
      FlipByte(file, static_cast<std::streamoff>(at));
    }
  }
  EXPECT_TRUE(CheckSnapshot(paths_, 1).empty());
  FlipByte(File(1, "codebook.faiss"), 500);
  EXPECT_THROW(OpenCurrentSnapshot(paths_), Error) << "The codebook is verified before FAISS sees it.";
  FlipByte(File(1, "codebook.faiss"), 500);
  std::filesystem::resize_file(File(1, info.parts[0].file), 100);
  EXPECT_THROW(OpenCurrentSnapshot(paths_), Error) << "So are sizes.";
}

TEST_F(SnapshotsTest, DamageIsNotSealedAnewWhenAPartIsCarriedOn) {
  const SnapshotInfo info = PublishFirst();
  FlipByte(File(1, info.parts[0].file), 200);
  PublishNext();
  EXPECT_EQ(CheckSnapshot(paths_, 2).size(), 1u);
}

TEST_F(SnapshotsTest, StrangersManifestsAreRefused) {
  PublishFirst();
  {
    // As a stranger would write it, or an older Pugmark: without a seal, so that what it says is what is refused.
    const std::vector<uint8_t> bytes = ReadFile(File(1, "manifest.json"), 1 << 20);
    std::string text(bytes.begin(), bytes.end());
    text = text.substr(0, text.rfind(",\n  \"seal\"")) + "\n}\n";
    text.replace(text.find("\"schema\": 2"), 11, "\"schema\": 1");
    WriteFileAtomically(File(1, "manifest.json"), text);
    EXPECT_NO_THROW(OpenCurrentSnapshot(paths_));
  }
  const auto replace = [&](const std::string& from, const std::string& to) {
    const std::vector<uint8_t> bytes = ReadFile(File(1, "manifest.json"), 1 << 20);
    std::string text(bytes.begin(), bytes.end());
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, from.size(), to);
    WriteFileAtomically(File(1, "manifest.json"), text);
    EXPECT_THROW(OpenCurrentSnapshot(paths_), Error) << to;
    text.replace(at, to.size(), from);
    WriteFileAtomically(File(1, "manifest.json"), text);
  };
  replace("\"codebook.faiss\"", "\"../../etc/passwd\"");
  replace("\"number\": 1", "\"number\": 2");
  replace("\"schema\": 1", "\"schema\": 99");
  replace("\"num_words\": 8", "\"num_words\": \"8\"");
  replace("\"num_words\": 8", "\"num_words\": 9");
  replace("{", "[");
  EXPECT_NO_THROW(OpenCurrentSnapshot(paths_));
  WriteFileAtomically(paths_.current(), "../1\n");
  EXPECT_THROW(OpenCurrentSnapshot(paths_), Error);
}

}  // namespace
}  // namespace pugmark
