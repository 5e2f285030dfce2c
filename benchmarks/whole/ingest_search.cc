// SPDX-License-Identifier: Apache-2.0
//
// What does Pugmark cost from end to end, and does it still find what it must while it is that fast?
//
// Method. A folder of photos is ingested into a new collection in a temporary directory, through the same Ingest() as
// the program uses. Then N of the photos, drawn by a seed, are edited in eight ways (kEdits below; what they do is in
// quality/edits.h) and each copy is searched by Searcher, one at a time; so are photos that are known to be unrelated. The
// page cache is warm: files were just written.
//
// Reported, and how precise it is:
//   photos/s            by the wall clock, index included. On a shared machine it says more about the neighbours.
//   photos per CPU-s    photos over CPU seconds of all threads: photos/s of one core that does nothing else. Repeats
//                       within a few percent on an idle machine, 20-40 % lower beside busy neighbours.
//   seconds per stage   IngestSummary.times: wall clock summed over threads, so waiting for a core counts as work.
//   bytes per photo     lengths of files, and the blocks they occupy. Exact.
//   peak memory         largest resident set of the process, mapped files included, after the ingest and at the end;
//                       the latter includes this benchmark's own decoding and editing of originals.
//   open                the Searcher constructor: first time, and median of the next.
//   ms per query        median and 95th percentile over all queries of a kind: wall clock, and CPU time of the process.
//                       Includes reading, decoding and describing the query.
//   recall@1            the first hit is the photo that was edited / is so with verdict same-photo. With N = 50 a share
//                       of 1.00 means more than 0.93 (95 %), and 0.90 means between 0.79 and 0.96: differences of two
//                       or three photos mean nothing.
//   others              hits of same-scene or better on photos that are not the edited one. A false alarm, or a photo
//                       of the same thing that is in the folder under another name: look before you judge.
//   unrelated           queries with at least one hit of same-scene or better. All of them are false alarms if the
//                       folders are really unrelated. With none among n, the true rate is below 3/n (95 %).
//
// What it is not: the quality benchmark (quality/main.cc). Edits come one at a time; collages, screenshots, combined edits
// and photos taken anew are missing, and they are where recall is lost. A few hundred photos also say nothing about a
// million.
//
//   pugmark_bench_whole [--photos DIR] [--unrelated DIR]... [--size PX] [--keypoints N] [--threads N] [--json FILE] ...
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <random>
#include <string_view>

#include "benchmarks/common/machine.h"
#include "benchmarks/quality/edits.h"
#include "engine/collection/collection.h"
#include "engine/ingest/ingest.h"
#include "engine/ingest/inputs.h"
#include "engine/search/search.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr int kOpenings = 5;

// Of the edits of the quality benchmark, those that take one step and no other picture: what must be found at any speed.
constexpr std::array<std::string_view, 8> kEdits = {"jpeg-15", "shrink-third",  "crop-50",      "crop-25",
                                                    "mirror",  "rotate-canvas", "banner-light", "gamma-1.7"};

struct Options {
  fs::path photos = PUGMARK_SAMPLES;
  std::vector<fs::path> unrelated;
  FeatureOptions features;
  int num_threads = 1;
  int num_copies = 50;
  uint64_t seed = 1;
  fs::path work = fs::temp_directory_path();
  fs::path json;
  std::string commit = "unknown";
};

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Latency {
  std::vector<double> wall_ms, cpu_ms;

  std::string Text() const {
    return fmt::format("{:.0f} / {:.0f} ms wall, {:.0f} / {:.0f} ms CPU", Quantile(wall_ms, 0.5),
                       Quantile(wall_ms, 0.95), Quantile(cpu_ms, 0.5), Quantile(cpu_ms, 0.95));
  }
  Json ToJson() const {
    return {{"queries", wall_ms.size()},
            {"wall_ms", {{"median", Quantile(wall_ms, 0.5)}, {"p95", Quantile(wall_ms, 0.95)}}},
            {"cpu_ms", {{"median", Quantile(cpu_ms, 0.5)}, {"p95", Quantile(cpu_ms, 0.95)}}}};
  }
};

