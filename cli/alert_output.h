// SPDX-License-Identifier: Apache-2.0
//
// What the commands that run or show alerts share.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/commands.h"
#include "engine/alerts/alerts.h"

namespace pugmark::cli {

// "{"run", "snapshot", "new_photos", "searched", "alerts", "same_seller", ...}".
nlohmann::ordered_json ToJson(const AlertReport& report);

// One or two sentences; empty if no bank is watched, or there was nothing to look at.
std::string SentenceOf(const AlertReport& report);

// Runs the alerts with progress on stderr. cause: as in AlertOptions.
AlertReport RunAlertsShown(const std::string& cause, int num_threads, const Context& context);

}  // namespace pugmark::cli
