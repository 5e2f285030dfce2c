// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/catalogue.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/schema.h"

// Listings are written with the few fields that matter to a test; g++ 12 warns of the others even so.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using Access = Catalogue::Access;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Sha256 ShaOf(std::string_view text) { return Sha256::Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()}); }

std::vector<uint8_t> RandomBytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

class CatalogueTest : public ::testing::Test {
 protected:
  CatalogueTest() {
    std::string pattern = (fs::temp_directory_path() / "catalogue_test.XXXXXX").native();
    directory_ = ::mkdtemp(pattern.data());
    database_ = directory_ / "catalogue.db";
  }
  ~CatalogueTest() override { fs::remove_all(directory_); }

  Catalogue MakeCatalogue() {
    Catalogue::Create(database_);
    return Catalogue(database_, Access::kWrite);
  }

  static Photo MakePhoto(std::string_view name, BatchId batch) {
    Photo photo;
    photo.sha256 = ShaOf(name);
    photo.path = "/photos/" + std::string(name) + ".jpg";
    photo.size_bytes = 123456;
    photo.format = "jpeg";
    photo.width_px = 1600;
    photo.height_px = 1200;
    photo.camera_make = "Canon";
    photo.camera_model = "EOS 5D";
    photo.camera_serial = "0042";
    photo.taken_at = "2016-12-24T18:00:00";
    photo.truncated = true;
    photo.admitted_at = "2026-11-24T06:55:54Z";
    photo.batch = batch;
    return photo;
  }

  static StoredFeatures MakeFeatures(uint64_t seed, size_t num_keypoints = 10) {
    StoredFeatures features;
    features.extractor = "rootsift 640 800";
    features.width_px = 640;
    features.height_px = 480;
    features.num_keypoints = static_cast<int>(num_keypoints);
    features.keypoints = RandomBytes(num_keypoints * 12, seed);
    features.descriptors = RandomBytes(num_keypoints * 128, seed + 1);
    features.pdq = RandomBytes(32, seed + 2);
    return features;
  }

  static PhotoId Add(Catalogue& catalogue, std::string_view name, BatchId batch) {
    return catalogue.AddPhoto(MakePhoto(name, batch), MakeFeatures(name.size()));
  }

  ErrorCode CodeOfOpening(Access access, std::string* message = nullptr) {
    try {
      Catalogue catalogue(database_, access);
    } catch (const Error& error) {
      if (message != nullptr) *message = error.what();
      return error.code();
    }
    ADD_FAILURE() << "was opened";
    return ErrorCode::kInternal;
  }

  fs::path directory_, database_;
};

template <typename F>
ErrorCode CodeOf(F&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "did not throw";
  return ErrorCode::kInternal;
}

// --- Opening

TEST_F(CatalogueTest, CreateMakesOneSoundFileAndRefusesASecond) {
  Catalogue::Create(database_);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), {}), 1);
  EXPECT_EQ(CodeOf([&] { Catalogue::Create(database_); }), ErrorCode::kExists);
  const Catalogue catalogue(database_, Access::kRead);
  EXPECT_THAT(catalogue.CheckIntegrity(), IsEmpty());
  EXPECT_EQ(catalogue.Counts().num_photos, 0);
  EXPECT_FALSE(catalogue.TotalsAfter({}).last.value);
}

TEST_F(CatalogueTest, CreateMendsAnAttemptThatWasKilled) {
  std::ofstream(database_.native() + ".tmp") << "half";
  std::ofstream(database_.native() + ".tmp-wal") << "half";
  const Catalogue catalogue = MakeCatalogue();
  EXPECT_THAT(catalogue.CheckIntegrity(), IsEmpty());
}

TEST_F(CatalogueTest, CreateRefusesADanglingLinkAndAMissingDirectory) {
  fs::create_symlink(directory_ / "nowhere", database_);
  EXPECT_EQ(CodeOf([&] { Catalogue::Create(database_); }), ErrorCode::kExists);
  EXPECT_EQ(CodeOf([&] { Catalogue::Create(directory_ / "missing" / "catalogue.db"); }), ErrorCode::kIo);
}

TEST_F(CatalogueTest, MissingFileIsNotFoundAndNotCreated) {
  EXPECT_EQ(CodeOfOpening(Access::kRead), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOfOpening(Access::kWrite), ErrorCode::kNotFound);
  EXPECT_FALSE(fs::exists(database_));
}

