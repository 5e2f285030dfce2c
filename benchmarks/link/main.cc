// SPDX-License-Identifier: Apache-2.0
//
// Are the right sellers linked, and only those? On the staged ads and on a simulated market (market.h).
//
// Method. Everything is ingested as the program does it, indexed, and linked by RunLinking(). Two sellers are one hand
// by the truth if it names the same person, by Pugmark if they are in one group. Reported:
//   pairwise   of all pairs of sellers: precision = pairs that are rightly of one group / pairs of one group;
//              recall = the same / pairs of one hand
//   B-cubed    for every seller, of the sellers in his group: the share that is of his hand; of his hand: the share
//              that is in his group; both averaged over sellers [1]. Who is alone counts.
//   curve      pairwise figures of the links alone, without groups, by least probability
// Wrong pairs are listed with their evidence; missed pairs are counted by the evidence that was there.
// With --growth the market grows by copies of its photos, made of their features (growth.h), is linked completely at
// several sizes, and then once more with 500 new photos: what that costs.
// [1] Bagga, Baldwin, Entity-based cross-document coreferencing using the vector space model, COLING 1998.
//
//   pugmark_bench_link --data DIR [--sellers N] [--seed S] [--growth N] [--json FILE] ...
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "benchmarks/common/machine.h"
#include "benchmarks/link/growth.h"
#include "benchmarks/link/market.h"
#include "engine/collection/collection.h"
#include "engine/ingest/ingest.h"
#include "engine/link/link.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark::bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct Options {
  fs::path data, keep, json;
  fs::path work = fs::temp_directory_path();
  MarketOptions market;
  size_t growth = 0;
  int num_threads = 2;
  bool with_samples = true, with_market = true;
  std::string commit = "unknown";
};

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

using HandOf = std::map<SellerName, std::string>;

double Share(size_t part, size_t whole) {
  return whole == 0 ? 1 : static_cast<double>(part) / static_cast<double>(whole);
}

struct Pairs {
  size_t right = 0, told = 0, true_pairs = 0;
  double precision() const { return Share(right, told); }
  double recall() const { return Share(right, true_pairs); }
};

void AddEvidence(const LinkGraph& graph, const SellerEdge& edge, std::string* text) {
  for (const Evidence& e : edge.evidence) {
    if (e.weight <= 0) continue;
    *text += fmt::format("      {} {:.3f}, weight {:.2f}, {} sellers, {} pairs: {} | {}\n", EdgeKindName(e.kind),
                         e.match_probability, e.weight, e.num_unrelated, e.num_pairs,
                         ShortName(graph.photos[e.photo_a].path), ShortName(graph.photos[e.photo_b].path));
  }
}

