// SPDX-License-Identifier: Apache-2.0
//
// Which rows a takedown removes, which it leaves, and what remembers it.
#include "index/catalogue/takedown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "index/base/error.h"
#include "index/catalogue/alerts.h"
#include "index/catalogue/banks.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = RemovalTarget::Kind;

constexpr char kMark[] = "DESCRIPTOR-OF-THE-REMOVED-PHOTO";

Sha256 ShaOf(const std::string& name) {
  return Sha256::Of({reinterpret_cast<const uint8_t*>(name.data()), name.size()});
}

class TakedownTest : public testing::Test {
 protected:
  void SetUp() override {
    Catalogue::Create(database_);
    catalogue_.emplace(database_, Catalogue::Access::kWrite);
    batch_ = catalogue_->StartBatch("test");
  }

  PhotoId Add(const std::string& name) {
    Photo photo;
    photo.sha256 = ShaOf(name);
    photo.path = "/photos/" + name;
    photo.format = "jpeg";
    photo.admitted_at = "2026-11-24T00:00:00Z";
    photo.batch = batch_;
    StoredFeatures features;
    features.extractor = "test";
    features.descriptors.assign(std::begin(kMark), std::end(kMark));
    features.pdq.assign(33, 7);
    const PhotoId id = catalogue_->AddPhoto(photo, features);
    catalogue_->AddToBank(id, "evidence", BankRole::kEvidence);
    return id;
  }
  void See(PhotoId photo, const std::string& platform, const std::string& number, const std::string& seller) {
    Listing listing;
    listing.platform = platform;
    listing.external_id = number;
    listing.seller = seller;
    listing.products = {"ivory"};
    catalogue_->AddSighting(photo, catalogue_->AddListing(listing), "/photos/x", "", batch_);
  }
  Removal Remove(std::vector<RemovalTarget> targets) {
    return Takedown(*catalogue_).Remove(targets, "court order 7", "ana");
  }
  std::vector<std::string> PlatformsOf(PhotoId photo) const {
    std::vector<std::string> platforms;
    for (const Sighting& s : catalogue_->SightingsOf(photo)) platforms.push_back(s.listing.platform);
    return platforms;
  }
  void TearDown() override { EXPECT_THAT(catalogue_->CheckIntegrity(), ElementsAre()); }

  Scratch scratch_;
  std::filesystem::path database_ = scratch_ / "catalogue.db";
  std::optional<Catalogue> catalogue_;
  BatchId batch_;
};

TEST_F(TakedownTest, APhotoGoesWithAllItsSightings) {
  const PhotoId a = Add("a"), b = Add("b");
  See(a, "bazaar", "1", "joe");
  See(a, "market", "2", "jim");
  See(b, "market", "2", "jim");
  const Removal plan = Takedown(*catalogue_).Plan({{Kind::kPhoto, "", ShaOf("a").Hex()}});
  EXPECT_EQ(plan.id, 0);
  EXPECT_TRUE(catalogue_->GetPhoto(a)) << "A plan changes nothing.";

  const Removal removal = Remove({{Kind::kPhoto, "", ShaOf("a").Hex()}});
  EXPECT_GT(removal.id, 0);
  EXPECT_EQ(removal.num_sightings, 2);
  EXPECT_EQ(plan.num_sightings, 2);
  ASSERT_EQ(removal.photos.size(), 1u);
  EXPECT_EQ(removal.photos[0].sha256, ShaOf("a"));
  ASSERT_EQ(removal.listings.size(), 2u);
  EXPECT_TRUE(removal.listings[0].is_gone) << "Nothing was left of bazaar 1.";
  EXPECT_FALSE(removal.listings[1].is_gone) << "The other photo is still in market 2.";
  EXPECT_FALSE(catalogue_->GetPhoto(a));
  EXPECT_FALSE(catalogue_->FindPhoto(ShaOf("a")));
  EXPECT_FALSE(catalogue_->GetFeatures(a));
  EXPECT_THAT(catalogue_->BanksOf(a), testing::IsEmpty());
  EXPECT_THAT(PlatformsOf(b), ElementsAre("market"));
  const CatalogueCounts counts = catalogue_->Counts();
  EXPECT_EQ(counts.num_listings, 1);
  EXPECT_EQ(counts.num_sellers, 1) << "joe has no listing any more.";
  EXPECT_TRUE(WasRemoved(*catalogue_, a, ShaOf("a")));
  EXPECT_FALSE(WasRemoved(*catalogue_, a, ShaOf("b"))) << "Another photo of that number.";
  EXPECT_FALSE(WasRemoved(*catalogue_, b, ShaOf("b")));
}

