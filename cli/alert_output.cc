// SPDX-License-Identifier: Apache-2.0
#include "cli/alert_output.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/progress.h"

namespace pugmark::cli {

nlohmann::ordered_json ToJson(const AlertReport& report) {
  nlohmann::ordered_json json = {
      {"watched", report.is_any_watched},
      {"run", report.run == 0 ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(report.run)},
      {"snapshot", report.snapshot},
      {"new_photos", report.num_new},
      {"newly_banked", report.num_banked},
      {"searched", report.num_searched},
      {"alerts", report.num_alerts},
      {"same_seller", report.num_same_seller},
      {"rejected_by_review", report.num_rejected},
      {"damaged", report.num_damaged},
      {"unindexed", report.num_unindexed},
      {"interrupted", report.cancelled}};
  json["by_verdict"] = report.by_verdict;
  return json;
}

std::string SentenceOf(const AlertReport& report) {
  if (!report.is_any_watched || report.run == 0) return "";
  if (report.num_alerts + report.num_same_seller == 0) {
    return fmt::format("No new alerts: {} photos were searched for.\n", Grouped(report.num_searched));
  }
  std::string verdicts;
  for (const auto& [verdict, number] : report.by_verdict) {
    verdicts += fmt::format("{}{} {}", verdicts.empty() ? "" : ", ", number, verdict);
  }
  std::string sentence =
      fmt::format("{} new {}{}", Grouped(report.num_alerts), report.num_alerts == 1 ? "alert" : "alerts",
                  verdicts.empty() ? "" : " (" + verdicts + ")");
  if (report.num_same_seller > 0)
    sentence += fmt::format(", and {} of one seller's own photos", Grouped(report.num_same_seller));
  return sentence + ". 'pugmark alerts --new' shows them.\n";
}

AlertReport RunAlertsShown(const std::string& cause, int num_threads, const Context& context) {
  Progress progress;
  AlertOptions options;
  options.cause = cause;
  options.num_threads = num_threads;
  AlertReport report = RunAlerts(context.collection, options, context.stop,
                                 [&](int64_t done, int64_t total) { progress.Show("alerts", done, total); });
  progress.Clear();
  if (report.num_damaged > 0) {
    fmt::print(
        stderr,
        "{} photos could not be compared because their stored features are damaged; 'pugmark check' names them.\n",
        report.num_damaged);
  }
  return report;
}

}  // namespace pugmark::cli
