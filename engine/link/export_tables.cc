// SPDX-License-Identifier: Apache-2.0
#include "engine/link/export_tables.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <unordered_map>

#include "engine/link/link_words.h"
#include "engine/report/csv_line.h"
#include "engine/report/wording.h"
#include "index/base/files.h"

namespace pugmark {
namespace {

constexpr std::array<ExportColumn, 20> kNodeColumns = {
    {{"id", "string"},        {"label", "string"},    {"kind", "string"},      {"platform", "string"},
     {"name", "string"},      {"url", "string"},      {"title", "string"},     {"price", "string"},
     {"currency", "string"},  {"products", "string"}, {"species", "string"},   {"first_seen", "string"},
     {"last_seen", "string"}, {"group", "int"},       {"num_listings", "int"}, {"sha256", "string"},
     {"path", "string"},      {"width_px", "int"},    {"height_px", "int"},    {"benign", "boolean"}}};

constexpr std::array<ExportColumn, 14> kEdgeColumns = {{{"source", "string"},
                                                        {"target", "string"},
                                                        {"kind", "string"},
                                                        {"label", "string"},
                                                        {"weight", "double"},
                                                        {"probability", "double"},
                                                        {"soft", "boolean"},
                                                        {"status", "string"},
                                                        {"since", "string"},
                                                        {"evidence", "string"},
                                                        {"inliers", "int"},
                                                        {"log10_nfa", "double"},
                                                        {"mirrored", "boolean"},
                                                        {"review", "string"}}};

std::string Text(bool value) { return value ? "true" : "false"; }
std::string Text(double value) { return fmt::format("{:.6g}", value); }

// Whatever text, without what XML keeps for itself. Control characters are gone already.
std::string Xml(std::string_view text) {
  std::string xml;
  for (const char c : text) {
    switch (c) {
      case '&': xml += "&amp;"; break;
      case '<': xml += "&lt;"; break;
      case '>': xml += "&gt;"; break;
      case '"': xml += "&quot;"; break;
      default: xml += c;
    }
  }
  return xml;
}

class Builder {
 public:
  explicit Builder(const LinkGraph& graph) : graph_(graph) {
    tables_.nodes.columns.assign(kNodeColumns.begin(), kNodeColumns.end());
    tables_.edges.columns.assign(kEdgeColumns.begin(), kEdgeColumns.end());
  }

  GraphTables Build() {
    for (const SellerNode& seller : graph_.sellers) AddSeller(seller);
    for (const ListingNode& listing : graph_.listings) AddListing(listing);
    for (const PhotoNode& photo : graph_.photos) AddPhoto(photo);
    for (size_t i = 0; i < graph_.listings.size(); ++i) AddOffers(i);
    for (const PhotoEdge& edge : graph_.photo_edges) AddEdge(edge);
    for (const Trace& trace : graph_.traces) AddTrace(trace);
    for (const SellerEdge& edge : graph_.seller_edges) AddEdge(edge);
    return std::move(tables_);
  }

 private:
  using Row = std::vector<std::string>;

  // The name, escaped and so far not given; a second one of the same gets a number.
  std::string Unique(const std::string& name) {
    const std::string escaped = EscapeText(name);
    const int number = ++given_[escaped];
    return number == 1 ? escaped : fmt::format("{}#{}", escaped, number);
  }

  static void Set(const ExportTable& table, std::string_view column, const std::string& value, Row* row) {
    for (size_t i = 0; i < table.columns.size(); ++i) {
      if (column == table.columns[i].name) (*row)[i] = EscapeText(value);
    }
  }

  Row NodeRow(const std::string& id, const std::string& label, const char* kind) {
    Row row(tables_.nodes.columns.size());
    row[0] = id;
    row[1] = EscapeText(label);
    row[2] = kind;
    return row;
  }

  template <typename... Values>
  void AddNode(Row row, const Values&... values) {
    (Set(tables_.nodes, values.first, values.second, &row), ...);
    tables_.nodes.rows.push_back(std::move(row));
  }

  template <typename... Values>
  void AddEdgeRow(const std::string& source, const std::string& target, std::string_view kind,
                  const Values&... values) {
    Row row(tables_.edges.columns.size());
    row[0] = source;
    row[1] = target;
    row[2] = kind;
    (Set(tables_.edges, values.first, values.second, &row), ...);
    tables_.edges.rows.push_back(std::move(row));
  }

  static std::pair<const char*, std::string> Value(const char* column, std::string value) {
    return {column, std::move(value)};
  }

