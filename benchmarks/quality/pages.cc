// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/quality/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <opencv2/imgcodecs.hpp>

#include "engine/collection/collection.h"
#include "engine/ingest/ingest.h"
#include "engine/reindex/reindex.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::array kPages = {"collage-crop",     "collage-squash",  "paste-large", "paste-small",
                               "screenshot-light", "screenshot-dark", "padding-30"};
constexpr std::array kApps = {"screenshot-light", "screenshot-dark", "screenshot-light"};

const EditKind& Kind(const std::string& name) {
  const std::vector<EditKind>& kinds = EditKinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const EditKind& kind) { return kind.name == name; });
  PUGMARK_CHECK(found != kinds.end());
  return *found;
}

struct Made {
  std::string kind;  // Of page; of app.
  const CorpusPhoto* photo = nullptr;
  fs::path file;
};

class PageMaker {
 public:
  PageMaker(const std::vector<cv::Mat>& strangers, uint64_t seed, fs::path folder)
      : strangers_(strangers), seed_(seed), folder_(std::move(folder)) {
    fs::create_directories(folder_);
  }

  // Another page for every photo.
  Made Page(const std::string& kind, const CorpusPhoto& photo) {
    return Make(kind, kind, photo, Mix(seed_, photo.name));
  }
  // The same page, but for the photo in it.
  Made App(size_t app, const CorpusPhoto& photo) {
    const std::string name = fmt::format("app {}", app + 1);
    return Make(kApps[app], name, photo, Mix(seed_, name));
  }

 private:
  Made Make(const std::string& kind, const std::string& name, const CorpusPhoto& photo, uint64_t seed) {
    const fs::path file = folder_ / fmt::format("{}.jpg", num_made_++);
    const std::vector<uint8_t> bytes =
        ApplyEdit(Kind(kind), seed, cv::imread(photo.path.string(), cv::IMREAD_COLOR), EditContext{strangers_});
    WriteFileAtomically(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return {name, &photo, file};
  }

  const std::vector<cv::Mat>& strangers_;
  uint64_t seed_;
  fs::path folder_;
  int num_made_ = 0;
};

// The photos of the corpus in an order drawn by the seed; those that share anything with one before are left out.
std::vector<const CorpusPhoto*> Unlike(const Corpus& corpus, Part part, uint64_t seed, size_t count) {
  std::vector<const CorpusPhoto*> photos;
  for (const char* set : {"pool", "domain"}) {
    for (const CorpusPhoto* photo : corpus.Of(part, set)) photos.push_back(photo);
  }
  std::vector<const CorpusPhoto*> kept;
  for (const CorpusPhoto* photo : Draw(photos, photos.size(), seed)) {
    if (kept.size() == count) break;
    const bool is_alike = std::any_of(kept.begin(), kept.end(), [&](const CorpusPhoto* other) {
      return corpus.RelationOf(*photo, *other) != Relation::kNone || HaveCommon(photo->families, other->families);
    });
    if (!is_alike && IsReadable(*photo)) kept.push_back(photo);
  }
  return kept;
}

void IngestPages(const fs::path& root, const std::vector<Made>& pages, const fs::path& manifest, int num_threads) {
  std::string csv = "file,platform,listing_id,seller\n";
  for (size_t i = 0; i < pages.size(); ++i) {
    csv += fmt::format("{},\"{}\",{},seller{}\n", pages[i].file.filename().string(), pages[i].kind, i, i);
  }
  WriteFileAtomically(manifest, csv);
  CreateCollection(root, {});
  IngestOptions ingest;
  ingest.manifests = {manifest};
  ingest.num_threads = num_threads;
  const IngestSummary summary = Ingest(root, ingest, {}, {});
  PUGMARK_CHECK(summary.counts.num_new_sightings == static_cast<int64_t>(pages.size()));
  const FileLock lock(LocateCollection(root).lock());
  Collection collection = OpenCollection(root, Catalogue::Access::kWrite);
  ReindexOptions options;
  options.num_threads = num_threads;
  Reindex(collection, options, {}, [](std::string_view, int64_t, int64_t) {});
}

struct Counts {
  size_t queries = 0, first = 0, first_alert = 0, false_alerts = 0;
};

// seen: the photo in each page, by the page's file.
void Count(const std::vector<Made>& queries, const std::map<fs::path, const CorpusPhoto*>& seen,
           const Searcher& searcher, int num_threads, const Corpus& corpus, std::map<std::string, Counts>* counts,
           std::string* lines) {
  std::vector<fs::path> files;
  for (const Made& query : queries) files.push_back(query.file);
  size_t next = 0;
  searcher.SearchAll(files, num_threads, {}, [&](const QueryResult& result) {
    const Made& query = queries[next++];
    Counts& c = (*counts)[query.kind];
    ++c.queries;
    const auto is_true = [&](const Hit& hit) {
      return corpus.RelationOf(*query.photo, *seen.at(hit.photo.path)) != Relation::kNone;
    };
    if (!result.hits.empty() && is_true(result.hits[0])) {
      ++c.first;
      c.first_alert += IsAlert(result.hits[0].verdict) ? 1 : 0;
    }
    for (const Hit& hit : result.hits) {
      if (!IsAlert(hit.verdict) || is_true(hit)) continue;
      ++c.false_alerts;
      *lines += fmt::format("    {}: {} -> {}: {}, {} inliers, log10 NFA {:.1f}\n", query.kind, query.photo->name,
                            seen.at(hit.photo.path)->name, VerdictName(hit.verdict), hit.num_inliers, hit.log10_nfa);
      break;
    }
  });
}

}  // namespace

