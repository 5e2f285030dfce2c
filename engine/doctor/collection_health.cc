// SPDX-License-Identifier: Apache-2.0
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <map>

#include "engine/collection/collection.h"
#include "engine/doctor/doctor.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/audit_log.h"
#include "index/vectors/shortlist.h"

namespace pugmark {
namespace {

constexpr size_t kEnoughKeypoints = 16;  // Photos with fewer cannot be expected to find themselves.
constexpr double kGoodShare = 0.98, kBadShare = 0.9;
constexpr size_t kFirstPlaces = 3;        // Copies of a photo in the collection share its votes.
constexpr double kSpareBytes = 1 << 30;

std::string SizeText(double bytes) {
  return bytes < 1e9 ? fmt::format("{:.1f} MB", bytes / 1e6) : fmt::format("{:.1f} GB", bytes / 1e9);
}

// Seconds since an ISO time in UTC; nothing if it is none.
std::optional<double> AgeOf(const std::string& time) {
  std::tm tm{};
  if (::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%SZ", &tm) == nullptr) return std::nullopt;
  return std::difftime(std::time(nullptr), ::timegm(&tm));
}

Finding SnapshotAge(const Collection& collection, const SnapshotInfo& info, const ExamineOptions& options) {
  const int64_t num_unindexed = collection.catalogue.TotalsAfter(info.last_photo).num_photos;
  const std::optional<double> age = AgeOf(info.created_at);
  const double days = age ? *age / 86400 : 0;
  Finding finding{"snapshot", Level::kOk,
                  fmt::format("Snapshot {} of {}, {} photos in {} parts.", info.number, EscapeText(info.created_at),
                              info.num_photos, info.parts.size()),
                  {{"age_days", days}, {"unindexed_photos", static_cast<double>(num_unindexed)}}};
  if (num_unindexed > 0) {
    finding.level = days > options.max_age_days ? Level::kFail : Level::kWarn;
    finding.message +=
        fmt::format(" {} photos are not in it and are found by their bytes only. Run 'pugmark reindex'.", num_unindexed);
  }
  return finding;
}

// Do stored photos find themselves in the index?
Finding SelfMatch(const Collection& collection, const Snapshot& snapshot, const ExamineOptions& options) {
  const int64_t last = snapshot.info.last_photo.value;
  const int64_t num_steps = std::min<int64_t>(options.num_sampled, last);
  int64_t num_tried = 0, num_first = 0, num_near = 0;
  std::string missed;
  for (int64_t i = 0; i < num_steps; ++i) {
    const PhotoId id{1 + i * last / num_steps};
    const std::optional<StoredFeatures> stored = collection.catalogue.GetFeatures(id);
    if (!stored) continue;
    const Features features = FromStored(*stored, collection.features);
    if (features.size() < kEnoughKeypoints) continue;
    ++num_tried;
    ShortlistOptions shortlist;
    shortlist.max_candidates = static_cast<int>(kFirstPlaces);
    const std::vector<Candidate> found =
        Shortlist(snapshot.codebook, snapshot.parts, features.descriptors, GeometryOf(features), shortlist);
    const auto place = std::find_if(found.begin(), found.end(), [&](const Candidate& c) { return c.photo == id; });
    num_first += place == found.begin() && !found.empty() ? 1 : 0;
    num_near += place != found.end() ? 1 : 0;
    if (place == found.end() && missed.empty()) {
      if (const auto photo = collection.catalogue.GetPhoto(id)) missed = photo->sha256.Hex().substr(0, 12);
    }
  }
  if (num_tried == 0) return {"self-match", Level::kOk, "No photo with enough detail to try.", {{"tried", 0}}};
  const double share = static_cast<double>(num_near) / static_cast<double>(num_tried);
  Finding finding{"self-match", share >= kGoodShare ? Level::kOk : share >= kBadShare ? Level::kWarn : Level::kFail,
                  fmt::format("{} of {} sampled photos find themselves, {} of them first.", num_near, num_tried, num_first),
                  {{"tried", static_cast<double>(num_tried)},
                   {"found", static_cast<double>(num_near)},
                   {"first", static_cast<double>(num_first)}}};
  if (finding.level != Level::kOk) {
    finding.message += fmt::format(" Not found: {}…. Run 'pugmark check', then 'pugmark reindex --full'.", missed);
  }
  return finding;
}

Finding Disk(const Collection& collection, const SnapshotInfo& info) {
  double index_bytes = 0;
  for (const FileSeal& seal : info.files) index_bytes += static_cast<double>(seal.size_bytes);
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(collection.paths.root, error);
  if (error) return {"disk", Level::kWarn, "The free space cannot be told: " + EscapeText(error.message()) + ".", {}};
  const double free = static_cast<double>(space.available);
  Finding finding{"disk",
                  free < index_bytes * 1.2               ? Level::kFail
                  : free < 2 * index_bytes + kSpareBytes ? Level::kWarn
                                                         : Level::kOk,
                  fmt::format("{} free; the next reindex writes about {} beside the present index.", SizeText(free),
                              SizeText(index_bytes)),
                  {{"free_bytes", free}, {"needed_bytes", index_bytes}}};
  if (finding.level != Level::kOk) finding.message += " Free space, or keep fewer snapshots.";
  return finding;
}

Finding AuditChain(const CollectionPaths& paths) {
  const LogVerification log = VerifyLog(paths, "");
  if (!log.findings.empty()) {
    return {"audit log", Level::kFail,
            fmt::format("{} ({} findings). See 'pugmark log --verify'.", log.findings.front(), log.findings.size()),
            {{"entries", static_cast<double>(log.num_entries)}}};
  }
  if (!log.head)
    return {"audit log", Level::kWarn, "It is empty: this collection is older than the log.", {{"entries", 0}}};
  return {"audit log", Level::kOk,
          fmt::format("Whole, {} entries, head {}….", log.num_entries, log.head->hash.Hex().substr(0, 16)),
          {{"entries", static_cast<double>(log.num_entries)}}};
}

void AddReviews(const Catalogue& catalogue, std::vector<Finding>* findings) {
  std::map<std::pair<Sha256, Sha256>, Review> latest;
  for (Review& review : Reviews(catalogue).History()) latest[{review.low, review.high}] = review;
  std::vector<Review> reviews;
  for (auto& [pair, review] : latest) reviews.push_back(std::move(review));
  const std::vector<ReviewBin> curve = ReviewCurve(reviews);
  if (curve.empty()) {
    findings->push_back(
        {"reviews", Level::kOk, "No answers yet to hold the stated probabilities against.", {{"answers", 0}}});
  }
  for (const ReviewBin& bin : curve) {
    Finding finding{"reviews",
                    bin.disagrees() ? Level::kWarn : Level::kOk,
                    fmt::format("{} stated at {:.0f} to {:.0f} %: {} of {} answers are yes ({:.0f} to {:.0f} % with 95 % "
                                "confidence), stated {:.1f} %.",
                                bin.verdict, bin.from * 100, bin.to * 100, bin.num_yes, bin.num_yes + bin.num_no,
                                bin.low * 100, bin.high * 100, bin.stated * 100),
                    {{"from", bin.from},
                     {"to", bin.to},
                     {"yes", static_cast<double>(bin.num_yes)},
                     {"no", static_cast<double>(bin.num_no)},
                     {"stated", bin.stated},
                     {"low", bin.low},
                     {"high", bin.high}}};
    if (bin.disagrees()) finding.message += " Trust the answers, not the stated figure, for hits like these.";
    findings->push_back(std::move(finding));
  }
}

}  // namespace

std::vector<Finding> ExamineCollection(const std::filesystem::path& root, const ExamineOptions& options) {
  std::vector<Finding> findings;
  // What one look cannot do must not hide what the others see.
  const auto add = [&](const char* topic, const std::function<void()>& look) {
    try {
      look();
    } catch (const Error& e) {
      findings.push_back({topic, Level::kFail, e.what(), {}});
    }
  };
  const Collection collection = OpenCollection(root, Catalogue::Access::kRead);
  add("snapshot", [&] {
    const std::optional<Snapshot> snapshot = OpenCurrentSnapshot(collection.paths);
    if (!snapshot) {
      const bool is_empty = collection.catalogue.Counts().num_photos == 0;
      findings.push_back({"snapshot", is_empty ? Level::kOk : Level::kFail,
                          is_empty ? "The collection is empty. Run 'pugmark ingest'."
                                   : "Nothing is indexed. Run 'pugmark reindex'.", {}});
      return;
    }
    if (!BelongsTogether(snapshot->info, collection.catalogue)) {
      throw Error(ErrorCode::kCorrupt,
                  "The index was built from another state of the catalogue. Run 'pugmark reindex --full'.");
    }
    findings.push_back(SnapshotAge(collection, snapshot->info, options));
    add("self-match", [&] { findings.push_back(SelfMatch(collection, *snapshot, options)); });
    add("disk", [&] { findings.push_back(Disk(collection, snapshot->info)); });
  });
  add("audit log", [&] { findings.push_back(AuditChain(collection.paths)); });
  add("reviews", [&] { AddReviews(collection.catalogue, &findings); });
  return findings;
}

}  // namespace pugmark
