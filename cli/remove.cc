// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/person.h"
#include "cli/photos.h"
#include "cli/progress.h"
#include "engine/collection/takedown.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

constexpr size_t kLinesShown = 20;

struct Options {
  std::vector<std::string> photos, listings, sellers, platforms;
  std::string reason, by;
  bool dry_run = false;
  bool list = false;
};

std::vector<RemovalTarget> TargetsOf(const Options& options) {
  std::vector<RemovalTarget> targets;
  for (const std::string& photo : options.photos) {
    targets.push_back({RemovalTarget::Kind::kPhoto, "", PhotoNamed(photo).Hex()});
  }
  for (const std::string& listing : options.listings) {
    auto [platform, id] = OnPlatform(listing, "--listing", "PLATFORM:ID, such as bazaar:12345");
    targets.push_back({RemovalTarget::Kind::kListing, std::move(platform), std::move(id)});
  }
  for (const std::string& seller : options.sellers) {
    auto [platform, handle] = OnPlatform(seller, "--seller", "PLATFORM:HANDLE, such as bazaar:jade88");
    targets.push_back({RemovalTarget::Kind::kSeller, std::move(platform), std::move(handle)});
  }
  for (const std::string& platform : options.platforms)
    targets.push_back({RemovalTarget::Kind::kPlatform, platform, ""});
  return targets;
}

std::string NameOf(const RemovalTarget& target) {
  switch (target.kind) {
    case RemovalTarget::Kind::kPhoto: return "photo " + target.name;
    case RemovalTarget::Kind::kPlatform:
      return target.platform.empty() ? "all without a platform" : "platform " + EscapeText(target.platform);
    default:
      return fmt::format("{} {}:{}", RemovalKindName(target.kind), EscapeText(target.platform),
                         EscapeText(target.name));
  }
}

std::string NameOf(const RemovedListing& listing) {
  const std::string name = listing.identity.empty() ? "(not told apart)" : EscapeText(listing.identity);
  return fmt::format("{} {}{}", listing.platform.empty() ? "(no platform)" : EscapeText(listing.platform), name,
                     listing.seller.empty() ? "" : " of " + EscapeText(listing.seller));
}

Json ToJson(const Removal& removal, bool dry_run) {
  Json targets = Json::array(), photos = Json::array(), listings = Json::array();
  for (const RemovalTarget& target : removal.targets) {
    Json entry = {{"kind", RemovalKindName(target.kind)}};
    if (target.kind != RemovalTarget::Kind::kPhoto) entry["platform"] = target.platform;
    if (target.kind == RemovalTarget::Kind::kPhoto) entry["sha256"] = target.name;
    if (target.kind == RemovalTarget::Kind::kListing) entry["listing_id"] = target.name;
    if (target.kind == RemovalTarget::Kind::kSeller) entry["seller"] = target.name;
    targets.push_back(std::move(entry));
  }
  for (const RemovedPhoto& photo : removal.photos) photos.push_back(photo.sha256.Hex());
  for (const RemovedListing& listing : removal.listings) {
    listings.push_back({{"platform", listing.platform},
                        {"identity", listing.identity},
                        {"seller", listing.seller},
                        {"sightings", listing.num_sightings},
                        {"gone", listing.is_gone}});
  }
  return {{"schema", 1},
          {"type", "removal"},
          {"id", dry_run ? Json(nullptr) : Json(removal.id)},
          {"dry_run", dry_run},
          {"removed_at", dry_run ? Json(nullptr) : Json(removal.removed_at)},
          {"removed_by", removal.removed_by},
          {"reason", removal.reason},
          {"targets", targets},
          {"photos", photos},
          {"listings", listings},
          {"sightings", removal.num_sightings}};
}

void PrintJson(const Json& json) { fmt::print("{}\n", JsonLine(json)); }

std::string Counted(size_t number, const char* noun) {
  return fmt::format("{} {}{}", Grouped(static_cast<int64_t>(number)), noun, number == 1 ? "" : "s");
}

template <typename Items, typename Name>
void PrintSome(const Items& items, const Name& name) {
  for (size_t i = 0; i < std::min(items.size(), kLinesShown); ++i) fmt::print("  {}\n", name(items[i]));
  if (items.size() > kLinesShown) fmt::print("  … and {} more; --format json lists all.\n", items.size() - kLinesShown);
}

void PrintText(const Removal& removal) {
  PrintSome(removal.photos, [](const RemovedPhoto& photo) { return "photo " + photo.sha256.Hex(); });
  PrintSome(removal.listings, [](const RemovedListing& listing) {
    return fmt::format("{} in {}{}", Counted(static_cast<size_t>(listing.num_sightings), "sighting"), NameOf(listing),
                       listing.is_gone ? ", which goes" : "");
  });
}

std::string SummaryOf(const Removal& removal) {
  return fmt::format("{}, {} in {}", Counted(removal.photos.size(), "photo"),
                     Counted(static_cast<size_t>(removal.num_sightings), "sighting"),
                     Counted(removal.listings.size(), "listing"));
}