TEST_F(TakedownTest, AListingASellerAndAPlatformTakeOnlyWhatWasSeenNowhereElse) {
  const PhotoId a = Add("a"), b = Add("b"), c = Add("c"), d = Add("d");
  See(a, "bazaar", "1", "joe");
  See(b, "bazaar", "1", "joe");
  See(b, "market", "9", "jim");
  See(c, "bazaar", "2", "joe");
  See(d, "bazaar", "3", "kim");
  const Removal listing = Remove({{Kind::kListing, "bazaar", "1"}});
  EXPECT_EQ(listing.photos.size(), 1u);
  EXPECT_EQ(listing.num_photos_kept, 1);
  EXPECT_EQ(listing.num_sightings, 2);
  EXPECT_FALSE(catalogue_->GetPhoto(a));
  EXPECT_THAT(PlatformsOf(b), ElementsAre("market"));
  Remove({{Kind::kSeller, "bazaar", "joe"}});
  EXPECT_FALSE(catalogue_->GetPhoto(c));
  EXPECT_TRUE(catalogue_->GetPhoto(d));
  Remove({{Kind::kPlatform, "bazaar", ""}});
  EXPECT_FALSE(catalogue_->GetPhoto(d));
  EXPECT_TRUE(catalogue_->GetPhoto(b));
  EXPECT_EQ(catalogue_->Counts().num_listings, 1);
  EXPECT_THROW(Remove({{Kind::kPlatform, "bazaar", ""}}), Error) << "There is nothing left of it.";

  // The sighting of the photo that stayed must not come back, in that listing of that seller.
  Takedown takedown(*catalogue_);
  Listing removed;
  removed.platform = "bazaar";
  removed.external_id = "1";
  removed.seller = "joe";
  ASSERT_TRUE(takedown.FindSighting(ShaOf("b"), removed));
  EXPECT_EQ(takedown.FindSighting(ShaOf("b"), removed)->reason, "court order 7");
  EXPECT_FALSE(takedown.FindSighting(ShaOf("d"), removed));
  Listing other = removed;
  other.seller = "somebody else";
  EXPECT_FALSE(takedown.FindSighting(ShaOf("b"), other));
  takedown.ReadmitSighting(ShaOf("b"), removed);
  EXPECT_FALSE(takedown.FindSighting(ShaOf("b"), removed));
}

TEST_F(TakedownTest, OneUnknownTargetRemovesNothing) {
  See(Add("a"), "bazaar", "1", "joe");
  const std::vector<RemovalTarget> known = {{Kind::kListing, "bazaar", "1"}};
  for (const RemovalTarget& unknown :
       {RemovalTarget{Kind::kPhoto, "", ShaOf("zzz").Hex()}, RemovalTarget{Kind::kListing, "bazaar", "2"},
        RemovalTarget{Kind::kListing, "market", "1"}, RemovalTarget{Kind::kSeller, "bazaar", "jim"},
        RemovalTarget{Kind::kPlatform, "market", ""}}) {
    try {
      Remove({known[0], unknown});
      FAIL() << "Nobody knows that.";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kNotFound);
      EXPECT_THAT(e.what(), HasSubstr("Nothing was removed"));
    }
  }
  EXPECT_EQ(catalogue_->Counts().num_photos, 1);
  EXPECT_EQ(catalogue_->Counts().num_tombstones, 0);
  EXPECT_THAT(Takedown(*catalogue_).Receipts(), testing::IsEmpty());
  EXPECT_THROW(Takedown(*catalogue_).Remove(known, "", "ana"), Error) << "A removal needs a reason.";
}