// Sellers without truth are left out.
Json Judge(const LinkGraph& graph, const HandOf& truth, std::string* text) {
  std::vector<size_t> sellers;
  std::vector<std::string> hand(graph.sellers.size());
  for (size_t s = 0; s < graph.sellers.size(); ++s) {
    const auto known = truth.find({graph.sellers[s].platform, graph.sellers[s].handle});
    if (known == truth.end()) continue;
    hand[s] = known->second;
    sellers.push_back(s);
  }
  std::map<std::pair<size_t, size_t>, const SellerEdge*> edges;
  for (const SellerEdge& edge : graph.seller_edges) edges[{edge.a, edge.b}] = &edge;
  Pairs grouped;
  double precision = 0, recall = 0;
  std::string wrong;
  std::map<std::string, size_t> missed;
  for (const size_t s : sellers) {
    size_t both = 0, of_group = 0, of_hand = 0;
    for (const size_t t : sellers) {
      const bool same_group = s == t || (graph.sellers[s].group && graph.sellers[s].group == graph.sellers[t].group);
      const bool same_hand = hand[s] == hand[t];
      of_group += same_group ? 1 : 0;
      of_hand += same_hand ? 1 : 0;
      both += same_group && same_hand ? 1 : 0;
      if (s >= t) continue;
      const auto edge = edges.find({s, t});
      if (same_group && !same_hand) {
        wrong += fmt::format("    {} and {}: {}\n", graph.sellers[s].handle, graph.sellers[t].handle,
                             edge == edges.end() ? "through others" : fmt::format("{:.3f}", edge->second->probability));
        if (edge != edges.end()) AddEvidence(graph, *edge->second, &wrong);
      }
      if (same_hand && !same_group) {
        std::string why = edge == edges.end() ? "nothing found" : "";
        if (edge != edges.end()) {
          std::map<std::string, int> kinds;
          for (const Evidence& e : edge->second->evidence) ++kinds[std::string(EdgeKindName(e.kind))];
          for (const auto& [kind, number] : kinds) why += fmt::format("{}{} {}", why.empty() ? "" : ", ", number, kind);
          if (edge->second->is_link) why += " (linked, but of another group)";
        }
        ++missed[why];
      }
    }
    precision += Share(both, of_group);
    recall += Share(both, of_hand);
    grouped.told += of_group - 1;
    grouped.true_pairs += of_hand - 1;
    grouped.right += both - 1;
  }
  const auto n = static_cast<double>(sellers.size());
  size_t largest = 0;
  for (const Group& group : graph.groups) largest = std::max(largest, group.sellers.size());
  *text += fmt::format(
      "  {} sellers, {} pairs of one hand; {} groups, the largest of {}\n"
      "  groups: pairwise precision {:.4f} ({} of {}), recall {:.4f} ({} of {}); B-cubed precision {:.4f}, recall "
      "{:.4f}\n",
      sellers.size(), grouped.true_pairs / 2, graph.groups.size(), largest, grouped.precision(), grouped.right / 2,
      grouped.told / 2, grouped.recall(), grouped.right / 2, grouped.true_pairs / 2, precision / n, recall / n);
  Json curve = Json::array();
  *text += "  links alone, by least probability:\n";
  for (const double least : {0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99}) {
    Pairs links{0, 0, grouped.true_pairs / 2};
    for (const SellerEdge& edge : graph.seller_edges) {
      if (edge.probability < least || hand[edge.a].empty() || hand[edge.b].empty()) continue;
      ++links.told;
      links.right += hand[edge.a] == hand[edge.b] ? 1 : 0;
    }
    *text += fmt::format("    {:.2f}  precision {:.4f}  recall {:.4f}  ({} links)\n", least, links.precision(),
                         links.recall(), links.told);
    curve.push_back({{"least_probability", least},
                     {"precision", links.precision()},
                     {"recall", links.recall()},
                     {"links", links.told}});
  }
  if (!wrong.empty()) *text += "  wrongly of one group:\n" + wrong;
  if (!missed.empty()) *text += "  missed pairs, by what was found of them:\n";
  for (const auto& [why, number] : missed) *text += fmt::format("    {:>5}  {}\n", number, why);
  return {{"sellers", sellers.size()},
          {"true_pairs", grouped.true_pairs / 2},
          {"groups", graph.groups.size()},
          {"largest_group", largest},
          {"pairwise_precision", grouped.precision()},
          {"pairwise_recall", grouped.recall()},
          {"b_cubed_precision", precision / n},
          {"b_cubed_recall", recall / n},
          {"links", curve},
          {"missed", missed}};
}

void IngestShown(const fs::path& root, IngestOptions ingest, int num_threads) {
  ingest.num_threads = num_threads;
  ingest.allow_outside = true;
  IngestObserver observer;
  int64_t next = 500;
  observer.progress = [&](const IngestProgress& p) {
    if (p.num_done < next) return;
    next = p.num_done + 500;
    fmt::print(stderr, "ingest: {} of {}, {:.1f} photos/s\n", p.num_done, p.num_total, p.photos_per_second);
  };
  Ingest(root, ingest, {}, observer);
}

}  // namespace

Json LinkShown(const fs::path& root, int num_threads, bool again, std::string* text) {
  LinkOptions link;
  link.num_threads = num_threads;
  link.again = again;
  const Clock::time_point start = Clock::now();
  const double cpu = CpuSeconds();
  const LinkReport report = RunLinking(root, link, {}, [](int64_t, int64_t) {});
  const double seconds = SecondsSince(start), cpu_seconds = CpuSeconds() - cpu;
  const auto per_photo = [&](double total) {
    return report.num_matched == 0 ? 0 : total / static_cast<double>(report.num_matched);
  };
  *text += fmt::format(
      "  linking: {} photos in {:.1f} s, {:.1f} s of CPU ({:.1f} ms of CPU a photo); {} pairs verified ({:.1f} a "
      "photo), {} show "
      "the same; peak {:.0f} MiB\n",
      report.num_matched, seconds, cpu_seconds, per_photo(cpu_seconds * 1000), report.num_verified,
      per_photo(static_cast<double>(report.num_verified)), report.num_photo_links, PeakMiB());
  return {{"matched", report.num_matched},
          {"seconds", seconds},
          {"cpu_seconds", cpu_seconds},
          {"verified", report.num_verified},
          {"photo_links", report.num_photo_links},
          {"links", report.num_links},
          {"peak_mib", PeakMiB()}};
}

