// SPDX-License-Identifier: Apache-2.0
#include "engine/ingest/ingest.h"

#include <fmt/format.h>
#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_pipeline.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <thread>

#include "engine/collection/takedown.h"
#include "engine/collection/threads.h"
#include "engine/features/describe.h"
#include "engine/ingest/inputs.h"
#include "engine/ingest/quarantine.h"
#include "engine/ingest/refusal.h"
#include "engine/reindex/quarantine_seal.h"
#include "engine/traces/traces.h"
#include "index/base/error.h"
#include "index/base/fault.h"
#include "index/base/files.h"
#include "index/catalogue/listing_history.h"
#include "index/catalogue/thumbnail_checksums.h"
#include "index/catalogue/traces.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kThumbnailSide_px = 320;
constexpr int kThumbnailQuality = 80;
// A commit costs a few syncs; a kill costs what was not committed.
constexpr int kPhotosPerCommit = 64;
constexpr auto kTimePerCommit = std::chrono::seconds(2);
// Between two transactions, so that a search can write its line into the audit log; without it the next photos are waiting
// already, and the lock would be free for microseconds. 0.4 % of the time at 64 photos a commit.
constexpr auto kPauseBetweenCommits = std::chrono::milliseconds(10);

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// One input on its way through the pipeline.
struct Item {
  const Input* input = nullptr;
  std::optional<Sha256> sha256;
  std::optional<Unreadable> unreadable;
  bool known = false;       // Catalogued when it was read.
  std::optional<Refused> removed_before;  // Refused, or readmitted.
  bool needs_thumbnail = false;
  bool needs_copy = false;
  int64_t size_bytes = 0;
  PhotoInfo info;
  StoredFeatures features;
  std::vector<FileTrace> traces;
  std::vector<uint8_t> thumbnail;
  std::vector<uint8_t> original;  // Only if it is to be copied.
  double read_seconds = 0, decode_seconds = 0, features_seconds = 0, thumbnail_seconds = 0;
};

BankRole RoleOfNewBank(const std::string& name) {
  for (const BankRole role : {BankRole::kSeizure, BankRole::kBenign}) {
    if (name == BankRoleName(role)) return role;
  }
  return BankRole::kEvidence;
}

// The parallel stage: bytes → everything that is to be catalogued. Touches nothing shared but read-only connections.
class Describer {
 public:
  Describer(Collection& collection, const IngestOptions& options)
      : options_(options),
        tombstones_(Takedown(collection.catalogue).Hashes()),
        paths_(collection.paths),
        features_(collection.features),
        embedding_(LoadEmbedding(collection.paths, collection.embedding)),
        readers_([database = collection.paths.catalogue()] { return Catalogue(database, Catalogue::Access::kRead); }) {
    decode_.max_side_px = features_.working_size_px;
  }

  void Describe(Item* item) {
    const fs::path& path = item->input->path;
    Clock::time_point start = Clock::now();
    std::vector<uint8_t> bytes;
    try {
      bytes = ReadFile(path, ProcessBudget().max_file_bytes);
    } catch (const Error& e) {
      item->unreadable = {path, std::string(ErrorCodeName(e.code())), e.what()};
      return;
    }
    item->size_bytes = static_cast<int64_t>(bytes.size());
    item->sha256 = Sha256::Of(bytes);
    Catalogue& reader = readers_.local();
    if (std::optional<Tombstone> tombstone = Takedown(reader).Find(*item->sha256)) {
      item->removed_before = {Refused::Kind::kSameBytes, path, *item->sha256, std::move(*tombstone), 0, ""};
    }
    item->known = reader.FindPhoto(*item->sha256).has_value();
    item->read_seconds = SecondsSince(start);
    if (item->removed_before && !options_.readmit) return;
    // A known photo whose thumbnail or copy is missing or damaged gets it back.
    item->needs_thumbnail = !item->known || !HasThumbnail(reader, *item->sha256);
    item->needs_copy = options_.copy_originals && !HasCopy(*item->sha256);
    try {
      if (item->needs_thumbnail) DescribeImage(bytes, item);
    } catch (const Error& e) {
      item->unreadable = {path, std::string(ErrorCodeName(e.code())), e.what()};
    } catch (const std::bad_alloc&) {
      item->unreadable = {path, std::string(DecodeErrorCodeName(DecodeErrorCode::kTooLarge)),
                          "It needs more memory than there is."};
    }
    if (item->needs_copy && !item->unreadable) item->original = std::move(bytes);
  }