TEST_F(TakedownTest, TombstonesAndReceiptsStay) {
  See(Add("a"), "bazaar", "1", "joe");
  See(Add("b"), "bazaar", "2", "joe");
  Remove({{Kind::kPhoto, "", ShaOf("a").Hex()}, {Kind::kListing, "bazaar", "2"}});
  Takedown takedown(*catalogue_);
  ASSERT_TRUE(takedown.Find(ShaOf("a")));
  EXPECT_EQ(takedown.Find(ShaOf("a"))->reason, "court order 7");
  EXPECT_EQ(takedown.Hashes().size(), 2u);
  const std::vector<Removal> receipts = takedown.Receipts();
  ASSERT_EQ(receipts.size(), 1u);
  const Removal& receipt = receipts[0];
  EXPECT_EQ(receipt.removed_by, "ana");
  EXPECT_EQ(receipt.reason, "court order 7");
  EXPECT_EQ(receipt.photos.size(), 2u);
  EXPECT_EQ(receipt.num_sightings, 2);
  ASSERT_EQ(receipt.targets.size(), 2u);
  EXPECT_EQ(receipt.targets[1].kind, Kind::kListing);
  EXPECT_EQ(receipt.targets[1].platform, "bazaar");
  EXPECT_EQ(receipt.targets[1].name, "2");
  EXPECT_THAT(takedown.Receipts(receipt.id), testing::IsEmpty());

  EXPECT_EQ(takedown.Unpurged().size(), 2u);
  takedown.MarkPurged(receipt.photos[0].id);
  EXPECT_EQ(takedown.Unpurged().size(), 1u);

  takedown.Readmit(ShaOf("a"), batch_);
  EXPECT_FALSE(takedown.Find(ShaOf("a")));
  EXPECT_EQ(takedown.Hashes().size(), 1u) << "Only its own hash is lifted.";
  EXPECT_TRUE(takedown.Find(ShaOf("b")));
  const PhotoId again = Add("a");
  EXPECT_GT(again, receipt.photos[1].id) << "A number is never given twice.";
}

TEST_F(TakedownTest, WhatWasRemovedIsNotLeftInTheFile) {
  const auto holds_mark = [&] {
    for (const char* suffix : {"", "-wal"}) {
      std::ifstream in(database_.string() + suffix, std::ios::binary);
      if (std::string(std::istreambuf_iterator<char>(in), {}).find(kMark) != std::string::npos) return true;
    }
    return false;
  };
  See(Add("a"), "bazaar", "1", "joe");
  EXPECT_TRUE(holds_mark());
  Remove({{Kind::kSeller, "bazaar", "joe"}});
  EXPECT_FALSE(holds_mark());
}

TEST_F(TakedownTest, ARolledBackRemovalLeavesEverything) {
  const PhotoId a = Add("a");
  See(a, "bazaar", "1", "joe");
  {
    Catalogue::Transaction transaction(*catalogue_);
    Remove({{Kind::kPhoto, "", ShaOf("a").Hex()}});
    EXPECT_FALSE(catalogue_->GetPhoto(a));
  }
  EXPECT_TRUE(catalogue_->GetPhoto(a));
  EXPECT_EQ(catalogue_->Counts().num_tombstones, 0);
  EXPECT_THAT(Takedown(*catalogue_).Unpurged(), testing::IsEmpty());
}

