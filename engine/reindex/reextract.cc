// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/reextract.h"

#include <fmt/format.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <new>
#include <optional>

#include "engine/collection/threads.h"
#include "engine/features/describe.h"
#include "engine/traces/traces.h"
#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/extractions.h"

namespace pugmark {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr size_t kPhotosPerCommit = 64;
constexpr size_t kMaxLostNamed = 100;

struct Task {
  Photo photo;
  std::vector<fs::path> places;
  std::optional<StoredFeatures> features;  // Nothing: it cannot be described, and `why`.
  std::vector<FileTrace> traces;
  std::string why;
};

Task TaskOf(const Collection& collection, PhotoId id) {
  Task task;
  task.photo = collection.catalogue.GetPhoto(id).value();
  task.places.push_back(collection.paths.original(task.photo.sha256));
  task.places.emplace_back(task.photo.path);
  for (const Sighting& sighting : collection.catalogue.SightingsOf(id)) {
    if (std::find(task.places.begin(), task.places.end(), fs::path(sighting.path)) == task.places.end()) {
      task.places.emplace_back(sighting.path);
    }
  }
  return task;
}

std::vector<uint8_t> ReadOriginal(const Task& task) {
  std::string why = "No file is left at any place where it was seen.";
  for (const fs::path& place : task.places) {
    std::error_code error;
    if (!fs::exists(place, error)) continue;
    try {
      std::vector<uint8_t> bytes = ReadFile(place, ProcessBudget().max_file_bytes);
      if (Sha256::Of(bytes) == task.photo.sha256) return bytes;
      why = fmt::format("{}: is another file now (SHA-256).", EscapeText(place.string()));
    } catch (const Error& e) {
      why = e.what();
    }
  }
  throw Error(ErrorCode::kNotFound, why);
}

void Describe(const Collection& collection, const Embedding* embedding, Task* task) {
  try {
    DecodeOptions decode;
    decode.max_side_px = collection.features.working_size_px;
    decode.read_qr_codes = true;
    const std::vector<uint8_t> bytes = ReadOriginal(*task);
    const DecodeResult decoded = Decode(bytes, decode);
    if (!decoded.image) {
      task->why = decoded.error.message;
      return;
    }
    Features features = DescribePhoto(bytes, decode, decoded.info, *decoded.image, collection.features);
    if (embedding != nullptr) features.global_descriptor = embedding->Describe(*decoded.image);
    task->features = ToStored(features, collection.features);
    task->traces = FindTraces(decoded);
  } catch (const Error& e) {
    task->why = e.what();
  } catch (const std::bad_alloc&) {
    task->why = "It needs more memory than there is.";
  }
}

int64_t NewestSnapshot(const CollectionPaths& paths) {
  const std::vector<int64_t> numbers = ListSnapshots(paths);
  return numbers.empty() ? 0 : numbers.back();
}

}  // namespace

ReextractReport Reextract(Collection& collection, const ReextractOptions& options, std::stop_token stop,
                          const std::function<void(int64_t, int64_t)>& progress) {
  const Clock::time_point start = Clock::now();
  Extractions extractions(collection.catalogue);
  ReextractReport report;
  report.num_left = extractions.CountOfOthers(ExtractorName(collection.features));
  if (report.num_left == 0 || options.limit == 0) return report;
  const std::vector<PhotoId> older = extractions.PhotosOfOthers(ExtractorName(collection.features));
  const std::shared_ptr<const Embedding> embedding = LoadEmbedding(collection.paths, collection.embedding);
  const int64_t newest_snapshot = NewestSnapshot(collection.paths);
  const auto num_left_of_limit = [&] {
    return options.limit < 0 ? static_cast<int64_t>(older.size()) : options.limit - report.num_done;
  };
  const auto is_over = [&] {
    return stop.stop_requested() || num_left_of_limit() <= 0 ||
           (options.max_seconds > 0 &&
            std::chrono::duration<double>(Clock::now() - start).count() >= options.max_seconds);
  };
  for (size_t next = 0; next < older.size() && !is_over();) {
    std::vector<Task> round;
    const size_t size = std::min({kPhotosPerCommit, older.size() - next, static_cast<size_t>(num_left_of_limit())});
    for (size_t i = 0; i < size; ++i) round.push_back(TaskOf(collection, older[next++]));
    WithThreads(options.num_threads, [&] {
      tbb::parallel_for(size_t{0}, round.size(), [&](size_t i) { Describe(collection, embedding.get(), &round[i]); });
    });
    Catalogue::Transaction transaction(collection.catalogue);
    for (Task& task : round) {
      if (task.features) {
        extractions.Replace(task.photo.id, *task.features, newest_snapshot);
        KeepTraces(collection.catalogue, task.photo.id, task.traces);
        ++report.num_done;
        --report.num_left;
        continue;
      }
      ++report.num_lost;
      if (report.lost.size() < kMaxLostNamed) {
        report.lost.push_back({task.photo.id, task.photo.sha256, task.photo.path, std::move(task.why)});
      }
    }
    transaction.Commit();
    progress(static_cast<int64_t>(next), static_cast<int64_t>(older.size()));
  }
  return report;
}

}  // namespace pugmark
