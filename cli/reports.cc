// SPDX-License-Identifier: Apache-2.0
#include "cli/reports.h"

#include <fmt/format.h>

#include "engine/report/packet.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark::cli {

constexpr const char* kOutput = "Output";  // As the other options of `search` that shape it.

void AddReportFiles(CLI::App* command, ReportFiles* files) {
  command
      ->add_option("--html", files->html,
                   "Also write one page, for any browser, offline, on which each hit can be checked")
      ->type_name("FILE")
      ->group(kOutput);
  command
      ->add_option(
          "--packet", files->packet,
          "Also make this new folder for a case file: page, JSON lines, original photos, and the SHA-256 sums of all")
      ->type_name("DIR")
      ->group(kOutput);
  command->add_flag("--blur", files->blur, "Blur the page's pictures until the reader reveals them")->group(kOutput);
  command->add_flag("--grey", files->grey, "Show the page's pictures without colour until the reader reveals them")
      ->group(kOutput);
}

void CheckReportFiles(const ReportFiles& files) {
  if ((files.blur || files.grey) && !files.is_wanted()) {
    throw Error(ErrorCode::kInvalidArgument, "--blur and --grey are of the page: name an --html or a --packet.");
  }
  if (!files.packet.empty()) RequireNoPacket(files.packet);
}

void WriteReportFiles(const ReportFiles& files, std::span<const QueryResult> results, HtmlOptions html,
                      const std::string& json_lines, const PhotoFiles& photos) {
  html.version = PUGMARK_VERSION;
  html.blur = files.blur;
  html.grey = files.grey;
  html.query_picture = [&](const QueryResult& query) { return photos.PictureOf(query.path.native(), query.sha256); };
  html.hit_picture = [&](const Hit& hit) { return photos.PictureOf(hit.photo.path, hit.photo.sha256); };
  if (!files.html.empty()) {
    WriteHtml(files.html, results, html);
    fmt::print(stderr, "Report: {}\n", EscapeText(files.html.string()));
  }
  if (files.packet.empty()) return;
  const PacketOutcome outcome = WritePacket(files.packet, results, html, json_lines, photos);
  fmt::print(stderr, "Packet: {} with {} {}", EscapeText(files.packet.string()), outcome.num_originals,
             outcome.num_originals == 1 ? "original" : "originals");
  if (outcome.num_missing > 0) {
    fmt::print(stderr, "; {} missing, see CONTENTS.txt in it", outcome.num_missing);
  }
  fmt::print(stderr, "\n");
}

}  // namespace pugmark::cli
