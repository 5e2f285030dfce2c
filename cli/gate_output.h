// SPDX-License-Identifier: Apache-2.0
//
// What the test of a new snapshot said, in words and as JSON; for all commands that show it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/reindex/reindex.h"
#include "index/catalogue/snapshot_records.h"

namespace pugmark::cli {

// "self 12/12, crop 11/12 (12 before)".
std::string FiguresText(const std::vector<GateFigures>& figures, bool has_old);
// An array of {canary, tried, found_before, found, first_before, first, lost}; the values before are null without an old one.
nlohmann::ordered_json FiguresJson(const std::vector<GateFigures>& figures, bool has_old);
nlohmann::ordered_json GateJson(const GateReport& gate);

// For stderr, when a new snapshot was held back: what failed, what is in use, what to do. Several lines.
std::string HeldBackText(const ReindexReport& report);

}  // namespace pugmark::cli