 private:
  bool HasThumbnail(const Catalogue& reader, const Sha256& photo) const {
    const fs::path file = paths_.thumbnail(photo);
    const std::optional<PhotoId> id = reader.FindPhoto(photo);
    if (!id || !fs::exists(file)) return false;
    const std::optional<ThumbnailChecksum> checksum = ThumbnailChecksums(reader).Get(*id);
    try {
      return !checksum || ThumbnailChecksums::Of(ReadFile(file, kMaxThumbnailBytes)) == *checksum;
    } catch (const Error&) {
      return false;
    }
  }

  bool HasCopy(const Sha256& photo) const {
    try {
      return fs::exists(paths_.original(photo)) && Sha256::OfFile(paths_.original(photo)) == photo;
    } catch (const Error&) {
      return false;
    }
  }

  void DescribeImage(const std::vector<uint8_t>& bytes, Item* item) const {
    Clock::time_point start = Clock::now();
    DecodeOptions decode = decode_;
    decode.read_qr_codes = !item->known;
    const DecodeResult decoded = Decode(bytes, decode);
    item->decode_seconds = SecondsSince(start);
    item->info = decoded.info;
    if (!decoded.image) {
      item->unreadable = {item->input->path, std::string(DecodeErrorCodeName(decoded.error.code)), decoded.error.message};
      return;
    }
    if (!item->known) {
      start = Clock::now();
      int distance = 0;
      if (const Tombstone* removed = tombstones_.Find(*decoded.image, &distance); removed && !item->removed_before) {
        item->removed_before = {Refused::Kind::kSamePicture, item->input->path, *item->sha256, *removed, distance, ""};
        if (!options_.readmit) return;
      }
      Features features = DescribePhoto(bytes, decode_, decoded.info, *decoded.image, features_);
      if (embedding_) features.global_descriptor = embedding_->Describe(*decoded.image);
      item->features = ToStored(features, features_);
      item->traces = FindTraces(decoded);
      item->features_seconds = SecondsSince(start);
    }
    start = Clock::now();
    item->thumbnail = EncodeThumbnail(*decoded.image, kThumbnailSide_px, kThumbnailQuality);
    item->thumbnail_seconds = SecondsSince(start);
  }

  const IngestOptions& options_;
  const TombstoneHashes tombstones_;
  const CollectionPaths paths_;
  const FeatureOptions features_;
  const std::shared_ptr<const Embedding> embedding_;  // Null if there is none.
  DecodeOptions decode_;
  tbb::enumerable_thread_specific<Catalogue> readers_;
};

// The serial last stage: the one writer.
class Writer {
 public:
  Writer(Collection& collection, const IngestOptions& options, BatchId batch, IngestSummary* summary)
      : collection_(collection),
        takedown_(collection.catalogue),
        options_(options),
        batch_(batch),
        summary_(summary),
        quarantine_(collection.paths.quarantine()) {}

  void Refuse(const Unreadable& unreadable, const std::optional<Sha256>& sha256) {
    summary_->unreadable.push_back(unreadable);
    ++summary_->counts.num_unreadable;
    quarantine_.Add(unreadable, sha256, batch_.value);
  }

  void Write(const Item& item) {
    const Clock::time_point start = Clock::now();
    if (!transaction_) {
      if (committed_) std::this_thread::sleep_until(*committed_ + kPauseBetweenCommits);
      transaction_.emplace(collection_.catalogue);
      began_ = start;
    }
    if (item.unreadable) {
      Refuse(*item.unreadable, item.sha256);
    } else if (item.removed_before && !options_.readmit) {
      RefuseRemoved(*item.removed_before);
      ++summary_->counts.num_removed_earlier;
    } else {
      WritePhoto(item);
    }
    IngestTimes& times = summary_->times;
    times.read_seconds += item.read_seconds;
    times.decode_seconds += item.decode_seconds;
    times.features_seconds += item.features_seconds;
    times.thumbnail_seconds += item.thumbnail_seconds;
    if (num_unsynced_ >= kPhotosPerCommit || start - began_ > kTimePerCommit) Commit();
    times.catalogue_seconds += SecondsSince(start);
  }