TEST_F(TakedownTest, BanksAreMadeFilledWatchedAndDropped) {
  const PhotoId a = Add("a"), b = Add("b");
  Banks banks(*catalogue_);
  banks.Create("baobab", BankRole::kSeizure);
  EXPECT_THROW(banks.Create("baobab", BankRole::kBenign), Error);
  EXPECT_THROW(banks.Create("", BankRole::kEvidence), Error);
  EXPECT_THROW(banks.Create("a\nb", BankRole::kEvidence), Error);
  EXPECT_EQ(banks.Add("baobab", {a, b}), 2);
  EXPECT_EQ(banks.Add("baobab", {a}), 0);
  EXPECT_THROW(banks.Add("nobody", {a}), Error);
  EXPECT_TRUE(banks.Watch("baobab"));
  EXPECT_FALSE(banks.Watch("baobab"));
  banks.Create("press", BankRole::kBenign);
  EXPECT_THROW(banks.Watch("press"), Error) << "Harmless photos are not watched for.";

  AlertLog log(*catalogue_);
  EXPECT_TRUE(log.IsAnyWatched());
  EXPECT_EQ(log.WatchedBankOf(a), "baobab");
  EXPECT_THAT(log.UnsearchedWatched(b), ElementsAre(a, b));
  EXPECT_THAT(log.UnsearchedWatched(a), ElementsAre(a));
  log.MarkSearched(a);
  EXPECT_THAT(log.UnsearchedWatched(b), ElementsAre(b));
  EXPECT_TRUE(banks.Unwatch("baobab"));
  EXPECT_FALSE(log.WatchedBankOf(a));
  banks.Watch("baobab");
  EXPECT_THAT(log.UnsearchedWatched(b), ElementsAre(a, b)) << "What came meanwhile has not been matched.";
  log.MarkSearched(b);

  const std::vector<BankInfo> list = banks.List();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].name, "baobab");
  EXPECT_EQ(list[0].role, BankRole::kSeizure);
  EXPECT_EQ(list[0].num_photos, 2);
  EXPECT_FALSE(list[0].watched_since.empty());
  EXPECT_TRUE(list[1].watched_since.empty());
  EXPECT_EQ(banks.TakeOut("baobab", {b}), 1);
  EXPECT_EQ(banks.Drop("baobab"), 1);
  EXPECT_FALSE(log.IsAnyWatched());
  EXPECT_TRUE(catalogue_->GetPhoto(a)) << "Photos of a dropped bank stay.";
}

TEST_F(TakedownTest, APairIsAlertedOnceInEitherDirection) {
  AlertLog log(*catalogue_);
  const int64_t run = log.StartRun("alerts", 1);
  Alert alert;
  alert.run = run;
  alert.photo = ShaOf("a");
  alert.banked = ShaOf("b");
  alert.bank = "baobab";
  alert.verdict = "same-photo";
  alert.probability = 0.75;
  alert.expected_false_hits = 1e-9;
  EXPECT_TRUE(log.Add(alert));
  EXPECT_FALSE(log.Add(alert));
  std::swap(alert.photo, alert.banked);
  EXPECT_FALSE(log.Add(alert));
  alert.photo = alert.banked;
  alert.listing = "bazaar\nid:1\njoe";
  EXPECT_TRUE(log.Add(alert)) << "Seen again itself is something else.";
  alert.listing = "bazaar\nid:2\njoe";
  alert.relation = AlertRelation::kSameSeller;
  EXPECT_TRUE(log.Add(alert));
  EXPECT_EQ(log.CountNew(), 2);
  EXPECT_FALSE(log.LastRun()) << "It has not ended.";
  log.FinishRun(run, 7, 2);
  ASSERT_TRUE(log.LastRun());
  EXPECT_EQ(log.LastRun()->num_searched, 7);

  EXPECT_EQ(log.List({.also_same_seller = true}).size(), 3u);
  const std::vector<Alert> listed = log.List({.only_new = true});
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].photo, ShaOf("a"));
  EXPECT_EQ(listed[0].probability, 0.75);
  EXPECT_EQ(listed[0].expected_false_hits, 1e-9);
  log.Dismiss(listed[0].id, "ana", "a print");
  EXPECT_EQ(log.List({.only_new = true}).size(), 1u);
  EXPECT_EQ(log.List({})[0].note, "a print");
  EXPECT_EQ(log.List({})[0].dismissed_by, "ana");
  EXPECT_THROW(log.Dismiss(99, "ana", ""), Error);
}

}  // namespace
}  // namespace pugmark