namespace {

LinkGraph GraphOf(const fs::path& root) { return LoadGraph(OpenCollection(root, Catalogue::Access::kRead).catalogue); }

Json MeasureSamples(const Options& options, const fs::path& work, std::string* text) {
  HandOf truth;
  const fs::path samples = PUGMARK_SAMPLES;
  std::ifstream stream(samples / "truth" / "sellers.csv");
  for (std::string line; std::getline(stream, line);) {
    const size_t first = line.find(','), last = line.rfind(',');
    truth[{line.substr(0, first), line.substr(first + 1, last - first - 1)}] = line.substr(last + 1);
  }
  const fs::path root = work / "samples";
  CreateCollection(root, {});
  IngestOptions ingest;
  ingest.manifests = {samples / "ads" / "manifest.csv", samples / "ads" / "manifest.jsonl"};
  IngestShown(root, ingest, options.num_threads);
  *text += "Staged ads\n";
  Json json = {{"linking", LinkShown(root, options.num_threads, false, text)}};
  json["figures"] = Judge(GraphOf(root), truth, text);
  return json;
}

Json MeasureMarket(const Options& options, const Corpus& corpus, const fs::path& work, std::string* text) {
  const fs::path root = options.keep.empty() ? work / "market" : options.keep;
  const Market market = MakeMarket(corpus, options.market, root.string() + "-photos");
  *text += fmt::format(
      "\nSimulated market, seed {}: {} sellers of {} hands, {} advertisements, {} photos in them, {} thieves\n",
      options.market.seed, market.hand_of.size(), market.num_hands, market.num_listings, market.num_rows,
      market.num_thieves);
  if (!fs::exists(root)) {
    CreateCollection(root, {});
    IngestOptions ingest;
    ingest.manifests = {market.manifest};
    IngestShown(root, ingest, options.num_threads);
  }
  Json json = {{"hands", market.num_hands},
               {"advertisements", market.num_listings},
               {"rows", market.num_rows},
               {"thieves", market.num_thieves},
               {"linking", LinkShown(root, options.num_threads, false, text)}};
  json["figures"] = Judge(GraphOf(root), market.hand_of, text);
  return json;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app{"Measures links between sellers: precision, recall, time."};
  app.add_option("--data", options.data, "Folder with pool/, domain/ and instances/")
      ->check(CLI::ExistingDirectory)
      ->required();
  app.add_option("--sellers", options.market.num_sellers, "Of the market")
      ->check(CLI::Range(10, 100'000))
      ->capture_default_str();
  app.add_option("--seed", options.market.seed, "Of the market")->capture_default_str();
  app.add_option("--thieves", options.market.thieves_percent, "Percent of its sellers who copy somebody's advertisement")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  app.add_option("--growth", options.growth, "Also measure time up to this many photos; 0: not")
      ->check(CLI::Range(0, 1'000'000));
  app.add_flag("!--no-samples", options.with_samples, "Without the staged ads");
  app.add_flag("!--no-market", options.with_market, "Without the market");
  app.add_option("--keep", options.keep, "Keep the market's collection here, and use it if it is there");
  app.add_option("--threads", options.num_threads, "Of ingest and linking")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--work", options.work, "Where temporary files go")->check(CLI::ExistingDirectory);
  app.add_option("--json", options.json, "Write the figures to this file as well");
  app.add_option("--commit", options.commit, "What was measured, for the record");
  CLI11_PARSE(app, argc, argv);

  const TemporaryDirectory work(options.work);
  // Absolute: the manifest lies elsewhere.
  const Corpus corpus(fs::absolute(options.data), PUGMARK_SAMPLES, fs::path(PUGMARK_QUALITY) / "siblings.tsv");
  std::string text = fmt::format("{}, commit {}, build {}, {} threads, load {:.1f}\n{}\n\n", UtcNow(), options.commit,
                                 PUGMARK_BUILD_TYPE, options.num_threads, LoadAverage().front(), MachineName());
  Json json = {{"schema", 1},
               {"benchmark", "link"},
               {"date", UtcNow()},
               {"commit", options.commit},
               {"build", PUGMARK_BUILD_TYPE},
               {"machine", MachineName()},
               {"threads", options.num_threads},
               {"seed", options.market.seed}};
  if (options.with_samples) json["samples"] = MeasureSamples(options, work.path(), &text);
  if (options.with_market) json["market"] = MeasureMarket(options, corpus, work.path(), &text);
  if (options.growth > 0) {
    json["growth"] = MeasureGrowth(options.keep.empty() ? work.path() / "market" : options.keep, options.growth,
                                   options.num_threads, work.path(), &text);
  }
  fmt::print("{}", text);
  if (!options.json.empty()) WriteFileAtomically(options.json, json.dump(2) + "\n");
  return 0;
}

}  // namespace
}  // namespace pugmark::bench

int main(int argc, char** argv) {
  return pugmark::bench::RunBenchmark("pugmark_bench_link", argc, argv, pugmark::bench::Main);
}
