// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/alerts.h"

#include <fmt/format.h>

#include <memory>

#include "cli/alert_output.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/person.h"
#include "engine/collection/collection.h"
#include "engine/report/report.h"
#include "index/base/files.h"
#include "index/catalogue/reviews.h"

namespace pugmark::cli {
namespace {

struct Options {
  bool only_new = false, all = false, run = false;
  int64_t dismiss = 0;
  std::string note, by;
  int num_threads = 1;
};

Json Listings(const std::vector<Sighting>& sightings) {
  Json json = Json::array();
  for (const Sighting& sighting : sightings) {
    const Listing& l = sighting.listing;
    json.push_back({{"platform", l.platform},
                    {"listing_id", l.external_id},
                    {"seller", l.seller},
                    {"url", l.url},
                    {"posted_at", l.posted_at}});
  }
  return json;
}

// One side of an alert as the catalogue knows it now.
struct Side {
  std::optional<Photo> photo;  // Nothing if it was removed.
  std::vector<Sighting> sightings;
};

Side Look(const Catalogue& catalogue, const Sha256& sha256) {
  Side side;
  if (const std::optional<PhotoId> id = catalogue.FindPhoto(sha256)) {
    side.photo = catalogue.GetPhoto(*id);
    side.sightings = catalogue.SightingsOf(*id);
  }
  return side;
}

Json ToJson(const std::optional<Review>& review) {
  if (!review) return nullptr;
  return {{"answer", AnswerName(review->answer)},
          {"by", review->reviewer},
          {"at", review->reviewed_at},
          {"note", review->note.empty() ? Json(nullptr) : Json(review->note)}};
}

Json ToJson(const Alert& alert, const Side& photo, const Side& banked, const std::optional<Review>& review) {
  const auto side = [](const Sha256& sha256, const Side& known) {
    return Json{{"sha256", sha256.Hex()},
                {"path", known.photo ? Json(EscapeText(known.photo->path)) : Json(nullptr)},
                {"removed", !known.photo},
                {"sightings", Listings(known.sightings)}};
  };
  return {{"schema", 1},
          {"type", "alert"},
          {"id", alert.id},
          {"raised_at", alert.raised_at},
          {"run", alert.run},
          {"bank", alert.bank},
          {"verdict", alert.verdict},
          {"probability", alert.probability},
          {"expected_false_hits", alert.expected_false_hits},
          {"inliers", alert.num_inliers},
          {"mirrored", alert.mirrored},
          {"relation", AlertRelationName(alert.relation)},
          {"new_platforms", alert.new_platforms},
          {"benign_bank", alert.benign_bank.empty() ? Json(nullptr) : Json(alert.benign_bank)},
          {"seen_again_in", alert.listing.empty() ? Json(nullptr) : Json(alert.listing)},
          {"dismissed_at", alert.dismissed_at.empty() ? Json(nullptr) : Json(alert.dismissed_at)},
          {"dismissed_by", alert.dismissed_by},
          {"note", alert.note},
          {"review", ToJson(review)},
          {"photo", side(alert.photo, photo)},
          {"banked", side(alert.banked, banked)}};
}

std::string WhereSeen(const Sha256& sha256, const Side& side) {
  if (!side.photo) return fmt::format("{}… (removed from the collection)", sha256.Hex().substr(0, 12));
  std::string where;
  constexpr size_t kShown = 3;
  for (size_t i = 0; i < std::min(side.sightings.size(), kShown); ++i) {
    const Listing& l = side.sightings[i].listing;
    const std::string name = !l.external_id.empty() ? l.external_id : !l.title.empty() ? l.title : l.url;
    where += fmt::format("{}{} {}{}", i == 0 ? "" : "; ", l.platform.empty() ? "(no platform)" : EscapeText(l.platform),
                         EscapeText(name), l.seller.empty() ? "" : " of " + EscapeText(l.seller));
  }
  if (side.sightings.size() > kShown) where += fmt::format("; and {} more", side.sightings.size() - kShown);
  return fmt::format("{}… {}", sha256.Hex().substr(0, 12), where);
}

void PrintText(const Alert& alert, const Side& photo, const Side& banked, const std::optional<Review>& review) {
  fmt::print("{}  {}  {}  {:.1f} %  bank {}{}{}\n", alert.id, alert.raised_at, alert.verdict,
             std::min(alert.probability * 100, alert.verdict == "same-file" ? 100.0 : 99.9), EscapeText(alert.bank),
             alert.relation == AlertRelation::kNews ? "" : fmt::format("  [{}]", AlertRelationName(alert.relation)),
             alert.benign_bank.empty()
                 ? ""
                 : fmt::format("  [also a copy of a photo in bank {}]", EscapeText(alert.benign_bank)));
  if (alert.photo == alert.banked) {
    std::string listing = alert.listing;
    std::replace(listing.begin(), listing.end(), '\n', ' ');
    fmt::print("    seen again: {}\n    the photo:  {}\n", EscapeText(listing), WhereSeen(alert.banked, banked));
  } else {
    fmt::print("    new:   {}\n    known: {}\n", WhereSeen(alert.photo, photo), WhereSeen(alert.banked, banked));
  }
  if (!alert.new_platforms.empty()) fmt::print("    not known before on: {}\n", EscapeText(alert.new_platforms));
  if (!alert.dismissed_at.empty()) {
    fmt::print("    dismissed {} by {}{}{}\n", alert.dismissed_at, EscapeText(alert.dismissed_by),
               alert.note.empty() ? "" : ": ", EscapeText(alert.note));
  }
  if (review) {
    fmt::print("    reviewed: {}, by {} at {}{}{}\n", AnswerName(review->answer), EscapeText(review->reviewer),
               EscapeText(review->reviewed_at), review->note.empty() ? "" : ": ", EscapeText(review->note));
  }
}

int Dismiss(const Options& options, const Context& context) {
  const FileLock lock(CollectionPaths{context.collection}.lock());
  Collection collection = OpenCollection(context.collection, Catalogue::Access::kWrite);
  AlertLog(collection.catalogue).Dismiss(options.dismiss, options.by.empty() ? LoginName() : options.by, options.note);
  const Json json = {{"dismissed", options.dismiss}, {"note", AuditText(options.note)}};
  context.audit->AddResult({{"hash", HashOf(json).Hex()}, {"dismissed", options.dismiss}});
  fmt::print(stderr, "Alert {} is dismissed. The pair is not alerted again.\n", options.dismiss);
  return kDone;
}

int Alerts(const Options& options, const Context& context) {
  context.RequireCollection();
  if (options.dismiss != 0) return Dismiss(options, context);
  if (!options.note.empty()) throw Error(ErrorCode::kInvalidArgument, "--note goes with --dismiss ID.");
  if (options.run) {
    const AlertReport report = RunAlertsShown("alerts", options.num_threads, context);
    if (!report.is_any_watched) fmt::print(stderr, "No bank is watched. 'pugmark bank watch NAME' watches one.\n");
    fmt::print(stderr, "{}", SentenceOf(report));
    context.audit->SetSnapshot(report.snapshot);
    context.audit->AddResult(
        {{"hash", HashOf(cli::ToJson(report)).Hex()}, {"run", report.run}, {"alerts", report.num_alerts}});
    if (report.cancelled) return kInterrupted;
  }
  Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);
  const Catalogue& catalogue = collection.catalogue;
  int num_shown = 0;
  for (const Alert& alert :
       AlertLog(collection.catalogue).List({.only_new = options.only_new, .also_same_seller = options.all})) {
    const std::optional<Review> review =
        alert.photo == alert.banked ? std::nullopt : Reviews(catalogue).Latest(alert.photo, alert.banked);
    if (options.only_new && review && review->answer == Answer::kNo) continue;
    ++num_shown;
    const Side photo = Look(catalogue, alert.photo), banked = Look(catalogue, alert.banked);
    if (context.format == Format::kJson) {
      fmt::print("{}\n", JsonLine(ToJson(alert, photo, banked, review)));
    } else {
      PrintText(alert, photo, banked, review);
    }
  }
  if (context.format == Format::kText) {
    if (num_shown > 0) fmt::print("{}\n", kLeadSentence);
    if (num_shown == 0) fmt::print(stderr, "No alerts.\n");
  }
  return num_shown == 0 ? kNoHit : kDone;
}

}  // namespace

Run AddAlerts(CLI::App& app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("alerts", "Show what matched the watched banks");
  command->add_flag("--new", options->only_new,
                    "Leave out the alerts that were dismissed, and those to which a review says no");
  command->add_flag("--all", options->all, "Also show pairs of one seller's own photos, which say nothing new");
  command->add_flag("--run", options->run,
                    "First match what is new against the watched banks, as ingest and nightly do");
  command->add_option("--dismiss", options->dismiss, "Mark this alert as dealt with; its pair is not alerted again")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("ID");
  command->add_option("--note", options->note, "Why it is dismissed, kept with the alert")->type_name("TEXT");
  command->add_option("--by", options->by, "Who dismisses it (default: the login name)")->type_name("NAME");
  AddThreads(command, &options->num_threads);
  return [options, &context] { return Alerts(*options, context); };
}

}  // namespace pugmark::cli
