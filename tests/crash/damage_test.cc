// SPDX-License-Identifier: Apache-2.0
//
// Single flipped bytes and truncations at random places of every kind of file: `check` finds them all, and no search
// crashes or tells what nobody wrote. Each case runs in a process of its own.
//
// PUGMARK_DAMAGE_CASES: cases of each kind (default 24). PUGMARK_DAMAGE_SEED: default 1.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

#include "engine/search/search.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "tests/crash/program.h"
#include "tests/crash/state.h"

namespace pugmark::crash {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

int Number(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoi(text);
}

void Write(const fs::path& file, const Bytes& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// Everything that a hit tells of the catalogue, one fact a line.
std::set<std::string> FactsOf(const Hit& hit) {
  const Photo& p = hit.photo;
  const std::string sha256 = p.sha256.Hex();
  std::set<std::string> facts = {sha256 + " is " + p.path + " " + std::to_string(p.size_bytes) + " " + p.format + " " +
                                 std::to_string(p.width_px) + " " + std::to_string(p.height_px) + " " + p.camera_make + " " +
                                 p.camera_model + " " + p.camera_serial + " " + p.taken_at + " " + p.admitted_at};
  for (const Catalogue::BankName& bank : hit.banks) {
    facts.insert(sha256 + " in " + bank.name + " " + std::string(BankRoleName(bank.role)));
  }
  for (const Sighting& s : hit.sightings) {
    const Listing& l = s.listing;
    std::string fact = sha256 + " seen";
    for (const std::string* text : {&s.path, &s.captured_at, &l.platform, &l.external_id, &l.url, &l.seller, &l.seller_url,
                                    &l.title, &l.price, &l.currency, &l.posted_at, &l.operation, &l.extra_json}) {
      fact += " [" + *text + "]";
    }
    for (const std::string& product : l.products) facts.insert(fact + " product " + product);
    for (const std::string& species : l.species) facts.insert(fact + " species " + species);
    facts.insert(std::move(fact));
  }
  return facts;
}

// Of all tables and of their definitions. What no query can read is not in it.
std::string ContentOf(const fs::path& catalogue) {
  SQLite::Database database(catalogue.native(), SQLite::OPEN_READONLY);
  std::string all;
  std::vector<std::string> tables = {"sqlite_schema"};
  SQLite::Statement names(database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  while (names.executeStep()) tables.push_back(names.getColumn(0).getString());
  for (const std::string& table : tables) {
    if (table == "sqlite_sequence") continue;  // Larger counters only skip numbers; check refuses smaller ones.
    SQLite::Statement rows(database, "SELECT * FROM \"" + table + "\" NOT INDEXED");
    while (rows.executeStep()) {
      all += "\n" + table;
      for (int i = 0; i < rows.getColumnCount(); ++i) {
        if (table == "sqlite_schema" && i == 3) continue;  // Where a table begins: wherever that is, its rows are these.
        all += "|" + rows.getColumn(i).getString();
      }
    }
  }
  return Sha256::Of({reinterpret_cast<const uint8_t*>(all.data()), all.size()}).Hex();
}

enum Finding : int { kFound = 1, kHarmless = 2, kWrongData = 4, kSearchFailed = 8 };

class DamageTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    PrepareProcess();
    scratch_ = new Scratch;
    pictures_ = new Pictures;
    collection_ = *scratch_ / "c";
    std::ofstream manifest(pictures_->folder("first") / "ads.csv");
    manifest << "file,platform,listing_id,url,seller,seller_url,title,price,currency,posted_at,products,species,note\n"
             << "p0.jpg,bazaar,77,https://bazaar.example/77,horn_king,https://bazaar.example/u/horn_king,Old carving,"
                "120,EUR,2016-11-02,ivory;horn,loxodonta,as new\n"
             << "p1.jpg,bazaar,78,https://bazaar.example/78,horn_king,,Another carving,90,EUR,2016-11-03,ivory,,\n"
             << "gone.jpg,bazaar,79,,,,,,,,,,\n"
             << "page.jpg,bazaar,80,,,,,,,,,,\n";
    manifest.close();
    Run({"init", "--size", "200", "--keypoints", "80"}, 0);
    Run({"ingest", "--copy", "--manifest", (pictures_->folder("first") / "ads.csv").string()}, 3);
    Run({"ingest", "--copy", pictures_->folder("second").string(), pictures_->folder("third").string()}, 0);
    truth_ = new std::set<std::string>;
    for (const QueryResult& result : Answers()) {
      EXPECT_FALSE(result.hits.empty());
      for (const Hit& hit : result.hits) truth_->merge(FactsOf(hit));
    }
    content_ = ContentOf(collection_ / "catalogue.db");
    EXPECT_TRUE(Check(collection_).empty());
  }
  static void TearDownTestSuite() {
    delete truth_;
    delete pictures_;
    delete scratch_;
  }

  static void Run(std::vector<std::string> words, int exit_code) {
    words.insert(words.begin(), {"-c", collection_.string()});
    const RunResult run = RunProgram(words, scratch_->path());
    ASSERT_EQ(run.exit_code, exit_code) << run.err;
  }

  // An edited copy, and a photo itself.
  static std::vector<QueryResult> Answers() {
    const Searcher searcher(collection_, {});
    return {searcher.Search(pictures_->query(0)), searcher.Search(pictures_->photo(1))};
  }

  // In the child.
  static int Look(bool is_catalogue) {
    int findings = 0;
    try {
      if (!Check(collection_).empty()) findings |= kFound;
    } catch (const Error&) {
      findings |= kFound;  // The program says so and ends with an error.
    }
    try {
      for (const QueryResult& result : Answers()) {
        for (const Hit& hit : result.hits) {
          for (const std::string& fact : FactsOf(hit)) {
            if (truth_->count(fact) == 0) findings |= kWrongData;
          }
        }
      }
    } catch (const Error&) {  // An end with a message.
    } catch (const std::exception&) {
      findings |= kSearchFailed;
    }
    if ((findings & kFound) == 0 && is_catalogue && ContentOf(collection_ / "catalogue.db") == content_) findings |= kHarmless;
    return findings;
  }

  void Try(const std::string& kind, const fs::path& file) {
    const Bytes sound = ReadFile(file, 1 << 30);
    ASSERT_FALSE(sound.empty()) << file;
    const bool is_catalogue = kind == "catalogue";
    std::mt19937_64 random(static_cast<uint64_t>(Number("PUGMARK_DAMAGE_SEED", 1)) * 1000 + std::hash<std::string>()(kind) % 1000);
    int num_found = 0, num_harmless = 0;
    const int num_cases = Number("PUGMARK_DAMAGE_CASES", 24) * (is_catalogue ? 4 : 1);
    for (int i = 0; i < num_cases; ++i) {
      Bytes damaged = sound;
      std::uniform_int_distribution<size_t> place(0, sound.size() - 1);
      size_t at = place(random);
      // A small catalogue is mostly the empty rest of pages; half of the cases look for something.
      while (is_catalogue && i % 2 == 0 && sound[at] == 0) at = place(random);
      std::string what;
      if (i % 4 == 3) {
        damaged.resize(at);
        what = "truncated to ";
      } else {
        damaged[at] = static_cast<uint8_t>(damaged[at] ^ (1 + random() % 255));
        what = "another byte at ";
      }
      SCOPED_TRACE(kind + ": " + what + std::to_string(at) + " of " + std::to_string(sound.size()));
      // Written anew, so that hard links of other snapshots and open mappings are not touched.
      fs::remove(file);
      Write(file, damaged);
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::alarm(120);
        ::_exit(Look(is_catalogue));
      }
      int status = 0;
      ::waitpid(pid, &status, 0);
      fs::remove(file);
      Write(file, sound);
      for (const char* suffix : {"-wal", "-shm"}) fs::remove(collection_ / (std::string("catalogue.db") + suffix));
      ASSERT_TRUE(WIFEXITED(status)) << "It crashed or hung, signal " << WTERMSIG(status);
      const int findings = WEXITSTATUS(status);
      EXPECT_EQ(findings & kWrongData, 0) << "A search told what nobody wrote.";
      EXPECT_EQ(findings & kSearchFailed, 0);
      EXPECT_NE(findings & (kFound | kHarmless), 0) << "check did not find it.";
      num_found += findings & kFound ? 1 : 0;
      num_harmless += findings & kHarmless ? 1 : 0;
    }
    std::cout << kind << ": " << num_found << " of " << num_cases << " found";
    if (num_harmless > 0) std::cout << ", " << num_harmless << " in bytes that no query reads";
    std::cout << "\n";
    EXPECT_EQ(num_found + num_harmless, num_cases);
    EXPECT_GE(num_found * 3, num_cases) << "Too much of it seems to mean nothing.";
  }