TEST_F(CatalogueTest, WhatIsNoCatalogueIsRefused) {
  std::string message;
  std::ofstream(database_) << std::string(10'000, 'x');
  EXPECT_EQ(CodeOfOpening(Access::kRead, &message), ErrorCode::kCorrupt) << message;
  EXPECT_EQ(CodeOfOpening(Access::kWrite, &message), ErrorCode::kCorrupt) << message;
  EXPECT_THAT(message, HasSubstr(database_.native()));

  std::ofstream(database_, std::ios::trunc).flush();
  EXPECT_EQ(CodeOfOpening(Access::kWrite, &message), ErrorCode::kCorrupt) << message;
  EXPECT_THAT(message, HasSubstr("not a catalogue"));

  fs::remove(database_);
  SQLite::Database(database_.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE t (x)");
  EXPECT_EQ(CodeOfOpening(Access::kRead, &message), ErrorCode::kCorrupt) << message;
  EXPECT_THAT(message, HasSubstr("not a catalogue"));

  fs::remove(database_);
  fs::create_directory(database_);
  EXPECT_EQ(CodeOfOpening(Access::kRead), ErrorCode::kIo);
  fs::remove(database_);
  ASSERT_EQ(::mkfifo(database_.c_str(), 0600), 0);
  EXPECT_EQ(CodeOfOpening(Access::kRead), ErrorCode::kIo);
}

TEST_F(CatalogueTest, NewerVersionIsRefusedAndLeftAlone) {
  Catalogue::Create(database_);
  SQLite::Database(database_.native(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 999");
  std::string message;
  EXPECT_EQ(CodeOfOpening(Access::kRead, &message), ErrorCode::kUnsupported);
  EXPECT_EQ(CodeOfOpening(Access::kWrite, &message), ErrorCode::kUnsupported);
  EXPECT_THAT(message, HasSubstr("newer"));
}

TEST_F(CatalogueTest, OlderVersionIsMigratedByAWriterOnly) {
  // Version 0 with our application id: as old as it gets.
  SQLite::Database(database_.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec("PRAGMA application_id = " + std::to_string(internal::kCatalogueApplicationId));
  std::string message;
  EXPECT_EQ(CodeOfOpening(Access::kRead, &message), ErrorCode::kUnsupported);
  EXPECT_THAT(message, HasSubstr("older"));
  Catalogue(database_, Access::kWrite).SetSetting("a", "b");
  EXPECT_EQ(Catalogue(database_, Access::kRead).Setting("a"), "b");
  EXPECT_THAT(Catalogue(database_, Access::kRead).CheckIntegrity(), IsEmpty());
}

TEST_F(CatalogueTest, MigrationsRunInOrderAndOnce) {
  SQLite::Database database(database_.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  const char* const scripts[] = {"CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a REFERENCES a (id));",
                                 "INSERT INTO a VALUES (7); INSERT INTO b VALUES (7);",
                                 // Rebuilds a table that others refer to.
                                 "CREATE TABLE c (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO c SELECT id, 'x' FROM a;"
                                 "DROP TABLE a; ALTER TABLE c RENAME TO a;"};
  internal::Migrate(database, std::span(scripts, 1));
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), 1);
  internal::Migrate(database, scripts);
  internal::Migrate(database, scripts);
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), 3);
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM a WHERE x = 'x'").getInt(), 1);
  EXPECT_EQ(database.execAndGet("PRAGMA foreign_keys").getInt(), 1);
}

TEST_F(CatalogueTest, AFailedMigrationChangesNothing) {
  SQLite::Database database(database_.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  const char* const broken[] = {"CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE TABLE b (x)"};
  internal::Migrate(database, std::span(broken, 1));
  EXPECT_THROW(internal::Migrate(database, broken), SQLite::Exception);
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), 1);
  EXPECT_FALSE(database.tableExists("b"));

  const char* const orphans[] = {broken[0],
                                 "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p (id));"
                                 "INSERT INTO c VALUES (5);"};
  EXPECT_EQ(CodeOf([&] { internal::Migrate(database, orphans); }), ErrorCode::kCorrupt);
  EXPECT_EQ(database.execAndGet("PRAGMA user_version").getInt(), 1);
  EXPECT_FALSE(database.tableExists("c"));
}

TEST_F(CatalogueTest, ANameThatLooksLikeAUriIsAFile) {
  const fs::path before = fs::current_path();
  fs::current_path(directory_);
  Catalogue::Create("file:x.db?mode=memory");
  Catalogue("file:x.db?mode=memory", Access::kWrite).SetSetting("a", "b");
  fs::current_path(before);
  EXPECT_TRUE(fs::exists(directory_ / "file:x.db?mode=memory"));
}

// Gives up root's rights for a while, because permissions do not bind root.
class AsNobody {
 public:
  AsNobody() : root_(::geteuid() == 0) {
    if (root_ && ::seteuid(65534) != 0) root_ = false;
  }
  ~AsNobody() {
    if (root_ && ::seteuid(0) != 0) std::abort();
  }
  bool works() const { return ::geteuid() != 0; }

 private:
  bool root_;
};

TEST_F(CatalogueTest, ReadsFromADirectoryThatMayNotBeWritten) {
  {
    Catalogue catalogue = MakeCatalogue();
    Add(catalogue, "a", catalogue.StartBatch("x"));
  }
  ASSERT_EQ(std::distance(fs::directory_iterator(directory_), {}), 1);
  ::chmod(directory_.c_str(), 0555);
  ::chmod(database_.c_str(), 0444);
  {
    const AsNobody nobody;
    if (!nobody.works()) GTEST_SKIP() << "runs as root and cannot change that";
    const Catalogue catalogue(database_, Access::kRead);
    EXPECT_EQ(catalogue.Counts().num_photos, 1);
    EXPECT_TRUE(catalogue.GetFeatures(PhotoId{1}));
    EXPECT_EQ(CodeOfOpening(Access::kWrite), ErrorCode::kIo);
  }
  // A log with content holds what the database lacks; without permission to use it, reading would give an old state.
  ::chmod(directory_.c_str(), 0755);
  std::ofstream(database_.native() + "-wal") << "content";
  ::chmod(directory_.c_str(), 0555);
  {
    const AsNobody nobody;
    EXPECT_EQ(CodeOfOpening(Access::kRead), ErrorCode::kIo);
  }
  ::chmod(directory_.c_str(), 0755);
}

TEST_F(CatalogueTest, ReaderSharesTheLogOfAWriterEvenWithoutMayWriting) {
  Catalogue writer = MakeCatalogue();
  writer.SetSetting("a", "in the write-ahead log");
  ::chmod(directory_.c_str(), 0555);
  {
    const AsNobody nobody;
    if (nobody.works()) {
      EXPECT_EQ(Catalogue(database_, Access::kRead).Setting("a"), "in the write-ahead log");
    }
  }
  ::chmod(directory_.c_str(), 0755);
}

TEST_F(CatalogueTest, ReaderRecoversTheLogOfAKilledWriter) {
  {
    Catalogue writer = MakeCatalogue();
    writer.SetSetting("a", "committed");
    fs::copy(database_, directory_ / "killed.db");
    fs::copy(database_.native() + "-wal", directory_ / "killed.db-wal");
  }
  EXPECT_EQ(Catalogue(directory_ / "killed.db", Access::kRead).Setting("a"), "committed");
}

TEST_F(CatalogueTest, ReadersMayNotWrite) {
  MakeCatalogue();
  Catalogue reader(database_, Access::kRead);
  EXPECT_EQ(CodeOf([&] { reader.SetSetting("a", "b"); }), ErrorCode::kInternal);
  EXPECT_EQ(CodeOf([&] { reader.StartBatch("x"); }), ErrorCode::kInternal);
}

// --- What goes in comes out

TEST_F(CatalogueTest, Settings) {
  Catalogue catalogue = MakeCatalogue();
  EXPECT_EQ(catalogue.Setting("scale"), std::nullopt);
  catalogue.SetSetting("scale", "640");
  catalogue.SetSetting("scale", "320");
  EXPECT_EQ(catalogue.Setting("scale"), "320");
}

TEST_F(CatalogueTest, Batches) {
  Catalogue catalogue = MakeCatalogue();
  const BatchId first = catalogue.StartBatch("pugmark ingest a");
  const BatchId second = catalogue.StartBatch("pugmark ingest b");
  EXPECT_LT(first, second);
  catalogue.FinishBatch(first, {.num_new_photos = 3});
  EXPECT_EQ(catalogue.Counts().num_batches, 2);
  EXPECT_EQ(CodeOf([&] { catalogue.FinishBatch(BatchId{99}, {}); }), ErrorCode::kNotFound);
}

TEST_F(CatalogueTest, PhotoAndFeaturesComeBackAsTheyWere) {
  Catalogue catalogue = MakeCatalogue();
  const BatchId batch = catalogue.StartBatch("x");
  const Photo photo = MakePhoto("a", batch);
  const StoredFeatures features = MakeFeatures(1, 900);
  const PhotoId id = catalogue.AddPhoto(photo, features);
  EXPECT_EQ(catalogue.FindPhoto(photo.sha256), id);
  EXPECT_EQ(catalogue.FindPhoto(ShaOf("b")), std::nullopt);

  const Photo read = catalogue.GetPhoto(id).value();
  EXPECT_EQ(read.id, id);
  EXPECT_EQ(read.sha256, photo.sha256);
  EXPECT_EQ(read.path, photo.path);
  EXPECT_EQ(read.size_bytes, photo.size_bytes);
  EXPECT_EQ(read.format, photo.format);
  EXPECT_EQ(read.width_px, photo.width_px);
  EXPECT_EQ(read.height_px, photo.height_px);
  EXPECT_EQ(read.camera_make, photo.camera_make);
  EXPECT_EQ(read.camera_model, photo.camera_model);
  EXPECT_EQ(read.camera_serial, photo.camera_serial);
  EXPECT_EQ(read.taken_at, photo.taken_at);
  EXPECT_EQ(read.truncated, photo.truncated);
  EXPECT_EQ(read.admitted_at, photo.admitted_at);
  EXPECT_EQ(read.batch, batch);
  EXPECT_FALSE(catalogue.GetPhoto(PhotoId{77}));

  const StoredFeatures read_features = catalogue.GetFeatures(id).value();
  EXPECT_EQ(read_features.extractor, features.extractor);
  EXPECT_EQ(read_features.width_px, features.width_px);
  EXPECT_EQ(read_features.height_px, features.height_px);
  EXPECT_EQ(read_features.num_keypoints, features.num_keypoints);
  EXPECT_EQ(read_features.keypoints, features.keypoints);
  EXPECT_EQ(read_features.descriptors, features.descriptors);
  EXPECT_EQ(read_features.global_descriptor, features.global_descriptor);
  EXPECT_EQ(read_features.pdq, features.pdq);
  EXPECT_FALSE(catalogue.GetFeatures(PhotoId{77}));
}

TEST_F(CatalogueTest, PhotoWithoutAnyKeypoint) {
  Catalogue catalogue = MakeCatalogue();
  const PhotoId id = catalogue.AddPhoto(MakePhoto("a", catalogue.StartBatch("x")), {});
  EXPECT_EQ(catalogue.GetFeatures(id)->num_keypoints, 0);
  EXPECT_THAT(catalogue.GetFeatures(id)->descriptors, IsEmpty());
}

TEST_F(CatalogueTest, PathsAreBytes) {
  Catalogue catalogue = MakeCatalogue();
  const BatchId batch = catalogue.StartBatch("x");
  for (const std::string path :
       {"/a/\xFF\xFE\x80.jpg", "/line\nbreak\r\t.jpg", "/\xE2\x80\xAEgpj.exe", "/'; DROP TABLE--"}) {
    Photo photo = MakePhoto(path, batch);
    photo.path = path;
    const PhotoId id = catalogue.AddPhoto(photo, MakeFeatures(1));
    catalogue.AddSighting(id, catalogue.AddListing({}), path, "", batch);
    EXPECT_EQ(catalogue.GetPhoto(id)->path, path);
    EXPECT_EQ(catalogue.SightingsOf(id).at(0).path, path);
  }
}

TEST_F(CatalogueTest, TheSamePhotoAgainIsRefusedAndChangesNothing) {
  Catalogue catalogue = MakeCatalogue();
  const BatchId batch = catalogue.StartBatch("x");
  Add(catalogue, "a", batch);
  EXPECT_EQ(CodeOf([&] { Add(catalogue, "a", batch); }), ErrorCode::kExists);
  {
    Catalogue::Transaction transaction(catalogue);
    Add(catalogue, "b", batch);
    EXPECT_EQ(CodeOf([&] { Add(catalogue, "a", batch); }), ErrorCode::kExists);
    Add(catalogue, "c", batch);
    transaction.Commit();
  }
  EXPECT_EQ(catalogue.Counts().num_photos, 3);
  EXPECT_EQ(catalogue.TotalsAfter({}).num_photos, 3);
  EXPECT_THAT(catalogue.CheckIntegrity(), IsEmpty());
}

TEST_F(CatalogueTest, IdsAreNeverReused) {
  Catalogue catalogue = MakeCatalogue();
  const PhotoId id = Add(catalogue, "a", catalogue.StartBatch("x"));
  SQLite::Database(database_.native(), SQLite::OPEN_READWRITE).exec("DELETE FROM features; DELETE FROM photos");
  EXPECT_GT(Add(catalogue, "a", catalogue.StartBatch("y")), id);
}

TEST_F(CatalogueTest, ForeignKeysRefuseOrphans) {
  Catalogue catalogue = MakeCatalogue();
  const BatchId batch = catalogue.StartBatch("x");
  const PhotoId photo = Add(catalogue, "a", batch);
  const ListingId listing = catalogue.AddListing({.platform = "m", .external_id = "1"});
  EXPECT_EQ(CodeOf([&] { Add(catalogue, "b", BatchId{99}); }), ErrorCode::kInternal);
  EXPECT_EQ(CodeOf([&] { catalogue.AddSighting(PhotoId{99}, listing, "", "", batch); }), ErrorCode::kInternal);
  EXPECT_EQ(CodeOf([&] { catalogue.AddSighting(photo, ListingId{99}, "", "", batch); }), ErrorCode::kInternal);
  EXPECT_EQ(CodeOf([&] { catalogue.AddToBank(PhotoId{99}, "bank", BankRole::kBenign); }), ErrorCode::kInternal);
  EXPECT_EQ(catalogue.Counts().num_photos, 1);
  EXPECT_THAT(catalogue.Counts().photos_per_bank, IsEmpty());  // The bank went with the photo that was refused.
}

// --- Listings and sightings

TEST_F(CatalogueTest, ListingsAreFilledAndUnited) {
  Catalogue catalogue = MakeCatalogue();
  const BatchId batch = catalogue.StartBatch("x");
  const PhotoId photo = Add(catalogue, "a", batch);
  const ListingId id = catalogue.AddListing({.platform = "market",
                                             .external_id = "7",
                                             .seller = "horn_king",
                                             .title = "old cup",
                                             .products = {"rhino_horn", "ivory"}});
  const Listing second = {.platform = "market",
                          .external_id = "7",
                          .url = "https://m/7",
                          .seller = "horn_king",
                          .seller_url = "https://m/u/horn_king",
                          .title = "another title",
                          .price = "1 200,-",
                          .currency = "EUR",
                          .posted_at = "2016-12-01",
                          .products = {"ivory", "tiger"},
                          .species = {"Diceros bicornis"},
                          .operation = "op",
                          .extra_json = R"({"a":1})"};
  EXPECT_EQ(catalogue.AddListing(second), id);
  EXPECT_EQ(catalogue.AddListing(second), id);
  EXPECT_TRUE(catalogue.AddSighting(photo, id, "/a.jpg", "2017-01-01", batch));
  const Listing read = catalogue.SightingsOf(photo).at(0).listing;
  EXPECT_EQ(read.platform, "market");
  EXPECT_EQ(read.external_id, "7");
  EXPECT_EQ(read.url, "https://m/7");
  EXPECT_EQ(read.seller, "horn_king");
  EXPECT_EQ(read.seller_url, "https://m/u/horn_king");
  EXPECT_EQ(read.title, "old cup");
  EXPECT_EQ(read.price, "1 200,-");
  EXPECT_EQ(read.currency, "EUR");
  EXPECT_EQ(read.posted_at, "2016-12-01");
  EXPECT_THAT(read.products, ElementsAre("rhino_horn", "ivory", "tiger"));
  EXPECT_THAT(read.species, ElementsAre("Diceros bicornis"));
  EXPECT_EQ(read.operation, "op");
  EXPECT_EQ(read.extra_json, R"({"a":1})");
  EXPECT_EQ(catalogue.Counts().num_sellers, 1);
}

TEST_F(CatalogueTest, WhatTellsListingsApart) {
  Catalogue catalogue = MakeCatalogue();
  const Listing all[] = {{},
                         {.platform = "a"},
                         {.platform = "a", .seller = "s"},
                         {.platform = "a", .external_id = "1"},
                         {.platform = "a", .external_id = "1", .seller = "s"},
                         {.platform = "b", .external_id = "1", .seller = "s"},
                         {.platform = "a", .url = "u1", .seller = "s"},
                         {.platform = "a", .url = "u2", .seller = "s"},
                         {.platform = "a", .seller = "s", .title = "t1"},
                         {.platform = "a", .seller = "s", .title = "t2"}};
  for (const Listing& listing : all) catalogue.AddListing(listing);
  for (const Listing& listing : all) catalogue.AddListing(listing);
  EXPECT_EQ(catalogue.Counts().num_listings, static_cast<int64_t>(std::size(all)));
  EXPECT_EQ(catalogue.Counts().num_sellers, 2);
}

TEST_F(CatalogueTest, SightingsAreKeptOnceAndOrdered) {
  Catalogue catalogue = MakeCatalogue();
  const BatchId batch = catalogue.StartBatch("x");
  const PhotoId photo = Add(catalogue, "a", batch);
  const PhotoId other = Add(catalogue, "b", batch);
  const auto add = [&](const Listing& listing, const std::string& captured_at) {
    return catalogue.AddSighting(photo, catalogue.AddListing(listing), "/a.jpg", captured_at, batch);
  };
  const Listing late = {.platform = "z", .external_id = "late", .posted_at = "2017-05-01"};
  const Listing early = {.platform = "z", .external_id = "early", .posted_at = "2015-05-01"};
  EXPECT_TRUE(add({.platform = "b", .external_id = "undated"}, ""));
  EXPECT_TRUE(add(late, ""));
  EXPECT_TRUE(add(late, "2017-06-02"));
  EXPECT_TRUE(add(late, "2017-06-01"));
  EXPECT_TRUE(add({.platform = "a", .external_id = "undated"}, ""));
  EXPECT_TRUE(add(early, "2017-06-01"));
  EXPECT_FALSE(add(late, "2017-06-01"));
  EXPECT_FALSE(add(late, ""));
  catalogue.AddSighting(other, catalogue.AddListing(late), "/b.jpg", "", batch);
  std::vector<std::string> order;
  for (const Sighting& sighting : catalogue.SightingsOf(photo)) {
    EXPECT_EQ(sighting.photo, photo);
    order.push_back(sighting.listing.platform + " " + sighting.listing.external_id + " " + sighting.captured_at);
  }
  EXPECT_THAT(order, ElementsAre("z early 2017-06-01", "z late 2017-06-01", "z late 2017-06-02", "z late ",
                                 "a undated ", "b undated "));
  EXPECT_EQ(catalogue.Counts().num_sightings, 7);
}

TEST_F(CatalogueTest, PhotosOfAListingWhoeverSellsThem) {
  Catalogue catalogue = MakeCatalogue();
  const BatchId batch = catalogue.StartBatch("x");
  const PhotoId first = Add(catalogue, "a", batch), second = Add(catalogue, "b", batch), other = Add(catalogue, "c", batch);
  const auto add = [&](PhotoId photo, const Listing& listing, const std::string& captured_at) {
    catalogue.AddSighting(photo, catalogue.AddListing(listing), "/x.jpg", captured_at, batch);
  };
  add(second, {.platform = "p", .external_id = "1", .seller = "s"}, "2017-01-01");
  add(second, {.platform = "p", .external_id = "1", .seller = "s"}, "2017-01-02");
  add(first, {.platform = "p", .external_id = "1", .seller = "t"}, "");
  add(other, {.platform = "q", .external_id = "1", .seller = "s"}, "");
  add(other, {.platform = "p", .url = "1", .seller = "s"}, "");
  EXPECT_THAT(catalogue.PhotosOfListing("p", "1"), ElementsAre(first, second));
  EXPECT_THAT(catalogue.PhotosOfListing("q", "1"), ElementsAre(other));
  EXPECT_TRUE(catalogue.PhotosOfListing("p", "2").empty());
  EXPECT_TRUE(catalogue.PhotosOfListing("", "").empty());
}

TEST_F(CatalogueTest, BanksAndTombstones) {
  Catalogue catalogue = MakeCatalogue();
  const BatchId batch = catalogue.StartBatch("x");
  const PhotoId a = Add(catalogue, "a", batch), b = Add(catalogue, "b", batch);
  catalogue.AddToBank(a, "stock", BankRole::kBenign);
  catalogue.AddToBank(a, "stock", BankRole::kSeizure);
  catalogue.AddToBank(b, "stock", BankRole::kSeizure);
  catalogue.AddToBank(a, "case 12", BankRole::kSeizure);
  const auto banks = catalogue.BanksOf(a);
  ASSERT_EQ(banks.size(), 2u);
  EXPECT_EQ(banks[0].name, "case 12");
  EXPECT_EQ(banks[0].role, BankRole::kSeizure);
  EXPECT_EQ(banks[1].name, "stock");
  EXPECT_EQ(banks[1].role, BankRole::kBenign);
  EXPECT_EQ(catalogue.Counts().photos_per_bank, (std::map<std::string, int64_t>{{"case 12", 1}, {"stock", 2}}));

  catalogue.AddTombstone(ShaOf("gone"), "court order");
  catalogue.AddTombstone(ShaOf("gone"), "again");
  EXPECT_TRUE(catalogue.IsTombstoned(ShaOf("gone")));
  EXPECT_FALSE(catalogue.IsTombstoned(ShaOf("a")));
  EXPECT_EQ(catalogue.Counts().num_tombstones, 1);
}

// --- Visiting

TEST_F(CatalogueTest, VisitsInOrderUntilToldToStop) {
  Catalogue catalogue = MakeCatalogue();
  const BatchId batch = catalogue.StartBatch("x");
  std::vector<PhotoId> ids;
  for (const char* name : {"a", "bb", "ccc", "dddd"}) ids.push_back(Add(catalogue, name, batch));
  const auto visited = [&](PhotoId after, size_t most) {
    std::vector<PhotoId> seen;
    catalogue.VisitFeatures(after, [&](PhotoId id, const StoredFeatures& features) {
      EXPECT_EQ(features.descriptors, catalogue.GetFeatures(id)->descriptors);  // The visit may call the catalogue.
      seen.push_back(id);
      return seen.size() < most;
    });
    return seen;
  };
  EXPECT_THAT(visited({}, 99), ElementsAre(ids[0], ids[1], ids[2], ids[3]));
  EXPECT_THAT(visited(ids[1], 99), ElementsAre(ids[2], ids[3]));
  EXPECT_THAT(visited(ids[0], 2), ElementsAre(ids[1], ids[2]));
  EXPECT_THAT(visited(ids[3], 99), IsEmpty());
  EXPECT_EQ(catalogue.TotalsAfter(ids[1]).num_photos, 2);
  EXPECT_EQ(catalogue.TotalsAfter(ids[1]).num_keypoints, 20);
  EXPECT_EQ(catalogue.TotalsAfter(ids[1]).last, ids[3]);
  EXPECT_EQ(catalogue.TotalsAfter(ids[3]).last, PhotoId{});
}

TEST_F(CatalogueTest, AVisitSeesTheStateOfItsStartAndMayWrite) {
  Catalogue catalogue = MakeCatalogue();
  const BatchId batch = catalogue.StartBatch("x");
  Add(catalogue, "a", batch);
  Add(catalogue, "bb", batch);
  const Catalogue reader(database_, Access::kRead);
  int num_visited = 0;
  reader.VisitFeatures({}, [&](PhotoId, const StoredFeatures&) {
    Add(catalogue, "added" + std::to_string(num_visited), batch);
    return ++num_visited < 50;
  });
  EXPECT_EQ(num_visited, 2);
  EXPECT_EQ(reader.Counts().num_photos, 4);
  EXPECT_THROW(reader.VisitFeatures({}, [](PhotoId, const StoredFeatures&) -> bool { throw std::runtime_error("x"); }),
               std::runtime_error);
  // Through the same object as well.
  catalogue.VisitFeatures({}, [&](PhotoId id, const StoredFeatures&) {
    catalogue.AddToBank(id, "seen", BankRole::kEvidence);
    return true;
  });
  EXPECT_EQ(catalogue.Counts().photos_per_bank["seen"], 4);
}

// --- Transactions

TEST_F(CatalogueTest, UncommittedIsRolledBackAndUnseen) {
  Catalogue catalogue = MakeCatalogue();
  const Catalogue reader(database_, Access::kRead);
  const BatchId batch = catalogue.StartBatch("x");
  {
    Catalogue::Transaction transaction(catalogue);
    Add(catalogue, "a", batch);
    catalogue.AddListing({.platform = "m", .external_id = "1"});
    EXPECT_EQ(catalogue.Counts().num_photos, 1);
    EXPECT_EQ(reader.Counts().num_photos, 0);
    EXPECT_EQ(Catalogue(database_, Access::kRead).Counts().num_photos, 0);
  }
  EXPECT_EQ(catalogue.Counts().num_photos, 0);
  EXPECT_EQ(catalogue.Counts().num_listings, 0);
  {
    Catalogue::Transaction transaction(catalogue);
    Add(catalogue, "a", batch);
    transaction.Commit();
  }
  EXPECT_EQ(reader.Counts().num_photos, 1);
}

TEST_F(CatalogueTest, TransactionsAreNotNestedAndSurviveAMove) {
  Catalogue catalogue = MakeCatalogue();
  Catalogue::Transaction transaction(catalogue);
  EXPECT_EQ(CodeOf([&] { Catalogue::Transaction second(catalogue); }), ErrorCode::kInternal);
  Catalogue moved = std::move(catalogue);
  moved.SetSetting("a", "b");
  transaction.Commit();
  EXPECT_EQ(CodeOf([&] { transaction.Commit(); }), ErrorCode::kInternal);
  EXPECT_EQ(Catalogue(database_, Access::kRead).Setting("a"), "b");
}

TEST_F(CatalogueTest, ATransactionOfAReaderHoldsOneState) {
  Catalogue catalogue = MakeCatalogue();
  Catalogue reader(database_, Access::kRead);
  Catalogue::Transaction transaction(reader);
  catalogue.SetSetting("a", "b");
  EXPECT_EQ(reader.Setting("a"), std::nullopt);
  transaction.Commit();
  EXPECT_EQ(reader.Setting("a"), "b");
}

TEST_F(CatalogueTest, TwoWritersWaitForEachOther) {
  Catalogue::Create(database_);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 2; ++thread) {
    threads.emplace_back([this, thread] {
      Catalogue catalogue(database_, Access::kWrite);
      const BatchId batch = catalogue.StartBatch("x");
      for (int i = 0; i < 20; ++i) Add(catalogue, std::to_string(thread) + " " + std::to_string(i), batch);
    });
  }
  threads.clear();
  EXPECT_EQ(Catalogue(database_, Access::kRead).Counts().num_photos, 40);
}

