// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/quality/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "index/base/files.h"

namespace pugmark::bench {
namespace {

constexpr uint64_t kMaxPhotoBytes = 64 << 20;

struct Share {
  size_t num = 0, of = 0;
  void Add(bool yes) {
    ++of;
    num += yes ? 1 : 0;
  }
  double value() const { return of == 0 ? 0 : static_cast<double>(num) / static_cast<double>(of); }
};

// Shares of the pairs that reached a verdict or better.
struct PairShares {
  Share object, alert, any;
  void Add(Verdict verdict) {
    object.Add(verdict <= Verdict::kSameObject);
    alert.Add(IsAlert(verdict));
    any.Add(verdict < Verdict::kNone);
  }
};

Json ToJson(const PairShares& s) {
  return {{"same_object", s.object.value()}, {"alert", s.alert.value()}, {"any", s.any.value()}, {"pairs", s.any.of}};
}

std::string Line(const std::string& name, const PairShares& s) {
  return fmt::format("  {:<34} {:>6} {:>11.3f} {:>9.3f} {:>9.3f}\n", name, s.any.of, s.object.value(), s.alert.value(),
                     s.any.value());
}

Verdict VerdictOn(const Outcome& outcome, const CorpusPhoto& photo) {
  for (const HitOutcome& h : outcome.hits) {
    if (h.photo == &photo) return h.hit.verdict;
  }
  return Verdict::kNone;
}

// Recall@1 of one query when only some photos count as competitors: the others are taken out of the list.
template <typename IsOut>
const HitOutcome* FirstWithout(const Outcome& outcome, IsOut&& is_out) {
  for (const HitOutcome& h : outcome.hits) {
    if (!is_out(*h.photo)) return &h;
  }
  return nullptr;
}

Json StagedViews(const std::vector<const Outcome*>& queries, std::string* text) {
  constexpr std::array kBounds = {15.0, 30.0, 60.0, 180.0};
  Json json;
  *text += fmt::format("Staged ads, photographed again: recall@1 by the nearest other view\n"
                       "  {:<34} {:>6} {:>11} {:>9} {:>9}\n",
                       "", "n", "same-object", "alert", "any");
  for (const bool same_session : {true, false}) {
    std::map<double, PairShares> by_angle;
    PairShares up_to_30;
    for (const Outcome* o : queries) {
      const CorpusPhoto& q = *o->source;
      double nearest = 360;
      for (const Outcome* other : queries) {
        const CorpusPhoto& p = *other->source;
        if (&p == &q || !HaveCommon(p.things, q.things) || HaveCommon(p.sessions, q.sessions) != same_session) continue;
        nearest = std::min(nearest, AngleBetweenViews(p, q));
      }
      if (nearest > 180) continue;
      // Views of the other kind, and copies of the query, are neither right nor wrong here.
      const HitOutcome* first = FirstWithout(*o, [&](const CorpusPhoto& p) {
        return HaveCommon(p.shots, q.shots) || p.edited ||
               (HaveCommon(p.things, q.things) && HaveCommon(p.sessions, q.sessions) != same_session);
      });
      const bool right = first != nullptr && first->truth <= Relation::kSameThing;
      const Verdict verdict = right ? first->hit.verdict : Verdict::kNone;
      by_angle[*std::lower_bound(kBounds.begin(), kBounds.end(), nearest)].Add(verdict);
      if (nearest <= 30) up_to_30.Add(verdict);
    }
    const std::string name = same_session ? "same session" : "other session";
    for (const auto& [bound, shares] : by_angle) {
      *text += Line(fmt::format("{}, up to {:.0f} degrees", name, bound), shares);
      json[name][fmt::format("up_to_{:.0f}", bound)] = ToJson(shares);
    }
    *text += Line(name + ", 0-30 degrees together", up_to_30);
    json[name]["0_to_30"] = ToJson(up_to_30);
  }
  return json;
}

Json MuseumPairs(const std::vector<const Outcome*>& queries, std::string* text) {
  Json json;
  *text += fmt::format("Museum pieces: pairs found, by distance in capture order\n  {:<34} {:>6} {:>11} {:>9} {:>9}\n", "",
                       "pairs", "same-object", "alert", "any");
  for (const int gap : {1, 2, 4, 8}) {
    PairShares shares;
    for (const Outcome* a : queries) {
      for (const Outcome* b : queries) {
        if (a->source->order < 0 || !HaveCommon(a->source->things, b->source->things)) continue;
        if (b->source->order - a->source->order != gap) continue;
        shares.Add(std::min(VerdictOn(*a, *b->source), VerdictOn(*b, *a->source)));
      }
    }
    *text += Line(fmt::format("{} apart", gap), shares);
    json[fmt::format("gap_{}", gap)] = ToJson(shares);
  }
  return json;
}

Json Groups(const std::vector<const Outcome*>& queries, std::string* text) {
  std::map<std::string, PairShares> by_kind;
  for (const Outcome* o : queries) {
    const std::string kind = o->source->name.substr(0, o->source->name.find('_'));
    const bool has_partner = std::any_of(queries.begin(), queries.end(), [&](const Outcome* other) {
      return other != o && HaveCommon(other->source->things, o->source->things);
    });
    if (!has_partner) continue;
    const HitOutcome* first = o->hits.empty() ? nullptr : &o->hits.front();
    const Verdict verdict = first != nullptr && first->truth <= Relation::kSameThing ? first->hit.verdict : Verdict::kNone;
    by_kind[kind].Add(verdict);
    by_kind["all"].Add(verdict);
  }
  Json json;
  *text += fmt::format("Groups of instances, leave-one-out: recall@1\n  {:<34} {:>6} {:>11} {:>9} {:>9}\n", "", "n",
                       "same-object", "alert", "any");
  for (const auto& [kind, shares] : by_kind) {
    *text += Line(kind, shares);
    json[kind] = ToJson(shares);
  }
  return json;
}

// Pairs that are not the same thing and were called so; pairs that share nothing and raised an alert.
Json Mistakes(const std::vector<Outcome>& outcomes, std::string* text) {
  struct Count {
    size_t look_alikes_called_object = 0, same_table_called_object = 0, unrelated_alerts = 0;
  };
  Count total;
  Json list = Json::array();
  std::string lines;
  for (const Outcome& o : outcomes) {
    for (const HitOutcome& h : o.hits) {
      if (IsTrue(h.hit.verdict, h.truth) || !IsAlert(h.hit.verdict) || h.truth <= Relation::kSameThing) continue;
      const bool object = h.hit.verdict <= Verdict::kSameObject;
      const bool family = HaveCommon(o.source->families, h.photo->families);
      if (object && family && o.source->set == "samples") ++total.look_alikes_called_object;
      else if (object && h.truth == Relation::kSamePlace) ++total.same_table_called_object;
      else ++total.unrelated_alerts;
      list.push_back({{"query", o.source->name}, {"photo", h.photo->name}, {"verdict", VerdictName(h.hit.verdict)},
                      {"log10_nfa", h.hit.log10_nfa}, {"inliers", h.hit.num_inliers}, {"density", h.hit.density},
                      {"same_family", family}, {"same_place", h.truth == Relation::kSamePlace}});
      lines += fmt::format("    {} -> {}: {}, {} inliers, density {:.2f}, log10 NFA {:.0f}{}{}\n", o.source->name,
                           h.photo->name, VerdictName(h.hit.verdict), h.hit.num_inliers, h.hit.density, h.hit.log10_nfa,
                           family ? ", same family" : "", h.truth == Relation::kSamePlace ? ", same table" : "");
    }
  }
  *text += fmt::format("Called more than they are: look-alikes of one family called same-object {}, other objects on the "
                       "same table called\nsame-object {}, alerts between things that share nothing {}\n",
                       total.look_alikes_called_object, total.same_table_called_object, total.unrelated_alerts);
  *text += lines;
  return {{"look_alikes_called_same_object", total.look_alikes_called_object},
          {"same_table_called_same_object", total.same_table_called_object},
          {"alerts_between_strangers", total.unrelated_alerts},
          {"list", list}};
}

}  // namespace

std::vector<Outcome> SearchViews(const Corpus& corpus, const Searcher& searcher, int num_threads,
                                 const std::filesystem::path& work, Background* background) {
  std::vector<QueryJob> jobs;
  for (const std::string set : {"instances", "samples"}) {
    for (const CorpusPhoto* photo : corpus.Of(Part::kReference, set)) {
      if (photo->edited) continue;
      jobs.push_back({"", set, photo, true, [photo] { return ReadFile(photo->path, kMaxPhotoBytes); }});
    }
  }
  std::vector<Outcome> outcomes = RunQueries(corpus, searcher, jobs, num_threads, work, "views", background);
  for (Outcome& o : outcomes) {
    std::erase_if(o.hits, [&](const HitOutcome& h) { return h.photo->sha256 == o.source->sha256; });
  }
  return outcomes;
}

Json ReportViews(const std::vector<Outcome>& outcomes, std::string* text) {
  std::vector<const Outcome*> staged, instances;
  for (const Outcome& o : outcomes) (o.source->set == "samples" ? staged : instances).push_back(&o);
  Json json;
  json["staged"] = StagedViews(staged, text);
  if (!instances.empty()) {
    json["museum_pairs"] = MuseumPairs(instances, text);
    json["groups"] = Groups(instances, text);
  }
  json["mistakes"] = Mistakes(outcomes, text);
  return json;
}

}  // namespace pugmark::bench
