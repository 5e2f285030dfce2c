// SPDX-License-Identifier: Apache-2.0
//
// Linking runs on a collection: each pair of photos once, whatever the order, the threads and the interruptions; groups
// and decisions survive; what is removed is gone.
#include <gmock/gmock.h>

#include <fstream>

#include "engine/collection/takedown.h"
#include "engine/link/link.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/banks.h"
#include "index/catalogue/reviews.h"
#include "tests/picture_collection.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class LinksTest : public PictureCollectionTest {
 protected:
  void SetUp() override {
    PictureCollectionTest::SetUp();
    CreateCollection(collection_, kOptions);
  }

  // An advertisement with these files.
  static void Take(const fs::path& collection, const fs::path& folder, const std::vector<std::string>& files,
                   const std::string& platform, const std::string& number, const std::string& seller) {
    std::ofstream manifest(folder / "m.csv");
    manifest << "file,platform,listing_id,seller,posted_at\n";
    for (const std::string& file : files)
      manifest << file << "," << platform << "," << number << "," << seller << ",2025-01-01\n";
    manifest.close();
    IngestOptions options;
    options.manifests = {folder / "m.csv"};
    Ingest(collection, options, {}, {});
  }
  void Take(const std::vector<std::string>& files, const std::string& platform, const std::string& number,
            const std::string& seller) const {
    Take(collection_, scratch_ / "in", files, platform, number, seller);
  }
  std::string Copy(int i, const std::string& name) const {
    WriteJpeg((scratch_ / "in" / name).string(), cv::imread(Picture(i).string()), 70);
    return name;
  }
  // joe on bazaar and jim on market show three of the same pictures, in advertisements of their own; kim has her own.
  void TakeTwoHandles() const {
    for (int i = 0; i < 3; ++i) {
      Take({"p" + std::to_string(i) + ".jpg"}, "bazaar", std::to_string(i), "joe");
      Take({Copy(i, "c" + std::to_string(i) + ".jpg")}, "market", std::to_string(i), "jim");
    }
    Take({"p3.jpg"}, "market", "9", "kim");
  }

  LinkReport Run(bool again = false, int num_threads = 2, std::stop_token stop = {}) const {
    LinkOptions options;
    options.again = again;
    options.num_threads = num_threads;
    return RunLinking(collection_, options, stop, [](int64_t, int64_t) {});
  }
  Catalogue Read() const { return Catalogue(CollectionPaths{collection_}.catalogue(), Catalogue::Access::kRead); }
  Catalogue Open() const { return Catalogue(CollectionPaths{collection_}.catalogue(), Catalogue::Access::kWrite); }
  LinkGraph Graph() const { return LoadGraph(Read()); }
  std::vector<std::string> PairsOfPhotos() const {
    std::vector<std::string> pairs;
    for (const PhotoLink& link : PhotoLinks(Read())) {
      pairs.push_back(std::to_string(link.low.value) + "-" + std::to_string(link.high.value) + " " + link.verdict);
    }
    return pairs;
  }
  void TearDown() override { EXPECT_THAT(Read().CheckIntegrity(), IsEmpty()); }
};

TEST_F(LinksTest, FindsCopiesOnceAndTellsWhatIsNew) {
  TakeTwoHandles();
  const LinkReport report = Run();
  EXPECT_EQ(report.num_matched, 7);
  EXPECT_EQ(report.num_photo_links, 3);
  EXPECT_THAT(PairsOfPhotos(), ElementsAre("1-2 same-photo", "3-4 same-photo", "5-6 same-photo"));
  EXPECT_THAT(report.new_links, SizeIs(1));
  const LinkGraph graph = Graph();
  ASSERT_THAT(graph.groups, SizeIs(1));
  EXPECT_THAT(graph.groups[0].sellers, SizeIs(2));
  EXPECT_THAT(graph.groups[0].platforms, ElementsAre("bazaar", "market"));
  EXPECT_EQ(graph.groups[0].num_listings, 6u);
  EXPECT_THAT(graph.groups[0].edges, SizeIs(1));
  ASSERT_THAT(graph.groups[0].events, SizeIs(1));
  EXPECT_EQ(graph.groups[0].events[0].kind, GroupEventKind::kFounded);
  EXPECT_EQ(graph.num_unlinked_photos, 0);

  const LinkReport quiet = Run();
  EXPECT_EQ(quiet.num_matched, 0);
  EXPECT_THAT(quiet.new_links, IsEmpty());
  EXPECT_THAT(quiet.group_events, IsEmpty());
}

