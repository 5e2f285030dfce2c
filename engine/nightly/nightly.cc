// SPDX-License-Identifier: Apache-2.0
#include "engine/nightly/nightly.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/collection/writer_lock.h"
#include "engine/link/link.h"
#include "engine/nightly/drop.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(500);

int GravityOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kCorrupt: return 3;
    case ErrorCode::kLocked: return 1;
    default: return 2;
  }
}

// What the digest says of the new index and of its test.
std::vector<std::pair<std::string, std::string>> FiguresOf(const ReindexReport& report) {
  const SnapshotInfo& snapshot = report.snapshot;
  const std::string published = report.published   ? fmt::format("snapshot {}", snapshot.number)
                                : report.held_back ? fmt::format("no: snapshot {} failed its test", report.built)
                                                   : "no: it was up to date";
  std::vector<std::pair<std::string, std::string>> figures = {
      {"index published", published},
      {"photos in the index", fmt::format("{}", snapshot.num_photos)},
      {"photos added since the index before", fmt::format("{}", report.num_added)},
      {"photos dropped", fmt::format("{}", report.num_dropped)},
      {"visual words", fmt::format("{}{}", snapshot.num_words, report.codebook_trained ? ", newly trained" : "")}};
  if (report.reextraction.num_done + report.reextraction.num_left > 0) {
    figures.emplace_back("photos described anew", fmt::format("{}, {} still to do", report.reextraction.num_done,
                                                              report.reextraction.num_left));
  }
  if (!report.gate) return figures;
  for (const GateFigures& f : report.gate->figures) {
    std::string value = fmt::format("{} of {}", f.found_new, f.num_tried);
    if (report.gate->old_number != 0 && f.canary != "new") value += fmt::format(", before {}", f.found_old);
    figures.emplace_back(fmt::format("canaries found ({})", f.canary), std::move(value));
  }
  return figures;
}

class Night {
 public:
  Night(const fs::path& root, const NightlyOptions& options, std::stop_token stop)
      : options_(options), stop_(std::move(stop)), paths_(LocateCollection(root)), started_at_(UtcNow()) {}

  NightlyReport Run(const std::function<int(const NightlyReport&)>& exit_code_of) {
    if (options_.drop.empty()) {
      Skip("ingest", "no drop folder is named");
    } else {
      Stage("ingest", [&] { return IngestDrop(); });
    }
    Stage("reindex", [&] { return RenewIndex(); });
    Stage("alerts", [&] { return MatchWatchList(); });
    Stage("link", [&] { return LinkSellers(); });
    report_.cancelled = stop_.stop_requested();
    if (report_.cancelled) {
      Log("digest", "interrupted before the digest; the next run tells everything");
      return std::move(report_);
    }
    GiveDigest(exit_code_of);
    return std::move(report_);
  }

 private:
  void Log(std::string_view stage, const std::string& line) const {
    options_.log(fmt::format("{} {}: {}", UtcNow(), stage, line));
  }

  void Skip(const std::string& name, const std::string& why) {
    stages_.push_back({name, "skipped", 0, why});
    Log(name, "skipped: " + why);
  }

  void Fail(ErrorCode code) {
    if (!report_.failure || GravityOf(code) > GravityOf(*report_.failure)) report_.failure = code;
  }

  // body: does the stage and says what it did.
  void Stage(const std::string& name, const std::function<std::string()>& body) {
    if (stop_.stop_requested()) {
      stages_.push_back({name, "interrupted", 0, "not begun"});
      return;
    }
    Log(name, "begins");
    const Clock::time_point start = Clock::now();
    DigestStage stage{name, "done", 0, ""};
    const auto fail = [&](ErrorCode code, const std::string& message) {
      stage.outcome = code == ErrorCode::kCancelled ? "interrupted" : "failed";
      stage.message = message;
      if (code != ErrorCode::kCancelled) Fail(code);
    };
    try {
      stage.message = WhenUnlocked(body);
    } catch (const Error& e) {
      fail(e.code(), e.what());
    } catch (const fs::filesystem_error& e) {
      fail(ErrorCode::kIo, EscapeText(e.what()));
    } catch (const std::bad_alloc&) {
      fail(ErrorCode::kLimit, "There is not enough memory for this.");
    } catch (const std::exception& e) {
      fail(ErrorCode::kInternal, EscapeText(e.what()) + " This is a bug; please report it.");
    }
    stage.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    Log(name, fmt::format("{} in {:.1f} s: {}", stage.outcome, stage.seconds, stage.message));
    stages_.push_back(std::move(stage));
  }

