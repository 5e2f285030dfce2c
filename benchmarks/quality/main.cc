// SPDX-License-Identifier: Apache-2.0
//
// How well does Pugmark recognise? All figures of matching, together, in one run: recall is never bought with false hits
// or time unseen.
//
// Method. References are the photos of --data/pool, domain and instances (minus 12 % of pool and domain that are searched
// as unrelated, minus 5 % that fill collages) and the staged ads. They are ingested through Ingest(), as the program does.
//   copies      every edit of edits.h on photos of each set; the copy is written as JPEG and searched by Searcher
//   unrelated   as many queries made the same way of photos that are not in the collection
//   views       every photo of an object, itself left out: is another photo of the same object found?
//   pages       screenshots, collages and pastes are catalogued, and the photo in them is searched; pages of one app are not
//               to be taken for each other
//   rivals      whole-image hashes and a slow oracle on the same queries
// Everything is drawn by --seed and by names: two runs of one build give the same figures, times apart.
//
// Reported:
//   recall@1    the first hit is the photo that was edited (or another copy of it): by any verdict, look-alike included; by
//               an alert (same-scene or better); by same-photo. With n = 20 a share of 1.00 means more than 0.84 (95 %).
//   µAP         over all (query, photo) pairs by stated probability, unrelated queries included
//   false hits  queries with an alert on a photo that shares nothing with them. Each is listed: look at it before you
//               believe it. What proves true goes into siblings.tsv.
//   calibration stated probability against what came true, over every hit of the run
//   cost        milliseconds per query with --threads queries at a time
//
//   pugmark_bench_quality --data DIR [--photos-per-edit N] [--edit NAME] [--keep DIR] [--json FILE] ...
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "benchmarks/common/machine.h"
#include "benchmarks/quality/background.h"
#include "benchmarks/quality/edited.h"
#include "benchmarks/quality/pages.h"
#include "benchmarks/quality/rivals.h"
#include "benchmarks/quality/views.h"
#include "engine/collection/collection.h"
#include "engine/ingest/ingest.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark::bench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMinStrangers = 3;  // In a collage.

struct Options {
  fs::path data, keep, json, details;
  fs::path work = fs::temp_directory_path();
  EditedOptions edited;
  RivalOptions rivals;
  bool with_copies = true, with_views = true, with_rivals = true, with_pages = true;
  size_t pages_per_kind = 20;
  int num_threads = 1;
  int max_candidates = 0;
  std::string commit = "unknown";
};

// References only; an existing collection of --keep is used again.
void MakeCollection(const fs::path& root, const Corpus& corpus, int num_threads) {
  if (fs::exists(root)) {
    fmt::print(stderr, "Using the collection that is there: {}\n", root.string());
    return;
  }
  CreateCollection(root, {});
  IngestOptions ingest;
  for (const CorpusPhoto* photo : corpus.Of(Part::kReference)) ingest.inputs.push_back(photo->path);
  ingest.num_threads = num_threads;
  ingest.platform = "benchmark";
  IngestObserver observer;
  int64_t next = 200;
  observer.progress = [&](const IngestProgress& p) {
    if (p.num_done < next) return;
    next += 200;
    fmt::print(stderr, "ingest: {} of {}, {:.1f} photos/s\n", p.num_done, p.num_total, p.photos_per_second);
  };
  Ingest(root, ingest, {}, observer);
}

Json Cost(const std::vector<Outcome>& outcomes, int num_threads, std::string* text) {
  std::vector<double> ms;
  for (const Outcome& o : outcomes) ms.push_back(o.elapsed_ms);
  if (ms.empty()) return {};
  const double median = Quantile(ms, 0.5), p95 = Quantile(ms, 0.95);
  *text += fmt::format("Query: {:.0f} ms median, {:.0f} ms p95, {} at a time ({} queries). Peak memory {:.0f} MiB\n",
                       median, p95, num_threads, ms.size(), PeakMiB());
  return {{"median_ms", median}, {"p95_ms", p95}, {"at_a_time", num_threads}, {"peak_mib", PeakMiB()}};
}

