// SPDX-License-Identifier: Apache-2.0
//
// Alerts as they are kept: which new photo matches which photo of a watched bank, and how far the alert runs have come.
//
// An alert names photos by SHA-256, so that it outlives their removal as hashes and figures. A pair is alerted once, in
// whichever direction it was found. How alerts come about: engine/alerts/alerts.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/base/ids.h"
#include "index/base/sha256.h"
#include "index/catalogue/catalogue.h"

namespace pugmark {

// What an alert says beyond what was known.
enum class AlertRelation {
  kNews,
  kSameSeller,   // Both photos were only ever seen under one and the same seller's name.
  kSameListing,  // Or in one and the same listing.
};
std::string_view AlertRelationName(AlertRelation relation);  // "news", "same-seller", "same-listing"

struct Alert {
  int64_t id = 0;
  int64_t run = 0;
  std::string raised_at;  // UTC.
  Sha256 photo;           // The new one.
  Sha256 banked;          // The one in the watched bank.
  // Empty for two photos. If a photo of the bank was itself seen again (photo == banked): in which listing, as
  // platform, identity and seller separated by line feeds.
  std::string listing;
  std::string bank;
  std::string verdict;  // As printed: "same-photo".
  double probability = 0;
  double expected_false_hits = 0;
  int64_t num_inliers = 0;
  bool mirrored = false;
  AlertRelation relation = AlertRelation::kNews;
  std::string new_platforms;  // Where the imagery was not known before, joined by ", "; empty: it was known there.
  std::string benign_bank;    // The new photo is also a copy of a photo in this benign bank. Empty: it is not.
  std::string dismissed_at;   // UTC. Empty: it is not.
  std::string dismissed_by;
  std::string note;
};

struct AlertRun {
  int64_t id = 0;
  std::string cause;  // "ingest", "nightly", "alerts".
  std::string started_at;
  std::string finished_at;  // Empty: it runs, or was killed.
  int64_t snapshot = 0;
  int64_t num_searched = 0;
  int64_t num_alerts = 0;
};

// Borrows the catalogue. Threads and errors: as Catalogue; every call that writes is one transaction, or joins the open
// one.
class AlertLog {
 public:
  explicit AlertLog(Catalogue& catalogue) : catalogue_(catalogue) {}

  int64_t StartRun(const std::string& cause, int64_t snapshot);
  void FinishRun(int64_t run, int64_t num_searched, int64_t num_alerts);
  std::optional<AlertRun> LastRun() const;  // That was finished.

  // Returns false, and changes nothing, if the pair was alerted before. alert.id, raised_at and dismissed_* are
  // ignored.
  bool Add(const Alert& alert);
  struct Selection {
    bool only_new = false;  // Without those that were dismissed.
    bool also_same_seller = false;
    int64_t after = 0;  // Ids above this one.
    int64_t limit = 1'000'000;
  };
  std::vector<Alert> List(const Selection& selection) const;  // Oldest first.
  // Throws Error(kNotFound) if there is no such alert. Again: the later note replaces the earlier.
  void Dismiss(int64_t alert, const std::string& by, const std::string& note);
  int64_t CountNew() const;  // Neither dismissed nor of the same seller.

  bool IsAnyWatched() const;
  // The watched bank that holds the photo, the first by name; nothing if none does.
  std::optional<std::string> WatchedBankOf(PhotoId photo) const;
  // Photos of watched banks, up to `last`, that have not been searched for in all that is there, in order of id.
  std::vector<PhotoId> UnsearchedWatched(PhotoId last) const;
  void MarkSearched(PhotoId photo);  // In all watched banks that hold it.

  // How far photos and sightings have been looked at; an invalid id and 0 at first.
  PhotoId LastPhoto() const;
  int64_t LastSighting() const;
  // Neither ever goes back.
  void AdvanceTo(PhotoId photo);
  void AdvanceToSighting(int64_t sighting);
  std::vector<PhotoId> PhotosAfter(PhotoId after, PhotoId last) const;

 private:
  Catalogue& catalogue_;
};

// A sighting, and what of it was known before.
struct SightingNews {
  int64_t id = 0;
  PhotoId photo;
  Listing listing;           // Platform, external_id, url, seller and title only.
  std::string watched_bank;  // That holds the photo. Empty: none does.
  bool is_first = false;     // The photo had not been seen before.
  bool listing_known = false, seller_known = false, platform_known = false;  // Of this very photo.
};

// Sightings with an id above `after`, oldest first, at most `limit`.
std::vector<SightingNews> SightingsAfter(const Catalogue& catalogue, int64_t after, int64_t limit);

}  // namespace pugmark
