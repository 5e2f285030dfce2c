// SPDX-License-Identifier: Apache-2.0
//
// A folder for a case file: everything that a result rests on, complete in itself and provably unchanged.
//
//   report.html   the page (html.h)
//   results.jsonl the same as JSON lines (report.h)
//   originals/    byte-identical copies of the queries and of the photos found, named by SHA-256 and format: what they
//   were
//                 called is in CONTENTS.txt, and no foreign name can lead out of the folder
//   thumbnails/   of photos whose original is gone
//   CONTENTS.txt  what each file is, and what is missing and why; texts from outside are escaped
//   SHA256SUMS    of all the others: sha256sum -c SHA256SUMS
//
// It is written beside its place under another name and renamed when it is complete and on the disk: it is there wholly
// or not at all. What a killed program leaves is named DIR.tmp.PID and may be removed.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "engine/report/html.h"
#include "engine/report/pictures.h"

namespace pugmark {

struct PacketOutcome {
  int num_originals = 0;  // Copied.
  int num_missing = 0;    // Gone, changed or unreadable; named in CONTENTS.txt with the reason.
};

// Throws Error(kExists) if there is anything at `folder`, Error(kNotFound) if it has no parent directory. To be asked
// before a long search, whose result should not be lost for that.
void RequireNoPacket(const std::filesystem::path& folder);

// json_lines: each line ended. Throws as RequireNoPacket, and Error(kIo) if something cannot be written; then nothing
// is left. Cost: reads, hashes and writes every original.
PacketOutcome WritePacket(const std::filesystem::path& folder, std::span<const QueryResult> results,
                          const HtmlOptions& html, std::string_view json_lines, const PhotoFiles& files);

}  // namespace pugmark