  void AddSeller(const SellerNode& seller) {
    seller_ids_.push_back(Unique(fmt::format("seller:{}:{}", seller.platform, seller.handle)));
    AddNode(NodeRow(seller_ids_.back(), LabelOf(seller), "seller"), Value("platform", seller.platform),
            Value("name", seller.handle), Value("url", seller.url), Value("first_seen", seller.first_seen),
            Value("last_seen", seller.last_seen),
            Value("group", seller.group ? fmt::format("{}", graph_.groups[*seller.group].id) : ""),
            Value("num_listings", fmt::format("{}", seller.listings.size())));
  }

  void AddListing(const ListingNode& listing) {
    const std::string& name = !listing.external_id.empty() ? listing.external_id
                              : !listing.url.empty()       ? listing.url
                                                           : listing.title;
    const std::string seller = listing.seller ? graph_.sellers[*listing.seller].handle : "";
    listing_ids_.push_back(Unique(fmt::format("listing:{}:{}:{}", listing.platform, seller, name)));
    AddNode(NodeRow(listing_ids_.back(), LabelOf(listing), "listing"), Value("platform", listing.platform),
            Value("name", listing.external_id), Value("url", listing.url), Value("title", listing.title),
            Value("price", listing.price), Value("currency", listing.currency),
            Value("products", Joined(listing.products, "; ")), Value("species", Joined(listing.species, "; ")),
            Value("first_seen", listing.first_seen), Value("last_seen", listing.last_seen));
  }

  std::string PhotoName(size_t photo) const { return "photo:" + graph_.photos[photo].sha256.Hex(); }

  void AddPhoto(const PhotoNode& photo) {
    const std::string hex = photo.sha256.Hex();
    AddNode(NodeRow("photo:" + hex, hex.substr(0, 12) + "…", "photo"), Value("sha256", hex), Value("path", photo.path),
            Value("width_px", fmt::format("{}", photo.width_px)),
            Value("height_px", fmt::format("{}", photo.height_px)), Value("benign", Text(photo.is_benign)),
            Value("num_listings", fmt::format("{}", photo.listings.size())));
  }

  void AddOffers(size_t idx) {
    const ListingNode& listing = graph_.listings[idx];
    if (listing.seller) {
      AddEdgeRow(seller_ids_[*listing.seller], listing_ids_[idx], "offers", Value("since", listing.first_seen));
    }
    for (const size_t photo : listing.photos) AddEdgeRow(listing_ids_[idx], PhotoName(photo), "shows");
  }

  void AddEdge(const PhotoEdge& edge) {
    AddEdgeRow(PhotoName(edge.a), PhotoName(edge.b), EdgeKindName(edge.kind),
               Value("label", fmt::format("{} {}", EdgeKindName(edge.kind), LinkPercent(edge.probability))),
               Value("weight", Text(edge.probability)), Value("probability", Text(edge.probability)),
               Value("soft", Text(false)),
               Value("status", edge.review == Answer::kNo    ? "cut"
                               : edge.review == Answer::kYes ? "confirmed"
                                                             : ""),
               Value("since", edge.found_at), Value("inliers", fmt::format("{}", edge.num_inliers)),
               Value("log10_nfa", Text(edge.log10_nfa)), Value("mirrored", Text(edge.mirrored)),
               Value("review", edge.review ? std::string(AnswerName(*edge.review)) : ""));
  }

  void AddTrace(const Trace& trace) {
    const std::string id = Unique(fmt::format("trace:{}:{}", EdgeKindName(trace.kind), trace.value));
    AddNode(NodeRow(id, fmt::format("{}: {}", EdgeKindName(trace.kind), trace.value), "trace"),
            Value("name", trace.value));
    for (const size_t photo : trace.photos) {
      AddEdgeRow(PhotoName(photo), id, EdgeKindName(trace.kind), Value("soft", Text(true)));
    }
  }

  void AddEdge(const SellerEdge& edge) {
    std::string reasons;
    for (const Evidence& evidence : edge.evidence) {
      reasons += (reasons.empty() ? "" : "; ") + EvidenceText(evidence);
    }
    const bool is_soft = !edge.evidence.empty() && IsSoft(edge.evidence.front().kind);
    const double weight =
        edge.probability > 0 || edge.evidence.empty() ? edge.probability : edge.evidence.front().weight;
    AddEdgeRow(seller_ids_[edge.a], seller_ids_[edge.b], "same-hand",
               Value("label", fmt::format("{} {}", StatusOf(edge), LinkPercent(edge.probability))),
               Value("weight", Text(edge.decision == Decision::kCut ? 0 : weight)),
               Value("probability", Text(edge.probability)), Value("soft", Text(is_soft)),
               Value("status", std::string(StatusOf(edge))), Value("since", edge.since), Value("evidence", reasons));
  }