  // A person's ingest at two in the morning is waited for.
  std::string WhenUnlocked(const std::function<std::string()>& body) const {
    const auto deadline = Clock::now() + std::chrono::duration<double>(options_.wait_seconds);
    bool said = false;
    for (;;) {
      try {
        return body();
      } catch (const Error& e) {
        if (e.code() != ErrorCode::kLocked || Clock::now() >= deadline || stop_.stop_requested()) throw;
      }
      if (!said) options_.log(UtcNow() + " waiting for another writer to end");
      said = true;
      std::this_thread::sleep_for(kPoll);
    }
  }

  std::string IngestDrop() {
    const DropContents drop = ListDrop(options_.drop, options_.settle_seconds);
    refused_ = drop.refused;
    IngestOptions ingest = options_.ingest;
    ingest.inputs = drop.photos;
    ingest.manifests = drop.manifests;
    ingest.num_threads = options_.num_threads;
    std::string left;
    if (drop.num_unsettled > 0)
      left = fmt::format("; {} files are still being written and wait for the next night", drop.num_unsettled);
    for (const Unreadable& bad : drop.refused) {
      left += bad.code == "manifest" ? fmt::format("; manifest not usable: {}", bad.message)
                                     : fmt::format("; not taken in: {}: {}", EscapeText(bad.path.string()), bad.message);
      report_.skipped_inputs = true;
    }
    if (ingest.inputs.empty() && ingest.manifests.empty()) return "nothing in the drop folder" + left;
    IngestObserver observer;
    observer.progress = [&](const IngestProgress& p) { options_.progress("photos", p.num_done, p.num_total); };
    observer.indexing = options_.progress;
    const IngestSummary summary = Ingest(paths_.root, ingest, stop_, observer);
    if (summary.cancelled) throw Error(ErrorCode::kCancelled, "what was taken in is kept; the next run continues");
    const BatchCounts& counts = summary.counts;
    const bool is_any_like = std::any_of(summary.refused.begin(), summary.refused.end(),
                                         [](const Refused& r) { return r.kind == Refused::Kind::kSamePicture; });
    report_.skipped_inputs = report_.skipped_inputs || counts.num_unreadable > 0 || is_any_like;
    return fmt::format("{} files: {} new photos, {} known, {} new sightings, {} unreadable, {} refused{}",
                       summary.num_inputs, counts.num_new_photos, counts.num_known_photos, counts.num_new_sightings,
                       counts.num_unreadable, summary.refused.size(), left);
  }

  std::string RenewIndex() {
    const FileLock lock(paths_.lock());
    Collection collection = OpenCollection(paths_.root, Catalogue::Access::kWrite);
    ReindexOptions reindex;
    reindex.num_threads = options_.num_threads;
    reindex.keep_snapshots = options_.keep_snapshots;
    const ReindexReport report = Reindex(collection, reindex, stop_, options_.progress);
    figures_ = FiguresOf(report);
    if (report.held_back) {
      throw Error(ErrorCode::kHeldBack,
                  fmt::format("The new index, snapshot {}, failed its test and was held back. {} Run 'pugmark check', then "
                              "'pugmark reindex --full'.",
                              report.built, fmt::join(report.gate->failures, " ")));
    }
    if (report.snapshot.number == 0) return "nothing to index";
    if (!report.published) return fmt::format("snapshot {} is up to date", report.snapshot.number);
    return fmt::format("published snapshot {}: {} photos, {} added, {} dropped", report.snapshot.number,
                       report.snapshot.num_photos, report.num_added, report.num_dropped);
  }

  // The end of a stage's sentence.
  std::string TellDamaged(int64_t num_photos) {
    if (num_photos == 0) return "";
    Fail(ErrorCode::kCorrupt);
    return fmt::format("; {} photos have damaged features: 'pugmark check' names them", num_photos);
  }

