// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/quality/background.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/collection/collection.h"
#include "engine/search/verdict.h"

namespace pugmark::bench {

Background::Background(const Corpus& corpus, const std::filesystem::path& collection) : corpus_(corpus) {
  const Catalogue catalogue(LocateCollection(collection).catalogue(), Catalogue::Access::kRead);
  for (const CorpusPhoto* photo : corpus.Of(Part::kReference)) {
    if (const std::optional<PhotoId> id = catalogue.FindPhoto(photo->sha256)) photos_[*id] = photo;
  }
}

void Background::Add(const QueryResult& query, PhotoId photo, const Verification& verification) {
  if (verification.log10_nfa >= 0) return;
  const std::lock_guard lock(mutex_);
  const auto num_photos = static_cast<double>(std::max<int64_t>(query.num_photos, 1));
  unresolved_.push_back({query.path, photo, verification.log10_nfa - std::log10(num_photos)});
}

void Background::Resolve(const std::map<std::filesystem::path, const CorpusPhoto*>& sources) {
  const std::lock_guard lock(mutex_);
  num_queries_ += sources.size();
  for (const Pair& pair : unresolved_) {
    const auto photo = photos_.find(pair.photo);
    if (photo == photos_.end()) continue;
    const CorpusPhoto& query = *sources.at(pair.query);
    // Goods of one make resemble each other, and photos of one shop share more than the table knows: no strangers.
    if (corpus_.RelationOf(query, *photo->second) == Relation::kNone &&
        !HaveCommon(query.families, photo->second->families)) {
      log10_chances_.push_back(pair.log10_chance);
    }
  }
  unresolved_.clear();
}

Json Background::Report(std::string* text) const {
  Json table = Json::array();
  const auto num_photos = static_cast<double>(photos_.size());
  *text += fmt::format("Strangers, {} queries against {} photos: pairs that reached a log10 chance, a query, and what is "
                       "stated\n"
                       "  {:>12} {:>8} {:>12} {:>12}\n",
                       num_queries_, photos_.size(), "log10 chance", "pairs", "a query", "stated");
  for (int limit = -4; limit >= -24; limit -= 2) {
    const auto count = std::count_if(log10_chances_.begin(), log10_chances_.end(), [&](double c) { return c <= limit; });
    const double per_query = static_cast<double>(count) / static_cast<double>(std::max<size_t>(num_queries_, 1));
    const double stated = ExpectedFalseHits(limit + std::log10(num_photos), static_cast<int64_t>(photos_.size()));
    *text += fmt::format("  {:>12} {:>8} {:>12.3g} {:>12.3g}\n", limit, count, per_query, stated);
    table.push_back({{"log10_chance", limit}, {"pairs", count}, {"per_query", per_query}, {"stated", stated}});
  }
  *text += "\n";
  return {{"queries", num_queries_}, {"photos", photos_.size()}, {"table", table}};
}

}  // namespace pugmark::bench