QueryResult TimedSearch(const Searcher& searcher, const fs::path& query, Latency* latency) {
  const double cpu = CpuSeconds();
  QueryResult result = searcher.Search(query);
  latency->cpu_ms.push_back(1e3 * (CpuSeconds() - cpu));
  latency->wall_ms.push_back(result.elapsed_ms);
  return result;
}

Json Ingested(const Options& options, const fs::path& collection) {
  CreateCollection(collection, options.features);
  IngestOptions ingest;
  ingest.inputs = {options.photos};
  ingest.num_threads = options.num_threads;
  ingest.platform = "benchmark";
  const double cpu_before = CpuSeconds();
  auto last = Clock::now();
  IngestObserver observer;
  observer.progress = [&](const IngestProgress& p) {
    if (SecondsSince(last) < 10) return;
    last = Clock::now();
    fmt::print(stderr, "ingest: {} of {}, {:.1f} photos/s\n", p.num_done, p.num_total, p.photos_per_second);
  };
  const IngestSummary summary = Ingest(collection, ingest, {}, observer);
  const double cpu = CpuSeconds() - cpu_before;
  const auto photos = static_cast<double>(summary.counts.num_new_photos);
  if (photos == 0) throw Error(ErrorCode::kInvalidArgument, "There is no readable photo in --photos.");
  const IngestTimes& t = summary.times;
  const SnapshotInfo& snapshot = summary.index->snapshot;

  fmt::print("Ingest: {:.0f} photos ({} unreadable) of {} files, {} keypoints, {} words, {} threads\n", photos,
             summary.counts.num_unreadable, summary.num_inputs, snapshot.num_entries, snapshot.num_words,
             options.num_threads);
  fmt::print("  {:.1f} photos/s wall ({:.0f} s); {:.1f} photos per CPU-second ({:.0f} s)\n", photos / t.wall_seconds,
             t.wall_seconds, photos / cpu, cpu);
  fmt::print("  {:<20} {:>10} {:>12}\n", "stage", "seconds", "ms/photo");
  Json stages;
  for (const auto& [name, seconds] : {std::pair("read, hash", t.read_seconds),
                                      {"decode", t.decode_seconds},
                                      {"features", t.features_seconds},
                                      {"thumbnail", t.thumbnail_seconds},
                                      {"catalogue", t.catalogue_seconds},
                                      {"index", t.index_seconds}}) {
    fmt::print("  {:<20} {:>10.2f} {:>12.2f}\n", name, seconds, 1e3 * seconds / photos);
    stages[name] = seconds;
  }
  fmt::print("  peak memory {:.0f} MiB\n\n", PeakMiB());
  return {{"photos", photos},
          {"files", summary.num_inputs},
          {"unreadable", summary.counts.num_unreadable},
          {"keypoints", snapshot.num_entries},
          {"words", snapshot.num_words},
          {"wall_seconds", t.wall_seconds},
          {"cpu_seconds", cpu},
          {"photos_per_second", photos / t.wall_seconds},
          {"photos_per_cpu_second", photos / cpu},
          {"stage_seconds", stages},
          {"peak_mib", PeakMiB()}};
}

Json OnDisk(const CollectionPaths& paths, double photos) {
  DiskUse catalogue;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    const DiskUse use = DiskUseOf(paths.catalogue().string() + suffix);
    catalogue.bytes += use.bytes;
    catalogue.allocated_bytes += use.allocated_bytes;
    catalogue.num_files += use.num_files;
  }
  fmt::print("Disk, bytes per photo {:>15} {:>12}\n", "in files", "in blocks");
  Json json;
  for (const auto& [name, use] : {std::pair("catalogue", catalogue),
                                  {"index", DiskUseOf(paths.snapshots())},
                                  {"thumbnails", DiskUseOf(paths.root / "thumbs")},
                                  {"all", DiskUseOf(paths.root)}}) {
    const double in_files = static_cast<double>(use.bytes) / photos;
    const double in_blocks = static_cast<double>(use.allocated_bytes) / photos;
    fmt::print("  {:<20} {:>14.0f} {:>12.0f}\n", name, in_files, in_blocks);
    json[name] = {{"bytes_per_photo", in_files}, {"allocated_bytes_per_photo", in_blocks}, {"files", use.num_files}};
  }
  return json;
}

