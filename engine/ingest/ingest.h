// SPDX-License-Identifier: Apache-2.0
//
// Batch ingestion: files and manifests go in; photos, listings, sightings and features are catalogued; a new small part of
// the index makes them searchable.
//
//   files ─▶ read, hash ─▶ decode, describe (parallel) ─▶ catalogue (one writer, in order) ─▶ part ─▶ snapshot
//
// Idempotent: the same batch again adds nothing; a known photo in a new listing adds a sighting. What was committed stays
// after Ctrl-C or a kill, and the same command continues. An input that cannot be read goes to quarantine.jsonl with its
// reason and never stops the batch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/decode/decode.h"
#include "engine/reindex/reindex.h"
#include "index/catalogue/takedown.h"

namespace pugmark {

struct IngestOptions {
  std::vector<std::filesystem::path> inputs;  // Photos and folders; folders are walked.
  std::vector<std::filesystem::path> manifests;
  bool allow_outside = false;  // Let manifests name files outside their own folder and the inputs.
  std::string platform;        // For inputs without a manifest row.
  std::string seller;
  std::string bank = "evidence";  // Where photos go whose row names no bank.
  int num_threads = 1;
  bool copy_originals = false;    // Keep a byte-identical copy in the collection.
  bool readmit = false;           // Take in what was removed from the collection before; its tombstones are lifted.
  uint64_t seed = 1;
};

struct Unreadable {
  std::filesystem::path path;
  std::string code;     // "not_an_image", "io", ...
  std::string message;  // One sentence, escaped.
};

// An input that is refused, or with `readmit` taken in again, because it was removed before. engine/ingest/refusal.h.
struct Refused {
  enum class Kind {
    kSameBytes,
    kSamePicture,  // Another copy of a removed photo, or one that looks like it.
    kSighting,     // The photo stays in the collection, but not as seen in this listing.
  };
  Kind kind = Kind::kSameBytes;
  std::filesystem::path path;
  Sha256 sha256;
  Tombstone tombstone;  // Of the removed photo.
  int distance = 0;     // kSamePicture: bits in which the PDQ hashes differ.
  std::string listing;  // kSighting: which.
};

struct IngestProgress {
  int64_t num_done = 0;
  int64_t num_total = 0;
  double photos_per_second = 0;
  double eta_seconds = 0;
};

// How long each stage took, summed over threads.
struct IngestTimes {
  double read_seconds = 0, decode_seconds = 0, features_seconds = 0, thumbnail_seconds = 0, catalogue_seconds = 0;
  double index_seconds = 0;
  double wall_seconds = 0;
};

struct IngestSummary {
  BatchId batch;                          // In the catalogue.
  BatchCounts counts;
  int64_t num_inputs = 0;                 // Distinct files.
  std::vector<Unreadable> unreadable;     // In order of input; manifest rows that could not be used among them.
  std::vector<Refused> refused;           // In order of input.
  std::vector<Refused> readmitted;        // What would have been refused without `readmit`.
  bool cancelled = false;                 // Interrupted: what was done is kept, the rest is left for the next run.
  std::optional<ReindexReport> index;     // Nothing if cancelled.
  IngestTimes times;
};

// Called from one thread at a time, often.
struct IngestObserver {
  std::function<void(const IngestProgress&)> progress = [](const IngestProgress&) {};
  ReindexProgress indexing = [](std::string_view, int64_t, int64_t) {};
};

// Holds the collection's lock while it runs. Throws Error(kLocked), Error(kNotFound) if an input or manifest does not
// exist (before anything is written), and what OpenCollection and ReadManifest throw.
// Deterministic: photo ids follow the order of inputs (sorted within folders), whatever num_threads.
IngestSummary Ingest(const std::filesystem::path& collection, const IngestOptions& options, std::stop_token stop,
                     const IngestObserver& observer);

}  // namespace pugmark
