// SPDX-License-Identifier: Apache-2.0
//
// The files that `link` writes of the graph, for other programs and for readers.
#pragma once

#include <filesystem>

#include "cli/commands.h"
#include "engine/link/graph.h"

namespace pugmark::cli {

struct LinkExports {
  std::filesystem::path graphml, csv, stix, html;  // Empty: not wanted. csv: a directory.
  bool blur = false, grey = false;

  bool is_wanted() const { return !graphml.empty() || !csv.empty() || !stix.empty() || !html.empty(); }
};

void AddLinkExports(CLI::App* command, LinkExports* exports);

// Throws Error(kInvalidArgument) for options that go with none of the files.
void CheckLinkExports(const LinkExports& exports);

// Writes what is wanted, each file atomically, says so on stderr, and logs the files' hashes. Throws Error(kIo).
void WriteLinkExports(const LinkExports& exports, const LinkGraph& graph, const Context& context);

}  // namespace pugmark::cli