Json Opening(const fs::path& collection) {
  std::vector<double> ms;
  for (int i = 0; i < kOpenings; ++i) {
    const auto start = Clock::now();
    const Searcher searcher(collection, {});
    ms.push_back(1e3 * SecondsSince(start));
  }
  const double first = ms.front();
  ms.erase(ms.begin());
  fmt::print("\nOpen: {:.1f} ms the first time, then {:.1f} ms (median of {})\n\n", first, Quantile(ms, 0.5),
             ms.size());
  return {{"first_ms", first}, {"median_ms", Quantile(ms, 0.5)}};
}

// Photos to edit: catalogued, and readable by OpenCV too, in an order drawn by the seed.
struct Original {
  fs::path path;
  Sha256 sha256;
};

std::vector<Original> DrawOriginals(const Options& options, const Catalogue& catalogue) {
  std::vector<fs::path> paths = ExpandFolders({options.photos});
  std::mt19937_64 random(options.seed);
  for (size_t i = paths.size(); i > 1; --i)
    std::swap(paths[i - 1], paths[random() % i]);  // std::shuffle is not portable.
  std::vector<Original> originals;
  for (const fs::path& path : paths) {
    if (originals.size() == static_cast<size_t>(options.num_copies)) break;
    const Sha256 sha = Sha256::OfFile(path);
    if (!catalogue.FindPhoto(sha) || !cv::haveImageReader(path.string())) continue;
    if (cv::imread(path.string(), cv::IMREAD_COLOR).empty()) continue;
    originals.push_back({path, sha});
  }
  return originals;
}

std::vector<EditKind> Edits() {
  std::vector<EditKind> kinds;
  for (const EditKind& kind : EditKinds()) {
    if (std::find(kEdits.begin(), kEdits.end(), kind.name) != kEdits.end()) kinds.push_back(kind);
  }
  if (kinds.size() != kEdits.size()) throw Error(ErrorCode::kInternal, "quality/edits.h lacks one of kEdits.");
  return kinds;
}

// What came of the copies of one edit.
struct EditScore {
  int num_queries = 0, num_first = 0, num_first_same_photo = 0, num_anywhere = 0, num_others = 0, num_look_alikes = 0;
  Latency latency;

  void Add(const QueryResult& result, const Sha256& right) {
    ++num_queries;
    const auto is_right = [&](const Hit& hit) { return hit.photo.sha256 == right; };
    if (!result.hits.empty() && is_right(result.hits.front())) {
      ++num_first;
      if (result.hits.front().verdict <= Verdict::kSamePhoto) ++num_first_same_photo;
    }
    for (const Hit& hit : result.hits) {
      if (is_right(hit)) {
        ++num_anywhere;
      } else {
        ++(IsAlert(hit.verdict) ? num_others : num_look_alikes);
      }
    }
  }

  double Share(int count) const { return num_queries == 0 ? 0 : static_cast<double>(count) / num_queries; }
};