TEST_F(LinksTest, ThreadsAndStepsMakeNoDifference) {
  TakeTwoHandles();
  Run(false, 1);
  const std::vector<std::string> once = PairsOfPhotos();
  Run(true, 4);
  EXPECT_EQ(PairsOfPhotos(), once);
  // Night by night, in a second collection.
  const fs::path first = collection_;
  collection_ = scratch_ / "d";
  CreateCollection(collection_, kOptions);
  Take({"p0.jpg"}, "bazaar", "0", "joe");
  Run();
  Take({"c0.jpg"}, "market", "0", "jim");
  Take({"p1.jpg"}, "bazaar", "1", "joe");
  EXPECT_EQ(Run().num_matched, 2);
  Take({"c1.jpg"}, "market", "1", "jim");
  Take({"p2.jpg"}, "bazaar", "2", "joe");
  Take({"c2.jpg"}, "market", "2", "jim");
  Take({"p3.jpg"}, "market", "9", "kim");
  EXPECT_THAT(Run().new_links, SizeIs(1));
  EXPECT_EQ(PairsOfPhotos(), once);
}

TEST_F(LinksTest, AnInterruptedRunGoesOn) {
  TakeTwoHandles();
  std::stop_source source;
  LinkOptions options;
  const LinkReport first = RunLinking(collection_, options, source.get_token(), [&](int64_t done, int64_t) {
    if (done == 3) source.request_stop();
  });
  EXPECT_TRUE(first.cancelled);
  EXPECT_GE(first.num_matched, 3);
  EXPECT_THAT(Graph().groups, IsEmpty());
  const LinkReport second = Run();
  EXPECT_EQ(first.num_matched + second.num_matched, 7);
  EXPECT_THAT(PairsOfPhotos(), SizeIs(3));
  EXPECT_THAT(Graph().groups, SizeIs(1));
}

TEST_F(LinksTest, DecisionsSurviveEveryRerun) {
  TakeTwoHandles();
  Run();
  const int64_t group = Graph().groups.at(0).id;
  {
    const SellerId joe = *FindSeller(Read(), "bazaar", "joe"), jim = *FindSeller(Read(), "market", "jim");
    const SellerId kim = *FindSeller(Read(), "market", "kim");
    Catalogue catalogue = Open();
    Links links(catalogue);
    EXPECT_THROW(links.AddReview(joe, joe, Answer::kNo, "", "ana"), Error);
    EXPECT_THROW(links.AddReview(joe, jim, Answer::kNo, "", ""), Error);
    links.AddReview(jim, joe, Answer::kNo, "two shops", "ana");
    links.AddReview(joe, kim, Answer::kYes, "", "ana");
  }
  for (const bool again : {false, true}) {
    Run(again);
    const LinkGraph graph = Graph();
    ASSERT_THAT(graph.groups, SizeIs(1));
    EXPECT_EQ(graph.groups[0].id, group) << "joe stayed, jim left, kim joined.";
    EXPECT_EQ(graph.sellers[graph.groups[0].sellers[1]].handle, "kim");
  }
  {
    Catalogue catalogue = Open();
    Links(catalogue).AddReview(*FindSeller(catalogue, "bazaar", "joe"), *FindSeller(catalogue, "market", "jim"),
                               Answer::kUnsure, "", "ana");
  }
  Run();
  EXPECT_THAT(Graph().groups.at(0).sellers, SizeIs(3)) << "The decision was taken back.";
}

