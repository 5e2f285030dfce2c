// SPDX-License-Identifier: Apache-2.0
//
// What the commands that report hits share: the terminal's properties, pictures for the page.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "engine/report/report.h"

namespace pugmark::cli {

// Width and colours of stdout; colours not with NO_COLOR.
TextOptions TextOptionsOfStdout(bool verbose);

// The file decoded, shrunk and encoded anew, so that no page holds bytes as they were received. nullopt if it cannot be
// read: the page shows a grey box; the search itself has said what is wrong with the file.
std::optional<std::vector<uint8_t>> PictureOf(const std::filesystem::path& photo);

// Says on stderr where the page is.
void SayReportWritten(const std::filesystem::path& html);

}  // namespace pugmark::cli
