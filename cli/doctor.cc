// SPDX-License-Identifier: Apache-2.0
#include "engine/doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "cli/audit.h"
#include "cli/commands.h"

namespace pugmark::cli {
namespace {

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper;
}

void Print(const Finding& finding, Format format) {
  if (format != Format::kJson) {
    fmt::print("{:<4}  {:<11}  {}\n", Upper(LevelName(finding.level)), finding.topic, finding.message);
    return;
  }
  Json figures = Json::object();
  for (const auto& [name, value] : finding.figures) figures[name] = value;
  const Json json = {{"schema", 1},
                     {"type", "doctor"},
                     {"topic", finding.topic},
                     {"level", LevelName(finding.level)},
                     {"message", AuditText(finding.message)},
                     {"details", std::move(figures)}};
  fmt::print("{}\n", JsonLine(json));
}

bool PrintAll(const std::vector<Finding>& findings, Format format, int* num_warnings) {
  bool has_failed = false;
  for (const Finding& finding : findings) {
    Print(finding, format);
    has_failed = has_failed || finding.level == Level::kFail;
    *num_warnings += finding.level == Level::kWarn ? 1 : 0;
  }
  return has_failed;
}

int Doctor(const ExamineOptions& options, const Context& context) {
  if (!context.collection.empty()) context.RequireCollection();
  int num_warnings = 0;
  const bool is_unfit = PrintAll(ExamineInstallation(), context.format, &num_warnings);
  bool is_ill = false;
  if (!context.collection.empty())
    is_ill = PrintAll(ExamineCollection(context.collection, options), context.format, &num_warnings);
  if (context.format != Format::kJson) {
    fmt::print("{}{}\n", is_unfit || is_ill ? "Not fit for use: see FAIL above." : "Fit for use",
               is_unfit || is_ill ? std::string()
               : num_warnings > 0 ? fmt::format(", with {} warnings.", num_warnings)
                                  : std::string("."));
    if (context.collection.empty()) fmt::print("Only the installation was looked at; -c DIR adds a collection.\n");
  }
  return is_ill ? kDamaged : is_unfit ? kFailed : kDone;
}

}  // namespace

Run AddDoctor(CLI::App& app, const Context& context) {
  auto options = std::make_shared<ExamineOptions>();
  CLI::App* command =
      app.add_subcommand("doctor", "Check this installation, and with -c a collection: is all fit for use?");
  command
      ->add_option("--sample", options->num_sampled,
                   "Let this many photos of the collection look for themselves (default 50)")
      ->check(CLI::Range(1, 100000))
      ->type_name("N");
  return [options, &context] { return Doctor(*options, context); };
}

}  // namespace pugmark::cli
