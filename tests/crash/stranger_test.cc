// SPDX-License-Identifier: Apache-2.0
//
// A collection from a stranger cannot crash `check` or `search`: its index files and manifest are changed on purpose
// and sealed again, so that every checksum is right; its catalogue and thumbnails are damaged in many places at once.
// The program may say anything but end by a signal, run out of its memory or hang. (damage_test: what accidents do must
// also be found.)
//
// PUGMARK_STRANGER_CASES: cases of each kind (default 6). PUGMARK_STRANGER_SEED: default 1.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "index/base/collection.h"
#include "index/base/files.h"
#include "index/base/sha256.h"
#include "tests/crash/program.h"
#include "tests/mutation.h"
#include "tests/pictures.h"
#include "tests/scratch.h"

namespace pugmark::crash {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Bytes = std::vector<uint8_t>;

int Number(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoi(text);
}

void Write(const fs::path& file, std::span<const uint8_t> bytes) {
  fs::remove(file);  // Other snapshots may have it by a hard link.
  std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
}

std::string HexOf(std::string_view text) {
  return Sha256::Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()}).Hex();
}

// Writes the manifest with a seal that is its own: docs/formats.md, "manifest.json".
void WriteManifest(const fs::path& file, Json manifest) {
  manifest.erase("seal");
  std::string text = manifest.dump(2);
  text.resize(text.size() - 2);
  text += ",\n  \"seal\": \"" + HexOf(text) + "\"\n}\n";
  Write(file, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// Every number and text of a manifest, as the place where it stands.
void Fields(const Json& json, const Json::json_pointer& at, std::vector<Json::json_pointer>* fields) {
  if (!json.is_structured()) return fields->push_back(at);
  for (const auto& [key, value] : json.items())
    Fields(value, json.is_array() ? at / std::stoul(key) : at / key, fields);
}

class Stranger : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = new Scratch;
    fs::create_directories(*scratch_ / "in");
    for (int i = 0; i < 6; ++i) {
      WriteJpeg((*scratch_ / "in/p").string() + std::to_string(i) + ".jpg",
                MakePicture(static_cast<uint64_t>(i), 200, 150));
    }
    query_ = (*scratch_ / "in/p0.jpg").string();
    Run("sound", {"init", "--size", "200", "--keypoints", "80"}, {0});
    Run("sound", {"ingest", (*scratch_ / "in").string()}, {0});
    Run("sound", {"reindex"}, {0});
    Run("sound", {"check"}, {0});
  }
  static void TearDownTestSuite() { delete scratch_; }

  static void Run(const std::string& collection, std::vector<std::string> words, const std::set<int>& expected) {
    words.insert(words.begin(), {"-c", (*scratch_ / collection).string()});
    const RunResult run = RunProgram(words, scratch_->path());
    EXPECT_TRUE(expected.count(run.exit_code) == 1) << words[2] << " ended with " << run.exit_code << ": " << run.err;
    EXPECT_EQ(run.err.find("bug"), std::string::npos) << run.err;
  }

  // Damages a copy of the sound collection and looks at it.
  template <typename Damage>
  static void Try(const std::string& kind, Damage&& damage) {
    std::mt19937_64 random(static_cast<uint64_t>(Number("PUGMARK_STRANGER_SEED", 1)));
    for (int i = 0; i < Number("PUGMARK_STRANGER_CASES", 6); ++i) {
      SCOPED_TRACE(kind + ", case " + std::to_string(i));
      fs::remove_all(*scratch_ / "c");
      fs::copy(*scratch_ / "sound", *scratch_ / "c", fs::copy_options::recursive);
      damage(*scratch_ / "c", random);
      Run("c", {"check"}, {0, 4, 10, 12});
      Run("c", {"search", query_, "--no-log"}, {0, 1, 3, 4, 10, 12});
    }
  }

  static fs::path Snapshot(const fs::path& collection) {
    const Bytes current = ReadFile(collection / "CURRENT", 64);
    return collection / "snapshots" / std::string(current.begin(), current.begin() + 6);
  }
  static Json Manifest(const fs::path& snapshot) {
    const Bytes bytes = ReadFile(snapshot / "manifest.json", 1 << 20);
    return Json::parse(bytes.begin(), bytes.end());
  }

  // Changes a file of the snapshot and has the manifest say so.
  static void Reseal(const fs::path& snapshot, const std::string& name, const Bytes& bytes) {
    Write(snapshot / name, bytes);
    Json manifest = Manifest(snapshot);
    for (Json& file : manifest["files"]) {
      if (file["file"] != name) continue;
      file["size_bytes"] = bytes.size();
      file["sha256"] = Sha256::Of(bytes).Hex();
    }
    WriteManifest(snapshot / "manifest.json", std::move(manifest));
  }

  static void TryFile(const std::string& beginning) {
    Try(beginning, [&](const fs::path& collection, std::mt19937_64& random) {
      const fs::path snapshot = Snapshot(collection);
      std::string name;
      for (const auto& entry : fs::directory_iterator(snapshot)) {
        if (entry.path().filename().string().starts_with(beginning)) name = entry.path().filename().string();
      }
      ASSERT_NE(name, "") << beginning;
      Reseal(snapshot, name, Mutate(ReadFile(snapshot / name, 1 << 30), &random));
    });
  }

  static Scratch* scratch_;
  static std::string query_;
};
Scratch* Stranger::scratch_ = nullptr;
std::string Stranger::query_;