  const LinkGraph& graph_;
  GraphTables tables_;
  std::unordered_map<std::string, int> given_;
  std::vector<std::string> seller_ids_, listing_ids_;
};

}  // namespace

std::string LabelOf(const SellerNode& seller) {
  return seller.platform.empty() ? seller.handle : fmt::format("{} ({})", seller.handle, seller.platform);
}

std::string LabelOf(const ListingNode& listing) {
  return !listing.title.empty()         ? listing.title
         : !listing.external_id.empty() ? listing.external_id
         : !listing.url.empty()         ? listing.url
                                        : "(unnamed listing)";
}

std::string EvidenceText(const Evidence& evidence) {
  const std::string kind(EdgeKindName(evidence.kind)), detail = EvidenceDetail(evidence);
  return detail.empty() ? kind : kind + " " + detail;
}

std::string EvidenceDetail(const Evidence& evidence) {
  std::vector<std::string> parts;
  if (!evidence.value.empty()) parts.push_back(evidence.value);
  if (!IsSoft(evidence.kind) && evidence.kind != EdgeKind::kSameFile) {
    parts.push_back(LinkPercent(evidence.match_probability));
  }
  if (evidence.num_pairs > 1) parts.push_back(fmt::format("{} pairs of photos", evidence.num_pairs));
  if (evidence.num_unrelated > 2)
    parts.push_back(fmt::format("shared by {} unrelated sellers", evidence.num_unrelated));
  return Joined(parts, ", ");
}

std::string_view StatusOf(const SellerEdge& edge) {
  switch (edge.decision) {
    case Decision::kConfirmed: return "confirmed";
    case Decision::kCut: return "cut";
    case Decision::kNone: break;
  }
  return edge.is_link ? "link" : "lead";
}

GraphTables TablesOf(const LinkGraph& graph) { return Builder(graph).Build(); }

std::string FormatGraphMl(const GraphTables& tables) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
      "xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns "
      "http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n";
  // Node's id and an edge's two ends are attributes of the elements themselves.
  const auto keys = [&](const ExportTable& table, const char* domain, size_t first) {
    for (size_t i = first; i < table.columns.size(); ++i) {
      xml += fmt::format("<key id=\"{}_{}\" for=\"{}\" attr.name=\"{}\" attr.type=\"{}\"/>\n", domain,
                         table.columns[i].name, domain, table.columns[i].name, table.columns[i].type);
    }
  };
  keys(tables.nodes, "node", 1);
  keys(tables.edges, "edge", 2);
  xml += "<graph id=\"pugmark\" edgedefault=\"undirected\">\n";
  const auto values = [&](const ExportTable& table, const char* domain, size_t first,
                          const std::vector<std::string>& row) {
    for (size_t i = first; i < row.size(); ++i) {
      if (row[i].empty()) continue;
      xml += fmt::format("<data key=\"{}_{}\">{}</data>", domain, table.columns[i].name, Xml(row[i]));
    }
  };
  for (const std::vector<std::string>& row : tables.nodes.rows) {
    xml += fmt::format("<node id=\"{}\">", Xml(row[0]));
    values(tables.nodes, "node", 1, row);
    xml += "</node>\n";
  }
  for (const std::vector<std::string>& row : tables.edges.rows) {
    xml += fmt::format("<edge source=\"{}\" target=\"{}\">", Xml(row[0]), Xml(row[1]));
    values(tables.edges, "edge", 2, row);
    xml += "</edge>\n";
  }
  return xml + "</graph>\n</graphml>\n";
}

std::string FormatCsv(const ExportTable& table) {
  CsvLine header;
  for (const ExportColumn& column : table.columns) header.Cell(column.name);
  std::string csv = header.End();
  for (const std::vector<std::string>& row : table.rows) {
    CsvLine line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string_view name = table.columns[i].name, type = table.columns[i].type;
      if (type != "string") {
        line.Cell(row[i]);
      } else if (name == "first_seen" || name == "last_seen" || name == "since") {
        line.Time(row[i]);
      } else {
        line.Text(row[i]);
      }
    }
    csv += line.End();
  }
  return csv;
}

}  // namespace pugmark