int List(const Context& context) {
  Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);
  const std::vector<Removal> receipts = Takedown(collection.catalogue).Receipts();
  for (const Removal& receipt : receipts) {
    if (context.format == Format::kJson) {
      PrintJson(ToJson(receipt, false));
      continue;
    }
    fmt::print("Receipt {}: {} by {}: {}\n", receipt.id, receipt.removed_at, EscapeText(receipt.removed_by),
               EscapeText(receipt.reason));
    std::vector<std::string> names;
    for (const RemovalTarget& target : receipt.targets) names.push_back(NameOf(target));
    fmt::print("  asked for: {}\n  removed: {}\n", fmt::join(names, ", "), SummaryOf(receipt));
  }
  if (receipts.empty() && context.format == Format::kText) fmt::print("Nothing was removed from this collection.\n");
  return kDone;
}

void PrintResembling(const TakedownReport& report) {
  if (report.resembling.empty()) return;
  fmt::print("{} that {} in the collection look{} like one of these. Remove {} too if {} copies:\n",
             Counted(report.resembling.size(), "photo"), report.resembling.size() == 1 ? "stays" : "stay",
             report.resembling.size() == 1 ? "s" : "", report.resembling.size() == 1 ? "it" : "them",
             report.resembling.size() == 1 ? "it is one of the" : "they are");
  PrintSome(report.resembling, [](const ResemblingPhoto& photo) {
    return fmt::format("{} ({} of 256 bits differ)", photo.photo.Hex(), photo.distance);
  });
}

int Remove(const Options& options, const Context& context) {
  const CollectionPaths paths = context.RequireCollection();
  if (options.list) return List(context);
  const std::vector<RemovalTarget> targets = TargetsOf(options);
  if (targets.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "Name what to remove: photos, --listing, --seller or --platform.");
  }
  if (options.reason.empty() && !options.dry_run) {
    throw Error(ErrorCode::kInvalidArgument,
                "A removal needs a --reason: it is kept in the receipt and shown whenever the photo comes again.");
  }
  std::optional<FileLock> lock;
  if (!options.dry_run) lock.emplace(paths.lock());
  Collection collection =
      OpenCollection(context.collection, options.dry_run ? Catalogue::Access::kRead : Catalogue::Access::kWrite);
  const std::string by = options.by.empty() ? LoginName() : options.by;
  const TakedownReport report =
      options.dry_run ? PlanTakedown(collection, targets) : TakeDown(collection, targets, options.reason, by);
  Removal removal = report.removal;
  if (!options.dry_run) {
    context.audit->AddResult({{"hash", HashOf(ToJson(removal, false)).Hex()},
                              {"receipt", removal.id},
                              {"photos", removal.photos.size()},
                              {"sightings", removal.num_sightings}});
  }
  if (context.format == Format::kJson) {
    if (options.dry_run) {
      removal.reason = options.reason;
      removal.removed_by = by;
    }
    Json json = ToJson(removal, options.dry_run);
    json["photos_kept"] = removal.num_photos_kept;
    Json resembling = Json::array();
    for (const ResemblingPhoto& photo : report.resembling) {
      resembling.push_back(
          {{"photo", photo.photo.Hex()}, {"removed", photo.removed.Hex()}, {"distance", photo.distance}});
    }
    json["resembling"] = std::move(resembling);
    PrintJson(json);
    return kDone;
  }
  fmt::print("{} {}{}\n", options.dry_run ? "Would remove" : "Removed", SummaryOf(removal),
             removal.photos.empty() && removal.listings.empty() ? "." : ":");
  PrintText(removal);
  if (removal.num_photos_kept > 0) {
    fmt::print("{} stay{}, because {} seen elsewhere too.\n",
               Counted(static_cast<size_t>(removal.num_photos_kept), "photo"), removal.num_photos_kept == 1 ? "s" : "",
               removal.num_photos_kept == 1 ? "it was" : "they were");
  }
  PrintResembling(report);
  if (options.dry_run) {
    fmt::print("Nothing was changed.\n");
  } else {
    fmt::print("Receipt {}. Searches no longer show it; the next 'pugmark reindex' takes it out of the index.\n",
               removal.id);
  }
  return kDone;
}

}  // namespace

Run AddRemove(CLI::App& app, const Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("remove", "Take photos, listings, sellers or platforms out, for good and with a receipt");
  command
      ->add_option("photos", options->photos,
                   "Photos to remove with all their sightings: SHA-256, or a file of the same bytes")
      ->type_name("PHOTO");
  command
      ->add_option("--listing", options->listings,
                   "Remove what was seen in this listing, and photos that were seen nowhere else; may be repeated")
      ->allow_extra_args(false)
      ->type_name("PLATFORM:ID");
  command
      ->add_option(
          "--seller", options->sellers,
          "Remove what was seen under this seller's name, and photos that were seen nowhere else; may be repeated")
      ->allow_extra_args(false)
      ->type_name("PLATFORM:HANDLE");
  command
      ->add_option("--platform", options->platforms,
                   "Remove what was seen on this platform, and photos that were seen nowhere else; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command
      ->add_option("--reason", options->reason,
                   "Why, for the receipt and for whoever brings the photo again (required)")
      ->type_name("TEXT");
  command->add_option("--by", options->by, "Who removes it, for the receipt (default: the login name)")
      ->type_name("NAME");
  command->add_flag("--dry-run", options->dry_run, "Show what would go and change nothing");
  command->add_flag("--list", options->list, "Show the receipts of all removals and change nothing");
  return [options, &context] { return Remove(*options, context); };
}

}  // namespace pugmark::cli
