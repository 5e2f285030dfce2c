// SPDX-License-Identifier: Apache-2.0
//
// Figures of a collection as text, JSON and CSV. Texts from outside are escaped.
#pragma once

#include <string>

#include "engine/stats/stats.h"

namespace pugmark {

// Tables for a terminal of this many columns, with a line feed at the end.
std::string FormatStatsText(const Stats& stats, const StatsOptions& options, int width);

// One object on one line, type "stats"; fields: docs/man/pugmark-stats.1.in.
std::string FormatStatsJson(const Stats& stats, const StatsOptions& options);

// One line per line of the tables, with a header line: table, key, listings, sellers, photos, objects, first_day,
// last_day.
std::string FormatStatsCsv(const Stats& stats, const StatsOptions& options);

}  // namespace pugmark