TEST_F(CatalogueTest, ReadersInOtherThreadsSeeWholeTransactionsOnly) {
  Catalogue catalogue = MakeCatalogue();
  std::atomic<bool> done = false;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      const Catalogue reader(database_, Access::kRead);
      int64_t last = 0;
      while (!done) {
        const CatalogueCounts counts = reader.Counts();
        EXPECT_EQ(counts.num_photos % 5, 0);
        EXPECT_GE(counts.num_photos, last);
        last = counts.num_photos;
        int64_t num_visited = 0;
        reader.VisitFeatures({}, [&](PhotoId, const StoredFeatures&) { return ++num_visited > 0; });
        EXPECT_EQ(num_visited % 5, 0);
      }
    });
  }
  const BatchId batch = catalogue.StartBatch("x");
  for (int i = 0; i < 100;) {
    Catalogue::Transaction transaction(catalogue);
    for (int k = 0; k < 5; ++k, ++i) {
      const PhotoId photo = Add(catalogue, "photo " + std::to_string(i), batch);
      catalogue.AddSighting(photo, catalogue.AddListing({.platform = "m", .seller = "s"}), "/x", "", batch);
    }
    transaction.Commit();
  }
  done = true;
  readers.clear();
  EXPECT_EQ(catalogue.Counts().num_sightings, 100);
}

