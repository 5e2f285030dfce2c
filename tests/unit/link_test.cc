// SPDX-License-Identifier: Apache-2.0
//
// Linking without photos: how evidence is weighed, which sellers are a group, and what becomes of groups over the
// nights.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "engine/link/communities.h"
#include "engine/link/days.h"
#include "engine/link/groups.h"
#include "engine/link/paths.h"
#include "engine/link/timeline.h"
#include "engine/link/weigh.h"

namespace pugmark {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// A market put together by hand: seller i has the handle "si".
class MarketBuilder {
 public:
  explicit MarketBuilder(size_t num_sellers) {
    for (size_t i = 0; i < num_sellers; ++i) {
      SellerNode& seller = graph_.sellers.emplace_back();
      seller.platform = i % 2 == 0 ? "bazaar" : "market";
      seller.handle = "s" + std::to_string(i);
      seller.id = SellerId{static_cast<int64_t>(i) + 1};
    }
  }
  size_t Photo() {
    graph_.photos.emplace_back().id = PhotoId{static_cast<int64_t>(graph_.photos.size())};
    return graph_.photos.size() - 1;
  }
  size_t List(size_t seller, const std::vector<size_t>& photos, const std::string& day = "2025-01-01") {
    const size_t place = graph_.listings.size();
    ListingNode& listing = graph_.listings.emplace_back();
    listing.platform = graph_.sellers[seller].platform;
    listing.external_id = std::to_string(place);
    listing.seller = seller;
    listing.first_seen = listing.last_seen = day;
    listing.photos = photos;
    for (const size_t photo : photos) graph_.photos[photo].listings.push_back(place);
    graph_.sellers[seller].listings.push_back(place);
    return place;
  }
  // A photo of its own for the seller.
  size_t Own(size_t seller, const std::string& day = "2025-01-01") {
    const size_t photo = Photo();
    List(seller, {photo}, day);
    return photo;
  }
  void Same(EdgeKind kind, size_t a, size_t b, double probability = 0.99) {
    PhotoEdge edge;
    edge.a = std::min(a, b);
    edge.b = std::max(a, b);
    edge.kind = kind;
    edge.probability = probability;
    graph_.photo_edges.push_back(edge);
  }
  void Decide(size_t a, size_t b, Decision decision) {
    SellerEdge edge;
    edge.a = a;
    edge.b = b;
    edge.decision = decision;
    graph_.seller_edges.push_back(edge);
  }
  LinkGraph& Weigh() {
    WeighSellers({}, &graph_);
    return graph_;
  }
  const SellerEdge* Edge(size_t a, size_t b) const {
    for (const SellerEdge& edge : graph_.seller_edges) {
      if (edge.a == a && edge.b == b) return &edge;
    }
    return nullptr;
  }
  bool IsLink(size_t a, size_t b) const { return Edge(a, b) != nullptr && Edge(a, b)->is_link; }
  LinkGraph graph_;
};

TEST(WeighSellers, TheSameObjectPhotographedTwiceLinks) {
  MarketBuilder market(2);
  market.Same(EdgeKind::kSameObject, market.Own(0), market.Own(1));
  market.Weigh();
  ASSERT_TRUE(market.IsLink(0, 1));
  EXPECT_THAT(market.Edge(0, 1)->evidence, SizeIs(1));
  EXPECT_EQ(market.Edge(0, 1)->evidence[0].kind, EdgeKind::kSameObject);
  EXPECT_EQ(market.Edge(0, 1)->since, "2025-01-01");
}

TEST(WeighSellers, TheSameTableLinks) {
  MarketBuilder market(2);
  market.Same(EdgeKind::kSameScene, market.Own(0), market.Own(1));
  market.Weigh();
  EXPECT_TRUE(market.IsLink(0, 1));
}

TEST(WeighSellers, OneSharedPictureIsALeadAndSeveralFromDifferentAdvertisementsAreALink) {
  MarketBuilder market(4);
  for (const size_t thief : {1u, 2u, 3u}) {
    const size_t first = market.Photo(), second = market.Photo();
    market.List(0, {first, second});
    if (thief == 1) market.List(1, {first});
    if (thief == 2) market.List(2, {first, second});  // A whole advertisement was copied: one reason, hardly more.
    if (thief == 3) {
      market.List(3, {first});
      const size_t third = market.Own(0), fourth = market.Own(0);
      market.List(3, {third});
      market.List(3, {fourth});
    }
  }
  market.Weigh();
  ASSERT_NE(market.Edge(0, 1), nullptr);
  EXPECT_FALSE(market.IsLink(0, 1));
  EXPECT_GT(market.Edge(0, 2)->probability, market.Edge(0, 1)->probability);
  EXPECT_FALSE(market.IsLink(0, 2));
  EXPECT_TRUE(market.IsLink(0, 3));
}

TEST(WeighSellers, AStockPhotoOfTenLinksNoneOfThem) {
  for (const bool as_copies : {false, true}) {
    MarketBuilder market(10);
    std::vector<size_t> stock;
    for (int picture = 0; picture < 4; ++picture) stock.push_back(market.Photo());
    for (size_t s = 0; s < 10; ++s) {
      if (!as_copies) {
        market.List(s, stock);
        continue;
      }
      // Edited copies of one original that a nameless listing shows; not all pairs of them were found.
      for (const size_t original : stock) market.Same(EdgeKind::kSamePhoto, original, market.Own(s));
    }
    EXPECT_THAT(market.Weigh().seller_edges, IsEmpty()) << as_copies;
  }
}

TEST(WeighSellers, ThePictureSaysLessTheMoreShareIt) {
  double before = 1;
  for (size_t n = 2; n <= 6; ++n) {
    MarketBuilder market(n);
    const size_t photo = market.Photo();
    for (size_t s = 0; s < n; ++s) market.List(s, {photo});
    market.Weigh();
    const double now = market.Edge(0, 1) == nullptr ? 0 : market.Edge(0, 1)->probability;
    EXPECT_LT(now, before);
    before = now;
  }
  EXPECT_EQ(before, 0);
}

TEST(WeighSellers, SellersWhoAreLinkedOtherwiseCountAsOne) {
  // Three handles show each other's objects; a fourth seller copied one picture that all three show.
  MarketBuilder market(4);
  market.Same(EdgeKind::kSameObject, market.Own(0), market.Own(1));
  market.Same(EdgeKind::kSameObject, market.Own(1), market.Own(2));
  market.Same(EdgeKind::kSameObject, market.Own(0), market.Own(2));
  const size_t picture = market.Photo();
  for (size_t s = 0; s < 4; ++s) market.List(s, {picture});
  market.Weigh();
  const SellerEdge* edge = market.Edge(0, 3);
  ASSERT_NE(edge, nullptr);
  EXPECT_EQ(edge->evidence[0].num_unrelated, 2);
  EXPECT_FALSE(edge->is_link);
}

TEST(WeighSellers, WhatAThiefCopiedIsNoSecondPhotoOfTheObject) {
  // 1 copied one of 0's three views: it matches the others as the same object, which proves nothing.
  MarketBuilder market(2);
  const size_t a = market.Own(0), b = market.Own(0), c = market.Own(0), copy = market.Own(1);
  market.Same(EdgeKind::kSamePhoto, a, copy);
  market.Same(EdgeKind::kSameObject, b, copy);
  market.Same(EdgeKind::kSameScene, c, copy);
  market.Same(EdgeKind::kSameObject, a, b);
  market.Same(EdgeKind::kSameScene, a, c);
  market.Weigh();
  EXPECT_FALSE(market.IsLink(0, 1)) << market.Edge(0, 1)->probability;
}

TEST(WeighSellers, BenignPhotosAndTheirCopiesSayNothing) {
  MarketBuilder market(4);
  const size_t museum = market.Photo();
  market.graph_.photos[museum].is_benign = true;
  market.List(0, {museum});
  market.List(1, {museum});
  const size_t copy = market.Own(2), other_copy = market.Own(3);
  market.Same(EdgeKind::kSamePhoto, museum, copy);
  market.Same(EdgeKind::kSamePhoto, museum, other_copy);
  market.Same(EdgeKind::kSamePhoto, copy, other_copy);
  market.Same(EdgeKind::kSameObject, copy, market.Own(0));
  EXPECT_THAT(market.Weigh().seller_edges, IsEmpty());
}

TEST(WeighSellers, APersonDecides) {
  MarketBuilder market(3);
  market.Same(EdgeKind::kSameObject, market.Own(0), market.Own(1));
  market.Same(EdgeKind::kSameObject, market.Own(1), market.Own(2));
  market.graph_.photo_edges[1].review = Answer::kNo;
  market.Decide(0, 1, Decision::kCut);
  market.Decide(0, 2, Decision::kConfirmed);
  market.Weigh();
  EXPECT_FALSE(market.IsLink(0, 1));
  EXPECT_EQ(market.Edge(0, 1)->probability, 0);
  EXPECT_THAT(market.Edge(0, 1)->evidence, SizeIs(1)) << "What the machine found stays visible.";
  EXPECT_EQ(market.Edge(1, 2), nullptr) << "The photos' review cut it.";
  EXPECT_TRUE(market.IsLink(0, 2));
  EXPECT_EQ(market.Edge(0, 2)->probability, 1);
  EXPECT_THAT(CommunitiesOf({}, market.graph_), ElementsAre(0, 1, 0));
}

TEST(WeighSellers, TracesAreListedAndAddNothing) {
  MarketBuilder market(3);
  const size_t a = market.Own(0), b = market.Own(1), c = market.Own(2);
  market.Same(EdgeKind::kSameScene, a, b, 0.5);
  market.graph_.traces = {{EdgeKind::kCameraSerial, "4711", {a, b, c}}};
  market.Weigh();
  ASSERT_NE(market.Edge(0, 2), nullptr);
  EXPECT_EQ(market.Edge(0, 2)->probability, 0);
  EXPECT_EQ(market.Edge(0, 2)->evidence[0].value, "4711");
  EXPECT_FALSE(market.IsLink(0, 1));
  EXPECT_EQ(market.Edge(0, 1)->evidence.back().kind, EdgeKind::kCameraSerial) << "Soft comes last.";
  EXPECT_THAT(CommunitiesOf({}, market.graph_), ElementsAre(0, 1, 2));
}

// --- Communities

TEST(Communities, ABridgeDoesNotMakeTwoGroupsOne) {
  std::vector<WeightedLink> links;
  for (size_t i = 0; i < 4; ++i) {
    for (size_t j = i + 1; j < 4; ++j) {
      links.push_back({i, j, 1});
      links.push_back({i + 4, j + 4, 1});
    }
  }
  links.push_back({3, 4, 1});
  EXPECT_THAT(Communities(9, links, 0.2), ElementsAre(0, 0, 0, 0, 1, 1, 1, 1, 2));
  // A chain of three is one; a long chain is not.
  EXPECT_THAT(Communities(3, std::vector<WeightedLink>{{0, 1, 1}, {1, 2, 1}}, 0.2), ElementsAre(0, 0, 0));
  std::vector<WeightedLink> chain;
  for (size_t i = 0; i + 1 < 30; ++i) chain.push_back({i, i + 1, 1});
  const std::vector<size_t> pieces = Communities(30, chain, 0.2);
  EXPECT_GE(*std::max_element(pieces.begin(), pieces.end()), 6u);
}

TEST(Communities, WhatIsCutStaysApartAndEveryCommunityHangsTogether) {
  const std::vector<WeightedLink> links = {{0, 1, 1}, {1, 2, 1}, {0, 2, -100}};
  const std::vector<size_t> community = Communities(3, links, 0.2);
  EXPECT_NE(community[0], community[2]);
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    const size_t n = 2 + random() % 30;
    std::vector<WeightedLink> some;
    for (size_t i = 0; i < 2 * n; ++i) {
      some.push_back({random() % n, random() % n, static_cast<double>(random() % 100) / 100 - 0.2});
    }
    const std::vector<size_t> found = Communities(n, some, 0.2);
    std::shuffle(some.begin(), some.end(), random);
    EXPECT_EQ(Communities(n, some, 0.2), found) << "The order of the links says nothing.";
    // Flood each community from its first member.
    std::map<std::pair<size_t, size_t>, double> weights;
    for (const WeightedLink& l : some) weights[std::minmax(l.a, l.b)] += l.weight;
    for (size_t first = 0; first < n; ++first) {
      if (std::find(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(first), found[first]) !=
          found.begin() + static_cast<std::ptrdiff_t>(first)) {
        continue;
      }
      std::vector<bool> reached(n);
      reached[first] = true;
      for (bool grew = true; grew;) {
        grew = false;
        for (const auto& [pair, weight] : weights) {
          if (weight <= 0 || found[pair.first] != found[pair.second] || reached[pair.first] == reached[pair.second])
            continue;
          reached[pair.first] = reached[pair.second] = grew = true;
        }
      }
      for (size_t i = 0; i < n; ++i) EXPECT_TRUE(found[i] != found[first] || reached[i]);
    }
  }
}

