// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/quality/outcomes.h"

#include <fmt/format.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <map>

#include "benchmarks/quality/background.h"
#include "engine/collection/threads.h"
#include "engine/search/verdict.h"
#include "index/base/error.h"

namespace pugmark::bench {
namespace {

constexpr size_t kBatch = 64;
constexpr int kStrengthStep = 5;
constexpr int kMaxStrengthStep = 20;

std::string_view RelationName(Relation relation) {
  switch (relation) {
    case Relation::kSamePhoto: return "photo";
    case Relation::kSameThing: return "thing";
    case Relation::kSamePlace: return "place";
    case Relation::kNone: return "none";
  }
  return "none";
}

// What the stated probability of a hit speaks of came true.
bool CameTrue(const HitOutcome& h) {
  return h.hit.verdict == Verdict::kLookAlike ? h.truth <= Relation::kSameThing : IsTrue(h.hit.verdict, h.truth);
}

}  // namespace

bool IsTrue(Verdict verdict, Relation truth) {
  switch (verdict) {
    case Verdict::kSameFile:
    case Verdict::kSamePhoto: return truth == Relation::kSamePhoto;
    case Verdict::kSameObject: return truth <= Relation::kSameThing;
    case Verdict::kSameScene: return truth <= Relation::kSamePlace;
    default: return true;
  }
}

bool Outcome::FirstIs(Relation at_least, Verdict verdict_at_least) const {
  return !hits.empty() && hits.front().truth <= at_least && hits.front().hit.verdict <= verdict_at_least;
}

std::vector<Outcome> RunQueries(const Corpus& corpus, const Searcher& searcher, const std::vector<QueryJob>& jobs,
                                int num_threads, const std::filesystem::path& work, const std::string& what,
                                Background* background) {
  std::vector<Outcome> outcomes;
  auto last = std::chrono::steady_clock::now();
  for (size_t begin = 0; begin < jobs.size(); begin += kBatch) {
    const size_t end = std::min(jobs.size(), begin + kBatch);
    std::vector<std::filesystem::path> files(end - begin);
    WithThreads(num_threads, [&] {
      tbb::parallel_for(begin, end, [&](size_t i) {
        files[i - begin] = work / fmt::format("query-{}.jpg", i - begin);
        const std::vector<uint8_t> bytes = jobs[i].make();
        std::ofstream stream(files[i - begin], std::ios::binary);
        stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        if (!stream.flush()) throw Error(ErrorCode::kIo, files[i - begin].string() + ": cannot be written.");
      });
    });
    size_t next = begin;
    searcher.SearchAll(files, num_threads, {}, [&](const QueryResult& result) {
      const QueryJob& job = jobs[next++];
      if (!result.error_code.empty()) {
        throw Error(ErrorCode::kInternal, fmt::format("{} of {} cannot be searched: {}", job.edit, job.source->name,
                                                      result.error));
      }
      Outcome outcome;
      outcome.edit = job.edit;
      outcome.family = job.family;
      outcome.source = job.source;
      outcome.expects = job.expects;
      outcome.num_keypoints = result.num_keypoints;
      outcome.elapsed_ms = result.elapsed_ms;
      for (const Hit& hit : result.hits) {
        HitOutcome h;
        h.photo = corpus.Find(hit.photo.sha256);
        if (h.photo == nullptr) throw Error(ErrorCode::kInternal, hit.photo.path + " is not of the corpus.");
        h.truth = corpus.RelationOf(*job.source, *h.photo);
        h.hit = hit;
        h.hit.inliers = {};
        outcome.hits.push_back(std::move(h));
      }
      outcomes.push_back(std::move(outcome));
    });
    std::map<std::filesystem::path, const CorpusPhoto*> sources;
    for (size_t i = begin; i < end; ++i) sources[files[i - begin]] = jobs[i].source;
    background->Resolve(sources);
    if (std::chrono::steady_clock::now() - last > std::chrono::seconds(20)) {
      last = std::chrono::steady_clock::now();
      fmt::print(stderr, "{}: {} of {} queries\n", what, end, jobs.size());
    }
  }
  return outcomes;
}

double Uncertainty(double share, size_t n) {
  if (n == 0) return 0;
  constexpr double z = 1.96;
  const auto count = static_cast<double>(n);
  return z * std::sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count);
}

double MicroAveragePrecision(const std::vector<Outcome>& outcomes) {
  struct Pair {
    double probability;
    bool right;
  };
  std::vector<Pair> pairs;
  size_t num_expected = 0;
  for (const Outcome& o : outcomes) {
    num_expected += o.expects ? 1 : 0;
    bool found = false;  // Several copies of one photo in the collection: the first counts, the others are no errors.
    for (const HitOutcome& h : o.hits) {
      const bool right = h.truth == Relation::kSamePhoto;
      // True, though not what was asked for.
      if (h.truth != Relation::kNone && (!right || found || !o.expects)) continue;
      found |= right;
      pairs.push_back({h.hit.probability, right});
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return a.probability != b.probability ? a.probability > b.probability : a.right < b.right;
  });
  double sum = 0;
  size_t num_right = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!pairs[i].right) continue;
    sum += static_cast<double>(++num_right) / static_cast<double>(i + 1);
  }
  return num_expected == 0 ? 0 : sum / static_cast<double>(num_expected);
}

