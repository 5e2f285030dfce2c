// SPDX-License-Identifier: Apache-2.0
//
// The linked part of the graph as a STIX 2.1 bundle (OASIS standard, 2021), which MISP, OpenCTI and other platforms of
// investigators import.
//
//   seller          user-account: account_login is the handle, account_type the platform
//   listing         observed-data: its seller, address and photos, from when to when; without a date there is none
//   photo           file: SHA-256
//   link, lead      relationship "related-to" between two user-accounts; confidence in percent, reasons as description
//   photos alike    relationship "related-to" between two files
//   group           grouping, context "suspicious-activity": its accounts and the relationships among them
//
// Objects that are named by what they are have the identifiers that the standard prescribes (UUID version 5), the
// others identifiers of our own, made in the same way: the same collection gives the same bundle, and a later one
// updates it.
#pragma once

#include <string>

#include "engine/link/graph.h"

namespace pugmark {

// Sellers with at least one link or lead that nobody cut, with their listings, the photos of these, and the edges among
// these. created_at: UTC, "2026-11-24T06:55:54Z"; used where the graph knows no time. Memory: about three times the
// text.
std::string FormatStix(const LinkGraph& graph, const std::string& created_at, const std::string& version);

}  // namespace pugmark