  static fs::path InSnapshot(const std::string& prefix) {
    const fs::path snapshot = collection_ / "snapshots" / "000002";
    for (const fs::directory_entry& entry : fs::directory_iterator(snapshot)) {
      if (entry.path().filename().string().starts_with(prefix)) return entry.path();
    }
    return snapshot / prefix;
  }
  static fs::path AnyIn(const char* folder) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(collection_ / folder)) {
      if (entry.is_regular_file()) return entry.path();
    }
    return collection_ / folder;
  }

  static inline Scratch* scratch_ = nullptr;
  static inline Pictures* pictures_ = nullptr;
  static inline fs::path collection_;
  static inline std::set<std::string>* truth_ = nullptr;
  static inline std::string content_;
};

TEST_F(DamageTest, Catalogue) { Try("catalogue", collection_ / "catalogue.db"); }
TEST_F(DamageTest, Codebook) { Try("codebook", InSnapshot("codebook")); }
TEST_F(DamageTest, Part) { Try("part", InSnapshot("part")); }
TEST_F(DamageTest, Globals) { Try("globals", InSnapshot("globals")); }
TEST_F(DamageTest, Manifest) { Try("manifest", InSnapshot("manifest")); }
TEST_F(DamageTest, Current) { Try("CURRENT", collection_ / "CURRENT"); }
TEST_F(DamageTest, Thumbnail) { Try("thumbnail", AnyIn("thumbs")); }
TEST_F(DamageTest, Original) { Try("original", AnyIn("originals")); }
TEST_F(DamageTest, Quarantine) { Try("quarantine", collection_ / "quarantine.jsonl"); }

