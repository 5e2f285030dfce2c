// SPDX-License-Identifier: Apache-2.0
#include "cli/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/audit.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

constexpr char kDaily[] = "Take in, search, decide";
constexpr char kUpkeep[] = "Keep a collection in order";
constexpr char kEvidence[] = "Prove what was done";

// Where a command stands in the help. One that is not named here is upkeep.
const char* GroupOf(const std::string& command) {
  for (const char* name : {"init", "ingest", "search", "compare", "review", "alerts", "bank", "link", "stats", "share"}) {
    if (command == name) return kDaily;
  }
  for (const char* name : {"log", "check", "doctor"}) {
    if (command == name) return kEvidence;
  }
  return kUpkeep;
}

constexpr char kStart[] =
    "Start here:\n"
    "  pugmark -c cases init                  make an empty collection in the folder cases\n"
    "  pugmark -c cases ingest photos/        take in a folder of ad photos\n"
    "  pugmark -c cases search new.jpg        where have we seen this photo, or what is in it, before?\n"
    "  pugmark compare a.jpg b.jpg            do these two show the same? Needs no collection\n"
    "  pugmark doctor                         is everything in order on this machine?\n";

constexpr char kMore[] =
    "More on a command: pugmark COMMAND --help, or man pugmark-COMMAND\n"
    "Exit codes: 0 done, 1 no hit, 2 usage, 3 some inputs skipped, 4 failed, 10 no collection, 11 locked,\n"
    "12 damage found, 130 interrupted.";

// Edits of one letter: inserted, left out, replaced, or two neighbours swapped.
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

// The name that was probably meant; empty if none is near. A beginning is near, and so is a third of wrong letters.
std::string Nearest(const std::string& typed, const std::vector<std::string>& names) {
  std::string best;
  size_t best_distance = typed.size() / 3 + 1;
  for (const std::string& name : names) {
    if (typed.size() >= 3 && name.starts_with(typed)) return name;
    const size_t distance = EditDistance(typed, name);
    if (distance <= best_distance && (best.empty() || distance < best_distance)) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> LongOptions(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// The first word that is neither an option of all commands nor the value of one: where a command should stand.
std::string FirstWord(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "-c" || word == "--collection" || word == "--format") {
      ++i;
    } else if (!word.starts_with("-")) {
      return word;
    }
  }
  return "";
}

// What one hostile photo may cost, and whether it is decoded apart from everything else.
void AddSandbox(CLI::App& app, Context& context) {
  app.add_option("--photo-seconds", context.budget.max_seconds,
                 "Refuse photos that take more processor time than this to decode (default 1)")
      ->check(CLI::Range(0.01, 3600.0))
      ->type_name("S");
  app.add_option_function<uint64_t>("--photo-memory",
                                    [&context](const uint64_t& mib) { context.budget.max_memory_bytes = mib << 20; },
                                    "Refuse photos that take more memory than this to decode, in MiB (default 256)")
      ->check(CLI::Range(16, 65536))
      ->type_name("MIB");
  app.add_flag("--no-sandbox", context.no_sandbox,
               "Decode photos in this process, without limits of time; only for photos whose origin you trust");
}

}  // namespace

std::string ProgramDescription() {
  return "Pugmark recognises wildlife traffickers' photos: have we seen this before, where, who, and how sure are we?\n"
         "A hit is a lead for a person to check, not proof.";
}

std::map<std::string, Run> AddEverything(CLI::App& app, Context& context) {
  context.audit = std::make_shared<AuditTrail>();
  app.description(ProgramDescription() + "\n\n" + kStart);
  app.name("pugmark");
  app.set_help_flag("-h,--help", "Explain the program, or with a command that command, and end");
  app.set_version_flag("--version", "pugmark " PUGMARK_VERSION, "Print the version and end");
  app.require_subcommand(1);
  app.fallthrough();
  app.option_defaults()->always_capture_default(false);
  app.add_option("-c,--collection", context.collection, "Work with the collection in this directory")
      ->envname("PUGMARK_COLLECTION")
      ->type_name("DIR");
  const std::map<std::string, Format> formats = {{"text", Format::kText}, {"json", Format::kJson}, {"csv", Format::kCsv}};
  app.add_option("--format", context.format,
                 "Print results as text (default), as json with one object a line, or as csv (search, compare, stats)")
      ->transform(CLI::CheckedTransformer(formats).description(""))
      ->type_name("text|json|csv");
  AddSandbox(app, context);
  app.footer(kMore);

  std::map<std::string, Run> commands;
  commands["init"] = AddInit(app, context);
  commands["ingest"] = AddIngest(app, context);
  commands["search"] = AddSearch(app, context);
  commands["compare"] = AddCompare(app, context);
  commands["review"] = AddReview(app, context);
  commands["reindex"] = AddReindex(app, context);
  commands["status"] = AddStatus(app, context);
  commands["check"] = AddCheck(app, context);
  commands["alerts"] = AddAlerts(app, context);
  commands["bank"] = AddBank(app, context);
  commands["link"] = AddLink(app, context);
  commands["stats"] = AddStats(app, context);
  commands["remove"] = AddRemove(app, context);
  commands["nightly"] = AddNightly(app, context);
  commands["snapshots"] = AddSnapshots(app, context);
  commands["rollback"] = AddRollback(app, context);
  commands["prune"] = AddPrune(app, context);
  commands["log"] = AddLog(app, context);
  commands["doctor"] = AddDoctor(app, context);
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->group(GroupOf(command->get_name()));
    command->footer(fmt::format("Examples and exit codes: man pugmark-{}\nOptions of all commands: pugmark --help",
                                command->get_name()));
    command->set_help_flag("-h,--help", "Explain this command and end");
  }
  return commands;
}

std::string ExplainMistake(const CLI::App& app, int argc, const char* const* argv, const CLI::ParseError& error) {
  const std::vector<std::string> commands = CommandNames(app);
  const std::string word = FirstWord(argc, argv);
  const bool is_command = std::find(commands.begin(), commands.end(), word) != commands.end();
  if (word.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return fmt::format("No command is named.\n\n{}\n{}", kStart, kMore);
  }
  if (!word.empty() && !is_command) {
    const std::string nearest = Nearest(word, commands);
    return fmt::format("There is no command '{}'.{}\nCommands: {}. 'pugmark --help' explains them.", EscapeText(word),
                       nearest.empty() ? std::string() : fmt::format(" Did you mean '{}'?", nearest),
                       fmt::join(commands, ", "));
  }
  std::string message = EscapeText(error.what());
  if (!message.ends_with('.')) message += ".";
  const std::string help = is_command ? fmt::format("'pugmark {} --help'", word) : std::string("'pugmark --help'");
  if (is_command) {
    std::vector<std::string> options = LongOptions(*app.get_subcommand(word));
    for (const std::string& option : LongOptions(app)) options.push_back(option);
    for (int i = 1; i < argc; ++i) {
      const std::string typed = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
      if (!typed.starts_with("--") || typed == "--") continue;
      if (std::find(options.begin(), options.end(), typed) != options.end()) continue;
      const std::string nearest = Nearest(typed, options);
      return fmt::format("'{}' has no option '{}'.{} {} lists its options.", word, EscapeText(typed),
                         nearest.empty() ? std::string() : fmt::format(" Did you mean '{}'?", nearest), help);
    }
  }
  return fmt::format("{} {} explains how to use it.", message, help);
}

}  // namespace pugmark::cli
