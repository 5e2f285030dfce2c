// SPDX-License-Identifier: Apache-2.0
#include "cli/gate_output.h"

#include <fmt/format.h>

namespace pugmark::cli {

using Json = nlohmann::ordered_json;

std::string FiguresText(const std::vector<GateFigures>& figures, bool has_old) {
  std::string text;
  for (const GateFigures& f : figures) {
    text += fmt::format("{}{} {}/{}", text.empty() ? "" : ", ", f.canary, f.found_new, f.num_tried);
    if (has_old && f.canary != "new" && f.found_old != f.found_new) text += fmt::format(" ({} before)", f.found_old);
  }
  return text;
}

Json FiguresJson(const std::vector<GateFigures>& figures, bool has_old) {
  Json all = Json::array();
  for (const GateFigures& f : figures) {
    const bool compared = has_old && f.canary != "new";
    all.push_back({{"canary", f.canary},
                   {"tried", f.num_tried},
                   {"found_before", compared ? Json(f.found_old) : Json(nullptr)},
                   {"found", f.found_new},
                   {"first_before", compared ? Json(f.first_old) : Json(nullptr)},
                   {"first", f.first_new},
                   {"lost", f.num_lost}});
  }
  return all;
}

Json GateJson(const GateReport& gate) {
  Json lost = Json::array();
  for (const LostCanary& l : gate.lost) {
    lost.push_back({{"photo", l.sha256.Hex()}, {"canary", l.canary}, {"rank_before", l.rank_old}, {"rank", l.rank_new}});
  }
  return {{"passed", gate.passed},
          {"compared_with", gate.old_number == 0 ? Json(nullptr) : Json(gate.old_number)},
          {"figures", FiguresJson(gate.figures, gate.old_number != 0)},
          {"failures", gate.failures},
          {"lost", lost},
          {"seconds", gate.seconds}};
}

std::string HeldBackText(const ReindexReport& report) {
  std::string text = fmt::format("The new index, snapshot {}, failed its test and was held back:\n", report.built);
  for (const std::string& failure : report.gate->failures) text += fmt::format("  {}\n", failure);
  text += fmt::format("  canaries found: {}\n", FiguresText(report.gate->figures, report.gate->old_number != 0));
  for (const LostCanary& l : report.gate->lost) text += fmt::format("  lost: photo {} ({})\n", l.sha256.Hex(), l.canary);
  text += report.snapshot.number == 0 ? std::string("There is no index in use.")
                                      : fmt::format("Snapshot {} stays in use.", report.snapshot.number);
  return text + " Run 'pugmark check'; 'pugmark reindex --full' builds everything anew; 'pugmark reindex --accept' publishes "
                "whatever the test says.\n";
}

}  // namespace pugmark::cli