Json Recall(const Options& options, const Searcher& searcher, const std::vector<Original>& originals,
            const fs::path& work, Latency* all) {
  const std::vector<EditKind> kinds = Edits();
  std::vector<EditScore> scores(kinds.size());  // Of kinds.
  Json missed = Json::array(), others = Json::array();
  const fs::path copy = work / "copy.jpg";
  for (size_t i = 0; i < originals.size(); ++i) {
    const cv::Mat photo = cv::imread(originals[i].path.string(), cv::IMREAD_COLOR);
    for (size_t k = 0; k < kinds.size(); ++k) {
      const std::vector<uint8_t> jpeg = ApplyEdit(kinds[k], options.seed * 1'000'003 + i, photo, {});
      WriteFileAtomically(copy, {reinterpret_cast<const char*>(jpeg.data()), jpeg.size()});
      EditScore& score = scores[k];
      const QueryResult result = TimedSearch(searcher, copy, &score.latency);
      if (!result.error_code.empty())
        throw Error(ErrorCode::kInternal, "An edited copy is unreadable: " + result.error);
      const int num_right = score.num_first_same_photo;
      score.Add(result, originals[i].sha256);
      for (const Hit& hit : result.hits) {
        if (!IsAlert(hit.verdict) || hit.photo.sha256 == originals[i].sha256) continue;
        others.push_back({{"photo", EscapeText(fs::relative(originals[i].path, options.photos).string())},
                          {"edit", kinds[k].name},
                          {"other", EscapeText(fs::path(hit.photo.path).filename().string())},
                          {"verdict", VerdictName(hit.verdict)},
                          {"inliers", hit.num_inliers}});
      }
      if (score.num_first_same_photo > num_right) continue;
      const Hit first = result.hits.empty() ? Hit() : result.hits.front();
      missed.push_back({{"photo", EscapeText(fs::relative(originals[i].path, options.photos).string())},
                        {"edit", kinds[k].name},
                        {"first_verdict", VerdictName(first.verdict)},
                        {"first_is_right", !result.hits.empty() && first.photo.sha256 == originals[i].sha256},
                        {"keypoints", result.num_keypoints}});
    }
    if ((i + 1) % 10 == 0) fmt::print(stderr, "copies: {} of {} photos\n", i + 1, originals.size());
  }

  fmt::print("Edited copies: {} photos, seed {}\n", originals.size(), options.seed);
  fmt::print("  {:<13} {:>8} {:>11} {:>9} {:>8} {:>11}   {}\n", "edit", "recall@1", "same-photo", "anywhere", "others",
             "look-alikes", "query, median / p95");
  Json edits;
  for (size_t k = 0; k < kinds.size(); ++k) {
    const EditScore& s = scores[k];
    fmt::print("  {:<13} {:>8.2f} {:>11.2f} {:>9.2f} {:>8} {:>11}   {}\n", kinds[k].name, s.Share(s.num_first),
               s.Share(s.num_first_same_photo), s.Share(s.num_anywhere), s.num_others, s.num_look_alikes,
               s.latency.Text());
    edits[kinds[k].name] = {
        {"recall_at_1", s.Share(s.num_first)},        {"recall_at_1_same_photo", s.Share(s.num_first_same_photo)},
        {"recall_anywhere", s.Share(s.num_anywhere)}, {"other_alerts", s.num_others},
        {"look_alikes", s.num_look_alikes},           {"latency", s.latency.ToJson()}};
    all->wall_ms.insert(all->wall_ms.end(), s.latency.wall_ms.begin(), s.latency.wall_ms.end());
    all->cpu_ms.insert(all->cpu_ms.end(), s.latency.cpu_ms.begin(), s.latency.cpu_ms.end());
  }
  fmt::print("  {:<13} {:>51}   {}\n\n", "all", "", all->Text());
  return {{"photos", originals.size()},
          {"edits", edits},
          {"latency", all->ToJson()},
          {"not_same_photo", missed},
          {"other_alerts", others}};
}

