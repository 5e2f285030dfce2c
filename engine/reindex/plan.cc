// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/collection/coverage.h"
#include "engine/reindex/reindex.h"
#include "index/base/error.h"
#include "index/catalogue/extractions.h"

namespace pugmark {
namespace {

// The codebook is retrained when the recommended number of words is this many times the present one: at night, and
// already at ingest.
constexpr int kOutgrownAtNight = 2;
constexpr int kOutgrownAtIngest = 4;

// "1 photo", "12 photos".
std::string Photos(int64_t n) { return fmt::format("{} photo{}", n, n == 1 ? "" : "s"); }

void PlanReextraction(const ReindexOptions& options, ReindexPlan* plan) {
  if (plan->num_older_features == 0) return;
  plan->num_to_reextract = options.reextract_limit < 0 ? plan->num_older_features
                                                       : std::min(plan->num_older_features, options.reextract_limit);
  plan->reasons.push_back(fmt::format(
      "{} of {} with features of an older extractor are to be described anew from their original files; the "
      "index covers those that are done.",
      plan->num_to_reextract, Photos(plan->num_older_features)));
}

}  // namespace

std::string_view ActionName(ReindexPlan::Action action) {
  switch (action) {
    case ReindexPlan::Action::kNothing: return "nothing";
    case ReindexPlan::Action::kMerge: return "merge";
    case ReindexPlan::Action::kRebuild: return "rebuild";
  }
  return "";
}

BaseSnapshot OpenBase(const Collection& collection) {
  BaseSnapshot base;
  try {
    const std::optional<int64_t> number = CurrentSnapshot(collection.paths);
    if (!number) {
      base.why_not = "there is none yet";
      return base;
    }
    SnapshotInfo info = ReadSnapshotInfo(collection.paths, *number);
    if (info.extractor != ExtractorName(collection.features)) {
      base.why_not = "it was made with features of another extractor";
      return base;
    }
    if (!BelongsTogether(info, collection.catalogue)) {
      base.why_not = "it was built from another state of the catalogue";
      return base;
    }
    base.info = std::move(info);
    base.opened = OpenSnapshot(collection.paths, *number);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kNotFound && e.code() != ErrorCode::kUnsupported)
      throw;
    base.why_not = "it is damaged";
  }
  return base;
}

PlannedReindex PlanReindex(const Collection& collection, const BaseSnapshot& base, const ReindexOptions& options,
                           bool at_ingest, bool verify) {
  using Action = ReindexPlan::Action;
  const std::string extractor = ExtractorName(collection.features);
  PlannedReindex planned;
  ReindexPlan& plan = planned.plan;
  planned.totals = collection.catalogue.TotalsAfter(PhotoId{}, extractor);
  plan.num_older_features = Extractions(collection.catalogue).CountOfOthers(extractor);
  PlanReextraction(options, &plan);

  plan.num_photos = planned.totals.num_photos;
  plan.num_added = plan.num_photos;
  if (base.info) {
    plan.base_number = base.info->number;
    plan.num_parts = static_cast<int64_t>(base.info->parts.size());
    plan.num_words_now = base.info->num_words;
    planned.common = CoveredPhotos(collection.catalogue, *base.info);
    plan.num_added -= planned.common.size();
    plan.num_dropped = base.info->num_photos - planned.common.size();
    for (const PhotoId photo : Extractions(collection.catalogue).ReplacedSince(base.info->number, extractor)) {
      if (photo <= base.info->last_photo) planned.replaced.push_back(photo);
    }
  }
  plan.num_words_new = plan.num_words_now;

  const int num_words = RecommendedNumWords(planned.totals.num_keypoints);
  const bool is_outgrown =
      base.opened && num_words >= (at_ingest ? kOutgrownAtIngest : kOutgrownAtNight) * plan.num_words_now;
  std::string why_rebuild;
  if (planned.totals.num_keypoints == 0) {
    // Without a single keypoint there can be no codebook, and there is nothing to find.
    if (!base.opened) {
      plan.reasons.emplace_back("No photo has a keypoint that could be indexed.");
      plan.num_added = 0;
      return planned;
    }
  } else if (options.full) {
    why_rebuild = "a full rebuild was asked for";
  } else if (!base.opened) {
    why_rebuild = fmt::format("the current index cannot be built on: {}", base.why_not);
  } else if (is_outgrown) {
    why_rebuild = fmt::format("the collection has outgrown its {} visual words: {} keypoints are served by {}",
                              plan.num_words_now, planned.totals.num_keypoints, num_words);
  }
  const bool nothing_new = plan.num_added == 0 && plan.num_dropped == 0;
  if (why_rebuild.empty() && nothing_new && plan.num_parts == 1) return planned;
  if (why_rebuild.empty() && verify && planned.totals.num_keypoints > 0 &&
      !CheckSnapshot(collection.paths, plan.base_number).empty()) {
    why_rebuild = fmt::format("snapshot {} is damaged", plan.base_number);
  }
  if (!why_rebuild.empty()) {
    plan.action = Action::kRebuild;
    plan.trains = num_words > options.most_default_words;
    plan.num_words_new = plan.trains ? num_words : kNumDefaultWords;
    plan.reasons.push_back(
        fmt::format("Everything is to be built anew from the catalogue, with {} codebook of {} visual words: {}.",
                    plan.trains ? "a newly trained" : "the shipped", plan.num_words_new, why_rebuild));
  } else {
    plan.action = Action::kMerge;
    plan.reasons.push_back(
        fmt::format("{} part{} of snapshot {} and what is new are to be merged into one; its codebook of "
                    "{} visual words is kept.",
                    plan.num_parts, plan.num_parts == 1 ? "" : "s", plan.base_number, plan.num_words_now));
  }
  if (plan.num_added > 0)
    plan.reasons.push_back(fmt::format("{} not in the index are to be added.", Photos(plan.num_added)));
  if (plan.num_dropped > 0) {
    plan.reasons.push_back(fmt::format("{} no longer catalogued are to be dropped.", Photos(plan.num_dropped)));
  }
  return planned;
}

}  // namespace pugmark