// --- Groups over nights

std::vector<SellerId> Ids(const std::vector<int64_t>& values) {
  std::vector<SellerId> ids;
  for (const int64_t v : values) ids.push_back(SellerId{v});
  return ids;
}

TEST(PlanGroups, GroupsKeepTheirNumbers) {
  const std::vector<SellerGroup> old = {{7, "", Ids({1, 2, 3, 4, 5})}, {9, "", Ids({10, 11})}, {12, "", Ids({20, 21})}};
  // 5 left 7, 6 joined; 9 fell apart; 12 and a newcomer.
  const GroupPlan plan = PlanGroups(old, {Ids({1, 2, 3, 4, 6}), Ids({20, 21, 22}), Ids({30, 31})});
  EXPECT_THAT(plan.numbers, ElementsAre(7, 12, 0));
  std::vector<std::string> told;
  for (const GroupChange& c : plan.changes) {
    told.push_back(std::string(GroupEventName(c.kind)) + " " + std::to_string(c.group) + " " +
                   std::to_string(c.seller.value));
  }
  EXPECT_THAT(told, ElementsAre("joined 7 6", "left 7 5", "joined 12 22", "founded 0 0", "dissolved 9 0"));
}

TEST(PlanGroups, TheLargerPartKeepsTheNumberInSplitsAndMergers) {
  const GroupPlan split =
      PlanGroups(std::vector<SellerGroup>{{7, "", Ids({1, 2, 3, 4, 5})}}, {Ids({1, 2}), Ids({3, 4, 5})});
  EXPECT_THAT(split.numbers, ElementsAre(0, 7));
  EXPECT_EQ(split.changes[0].kind, GroupEventKind::kFounded);
  EXPECT_EQ(split.changes[1].kind, GroupEventKind::kSplitFrom);
  EXPECT_EQ(split.changes[1].other_group, 7);
  const GroupPlan merged =
      PlanGroups(std::vector<SellerGroup>{{7, "", Ids({1, 2})}, {8, "", Ids({3, 4, 5})}}, {Ids({1, 2, 3, 4, 5})});
  EXPECT_THAT(merged.numbers, ElementsAre(8));
  EXPECT_EQ(merged.changes.back().kind, GroupEventKind::kMergedInto);
  EXPECT_EQ(merged.changes.back().group, 7);
  const GroupPlan even =
      PlanGroups(std::vector<SellerGroup>{{7, "", Ids({1, 2})}, {8, "", Ids({3, 4})}}, {Ids({1, 2, 3, 4})});
  EXPECT_THAT(even.numbers, ElementsAre(7)) << "Of equals the older.";
}

