// SPDX-License-Identifier: Apache-2.0
//
// The link graph as a table of nodes and one of edges, and these as GraphML (Gephi, yEd, NetworkX) and as CSV (Gephi,
// i2 Analyst's Notebook, Maltego).
//
// Nodes: sellers, listings, photos, and the traces that several photos' files carry. Edges: who offers which listing,
// which photo a listing shows, which photo carries which trace, which photos show the same, and which sellers may be
// one hand. Names of nodes are made of what they are, not of their place, so that tonight's file can be laid over last
// night's. Texts from outside are escaped; in CSV an apostrophe stands before what a spreadsheet program would run or
// change.
#pragma once

#include <string>
#include <vector>

#include "engine/link/graph.h"

namespace pugmark {

struct ExportColumn {
  const char* name;
  const char* type;  // As GraphML has it: "string", "double", "int", "boolean".
};

// Texts escaped; empty: unknown or not applicable.
struct ExportTable {
  std::vector<ExportColumn> columns;
  std::vector<std::vector<std::string>> rows;
};

// First columns: of nodes id, label, kind; of edges source, target, kind.
// status of an edge between sellers: "link"; "lead" (too little, or soft evidence only); "confirmed" or "cut" by a
// person.
struct GraphTables {
  ExportTable nodes, edges;
};
GraphTables TablesOf(const LinkGraph& graph);

// Both memory: about the size of the text, twice.
std::string FormatGraphMl(const GraphTables& tables);
std::string FormatCsv(const ExportTable& table);

// What a person calls a node: "handle (platform)", the listing's title or number.
std::string LabelOf(const SellerNode& seller);
std::string LabelOf(const ListingNode& listing);

// One reason in a few words, with and without its kind: "same-photo 97.1 %, 2 pairs of photos". Not escaped.
std::string EvidenceText(const Evidence& evidence);
std::string EvidenceDetail(const Evidence& evidence);

// "link", "lead", "confirmed", "cut".
std::string_view StatusOf(const SellerEdge& edge);

}  // namespace pugmark
