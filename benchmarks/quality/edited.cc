// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/quality/edited.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <opencv2/imgcodecs.hpp>

#include "index/base/error.h"

namespace pugmark::bench {
namespace {

constexpr size_t kMaxStrangers = 60;

QueryJob Job(const EditKind& kind, const CorpusPhoto* photo, uint64_t seed, const std::vector<cv::Mat>& strangers,
             bool expects) {
  QueryJob job;
  job.edit = kind.name;
  job.family = kind.family;
  job.source = photo;
  job.expects = expects;
  job.make = [&kind, photo, seed, &strangers] {
    const cv::Mat picture = cv::imread(photo->path.string(), cv::IMREAD_COLOR);
    return ApplyEdit(kind, Mix(seed, photo->name), picture, EditContext{strangers});
  };
  return job;
}

std::vector<const EditKind*> Wanted(const EditedOptions& options) {
  std::vector<const EditKind*> kinds;
  for (const EditKind& kind : EditKinds()) {
    if (kind.name.find(options.only) != std::string::npos) kinds.push_back(&kind);
  }
  if (kinds.empty()) throw Error(ErrorCode::kInvalidArgument, "There is no edit of that name: " + options.only);
  return kinds;
}

// What came of the copies in one row of the report.
struct Row {
  size_t queries = 0, first = 0, first_alert = 0, first_same_photo = 0, other_alerts = 0;
  void Add(const Outcome& o) {
    ++queries;
    first += o.FirstIs(Relation::kSamePhoto, Verdict::kLookAlike) ? 1 : 0;
    first_alert += o.FirstIs(Relation::kSamePhoto, Verdict::kSameScene) ? 1 : 0;
    first_same_photo += o.FirstIs(Relation::kSamePhoto, Verdict::kSamePhoto) ? 1 : 0;
    other_alerts += static_cast<size_t>(std::count_if(o.hits.begin(), o.hits.end(), [](const HitOutcome& h) {
      return IsAlert(h.hit.verdict) && h.truth == Relation::kNone;
    }));
  }
  double Share(size_t count) const { return queries == 0 ? 0 : static_cast<double>(count) / static_cast<double>(queries); }
  Json ToJson() const {
    return {{"queries", queries},
            {"recall_at_1", Share(first)},
            {"recall_at_1_alert", Share(first_alert)},
            {"recall_at_1_same_photo", Share(first_same_photo)},
            {"other_alerts", other_alerts},
            {"uncertainty", Uncertainty(Share(first), queries)}};
  }
};

Json FalseHits(const std::vector<Outcome>& copies, const std::vector<Outcome>& unrelated, std::string* text) {
  size_t num_queries = 0, num_with_alert = 0, num_alerts = 0, num_look_alikes = 0;
  double stated_alerts = 0, stated_all = 0;
  Json list = Json::array();
  std::string lines;
  // Copies are unrelated to everything but their sources, and their strangers to all.
  for (const auto* outcomes : {&unrelated, &copies}) {
    for (const Outcome& o : *outcomes) {
      bool alert = false;
      ++num_queries;
      for (const HitOutcome& h : o.hits) {
        if (h.truth != Relation::kNone) continue;
        if (!IsAlert(h.hit.verdict)) {
          ++num_look_alikes;
          stated_all += 1 - h.hit.probability;
          continue;
        }
        alert = true;
        ++num_alerts;
        stated_alerts += h.hit.expected_false_hits;
        list.push_back({{"edit", o.edit}, {"query", o.source->name}, {"photo", h.photo->name},
                        {"verdict", VerdictName(h.hit.verdict)}, {"inliers", h.hit.num_inliers},
                        {"log10_nfa", h.hit.log10_nfa}, {"expected_false_hits", h.hit.expected_false_hits}});
        lines += fmt::format("    {} of {} -> {}: {}, {} inliers, density {:.2f}, log10 NFA {:.1f}, expected {:.2g}\n",
                             o.edit, o.source->name, h.photo->name, VerdictName(h.hit.verdict), h.hit.num_inliers,
                             h.hit.density, h.hit.log10_nfa, h.hit.expected_false_hits);
        if (HaveCommon(o.source->families, h.photo->families)) lines.insert(lines.size() - 1, ", same family");
      }
      num_with_alert += alert ? 1 : 0;
    }
  }
  *text += fmt::format("False hits (same-scene or better, on photos that share nothing with the query): {} in {} queries "
                       "({} hits); the program\nexpected {:.2g} of them. Look-alikes on strangers: {}. With none in n "
                       "queries the true rate is below 3/n.\n{}\n",
                       num_with_alert, num_queries, num_alerts, stated_alerts, num_look_alikes, lines);
  return {{"queries", num_queries},
          {"queries_with_false_alert", num_with_alert},
          {"false_alerts", num_alerts},
          {"look_alikes", num_look_alikes},
          {"list", list}};
}

}  // namespace

std::vector<const CorpusPhoto*> Draw(std::vector<const CorpusPhoto*> from, size_t count, uint64_t seed) {
  std::sort(from.begin(), from.end(), [&](const CorpusPhoto* a, const CorpusPhoto* b) {
    return Mix(seed, a->name) < Mix(seed, b->name);
  });
  std::vector<const CorpusPhoto*> drawn;
  for (size_t i = 0; i < count && !from.empty(); ++i) drawn.push_back(from[i % from.size()]);
  return drawn;
}

bool IsReadable(const CorpusPhoto& photo) {
  return cv::haveImageReader(photo.path.string()) && !cv::imread(photo.path.string(), cv::IMREAD_COLOR).empty();
}

std::vector<cv::Mat> LoadStrangers(const Corpus& corpus) {
  std::vector<cv::Mat> strangers;
  for (const CorpusPhoto* photo : Draw(corpus.Of(Part::kStranger), kMaxStrangers, 1)) {
    // One that is known to show what a reference shows is no stranger.
    const std::vector<const CorpusPhoto*> references = corpus.Of(Part::kReference);
    const bool is_known = std::any_of(references.begin(), references.end(), [&](const CorpusPhoto* reference) {
      return corpus.RelationOf(*photo, *reference) != Relation::kNone;
    });
    cv::Mat picture = cv::imread(photo->path.string(), cv::IMREAD_COLOR);
    if (!picture.empty() && !is_known) strangers.push_back(std::move(picture));
  }
  return strangers;
}

std::vector<QueryJob> CopyJobs(const Corpus& corpus, const std::vector<cv::Mat>& strangers, const EditedOptions& options) {
  std::vector<QueryJob> jobs;
  for (const std::string set : {"pool", "domain", "samples"}) {
    std::vector<const CorpusPhoto*> photos;
    for (const CorpusPhoto* photo : corpus.Of(Part::kReference, set)) {
      if (!photo->edited && IsReadable(*photo)) photos.push_back(photo);
    }
    for (const EditKind* kind : Wanted(options)) {
      const uint64_t seed = Mix(options.seed, kind->name);
      for (const CorpusPhoto* photo : Draw(photos, std::min(options.photos_per_edit, photos.size()), seed)) {
        jobs.push_back(Job(*kind, photo, seed, strangers, true));
      }
    }
  }
  return jobs;
}

std::vector<QueryJob> UnrelatedJobs(const Corpus& corpus, const std::vector<cv::Mat>& strangers,
                                    const EditedOptions& options, size_t num_jobs) {
  std::vector<const CorpusPhoto*> photos;
  for (const CorpusPhoto* photo : corpus.Of(Part::kUnrelated)) {
    if (IsReadable(*photo)) photos.push_back(photo);
  }
  const std::vector<const EditKind*> kinds = Wanted(options);
  std::vector<QueryJob> jobs;
  const size_t each = (num_jobs + kinds.size() - 1) / kinds.size();
  for (const EditKind* kind : kinds) {
    const uint64_t seed = Mix(options.seed + 1, kind->name);
    for (const CorpusPhoto* photo : Draw(photos, each, seed)) jobs.push_back(Job(*kind, photo, seed, strangers, false));
  }
  if (jobs.size() > num_jobs) jobs.resize(num_jobs);
  return jobs;
}

Json ReportEdited(const std::vector<Outcome>& copies, const std::vector<Outcome>& unrelated, std::string* text) {
  std::map<std::string, std::map<std::string, Row>> rows;  // Edit → set → row.
  std::map<std::string, std::map<std::string, Row>> families;
  for (const Outcome& o : copies) {
    for (const std::string& set : {o.source->set, std::string("all")}) {
      rows[o.edit][set].Add(o);
      families[o.family][set].Add(o);
      families["(all)"][set].Add(o);
    }
  }
  Json json;
  const std::vector<std::string> sets = {"pool", "domain", "samples"};
  *text += fmt::format("Edited copies: recall@1 by any verdict / by an alert / by same-photo, and alerts on others\n"
                       "  {:<26}",
                       "");
  for (const std::string& set : sets) *text += fmt::format(" {:>25}", set);
  *text += "   others\n";
  const auto table = [&](const auto& by_name, const char* key) {
    for (const auto& [name, by_set] : by_name) {
      *text += fmt::format("  {:<26}", name);
      for (const std::string& set : sets) {
        const auto found = by_set.find(set);
        const Row row = found == by_set.end() ? Row() : found->second;
        *text += fmt::format("   {:>5.3f}/{:>5.3f}/{:>5.3f} ({:>3})", row.Share(row.first), row.Share(row.first_alert),
                             row.Share(row.first_same_photo), row.queries);
        json[key][name][set] = row.ToJson();
      }
      *text += fmt::format("   {:>3}\n", by_set.at("all").other_alerts);
    }
  };
  table(rows, "edits");
  *text += "  by family\n";
  table(families, "families");

  std::vector<Outcome> together = copies;
  together.insert(together.end(), unrelated.begin(), unrelated.end());
  const double precision = MicroAveragePrecision(together);
  *text += fmt::format("Micro average precision, {} copies and {} unrelated queries: {:.4f}\n", copies.size(),
                       unrelated.size(), precision);
  json["micro_average_precision"] = precision;
  json["false_hits"] = FalseHits(copies, unrelated, text);
  return json;
}

}  // namespace pugmark::bench
