// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/photos.h"
#include "cli/progress.h"
#include "engine/collection/collection.h"
#include "index/base/files.h"
#include "index/catalogue/alerts.h"
#include "index/catalogue/banks.h"

namespace pugmark::cli {
namespace {

struct Options {
  std::string name, role = "evidence";
  std::vector<std::string> photos, listings;
  bool force = false;
};

int List(const Context& context) {
  context.RequireCollection();
  Collection collection = OpenCollection(context.collection, Catalogue::Access::kRead);
  const std::vector<BankInfo> banks = Banks(collection.catalogue).List();
  if (context.format != Format::kJson) {
    for (const BankInfo& bank : banks) {
      fmt::print("{}  {}, {} photos{}\n", EscapeText(bank.name), BankRoleName(bank.role), Grouped(bank.num_photos),
                 bank.watched_since.empty() ? "" : ", watched since " + bank.watched_since);
    }
    if (banks.empty()) fmt::print("There are no banks yet. Ingest makes them, and 'pugmark bank create'.\n");
    return kDone;
  }
  for (const BankInfo& bank : banks) {
    const Json json = {{"schema", 1},
                       {"type", "bank"},
                       {"name", bank.name},
                       {"role", BankRoleName(bank.role)},
                       {"photos", bank.num_photos},
                       {"watched_since", bank.watched_since.empty() ? Json(nullptr) : Json(bank.watched_since)}};
    fmt::print("{}\n", JsonLine(json));
  }
  return kDone;
}

// Opens the collection for writing, does it, and says what was done.
int Change(const Context& context, const std::function<std::string(Catalogue&)>& change) {
  const FileLock lock(context.RequireCollection().lock());
  Collection collection = OpenCollection(context.collection, Catalogue::Access::kWrite);
  const std::string done = change(collection.catalogue);
  const Json json = {{"schema", 1}, {"type", "bank_change"}, {"message", done}};
  context.audit->AddResult({{"hash", HashOf(json).Hex()}, {"message", AuditText(done)}});
  if (context.format == Format::kJson) {
    fmt::print("{}\n", JsonLine(json));
  } else {
    fmt::print("{}\n", done);
  }
  return kDone;
}

std::vector<PhotoId> PhotosOf(const Options& options, const Catalogue& catalogue) {
  std::vector<PhotoId> photos;
  for (const std::string& name : options.photos) photos.push_back(RequirePhoto(catalogue, name));
  for (const std::string& listing : options.listings) {
    const auto [platform, id] = OnPlatform(listing, "--listing", "PLATFORM:ID, such as bazaar:12345");
    const std::vector<PhotoId> seen = catalogue.PhotosOfListing(platform, id);
    if (seen.empty()) {
      throw Error(ErrorCode::kNotFound,
                  fmt::format("There is no listing '{}' of platform '{}' in the collection. Nothing was changed.",
                              EscapeText(id), EscapeText(platform)));
    }
    photos.insert(photos.end(), seen.begin(), seen.end());
  }
  return photos;
}

int Create(const Options& options, const Context& context) {
  return Change(context, [&](Catalogue& catalogue) {
    Banks(catalogue).Create(options.name, *BankRoleOf(options.role));
    return fmt::format("Made bank '{}' with the role {}.", EscapeText(options.name), options.role);
  });
}

int Add(const Options& options, const Context& context) {
  return Change(context, [&](Catalogue& catalogue) {
    const std::vector<PhotoId> photos = PhotosOf(options, catalogue);
    if (photos.empty()) throw Error(ErrorCode::kInvalidArgument, "Name the photos to put in the bank, or a --listing.");
    const int64_t num_added = Banks(catalogue).Add(options.name, photos);
    return fmt::format("Put {} of {} photos in bank '{}'; the others were in it already.", num_added, photos.size(),
                       EscapeText(options.name));
  });
}

int Drop(const Options& options, const Context& context) {
  return Change(context, [&](Catalogue& catalogue) {
    Banks banks(catalogue);
    const std::vector<PhotoId> photos = PhotosOf(options, catalogue);
    if (!photos.empty()) {
      return fmt::format("Took {} photos out of bank '{}'. They stay in the collection.",
                         banks.TakeOut(options.name, photos), EscapeText(options.name));
    }
    for (const BankInfo& bank : banks.List()) {
      if (bank.name == options.name && bank.num_photos > 0 && !options.force) {
        throw Error(
            ErrorCode::kInvalidArgument,
            fmt::format(
                "Bank '{}' holds {} photos. Name those to take out, or say --force to drop the bank; its photos "
                "stay in the collection.",
                EscapeText(options.name), Grouped(bank.num_photos)));
      }
    }
    return fmt::format("Dropped bank '{}'. Its {} photos stay in the collection.", EscapeText(options.name),
                       Grouped(banks.Drop(options.name)));
  });
}

int Watch(const Options& options, const Context& context, bool watch) {
  return Change(context, [&](Catalogue& catalogue) -> std::string {
    Banks banks(catalogue);
    const std::string name = EscapeText(options.name);
    if (!watch) {
      return banks.Unwatch(options.name) ? fmt::format("Bank '{}' is no longer watched.", name)
                                         : fmt::format("Bank '{}' was not watched.", name);
    }
    if (!banks.Watch(options.name)) return fmt::format("Bank '{}' is watched already.", name);
    return fmt::format(
        "Bank '{}' is watched. The next ingest, 'pugmark alerts --run' or 'pugmark nightly' searches for its "
        "photos in everything that is there.",
        name);
  });
}

}  // namespace

Run AddBank(CLI::App& app, const Context& context) {
  auto options = std::make_shared<Options>();
  auto run = std::make_shared<std::function<int()>>();
  CLI::App* command = app.add_subcommand("bank", "Arrange banks, the named sets of photos, and watch them");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* description, std::function<int()> body) {
    CLI::App* action = command->add_subcommand(name, description);
    action->callback([run, body = std::move(body)] { *run = body; });
    return action;
  };
  const auto add_name = [&](CLI::App* action) {
    action->add_option("name", options->name, "The bank's name")->type_name("NAME")->required();
  };
  const auto add_photos = [&](CLI::App* action, const char* photos, const char* listing) {
    action->add_option("photos", options->photos, photos)->type_name("PHOTO");
    action->add_option("--listing", options->listings, listing)->allow_extra_args(false)->type_name("PLATFORM:ID");
  };
  add("list", "Show the banks, how many photos they hold, and which are watched",
      [=, &context] { return List(context); });
  CLI::App* create = add("create", "Make an empty bank", [=, &context] { return Create(*options, context); });
  add_name(create);
  create
      ->add_option("--role", options->role,
                   "What its photos are: evidence (default), seizure, or benign, which never alert")
      ->check(CLI::IsMember({"evidence", "seizure", "benign"}).description(""))
      ->type_name("ROLE");
  CLI::App* fill =
      add("add", "Put photos of the collection in a bank", [=, &context] { return Add(*options, context); });
  add_name(fill);
  add_photos(fill, "Photos to put in the bank: SHA-256, or a file of the same bytes",
             "Put all photos of this listing in the bank; may be repeated");
  CLI::App* drop = add("drop", "Take photos out of a bank, or drop the bank; the photos stay in the collection",
                       [=, &context] { return Drop(*options, context); });
  add_name(drop);
  add_photos(drop, "Photos to take out of the bank: SHA-256, or a file of the same bytes",
             "Take all photos of this listing out of the bank; may be repeated");
  drop->add_flag("--force", options->force, "Drop the bank although there are photos in it");
  add_name(add("watch", "Match what comes in against this bank, and its photos against everything that is there",
               [=, &context] { return Watch(*options, context, true); }));
  add_name(add("unwatch", "End the watch; alerts that were given stay",
               [=, &context] { return Watch(*options, context, false); }));
  return [run] { return (*run)(); };
}

}  // namespace pugmark::cli
