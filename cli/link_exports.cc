// SPDX-License-Identifier: Apache-2.0
#include "cli/link_exports.h"

#include <fmt/format.h>

#include "cli/audit.h"
#include "engine/link/export_html.h"
#include "engine/link/export_stix.h"
#include "engine/link/export_tables.h"
#include "engine/report/pictures.h"
#include "index/base/files.h"

namespace pugmark::cli {
namespace {

// Thumbnails only: originals may be gone, and a page of links shows many small pictures.
std::string Html(const LinkExports& exports, const LinkGraph& graph, const Context& context) {
  const PhotoFiles files(CollectionPaths{context.collection});
  LinkHtmlOptions options;
  options.version = PUGMARK_VERSION;
  options.created_at = UtcNow();
  options.collection = context.collection.string();
  options.blur = exports.blur;
  options.grey = exports.grey;
  options.picture = [&](const PhotoNode& photo) { return files.ThumbnailPictureOf(photo.sha256); };
  return FormatLinkHtml(graph, options);
}

}  // namespace

void AddLinkExports(CLI::App* command, LinkExports* exports) {
  constexpr char kFiles[] = "Files";
  command
      ->add_option(
          "--html", exports->html,
          "Write one page, for any browser, offline: groups, evidence with photos, and the graph to walk through")
      ->type_name("FILE")
      ->group(kFiles);
  command->add_option("--graphml", exports->graphml, "Write the whole graph as GraphML, for Gephi and its like")
      ->type_name("FILE")
      ->group(kFiles);
  command
      ->add_option(
          "--csv", exports->csv,
          "Write the whole graph as nodes.csv and edges.csv into this folder, for i2, Maltego and spreadsheets")
      ->type_name("DIR")
      ->group(kFiles);
  command
      ->add_option("--stix", exports->stix,
                   "Write the linked sellers and their listings as a STIX 2.1 bundle, for MISP and OpenCTI")
      ->type_name("FILE")
      ->group(kFiles);
  command->add_flag("--blur", exports->blur, "Blur the page's pictures until the reader reveals them")->group(kFiles);
  command->add_flag("--grey", exports->grey, "Show the page's pictures without colour until the reader reveals them")
      ->group(kFiles);
}

void CheckLinkExports(const LinkExports& exports) {
  if ((exports.blur || exports.grey) && exports.html.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "--blur and --grey are of the page: name an --html.");
  }
}

void WriteLinkExports(const LinkExports& exports, const LinkGraph& graph, const Context& context) {
  const auto write = [&](const std::filesystem::path& path, const std::string& content) {
    WriteFileAtomically(path, content);
    context.audit->AddResult({{"file", AuditText(path.string())}, {"hash", HashOf(content).Hex()}});
    fmt::print(stderr, "Written: {}\n", EscapeText(path.string()));
  };
  if (!exports.graphml.empty() || !exports.csv.empty()) {
    const GraphTables tables = TablesOf(graph);
    if (!exports.graphml.empty()) write(exports.graphml, FormatGraphMl(tables));
    if (!exports.csv.empty()) {
      std::error_code error;  // Writing will say why.
      std::filesystem::create_directories(exports.csv, error);
      write(exports.csv / "nodes.csv", FormatCsv(tables.nodes));
      write(exports.csv / "edges.csv", FormatCsv(tables.edges));
    }
  }
  if (!exports.stix.empty()) write(exports.stix, FormatStix(graph, UtcNow(), PUGMARK_VERSION));
  if (!exports.html.empty()) write(exports.html, Html(exports, graph, context));
}

}  // namespace pugmark::cli