Json Calibration(const std::vector<Outcome>& outcomes) {
  struct Bin {
    size_t count = 0, true_count = 0;
    double sum = 0;
  };
  std::array<Bin, 10> bins;
  std::array<std::array<size_t, 2>, 6> verdicts{};
  std::map<std::pair<Verdict, int>, std::array<size_t, 2>> strengths;  // By strength of evidence, in steps of 5.
  size_t total = 0;
  for (const Outcome& o : outcomes) {
    for (const HitOutcome& h : o.hits) {
      if (h.hit.verdict == Verdict::kSameFile) continue;
      Bin& bin = bins[std::min<size_t>(9, static_cast<size_t>(h.hit.probability * 10))];
      const bool came_true = CameTrue(h);
      ++bin.count;
      bin.true_count += came_true ? 1 : 0;
      bin.sum += h.hit.probability;
      ++total;
      auto& v = verdicts[static_cast<size_t>(h.hit.verdict)];
      ++v[0];
      v[1] += came_true ? 1 : 0;
      auto& step = strengths[{h.hit.verdict, std::min(static_cast<int>(h.hit.strength / kStrengthStep), kMaxStrengthStep)}];
      ++step[0];
      step[1] += came_true ? 1 : 0;
    }
  }
  double error = 0;
  Json table = Json::array();
  for (size_t b = 0; b < bins.size(); ++b) {
    if (bins[b].count == 0) continue;
    const auto n = static_cast<double>(bins[b].count);
    error += std::fabs(static_cast<double>(bins[b].true_count) - bins[b].sum) / static_cast<double>(total);
    table.push_back({{"from", static_cast<double>(b) / 10},
                     {"hits", bins[b].count},
                     {"stated", bins[b].sum / n},
                     {"came_true", static_cast<double>(bins[b].true_count) / n}});
  }
  Json by_verdict;
  for (const Verdict v : {Verdict::kSamePhoto, Verdict::kSameObject, Verdict::kSameScene, Verdict::kLookAlike}) {
    const auto& counts = verdicts[static_cast<size_t>(v)];
    if (counts[0] > 0) {
      by_verdict[std::string(VerdictName(v))] = {
          {"hits", counts[0]}, {"came_true", static_cast<double>(counts[1]) / static_cast<double>(counts[0])}};
    }
  }
  Json by_strength = Json::array();
  for (const auto& [key, counts] : strengths) {
    by_strength.push_back({{"verdict", VerdictName(key.first)},
                           {"strength", key.second * kStrengthStep},
                           {"hits", counts[0]},
                           {"came_true", static_cast<double>(counts[1]) / static_cast<double>(counts[0])}});
  }
  return {{"expected_calibration_error", error}, {"bins", table}, {"verdicts", by_verdict}, {"strengths", by_strength}};
}

void AppendDetails(const std::vector<Outcome>& outcomes, const std::string& kind, std::string* lines) {
  for (const Outcome& o : outcomes) {
    Json hits = Json::array();
    for (const HitOutcome& h : o.hits) {
      hits.push_back({{"photo", h.photo->name},
                      {"set", h.photo->set},
                      {"truth", RelationName(h.truth)},
                      {"same_family", HaveCommon(o.source->families, h.photo->families)},
                      {"verdict", VerdictName(h.hit.verdict)},
                      {"probability", h.hit.probability},
                      {"expected_false_hits", h.hit.expected_false_hits},
                      {"log10_nfa", h.hit.log10_nfa},
                      {"inliers", h.hit.num_inliers},
                      {"cells", h.hit.num_cells},
                      {"density", h.hit.density},
                      {"distinctness", h.hit.distinctness},
                      {"confirmed", h.hit.num_confirmed},
                      {"strength", h.hit.strength},
                      {"median_error_px", h.hit.median_error_px.value_or(-1)},
                      {"agreeing", h.hit.agreeing_pixels},
                      {"query_overlap", h.hit.query_overlap},
                      {"photo_overlap", h.hit.photo_overlap},
                      {"mirrored", h.hit.mirrored}});
    }
    *lines += Json{{"kind", kind},
                   {"edit", o.edit},
                   {"source", o.source->name},
                   {"set", o.source->set},
                   {"expects", o.expects},
                   {"keypoints", o.num_keypoints},
                   {"ms", o.elapsed_ms},
                   {"hits", hits}}
                  .dump() +
              "\n";
  }
}

}  // namespace pugmark::bench