TEST_F(LinksTest, AConfirmationOfPhotosThatIsTakenBackLinksNobody) {
  TakeTwoHandles();
  const fs::path database = CollectionPaths{collection_}.catalogue();
  const Sha256 a = Sha256::OfFile(Picture(0)), b = Sha256::OfFile(Picture(3));
  Run();
  const size_t num_edges = Graph().photo_edges.size();
  for (const Answer answer : {Answer::kYes, Answer::kUnsure, Answer::kYes, Answer::kNo}) {
    Review review;
    review.answer = answer;
    review.reviewer = "ana";
    AddReview(database, a, b, review);
    const bool is_confirmed = answer == Answer::kYes;
    EXPECT_EQ(Graph().photo_edges.size(), num_edges + (is_confirmed ? 1 : 0)) << AnswerName(answer);
  }
}

TEST_F(LinksTest, AReviewOfThePhotosCutsAndConfirms) {
  TakeTwoHandles();
  const fs::path database = CollectionPaths{collection_}.catalogue();
  Review no, yes;
  no.answer = Answer::kNo;
  yes.answer = Answer::kYes;
  no.reviewer = yes.reviewer = "ana";
  for (int i = 0; i < 3; ++i) {
    AddReview(database, Sha256::OfFile(Picture(i)),
              Sha256::OfFile(scratch_ / "in" / ("c" + std::to_string(i) + ".jpg")), no);
  }
  AddReview(database, Sha256::OfFile(Picture(0)), Sha256::OfFile(Picture(3)), yes);
  Run();
  const LinkGraph graph = Graph();
  ASSERT_THAT(graph.groups, SizeIs(1));
  EXPECT_EQ(graph.sellers[graph.groups[0].sellers[0]].handle, "joe");
  EXPECT_EQ(graph.sellers[graph.groups[0].sellers[1]].handle, "kim");
}

TEST_F(LinksTest, ABenignBankTakesTheLinkBack) {
  TakeTwoHandles();
  Run();
  {
    Catalogue catalogue = Open();
    Banks banks(catalogue);
    banks.Create("stock", BankRole::kBenign);
    std::vector<PhotoId> photos;
    for (int i = 0; i < 3; ++i) photos.push_back(*catalogue.FindPhoto(Sha256::OfFile(Picture(i))));
    banks.Add("stock", photos);
  }
  EXPECT_THAT(Graph().seller_edges, IsEmpty()) << "At once: seller edges are weighed anew.";
  const LinkReport report = Run();
  EXPECT_EQ(report.num_groups, 0u);
  ASSERT_THAT(report.group_events, SizeIs(1));
  EXPECT_EQ(report.group_events[0].kind, "dissolved");
}

TEST_F(LinksTest, ATakedownTakesLinksGroupsAndDecisionsAlong) {
  TakeTwoHandles();
  Run();
  {
    Catalogue catalogue = Open();
    Links(catalogue).AddReview(*FindSeller(catalogue, "bazaar", "joe"), *FindSeller(catalogue, "market", "jim"),
                               Answer::kYes, "", "ana");
  }
  {
    const FileLock lock(CollectionPaths{collection_}.lock());
    Collection collection = OpenCollection(collection_, Catalogue::Access::kWrite);
    TakeDown(collection, {{RemovalTarget::Kind::kSeller, "market", "jim"}}, "court order", "ana");
  }
  EXPECT_THAT(PairsOfPhotos(), IsEmpty());
  EXPECT_THAT(LatestSellerReviews(Read()), IsEmpty());
  EXPECT_THAT(Graph().groups, IsEmpty());
  EXPECT_EQ(Run().group_events.at(0).kind, "dissolved");
}

TEST_F(LinksTest, OneFileInTwoSellersListingsNeedsNoMatch) {
  for (int i = 0; i < 3; ++i) {
    const std::string file = "p" + std::to_string(i) + ".jpg";
    Take({file}, "bazaar", std::to_string(i), "joe");
    Take({file}, "market", std::to_string(i), "jim");
  }
  EXPECT_EQ(Run().num_photo_links, 0);
  const LinkGraph graph = Graph();
  ASSERT_THAT(graph.groups, SizeIs(1));
  EXPECT_EQ(graph.seller_edges.at(0).evidence.at(0).kind, EdgeKind::kSameFile);
}

}  // namespace
}  // namespace pugmark
