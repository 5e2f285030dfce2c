// SPDX-License-Identifier: Apache-2.0
//
// The page and the packet that `search` and `compare` write beside their results.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <span>
#include <string>

#include "engine/report/html.h"
#include "engine/report/pictures.h"

namespace pugmark::cli {

struct ReportFiles {
  std::filesystem::path html;    // Empty: no page.
  std::filesystem::path packet;  // Empty: no packet.
  bool blur = false, grey = false;

  bool is_wanted() const { return !html.empty() || !packet.empty(); }
};

// --html, --packet, --blur, --grey.
void AddReportFiles(CLI::App* command, ReportFiles* files);

// Throws what would make writing fail later, so that no search is made in vain.
void CheckReportFiles(const ReportFiles& files);

// Writes what is wanted and says on stderr where it is. html: without the pictures, which are found by `photos`.
// json_lines: as on stdout with --format json.
void WriteReportFiles(const ReportFiles& files, std::span<const QueryResult> results, HtmlOptions html,
                      const std::string& json_lines, const PhotoFiles& photos);

}  // namespace pugmark::cli