Json MeasurePages(const Corpus& corpus, const std::vector<cv::Mat>& strangers, const PagesOptions& options,
                  const fs::path& work, std::string* text) {
  const size_t n = options.pages_per_kind;
  const std::vector<const CorpusPhoto*> photos =
      Unlike(corpus, Part::kReference, options.seed, n * (kPages.size() + kApps.size()));
  const std::vector<const CorpusPhoto*> others = Unlike(corpus, Part::kUnrelated, options.seed, n);
  PageMaker catalogued(strangers, options.seed, work / "pages"), searched(strangers, options.seed, work / "queries");
  std::vector<Made> pages, in_pages, in_apps, other_pages;
  size_t next = 0;
  for (const char* kind : kPages) {
    for (size_t i = 0; i < n && next < photos.size(); ++i) {
      const CorpusPhoto& photo = *photos[next++];
      pages.push_back(catalogued.Page(kind, photo));
      in_pages.push_back(searched.Page("platform-600", photo));
      in_pages.back().kind = kind;
    }
  }
  for (size_t app = 0; app < kApps.size(); ++app) {
    for (size_t i = 0; i < n && next < photos.size(); ++i) {
      const CorpusPhoto& photo = *photos[next++];
      pages.push_back(catalogued.App(app, photo));
      in_apps.push_back(searched.Page("platform-600", photo));
      in_apps.back().kind = pages.back().kind;
    }
    for (const CorpusPhoto* photo : others) other_pages.push_back(searched.App(app, *photo));
  }
  std::map<fs::path, const CorpusPhoto*> seen;
  for (const Made& page : pages) seen[fs::absolute(page.file)] = page.photo;

  const fs::path root = work / "collection-of-pages";
  IngestPages(root, pages, work / "pages" / "manifest.csv", options.num_threads);
  const Searcher searcher(root, {});
  std::map<std::string, Counts> found, apart;
  std::string lines;
  Count(in_pages, seen, searcher, options.num_threads, corpus, &found, &lines);
  Count(in_apps, seen, searcher, options.num_threads, corpus, &found, &lines);
  Count(other_pages, seen, searcher, options.num_threads, corpus, &apart, &lines);

  Json json;
  *text += fmt::format(
      "Catalogued in pages: {} pages; recall@1 of the photo in them by any verdict / by an alert, alerts on "
      "others\n",
      pages.size());
  for (const auto& [kind, c] : found) {
    const auto queries = static_cast<double>(c.queries);
    *text += fmt::format("  {:<26} {:>5.3f}/{:>5.3f} ({:>3})  {}\n", kind, static_cast<double>(c.first) / queries,
                         static_cast<double>(c.first_alert) / queries, c.queries, c.false_alerts);
    json["found"][kind] = {
        {"queries", c.queries}, {"first", c.first}, {"first_alert", c.first_alert}, {"false_alerts", c.false_alerts}};
  }
  *text += "  Pages of the same apps around other photos: queries with a false alert\n";
  for (const auto& [kind, c] : apart) {
    *text += fmt::format("  {:<26} {:>3} of {:>3}\n", kind, c.false_alerts, c.queries);
    json["apart"][kind] = {{"queries", c.queries}, {"false_alerts", c.false_alerts}};
  }
  *text += lines + "\n";
  return json;
}

}  // namespace pugmark::bench