// What check advises mends it.
TEST_F(DamageTest, IngestingThePhotoAgainMendsThumbnailAndCopy) {
  for (const char* folder : {"thumbs", "originals"}) {
    const fs::path file = AnyIn(folder);
    Bytes bytes = ReadFile(file, 1 << 30);
    bytes[bytes.size() / 2] ^= 1;
    Write(file, bytes);
    EXPECT_FALSE(Check(collection_).empty());
    Run({"ingest", "--copy", "--manifest", (pictures_->folder("first") / "ads.csv").string()}, 3);
    Run({"ingest", "--copy", pictures_->folder("second").string(), pictures_->folder("third").string()}, 0);
    EXPECT_TRUE(Check(collection_).empty());
  }
}

TEST_F(DamageTest, ADamagedQuarantineStaysDamagedUntilItIsMovedAway) {
  const fs::path file = collection_ / "quarantine.jsonl";
  Bytes bytes = ReadFile(file, 1 << 30);
  bytes[10] ^= 1;
  Write(file, bytes);
  std::ofstream(pictures_->folder("first") / "new.jpg") << "no photo either";
  Run({"ingest", (pictures_->folder("first") / "new.jpg").string()}, 3);
  EXPECT_EQ(Check(collection_).size(), 1u) << "Adding to it must not hide the damage.";
  fs::remove(file);
  EXPECT_EQ(Check(collection_).size(), 1u);
  Run({"ingest", (pictures_->folder("first") / "new.jpg").string()}, 3);
  EXPECT_TRUE(Check(collection_).empty());
}

}  // namespace
}  // namespace pugmark::crash