// --- Paths and timelines

TEST(PathsFrom, TheSurestWayIsTold) {
  MarketBuilder market(4);
  market.Same(EdgeKind::kSameObject, market.Own(0), market.Own(1));
  market.Same(EdgeKind::kSameObject, market.Own(1), market.Own(2));
  market.Same(EdgeKind::kSameObject, market.Own(0), market.Own(3));
  LinkGraph& graph = market.Weigh();
  graph.groups.push_back({1, {0, 1, 2}, {}, "", {}, {}, {}, 0, 0, "", ""});
  for (const size_t s : {0u, 1u, 2u}) graph.sellers[s].group = 0;
  const std::vector<SellerPath> paths = PathsFrom(graph, 0);
  ASSERT_THAT(paths, SizeIs(3));
  EXPECT_EQ(paths[0].seller, 1u);
  EXPECT_EQ(paths[1].seller, 3u) << "Linked, though not of the group.";
  EXPECT_EQ(paths[2].seller, 2u);
  EXPECT_THAT(paths[2].edges, SizeIs(2));
  EXPECT_LT(paths[2].probability, paths[0].probability);
  EXPECT_THAT(PathsFrom(graph, 3), SizeIs(1)) << "Nobody beyond a link that leads out of a group.";
}

TEST(TimelineOf, TellsOfGoodsThatComeBackAndMove) {
  MarketBuilder market(2);  // 0 on bazaar, 1 on market.
  const size_t photo = market.Photo();
  const size_t first = market.List(0, {photo}, "2025-01-01");
  const size_t again = market.List(0, {photo}, "2025-01-10");
  const size_t moved = market.List(1, {photo}, "2025-02-01");
  const size_t back = market.List(0, {photo}, "2025-06-01");
  const size_t other = market.List(0, {market.Photo()}, "");
  market.graph_.listings[first].price = "100";
  market.graph_.listings[again].price = "120";
  market.graph_.listings[again].title = "bone";
  const Group group{1, {0, 1}, {}, "", {}, {}, {}, 0, 0, "", ""};
  const std::vector<TimelineEntry> t = TimelineOf(market.Weigh(), group);
  ASSERT_THAT(t, SizeIs(5));
  EXPECT_EQ(t[0].kind, TimelineKind::kNew);
  EXPECT_EQ(t[1].kind, TimelineKind::kRelisted);
  EXPECT_EQ(t[1].before, first);
  EXPECT_TRUE(t[1].price_changed);
  EXPECT_FALSE(t[1].caption_changed) << "The first had none.";
  EXPECT_EQ(t[1].absent_days, 9);
  EXPECT_EQ(t[2].kind, TimelineKind::kMoved);
  EXPECT_EQ(t[2].listing, moved);
  EXPECT_EQ(t[3].kind, TimelineKind::kBack);
  EXPECT_EQ(t[3].listing, back);
  EXPECT_EQ(t[3].before, again);
  EXPECT_EQ(t[3].absent_days, 120) << "Since it was last seen anywhere.";
  EXPECT_EQ(t[4].listing, other);
}

