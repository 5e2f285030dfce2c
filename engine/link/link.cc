// SPDX-License-Identifier: Apache-2.0
#include "engine/link/link.h"

#include <algorithm>
#include <map>

#include "engine/collection/brief_writer.h"
#include "engine/collection/collection.h"
#include "engine/link/groups.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

constexpr size_t kPhotosPerCommit = 250;

class LinkJob {
 public:
  LinkJob(const std::filesystem::path& root, const LinkOptions& options, std::stop_token stop)
      : options_(options),
        stop_(std::move(stop)),
        paths_(LocateCollection(root)),
        writer_(paths_, options_.wait_seconds),
        catalogue_(writer_.catalogue()),
        links_(catalogue_) {}

  LinkReport Run(const LinkProgress& progress) {
    const PhotoMatcher matcher(paths_.root, options_.match);
    report_.snapshot = matcher.snapshot();
    writer_.Write([&] {
      if (options_.again) links_.Forget();
      report_.run = links_.StartRun(options_.cause, report_.snapshot);
    });
    const std::vector<PhotoId> photos = UnlinkedPhotos(catalogue_, matcher.last_photo());
    const auto total = static_cast<int64_t>(photos.size());
    matcher.MatchAll(photos, options_.num_threads, stop_, [&](const PhotoMatches& matches) {
      Take(matches);
      progress(++report_.num_matched, total);
    });
    CommitMatches();
    report_.cancelled = stop_.stop_requested();
    if (report_.cancelled) return std::move(report_);
    report_.num_unindexed = catalogue_.TotalsAfter(matcher.last_photo()).num_photos;
    UpdateGroups();
    return std::move(report_);
  }

 private:
  void Take(const PhotoMatches& matches) {
    report_.num_verified += matches.num_verified;
    report_.num_damaged += matches.is_damaged ? 1 : 0;
    pending_.insert(pending_.end(), matches.links.begin(), matches.links.end());
    last_ = matches.photo;
    if (++num_pending_ == kPhotosPerCommit) CommitMatches();
  }

  void CommitMatches() {
    if (num_pending_ == 0) return;
    writer_.Write([&] {
      const std::string now = UtcNow();
      // A photo may have been removed while it was matched.
      std::erase_if(pending_, [&](const PhotoLink& link) {
        return !catalogue_.GetPhoto(link.low) || !catalogue_.GetPhoto(link.high);
      });
      for (PhotoLink& link : pending_) link.found_at = now;
      links_.AddPhotoLinks(pending_);
      links_.Advance(report_.run, last_);
    });
    report_.num_photo_links += static_cast<int64_t>(pending_.size());
    pending_.clear();
    num_pending_ = 0;
  }

  void UpdateGroups() {
    writer_.Write([&] {
      const LinkGraph graph = LoadGraph(catalogue_, {}, options_.model);
      std::vector<SellerLink> links;
      for (const SellerEdge& edge : graph.seller_edges) {
        report_.num_leads += edge.is_link || edge.probability <= 0 ? 0 : 1;
        if (edge.is_link) links.push_back({graph.sellers[edge.a].id, graph.sellers[edge.b].id, edge.probability, 0});
      }
      report_.num_sellers = graph.sellers.size();
      report_.num_links = links.size();
      report_.new_links = links_.SetSellerLinks(std::move(links), report_.run);

      std::map<size_t, std::vector<SellerId>> members;
      const std::vector<size_t> community_of = CommunitiesOf(options_.model, graph);
      for (size_t s = 0; s < graph.sellers.size(); ++s) members[community_of[s]].push_back(graph.sellers[s].id);
      std::vector<std::vector<SellerId>> communities;
      for (auto& entry : members) {
        if (entry.second.size() > 1) communities.push_back(std::move(entry.second));
      }
      report_.num_groups = communities.size();
      Record(SellerGroups(catalogue_), communities);
      links_.FinishRun(report_.run, report_.num_matched, report_.num_photo_links);
    });
  }

  void Record(const std::vector<SellerGroup>& old_groups, const std::vector<std::vector<SellerId>>& communities) {
    GroupPlan plan = PlanGroups(old_groups, communities);
    for (int64_t& number : plan.numbers) {
      if (number == 0) number = links_.AddGroup();
    }
    std::map<SellerId, int64_t> group_of;
    for (size_t c = 0; c < communities.size(); ++c) {
      for (const SellerId seller : communities[c]) group_of[seller] = plan.numbers[c];
    }
    for (const SellerGroup& old : old_groups) {
      for (const SellerId seller : old.members) {
        const auto now = group_of.find(seller);
        if (now != group_of.end() && now->second == old.id) {
          group_of.erase(now);  // As it was.
        } else {
          links_.SetMember(seller, 0);
        }
      }
    }
    for (const auto& [seller, group] : group_of) links_.SetMember(seller, group);
    for (const GroupChange& change : plan.changes) {
      SellerGroupEvent event;
      event.group = change.group != 0 ? change.group : plan.numbers[change.community];
      event.run = report_.run;
      event.kind = GroupEventName(change.kind);
      event.seller = change.seller;
      const bool merged = change.kind == GroupEventKind::kMergedInto;
      event.other_group = merged ? plan.numbers[change.other_community] : change.other_group;
      links_.AddEvent(event);
      if (merged || change.kind == GroupEventKind::kDissolved) links_.DissolveGroup(event.group);
    }
    report_.group_events = SellerGroupEvents(catalogue_, report_.run - 1);
  }

  const LinkOptions& options_;
  const std::stop_token stop_;
  const CollectionPaths paths_;
  BriefWriter writer_;
  Catalogue& catalogue_;  // The writer's.
  Links links_;
  LinkReport report_;
  std::vector<PhotoLink> pending_;
  size_t num_pending_ = 0;
  PhotoId last_;
};

}  // namespace

LinkReport RunLinking(const std::filesystem::path& collection, const LinkOptions& options, std::stop_token stop,
                      const LinkProgress& progress) {
  return LinkJob(collection, options, std::move(stop)).Run(progress);
}

}  // namespace pugmark