  void Commit() {
    // What the catalogue refers to must be on disk before the catalogue says so.
    if (num_unsynced_ > 0) SyncFileSystem(collection_.paths.root);
    if (transaction_) transaction_->Commit();
    transaction_.reset();
    committed_ = Clock::now();
    num_unsynced_ = 0;
    quarantine_.Flush();
  }

 private:
  void RefuseRemoved(const Refused& refused) {
    summary_->refused.push_back(refused);
    quarantine_.Add({refused.path, "removed", RefusalMessage(refused)}, refused.sha256, batch_.value);
  }

  // A tombstone is lifted for these very bytes only: other copies of a removed photo stay refused.
  void Readmit(const Refused& refused) {
    takedown_.Readmit(refused.sha256, batch_);
    summary_->readmitted.push_back(refused);
  }

  // Whether the photo may be seen in this listing.
  bool Admits(const Item& item, const Listing& listing) {
    std::optional<Tombstone> tombstone = takedown_.FindSighting(*item.sha256, listing);
    if (!tombstone) return true;
    const std::string name = IdentityOf(listing).empty() ? "a listing without a number" : IdentityOf(listing);
    const Refused refused{Refused::Kind::kSighting, item.input->path, *item.sha256, std::move(*tombstone), 0,
                          fmt::format("{} of platform '{}'", name, listing.platform)};
    if (!options_.readmit) {
      RefuseRemoved(refused);
      return false;
    }
    takedown_.ReadmitSighting(*item.sha256, listing);
    summary_->readmitted.push_back(refused);
    return true;
  }

  void WritePhoto(const Item& item) {
    std::optional<PhotoId> id = collection_.catalogue.FindPhoto(*item.sha256);  // Also what this batch added.
    const bool is_new = !id;
    if (item.needs_thumbnail) WriteSideFile(collection_.paths.thumbnail(*item.sha256), item.thumbnail);
    if (item.needs_copy) WriteSideFile(collection_.paths.original(*item.sha256), item.original);
    if (is_new || item.needs_thumbnail || item.needs_copy) ++num_unsynced_;
    if (is_new) {
      if (item.known) {
        throw Error(ErrorCode::kInternal, "A catalogued photo vanished during the ingest. Run the same command again.");
      }
      if (item.removed_before) Readmit(*item.removed_before);
      Photo photo;
      photo.sha256 = *item.sha256;
      photo.path = item.input->path.string();
      photo.size_bytes = item.size_bytes;
      photo.format = PhotoFormatName(item.info.format);
      photo.width_px = item.info.width_px;
      photo.height_px = item.info.height_px;
      photo.camera_make = item.info.camera_make;
      photo.camera_model = item.info.camera_model;
      photo.camera_serial = item.info.camera_serial;
      photo.taken_at = item.info.taken_at;
      photo.truncated = item.info.truncated;
      photo.admitted_at = UtcNow();
      photo.batch = batch_;
      id = collection_.catalogue.AddPhoto(photo, item.features);
      KeepTraces(collection_.catalogue, *id, item.traces);
    }
    if (item.needs_thumbnail) {
      ThumbnailChecksums(collection_.catalogue).Set(*id, ThumbnailChecksums::Of(item.thumbnail));
    }
    int64_t num_sightings = 0;
    static const std::vector<ManifestRow> kNoRow(1);
    for (const ManifestRow& row : item.input->rows.empty() ? kNoRow : item.input->rows) {
      Listing listing = row.listing;
      if (listing.platform.empty()) listing.platform = options_.platform;
      if (listing.seller.empty()) listing.seller = options_.seller;
      // Found in a folder: the folder takes the place of the listing, so that a second place is a second sighting.
      if (item.input->rows.empty()) listing.title = EscapeText(item.input->path.parent_path().string());
      if (!Admits(item, listing)) continue;
      const ListingId listing_id = collection_.catalogue.AddListing(listing);
      KeepListingValues(collection_.catalogue, listing_id, listing, row.captured_at);
      if (collection_.catalogue.AddSighting(*id, listing_id, item.input->path.string(), row.captured_at, batch_)) {
        ++num_sightings;
      }
      const std::string& bank = row.bank.empty() ? options_.bank : row.bank;
      collection_.catalogue.AddToBank(*id, bank, RoleOfNewBank(bank));
    }
    summary_->counts.num_new_sightings += num_sightings;
    ++(is_new ? summary_->counts.num_new_photos : summary_->counts.num_known_photos);
  }