TEST_F(Stranger, TheSoundOneIsSound) {
  fs::remove_all(*scratch_ / "c");
  fs::copy(*scratch_ / "sound", *scratch_ / "c", fs::copy_options::recursive);
  const fs::path snapshot = Snapshot(*scratch_ / "c");
  Reseal(snapshot, "codebook.faiss", ReadFile(snapshot / "codebook.faiss", 1 << 30));  // Our seal is the program's.
  Run("c", {"check"}, {0});
  Run("c", {"search", query_}, {0});
}

TEST_F(Stranger, Codebook) { TryFile("codebook"); }
TEST_F(Stranger, Part) { TryFile("part"); }
TEST_F(Stranger, Globals) { TryFile("globals"); }

TEST_F(Stranger, NamesOfOtherFilesAreNotOpened) {
  Try("on-disk lists", [](const fs::path& collection, std::mt19937_64&) {
    const fs::path snapshot = Snapshot(collection);
    std::string name;
    const Json manifest = Manifest(snapshot);
    for (const Json& part : manifest["parts"]) name = part["file"];
    // faiss::OnDiskInvertedLists: "ilod", and a name that FAISS would open and map.
    Bytes bytes = ReadFile(snapshot / name, 1 << 30);
    std::copy_n("ilod", 4, bytes.begin());
    Reseal(snapshot, name, bytes);
  });
}

TEST_F(Stranger, Manifest) {
  static const std::vector<Json> kValues = {0,
                                            -1,
                                            1,
                                            2147483647,
                                            4294967296,
                                            9223372036854775807,
                                            -9223372036854775807,
                                            18446744073709551615u,
                                            1e300,
                                            true,
                                            nullptr,
                                            "",
                                            "../../../etc/passwd",
                                            "/dev/zero",
                                            std::string(100'000, 'a'),
                                            Json::array(),
                                            Json::object()};
  Try("manifest", [](const fs::path& collection, std::mt19937_64& random) {
    const fs::path snapshot = Snapshot(collection);
    Json manifest = Manifest(snapshot);
    std::vector<Json::json_pointer> fields;
    Fields(manifest, Json::json_pointer(), &fields);
    for (int edits = 1 + static_cast<int>(random() % 2); edits > 0; --edits) {
      manifest[fields[random() % fields.size()]] = kValues[random() % kValues.size()];
    }
    WriteManifest(snapshot / "manifest.json", std::move(manifest));
  });
}

TEST_F(Stranger, Catalogue) {
  Try("catalogue", [](const fs::path& collection, std::mt19937_64& random) {
    Bytes bytes = ReadFile(collection / "catalogue.db", 1 << 30);
    const size_t size = bytes.size();
    for (int i = 0; i < 4; ++i) bytes = Mutate(std::move(bytes), &random);
    bytes.resize(size);  // A database of another length is found out at once.
    Write(collection / "catalogue.db", bytes);
  });
}

TEST_F(Stranger, Thumbnails) {
  Try("thumbnails", [](const fs::path& collection, std::mt19937_64& random) {
    for (const auto& entry : fs::recursive_directory_iterator(collection / "thumbs")) {
      if (entry.is_regular_file()) Write(entry.path(), Mutate(ReadFile(entry.path(), 1 << 20), &random));
    }
  });
}

}  // namespace
}  // namespace pugmark::crash