// --- Damage

TEST_F(CatalogueTest, CheckFindsEveryFlippedBitInFeaturesAndSurvivesAllOthers) {
  constexpr int kNumPhotos = 15, kTries = 100;  // Most of the file must be theirs, not the empty tables'.
  {
    Catalogue catalogue = MakeCatalogue();
    const BatchId batch = catalogue.StartBatch("x");
    for (int i = 0; i < kNumPhotos; ++i) catalogue.AddPhoto(MakePhoto(std::to_string(i), batch), MakeFeatures(i, 500));
  }
  const std::vector<uint8_t> sound = ReadFile(database_, 1 << 30);
  // Which bytes of the file belong to descriptors.
  std::vector<bool> is_feature(sound.size());
  for (int i = 0; i < kNumPhotos; ++i) {
    const std::vector<uint8_t> descriptors = MakeFeatures(i, 500).descriptors;
    constexpr size_t kPiece = 16;
    for (size_t k = 0; k + kPiece <= descriptors.size(); k += 500) {
      const auto piece = descriptors.begin() + static_cast<std::ptrdiff_t>(k);
      const auto found = std::search(sound.begin(), sound.end(), piece, piece + kPiece);
      if (found != sound.end()) std::fill_n(is_feature.begin() + (found - sound.begin()), kPiece, true);
    }
  }
  ASSERT_GT(std::ranges::count(is_feature, true), 8'000);
  std::mt19937_64 random(5);
  int num_found = 0, num_anywhere = 0;
  for (int i = 0; i < 2 * kTries; ++i) {
    size_t place = random() % sound.size();
    const bool in_features = i < kTries;
    while (in_features && !is_feature[place]) place = (place + 1) % sound.size();
    while (!in_features && sound[place] == 0) place = random() % sound.size();  // Most pages of so few rows are empty.
    std::vector<uint8_t> damaged = sound;
    damaged[place] ^= static_cast<uint8_t>(1u << (random() % 8));
    fs::remove(database_);  // Overwriting would make ext4 flush it.
    std::ofstream(database_, std::ios::binary)
        .write(reinterpret_cast<const char*>(damaged.data()), static_cast<std::streamsize>(damaged.size()));
    bool found = false;
    try {
      found = !Catalogue(database_, Access::kRead).CheckIntegrity().empty();
    } catch (const Error& error) {
      found = true;
      EXPECT_NE(error.code(), ErrorCode::kInternal) << error.what();
    }
    (in_features ? num_found : num_anywhere) += found ? 1 : 0;
  }
  EXPECT_EQ(num_found, kTries);
  RecordProperty("found_of_100_anywhere", num_anywhere);  // The others hit the unused rest of a page.
  EXPECT_GE(num_anywhere, kTries / 2);
}

TEST_F(CatalogueTest, DamagedFeaturesAreReportedNotReturned) {
  PhotoId id;
  const StoredFeatures features = MakeFeatures(1, 500);
  {
    Catalogue catalogue = MakeCatalogue();
    id = catalogue.AddPhoto(MakePhoto("a", catalogue.StartBatch("x")), features);
  }
  std::vector<uint8_t> bytes = ReadFile(database_, 1 << 30);
  const auto found = std::search(bytes.begin(), bytes.end(), features.descriptors.begin() + 30'000,
                                 features.descriptors.begin() + 30'020);
  ASSERT_NE(found, bytes.end());
  *found ^= 1;
  std::ofstream(database_, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const Catalogue catalogue(database_, Access::kRead);
  EXPECT_EQ(CodeOf([&] { catalogue.GetFeatures(id); }), ErrorCode::kCorrupt);
  EXPECT_EQ(CodeOf([&] { catalogue.VisitFeatures({}, [](PhotoId, const StoredFeatures&) { return true; }); }),
            ErrorCode::kCorrupt);
  EXPECT_THAT(catalogue.CheckIntegrity(), ElementsAre(HasSubstr("photo 1")));
  EXPECT_TRUE(catalogue.GetPhoto(id));
}

TEST_F(CatalogueTest, CheckFindsOrphansAndTruncation) {
  {
    Catalogue catalogue = MakeCatalogue();
    const BatchId batch = catalogue.StartBatch("x");
    for (int i = 0; i < 5; ++i) catalogue.AddPhoto(MakePhoto(std::to_string(i), batch), MakeFeatures(i, 500));
  }
  {
    SQLite::Database database(database_.native(), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA foreign_keys = OFF; DELETE FROM photos WHERE id = 3");
  }
  EXPECT_THAT(Catalogue(database_, Access::kRead).CheckIntegrity(),
              ElementsAre(HasSubstr("features"), HasSubstr("photos: row 3 is missing")));
  fs::resize_file(database_, fs::file_size(database_) / 2);
  bool found = false;
  try {
    found = !Catalogue(database_, Access::kRead).CheckIntegrity().empty();
  } catch (const Error& error) {
    found = error.code() == ErrorCode::kCorrupt;
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace pugmark
