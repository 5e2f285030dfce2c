// SPDX-License-Identifier: Apache-2.0
//
// What linking keeps: which photos show the same, what people said of two sellers, and the groups that sellers form.
//
// How links come about: engine/link/link.h. Rows of a photo or seller go with it (takedown.h). Photos' own reviews are
// in reviews.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "index/base/ids.h"
#include "index/catalogue/catalogue.h"
#include "index/catalogue/reviews.h"

namespace pugmark {

using SellerId = Id<struct SellerTag>;

struct PhotoLink {
  PhotoId low, high;    // low < high.
  std::string verdict;  // "same-photo", "same-object", "same-scene".
  double probability = 0;
  double log10_nfa = 0;
  int num_inliers = 0;
  bool mirrored = false;
  std::string found_at;  // UTC.
};

struct SellerReview {
  SellerId low, high;  // low < high.
  Answer answer = Answer::kUnsure;
  std::string note, reviewer, reviewed_at;
};

// Two sellers that are told as linked.
struct SellerLink {
  SellerId low, high;
  double probability = 0;
  int64_t run = 0;  // That found it first.
};

struct SellerGroup {
  int64_t id = 0;
  std::string founded_at;
  std::vector<SellerId> members;  // Ascending.
};

struct SellerGroupEvent {
  int64_t group = 0;
  int64_t run = 0;
  std::string at;    // When that run began, UTC.
  std::string kind;  // "founded", "joined", "left", "split-from", "merged-into", "dissolved".
  SellerId seller;   // Invalid: none.
  int64_t other_group = 0;
};

// Borrows the catalogue. Threads and errors: as Catalogue; every call that writes is one transaction, or joins the open
// one.
class Links {
 public:
  explicit Links(Catalogue& catalogue) : catalogue_(catalogue) {}

  // A new run goes on where the last one stopped.
  int64_t StartRun(const std::string& cause, int64_t snapshot);
  void FinishRun(int64_t run, int64_t num_matched, int64_t num_links);
  // Every photo up to this one has been matched; never goes back.
  void Advance(int64_t run, PhotoId photo);
  // Adds what the photo's matching found; a link that is known already is replaced.
  void AddPhotoLinks(const std::vector<PhotoLink>& links);
  // Forgets all links between photos, and that anything was matched. Groups and reviews stay.
  void Forget();

  // Stores what somebody says of two sellers. Throws Error(kInvalidArgument) if they are one and the same or no
  // reviewer is named, Error(kLimit) if a text is beyond 10,000 bytes.
  SellerReview AddReview(SellerId a, SellerId b, Answer answer, const std::string& note, const std::string& reviewer);

  // Replaces the links between sellers. Those that were there keep their run. Returns the new ones.
  std::vector<SellerLink> SetSellerLinks(std::vector<SellerLink> links, int64_t run);
  int64_t AddGroup();                              // Without members yet. Returns its number.
  void DissolveGroup(int64_t group);               // It must have no members.
  void SetMember(SellerId seller, int64_t group);  // 0: of none.
  void AddEvent(const SellerGroupEvent& event);    // `at` is that of the run.

 private:
  Catalogue& catalogue_;
};

// Where the next run begins: every indexed photo up to this one has been matched. Invalid: nothing has.
PhotoId LastLinkedPhoto(const Catalogue& catalogue);
std::string LastLinkedAt(const Catalogue& catalogue);                                    // UTC; empty: no run has finished.
std::vector<PhotoLink> PhotoLinks(const Catalogue& catalogue);                           // By (low, high).
std::vector<SellerReview> LatestSellerReviews(const Catalogue& catalogue);               // By pair.
std::vector<SellerLink> SellerLinks(const Catalogue& catalogue, int64_t after_run = 0);  // Of later runs, by pair.
std::vector<SellerGroup> SellerGroups(const Catalogue& catalogue);                       // That live, by number.
std::vector<SellerGroupEvent> SellerGroupEvents(const Catalogue& catalogue, int64_t after_run = 0);  // Oldest first.
std::optional<SellerId> FindSeller(const Catalogue& catalogue, const std::string& platform, const std::string& handle);
// Up to `last`, in order of id.
std::vector<PhotoId> UnlinkedPhotos(const Catalogue& catalogue, PhotoId last);

}  // namespace pugmark