  std::string MatchWatchList() {
    AlertOptions alerts;
    alerts.cause = "nightly";
    alerts.num_threads = options_.num_threads;
    alerts.wait_seconds = options_.wait_seconds;
    const AlertReport report = RunAlerts(
        paths_.root, alerts, stop_, [&](int64_t done, int64_t total) { options_.progress("alerts", done, total); });
    if (report.cancelled) throw Error(ErrorCode::kCancelled, "the next run continues");
    if (!report.is_any_watched) return "no bank is watched";
    std::string text = fmt::format("{} photos searched for ({} new, {} newly in watched banks): {} alerts",
                                   report.num_searched, report.num_new, report.num_banked, report.num_alerts);
    if (report.num_same_seller > 0) text += fmt::format(", {} pairs of one seller", report.num_same_seller);
    return text + TellDamaged(report.num_damaged);
  }

  std::string LinkSellers() {
    LinkOptions link;
    link.cause = "nightly";
    link.num_threads = options_.num_threads;
    link.wait_seconds = options_.wait_seconds;
    const LinkReport report = RunLinking(
        paths_.root, link, stop_, [&](int64_t done, int64_t total) { options_.progress("linking", done, total); });
    if (report.cancelled) throw Error(ErrorCode::kCancelled, "the next run continues");
    return fmt::format("{} photos matched; {} sellers: {} links, {} of them new, {} groups", report.num_matched,
                       report.num_sellers, report.num_links, report.new_links.size(), report.num_groups) +
           TellDamaged(report.num_damaged);
  }

  // Completes the digest with what only this run knows.
  void Complete(Digest* digest) const {
    digest->started_at = started_at_;
    digest->finished_at = UtcNow();
    digest->collection = paths_.root.string();
    digest->version = options_.version;
    digest->stages = stages_;
    digest->index_figures = figures_;
    for (const Unreadable& bad : refused_) {
      digest->unreadable.push_back({EscapeText(bad.path.string()), bad.code, bad.message, started_at_, 0});
    }
  }

  void GiveDigest(const std::function<int(const NightlyReport&)>& exit_code_of) {
    Digest& digest = report_.digest;
    std::optional<Collection> collection;
    try {
      collection.emplace(OpenCollection(paths_.root, Catalogue::Access::kRead));  // A writer must not hide the digest.
    } catch (const Error& e) {
      Fail(e.code());
      digest.problems.push_back(fmt::format("The catalogue could not be opened: {}", e.what()));
    }
    if (collection) digest = GatherDigest(*collection, options_.version);
    if (!digest.problems.empty()) Fail(ErrorCode::kCorrupt);
    Complete(&digest);
    bool is_given = true;
    try {
      if (!options_.digest_dir.empty()) {
        report_.folder = WriteDigest(digest, ThumbnailsOf(paths_), options_.digest_dir);
        Log("digest", "written to " + EscapeText(report_.folder.string()));
      }
    } catch (const Error& e) {
      Fail(e.code());
      is_given = false;
      digest.problems.push_back(e.what());
      Log("digest", fmt::format("failed: {}", e.what()));
    }
    options_.deliver(digest);
    if (!collection || !is_given) return;  // The next digest tells it again.
    try {
      const WriterLock lock(paths_, options_.wait_seconds, stop_);
      Catalogue catalogue(paths_.catalogue(), Catalogue::Access::kWrite);
      NightlyLog(catalogue).Record(started_at_, exit_code_of(report_), digest.mark);
    } catch (const Error& e) {
      Fail(e.code());
      Log("digest", fmt::format("given, but not recorded: the next one tells the same again: {}", e.what()));
    }
  }

  const NightlyOptions& options_;
  const std::stop_token stop_;
  const CollectionPaths paths_;
  const std::string started_at_;
  NightlyReport report_;
  std::vector<DigestStage> stages_;
  std::vector<std::pair<std::string, std::string>> figures_;
  std::vector<Unreadable> refused_;
};

}  // namespace

NightlyReport RunNightly(const fs::path& collection, const NightlyOptions& options, std::stop_token stop,
                         const std::function<int(const NightlyReport&)>& exit_code_of) {
  const CollectionPaths paths = LocateCollection(collection);
  std::optional<FileLock> lock;
  try {
    lock.emplace(paths.nightly_lock());
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kLocked) throw;
    throw Error(ErrorCode::kLocked,
                fmt::format("{}: another nightly run is at work. It was left alone; wait for it to end.",
                            EscapeText(paths.root.string())));
  }
  return Night(collection, options, std::move(stop)).Run(exit_code_of);
}

}  // namespace pugmark