TEST(TimelineOf, TellsWhatAListingChanged) {
  MarketBuilder market(1);
  const size_t first = market.List(0, {market.Photo()}, "2025-01-01");
  const size_t second = market.List(0, {market.Photo()}, "2025-03-01");
  market.graph_.listings[first].changes = {{"2025-02-01", "price", "100", "80"}, {"2025-04-01", "title", "bone", "b0ne"}};
  const Group group{1, {0}, {}, "", {}, {}, {}, 0, 0, "", ""};
  const LinkGraph graph = market.Weigh();
  const std::vector<TimelineEntry> t = TimelineOf(graph, group);
  ASSERT_THAT(t, SizeIs(4));
  EXPECT_EQ(t[0].listing, first);
  EXPECT_EQ(t[1].kind, TimelineKind::kChanged);
  EXPECT_EQ(t[1].listing, first);
  EXPECT_EQ(graph.listings[first].changes.at(t[1].change.value()).after, "80");
  EXPECT_EQ(t[2].listing, second);
  EXPECT_FALSE(t[2].change);
  EXPECT_EQ(t[3].at, "2025-04-01");
}

TEST(Days, OnlyDaysAreDays) {
  EXPECT_EQ(DaysBetween("2024-02-28T23:00:00Z", "2024-03-01"), 2);
  EXPECT_EQ(DaysBetween("2024-02-30", "2024-03-01"), std::nullopt);
  EXPECT_EQ(DaysBetween("yesterday", "2024-03-01"), std::nullopt);
  EXPECT_EQ(DaysBetween("", "2024-03-01"), std::nullopt);
}

}  // namespace
}  // namespace pugmark