Json Unrelated(const Searcher& searcher, const fs::path& folder) {
  int num_queries = 0, num_unreadable = 0, num_with_alert = 0, num_with_look_alike = 0;
  std::map<Verdict, int> hits;
  Json alerts = Json::array();
  Latency latency;
  std::string alert_lines;
  for (const fs::path& path : ExpandFolders({folder})) {
    const QueryResult result = TimedSearch(searcher, path, &latency);
    if (!result.error_code.empty()) {
      ++num_unreadable;
      latency.wall_ms.pop_back();
      latency.cpu_ms.pop_back();
      continue;
    }
    ++num_queries;
    for (const Hit& hit : result.hits) ++hits[hit.verdict];
    const auto is_look_alike = [](const Hit& hit) { return hit.verdict == Verdict::kLookAlike; };
    if (std::any_of(result.hits.begin(), result.hits.end(), is_look_alike)) ++num_with_look_alike;
    if (result.hits.empty() || !IsAlert(result.hits.front().verdict)) continue;
    ++num_with_alert;
    const Hit& hit = result.hits.front();
    const std::string query = EscapeText(fs::relative(path, folder).string());
    const std::string photo = EscapeText(fs::path(hit.photo.path).filename().string());
    alerts.push_back({{"query", query},
                      {"photo", photo},
                      {"verdict", VerdictName(hit.verdict)},
                      {"inliers", hit.num_inliers},
                      {"expected_false_hits", hit.expected_false_hits}});
    alert_lines +=
        fmt::format("    {} -> {}: {}, {} inliers\n", query, photo, VerdictName(hit.verdict), hit.num_inliers);
  }
  fmt::print("Unrelated, {}: {} photos searched, {} unreadable\n", ShortName(folder), num_queries, num_unreadable);
  fmt::print("  with a hit of same-scene or better: {}; with a look-alike: {}\n{}", num_with_alert, num_with_look_alike,
             alert_lines);
  fmt::print("  hits:");
  Json by_verdict = Json::object();
  for (const Verdict v :
       {Verdict::kSameFile, Verdict::kSamePhoto, Verdict::kSameObject, Verdict::kSameScene, Verdict::kLookAlike}) {
    fmt::print(" {} {}", VerdictName(v), hits[v]);
    by_verdict[std::string(VerdictName(v))] = hits[v];
  }
  fmt::print("\n  query, median / p95: {}\n\n", latency.Text());
  return {{"folder", ShortName(folder)},
          {"queries", num_queries},
          {"unreadable", num_unreadable},
          {"queries_with_alert", num_with_alert},
          {"queries_with_look_alike", num_with_look_alike},
          {"hits", by_verdict},
          {"alerts", alerts},
          {"latency", latency.ToJson()}};
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app{"Measures ingest and search from end to end, with recall beside the speed."};
  app.add_option("--photos", options.photos, "Folder to ingest (default: the staged ads)")
      ->check(CLI::ExistingDirectory);
  app.add_option("--unrelated", options.unrelated, "Folders of photos that must not be found")
      ->check(CLI::ExistingDirectory);
  app.add_option("--size", options.features.working_size_px, "Working size, pixels")->capture_default_str();
  app.add_option("--keypoints", options.features.max_keypoints, "Keypoints per photo")->capture_default_str();
  app.add_option("--threads", options.num_threads, "Of the ingest")->check(CLI::Range(1, 256))->capture_default_str();
  app.add_option("--copies", options.num_copies, "Photos to edit and search")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Of the choice of photos and of the edits")->capture_default_str();
  app.add_option("--work", options.work, "Where the temporary collection goes")->check(CLI::ExistingDirectory);
  app.add_option("--json", options.json, "Write the figures to this file as well");
  app.add_option("--commit", options.commit, "What was measured, for the record");
  CLI11_PARSE(app, argc, argv);

  const std::vector<double> load_before = LoadAverage();
  const std::string date = UtcNow();
  fmt::print("{}, commit {}, build {}\n{}\nload average {:.2f}, photos: {}, size {} px, {} keypoints\n\n", date,
             options.commit, PUGMARK_BUILD_TYPE, MachineName(), fmt::join(load_before, " "), ShortName(options.photos),
             options.features.working_size_px, options.features.max_keypoints);
  const TemporaryDirectory work(options.work);
  const fs::path root = work.path() / "collection";

  Json json = {{"schema", 1},
               {"benchmark", "whole"},
               {"date", date},
               {"commit", options.commit},
               {"build", PUGMARK_BUILD_TYPE},
               {"machine", MachineName()},
               {"load_average_before", load_before},
               {"photos", ShortName(options.photos)},
               {"working_size_px", options.features.working_size_px},
               {"max_keypoints", options.features.max_keypoints},
               {"threads", options.num_threads},
               {"seed", options.seed}};
  json["ingest"] = Ingested(options, root);
  json["disk"] = OnDisk(LocateCollection(root), json["ingest"]["photos"].get<double>());
  json["open"] = Opening(root);
  const Searcher searcher(root, {});
  if (options.num_copies > 0) {
    const Catalogue catalogue(LocateCollection(root).catalogue(), Catalogue::Access::kRead);
    Latency all;
    json["copies"] = Recall(options, searcher, DrawOriginals(options, catalogue), work.path(), &all);
  }
  json["unrelated"] = Json::array();
  for (const fs::path& folder : options.unrelated) json["unrelated"].push_back(Unrelated(searcher, folder));
  json["peak_mib"] = PeakMiB();
  json["load_average_after"] = LoadAverage();
  fmt::print("Peak memory of the whole run {:.0f} MiB; load average at the end {:.2f}\n", PeakMiB(),
             fmt::join(LoadAverage(), " "));
  if (!options.json.empty()) WriteFileAtomically(options.json, json.dump(1) + "\n");
  return 0;
}

}  // namespace
}  // namespace pugmark::bench

int main(int argc, char** argv) {
  return pugmark::bench::RunBenchmark("pugmark_bench_whole", argc, argv, pugmark::bench::Main);
}