  static void WriteSideFile(const fs::path& path, const std::vector<uint8_t>& bytes) {
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    WriteFileUnsynced(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

  Collection& collection_;
  Takedown takedown_;
  const IngestOptions& options_;
  const BatchId batch_;
  IngestSummary* const summary_;
  Quarantine quarantine_;
  std::optional<Catalogue::Transaction> transaction_;
  Clock::time_point began_;
  std::optional<Clock::time_point> committed_;
  int num_unsynced_ = 0;
};

std::string SourceOf(const IngestOptions& options) {
  std::string source;
  for (const std::vector<fs::path>* paths : {&options.manifests, &options.inputs}) {
    for (const fs::path& path : *paths) source += (source.empty() ? "" : " ") + EscapeText(path.string());
  }
  return source;
}

// Runs every input through the pipeline. Memory: at most four inputs per thread are on their way.
void RunPipeline(const Inputs& inputs, const IngestOptions& options, const std::stop_token& stop,
                 const IngestObserver& observer, Describer* describer, Writer* writer) {
  using ItemPtr = std::shared_ptr<Item>;
  const Clock::time_point start = Clock::now();
  const auto num_total = static_cast<int64_t>(inputs.files.size());
  size_t next = 0;
  int64_t num_done = 0;
  const auto read = tbb::make_filter<void, ItemPtr>(tbb::filter_mode::serial_in_order, [&](tbb::flow_control& control) {
    if (next == inputs.files.size() || stop.stop_requested()) {
      control.stop();
      return ItemPtr();
    }
    auto item = std::make_shared<Item>();
    item->input = &inputs.files[next++];
    return item;
  });
  const auto describe = tbb::make_filter<ItemPtr, ItemPtr>(tbb::filter_mode::parallel, [&](ItemPtr item) {
    describer->Describe(item.get());
    return item;
  });
  const auto write = tbb::make_filter<ItemPtr, void>(tbb::filter_mode::serial_in_order, [&](const ItemPtr& item) {
    writer->Write(*item);
    ++num_done;
    const double rate = static_cast<double>(num_done) / std::max(SecondsSince(start), 1e-6);
    observer.progress({num_done, num_total, rate, static_cast<double>(num_total - num_done) / rate});
  });
  WithThreads(options.num_threads,
              [&] { tbb::parallel_pipeline(4 * static_cast<size_t>(options.num_threads), read & describe & write); });
}

}  // namespace

IngestSummary Ingest(const fs::path& root, const IngestOptions& options, std::stop_token stop,
                     const IngestObserver& observer) {
  PUGMARK_CHECK(options.num_threads > 0);
  const Clock::time_point start = Clock::now();
  const FileLock lock(LocateCollection(root).lock());
  Collection collection = OpenCollection(root, Catalogue::Access::kWrite);
  PurgeRemovedFiles(collection);
  const Inputs inputs = CollectInputs(options);

  IngestSummary summary;
  summary.num_inputs = static_cast<int64_t>(inputs.files.size());
  const BatchId batch = collection.catalogue.StartBatch(SourceOf(options));
  PUGMARK_FAULT_POINT("ingest.batch_started");
  summary.batch = batch;
  ForgetLostQuarantine(collection);
  Writer writer(collection, options, batch, &summary);
  for (const Unreadable& problem : inputs.problems) writer.Refuse(problem, std::nullopt);
  Describer describer(collection, options);
  RunPipeline(inputs, options, stop, observer, &describer, &writer);
  writer.Commit();
  SealQuarantine(collection);
  collection.catalogue.FinishBatch(batch, summary.counts);
  PUGMARK_FAULT_POINT("ingest.batch_finished");

  summary.cancelled = stop.stop_requested();
  if (!summary.cancelled) {
    const Clock::time_point index_start = Clock::now();
    ReindexOptions reindex;
    reindex.num_threads = options.num_threads;
    reindex.seed = options.seed;
    try {
      summary.index = IndexNewPhotos(collection, reindex, stop, observer.indexing);
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kCancelled) throw;
      summary.cancelled = true;
    }
    summary.times.index_seconds = SecondsSince(index_start);
  }
  summary.times.wall_seconds = SecondsSince(start);
  return summary;
}

}  // namespace pugmark