std::string CalibrationText(const Json& calibration) {
  std::string text = fmt::format("Calibration: expected calibration error {:.4f}\n  {:>6} {:>8} {:>8} {:>10}\n",
                                 calibration["expected_calibration_error"].get<double>(), "from", "hits", "stated",
                                 "came true");
  for (const Json& bin : calibration["bins"]) {
    text += fmt::format("  {:>6.1f} {:>8} {:>8.3f} {:>10.3f}\n", bin["from"].get<double>(), bin["hits"].get<size_t>(),
                        bin["stated"].get<double>(), bin["came_true"].get<double>());
  }
  for (const auto& [verdict, v] : calibration["verdicts"].items()) {
    text += fmt::format("  {:<12} {:>6} hits, came true {:.4f}\n", verdict, v["hits"].get<size_t>(),
                        v["came_true"].get<double>());
  }
  text += "  by verdict and strength of evidence (the table in engine/search/verdict.cc is made from this):\n";
  for (const Json& step : calibration["strengths"]) {
    text += fmt::format("    {:<12} {:>4} {:>6} hits, came true {:.3f}\n", step["verdict"].get<std::string>(),
                        step["strength"].get<int>(), step["hits"].get<size_t>(), step["came_true"].get<double>());
  }
  return text;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app{"Measures recognition: recall by edit and by view, false hits, calibration, rivals."};
  app.add_option("--data", options.data, "Folder with pool/, domain/ and instances/; without: the staged ads only")
      ->check(CLI::ExistingDirectory);
  app.add_option("--photos-per-edit", options.edited.photos_per_edit, "Of each set")->capture_default_str();
  app.add_option("--pages-per-kind", options.pages_per_kind, "Catalogued screenshots, collages, ..., of each kind and app")
      ->capture_default_str();
  app.add_option("--edit", options.edited.only, "Only edits whose name contains this");
  app.add_option("--seed", options.edited.seed, "Of photos and edits")->capture_default_str();
  app.add_option("--keep", options.keep, "Keep the collection here, and use it if it is there");
  app.add_option("--candidates", options.max_candidates, "Candidates to verify; 0: the program's default");
  app.add_flag("!--no-copies", options.with_copies, "Without edited copies");
  app.add_flag("!--no-views", options.with_views, "Without objects photographed again");
  app.add_flag("!--no-pages", options.with_pages, "Without photos catalogued in screenshots and collages");
  app.add_flag("!--no-rivals", options.with_rivals, "Without rivals");
  app.add_option("--oracle", options.rivals.max_oracle_queries, "Queries for the oracle")->capture_default_str();
  app.add_option("--threads", options.num_threads, "Of ingest and search")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--work", options.work, "Where temporary files go")->check(CLI::ExistingDirectory);
  app.add_option("--json", options.json, "Write the figures to this file as well");
  app.add_option("--details", options.details, "Write every query and hit, a line of JSON each");
  app.add_option("--commit", options.commit, "What was measured, for the record");
  CLI11_PARSE(app, argc, argv);

  const TemporaryDirectory work(options.work);
  const fs::path quality = PUGMARK_QUALITY;
  const Corpus corpus(options.data, PUGMARK_SAMPLES, quality / "siblings.tsv");
  if (options.with_copies && options.edited.only.empty() && corpus.Of(Part::kStranger).size() < kMinStrangers) {
    throw Error(ErrorCode::kInvalidArgument,
                "Collages need other pictures: name photos with --data (pool/ ...), or say --no-copies.");
  }
  std::string text = fmt::format("{}, commit {}, build {}, seed {}\n{}\n"
                                 "{} photos in the collection, {} unrelated, {} strangers\n\n",
                                 UtcNow(), options.commit, PUGMARK_BUILD_TYPE, options.edited.seed, MachineName(),
                                 corpus.Of(Part::kReference).size(), corpus.Of(Part::kUnrelated).size(),
                                 corpus.Of(Part::kStranger).size());
  const fs::path root = options.keep.empty() ? work.path() / "collection" : options.keep;
  MakeCollection(root, corpus, options.num_threads);

  SearchOptions search;
  search.max_hits = 100;  // A walk around a piece is more than the 20 that the program shows at first.
  if (options.max_candidates > 0) search.shortlist.max_candidates = options.max_candidates;
  Background background(corpus, root);
  search.on_verified = [&](const QueryResult& query, PhotoId photo, const Verification& verification) {
    background.Add(query, photo, verification);
  };
  const Searcher searcher(root, search);

  Json json = {{"schema", 1}, {"benchmark", "quality"}, {"date", UtcNow()}, {"commit", options.commit},
               {"build", PUGMARK_BUILD_TYPE}, {"machine", MachineName()}, {"seed", options.edited.seed},
               {"photos_per_edit", options.edited.photos_per_edit},
               {"references", corpus.Of(Part::kReference).size()}};
  std::vector<Outcome> all;
  std::string details;
  const std::vector<cv::Mat> strangers = LoadStrangers(corpus);
  std::vector<QueryJob> copy_jobs, unrelated_jobs;
  std::vector<Outcome> copies, unrelated;
  if (options.with_copies) {
    copy_jobs = CopyJobs(corpus, strangers, options.edited);
    unrelated_jobs = UnrelatedJobs(corpus, strangers, options.edited, copy_jobs.size());
    copies = RunQueries(corpus, searcher, copy_jobs, options.num_threads, work.path(), "copies", &background);
    unrelated = RunQueries(corpus, searcher, unrelated_jobs, options.num_threads, work.path(), "unrelated", &background);
    json["edited"] = ReportEdited(copies, unrelated, &text);
    AppendDetails(copies, "copy", &details);
    AppendDetails(unrelated, "unrelated", &details);
    all.insert(all.end(), copies.begin(), copies.end());
    all.insert(all.end(), unrelated.begin(), unrelated.end());
  }
  if (options.with_views) {
    const std::vector<Outcome> views = SearchViews(corpus, searcher, options.num_threads, work.path(), &background);
    json["views"] = ReportViews(views, &text);
    AppendDetails(views, "view", &details);
    all.insert(all.end(), views.begin(), views.end());
  }
  text += "\n";
  if (options.with_pages && strangers.size() >= kMinStrangers) {
    const PagesOptions pages{options.pages_per_kind, options.edited.seed, options.num_threads};
    json["pages"] = MeasurePages(corpus, strangers, pages, work.path(), &text);
  } else if (options.with_pages) {
    text += "Photos catalogued in pages: left out, collages need other pictures (--data)\n\n";
  }
  json["background"] = background.Report(&text);
  json["calibration"] = Calibration(all);
  text += "\n" + CalibrationText(json["calibration"]) + "\n";
  json["cost"] = Cost(all, options.num_threads, &text);
  if (options.with_rivals && options.with_copies) {
    options.rivals.num_threads = options.num_threads;
    json["rivals"] =
        ReportRivals(corpus, copy_jobs, unrelated_jobs, copies, unrelated, options.rivals, &text);
  }
  fmt::print("{}", text);
  if (!options.json.empty()) WriteFileAtomically(options.json, json.dump(1) + "\n");
  if (!options.details.empty()) WriteFileAtomically(options.details, details);
  return 0;
}

}  // namespace
}  // namespace pugmark::bench

int main(int argc, char** argv) {
  return pugmark::bench::RunBenchmark("pugmark_bench_quality", argc, argv, pugmark::bench::Main);
}
