// SPDX-License-Identifier: Apache-2.0
#include "engine/link/export_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/link/export_html_graph.h"
#include "engine/link/export_tables.h"
#include "engine/link/link_page_files.h"
#include "engine/link/link_words.h"
#include "engine/report/html_data.h"
#include "engine/report/html_pictures.h"
#include "engine/report/wording.h"
#include "index/base/error.h"

namespace pugmark {
namespace {

using html::data;
using html::Optional;
using html::Safe;
using kainjow::mustache::mustache;

constexpr size_t kMaxNames = 8;      // Sellers named in the table of groups.
constexpr size_t kMaxOpenLinks = 2;  // Of a group; the others open on a click.
constexpr double kMissingWidth = 200, kMissingHeight = 150;

std::string Number(size_t number) { return GroupedNumber(static_cast<int64_t>(number)); }

std::string EventText(const GroupEvent& event) {
  std::string text = DayOf(event.at) + ": " + std::string(GroupEventName(event.kind));
  if (!event.handle.empty()) text += fmt::format(": {} ({})", event.handle, event.platform);
  if (event.other != 0) text += fmt::format(" group {}", event.other);
  return text;
}

// Groups, links and leads that the page has room for, and the graph of these.
class LinkPage {
 public:
  LinkPage(const LinkGraph& graph, const LinkHtmlOptions& options)
      : graph_(graph), options_(options), budget_(options.max_picture_bytes), pictures_(&budget_) {}

  std::string Render() {
    mustache page(kLinkHtml);
    PUGMARK_CHECK(page.is_valid());
    const size_t num_groups = std::min(graph_.groups.size(), options_.max_groups);
    data groups(data::type::list), sections(data::type::list);
    for (size_t i = 0; i < num_groups; ++i) {
      groups.push_back(RowOf(graph_.groups[i]));
      sections.push_back(SectionOf(graph_.groups[i]));
    }
    data root;
    root.set("groups", groups);
    root.set("has_groups", num_groups > 0);
    root.set("groups_left_out", LeftOut(graph_.groups.size() - num_groups, "group"));
    root.set("sections", sections);
    AddLeads(&root);
    const std::string style = std::string(kPageCss) + kLinkCss;
    root.set("style", style);
    root.set("script", std::string(kLinkJs));
    root.set("library", std::string(kCytoscapeJs));
    root.set("graph_data", DrawnGraphJson(graph_, drawn_, options_.max_groups));
    root.set("policy",
             fmt::format("default-src 'none'; img-src data:; style-src {}; script-src {} {}; base-uri 'none'; "
                         "form-action 'none'",
                         html::CspHash(style), html::CspHash(kCytoscapeJs), html::CspHash(kLinkJs)));
    root.set("veil", std::string(options_.blur ? (options_.grey ? "blur grey" : "blur") : options_.grey ? "grey" : ""));
    root.set("veiled", is_veiled());
    root.set("version", Safe(options_.version));
    root.set("created_at", Safe(options_.created_at));
    root.set("linked_at", graph_.linked_at.empty() ? "never" : Safe(graph_.linked_at));
    root.set("counts", fmt::format("{} in {} of {}", Counted(graph_.photos.size(), "photo"),
                                   Counted(graph_.listings.size(), "listing"), Counted(graph_.sellers.size(), "seller")));
    root.set("unlinked",
             graph_.num_unlinked_photos == 0
                 ? data(false)
                 : data(fmt::format("{} not linked yet, so links may be missing. 'pugmark link' links them.",
                                    Counted(graph_.num_unlinked_photos, "photo"))));
    root.set("left_out", budget_.num_left_out == 0 ? data(false)
                                                   : data(fmt::format("To keep this page small, {} left out.",
                                                                      Counted(budget_.num_left_out, "picture"))));
    root.set("made", Made());
    root.set("pictures", symbols_);
    std::string text;
    page.render(root, [&text](const std::string& piece) { text += piece; });
    return text;
  }

 private:
  bool is_veiled() const { return options_.blur || options_.grey; }

  static data LeftOut(size_t number, std::string_view noun) {
    return number == 0 ? data(false)
                       : data(fmt::format("{} more left out of this page; the GraphML and CSV files hold them.",
                                          Counted(number, noun)));
  }

  data RowOf(const Group& group) const {
    std::vector<std::string> names;
    for (const size_t seller : group.sellers) {
      if (names.size() < kMaxNames) names.push_back(Safe(LabelOf(graph_.sellers[seller])));
    }
    data row;
    row.set("id", fmt::format("{}", group.id));
    row.set("names", html::Texts(names));
    row.set("more_names", Optional(group.sellers.size() > names.size()
                                       ? fmt::format("and {} more", group.sellers.size() - names.size())
                                       : ""));
    row.set("platforms", Safe(Joined(group.platforms, ", ")));
    row.set("products", Safe(Joined(group.products, ", ")));
    row.set("num_listings", Number(group.num_listings));
    row.set("num_photos", Number(group.num_photos));
    row.set("first", Safe(DayOf(group.first_seen)));
    row.set("last", Safe(DayOf(group.last_seen)));
    return row;
  }

  data SectionOf(const Group& group) {
    data section;
    section.set("id", fmt::format("{}", group.id));
    section.set("veiled", is_veiled());
    section.set("reach", fmt::format("{} on {}, {} with {}{}", Counted(group.sellers.size(), "seller"),
                                     Counted(group.platforms.size(), "platform"), Counted(group.num_listings, "listing"),
                                     Counted(group.num_photos, "photo"),
                                     group.first_seen.empty() ? ""
                                                              : Safe(fmt::format(", {} to {}", DayOf(group.first_seen),
                                                                                 DayOf(group.last_seen)))));
    data sellers(data::type::list);
    for (const size_t idx : group.sellers) {
      const SellerNode& seller = graph_.sellers[idx];
      drawn_.groups_of_seller[idx].insert(group.id);
      data row;
      row.set("platform", Safe(seller.platform));
      row.set("handle", Safe(seller.handle));
      row.set("url", Optional(Safe(seller.url)));
      row.set("num_listings", Number(seller.listings.size()));
      row.set("first", Safe(DayOf(seller.first_seen)));
      row.set("last", Safe(DayOf(seller.last_seen)));
      sellers.push_back(row);
    }
    section.set("sellers", sellers);
    // The surest first.
    std::vector<size_t> links = group.edges;
    std::stable_sort(links.begin(), links.end(), [&](size_t a, size_t b) {
      return graph_.seller_edges[a].probability > graph_.seller_edges[b].probability;
    });
    data edges(data::type::list);
    const size_t num_shown = std::min(links.size(), options_.max_links);
    for (size_t i = 0; i < num_shown; ++i) {
      data edge = LinkOf(graph_.seller_edges[links[i]], group.id);
      edge.set("open", i < kMaxOpenLinks);
      edges.push_back(edge);
      drawn_.edges.insert(links[i]);
    }
    section.set("edges", edges);
    section.set("edges_left_out", LeftOut(links.size() - num_shown, "link"));
    std::vector<std::string> events;
    for (const GroupEvent& event : group.events) events.push_back(Safe(EventText(event)));
    section.set("events", html::Texts(events));
    section.set("has_events", !events.empty());
    return section;
  }

  data LinkOf(const SellerEdge& edge, int64_t group) {
    data link;
    link.set("a", Safe(LabelOf(graph_.sellers[edge.a])));
    link.set("b", Safe(LabelOf(graph_.sellers[edge.b])));
    link.set("status", std::string(StatusOf(edge)));
    link.set("probability", ProbabilityText(edge));
    link.set("since", Optional(Safe(DayOf(edge.since))));
    data evidence(data::type::list);
    const size_t num_shown = std::min(edge.evidence.size(), options_.max_reasons);
    for (size_t i = 0; i < num_shown; ++i) {
      const Evidence& reason = edge.evidence[i];
      data item;
      item.set("kind", std::string(EdgeKindName(reason.kind)));
      item.set("text", Safe(EvidenceDetail(reason)));
      data sides(data::type::list);
      sides.push_back(SideOf(reason.photo_a, reason.listing_a, edge.a));
      sides.push_back(SideOf(reason.photo_b, reason.listing_b, edge.b));
      item.set("sides", sides);
      evidence.push_back(item);
      for (const auto& [photo, seller] : {std::pair(reason.photo_a, edge.a), std::pair(reason.photo_b, edge.b)}) {
        drawn_.groups_of_photo[photo].insert(group);
        drawn_.offers.emplace(seller, photo);
      }
    }
    link.set("evidence", evidence);
    link.set("more", Optional(edge.evidence.size() > num_shown
                                  ? fmt::format("And {}.", Counted(edge.evidence.size() - num_shown, "further reason"))
                                  : ""));
    return link;
  }

  // One photo of a pair, with where it was offered.
  data SideOf(size_t photo_idx, size_t listing_idx, size_t seller_idx) {
    const PhotoNode& photo = graph_.photos[photo_idx];
    const ListingNode& listing = graph_.listings[listing_idx];
    const html::Picture& picture = PictureOf(photo_idx);
    const auto size = sizes_.find(photo_idx);
    data side;
    side.set("picture", Optional(picture.id));
    side.set("width", html::Number(size != sizes_.end() ? size->second.first : kMissingWidth));
    side.set("height", html::Number(size != sizes_.end() ? size->second.second : kMissingHeight));
    side.set("alt", Safe(picture.id.empty() ? picture.missing : "Photo of the listing " + LabelOf(listing)));
    side.set("seller", Safe(LabelOf(graph_.sellers[seller_idx])));
    side.set("listing", Safe(LabelOf(listing)));
    side.set("when", Safe(listing.first_seen.empty() ? "day not known" : DayOf(listing.first_seen)));
    side.set("price",
             Optional(Safe(listing.price.empty() ? "" : fmt::format("{} {}", listing.price, listing.currency))));
    side.set("sha256", ShortSha256Text(photo.sha256));
    return side;
  }

  const html::Picture& PictureOf(size_t idx) {
    const std::string id = fmt::format("p{}", graph_.photos[idx].id.value);
    if (pictures_.Has(id)) return pictures_.Get(id);
    const ReportPicture shown = options_.picture ? options_.picture(graph_.photos[idx]) : ReportPicture{};
    const Image* image = shown.image ? &*shown.image : nullptr;
    const double width = image != nullptr ? image->width_px : kMissingWidth;
    const double height = image != nullptr ? image->height_px : kMissingHeight;
    const html::Picture& picture = pictures_.Add(id, image, Safe(shown.source), width, height, &symbols_);
    if (!picture.id.empty()) {
      sizes_[idx] = {width, height};
      drawn_.pictures[idx] = id;
    }
    return picture;
  }

  void AddLeads(data* root) {
    data leads(data::type::list);
    size_t num_shown = 0, num_all = 0;
    for (size_t i = 0; i < graph_.seller_edges.size(); ++i) {
      const SellerEdge& edge = graph_.seller_edges[i];
      const std::optional<size_t> group = graph_.sellers[edge.a].group;
      if (edge.is_link && group && group == graph_.sellers[edge.b].group) continue;  // Told with its group.
      if (++num_all > options_.max_leads) continue;
      ++num_shown;
      drawn_.edges.insert(i);
      std::vector<std::string> reasons;
      for (const Evidence& reason : edge.evidence) {
        if (reasons.size() < options_.max_reasons) reasons.push_back(EvidenceText(reason));
      }
      data lead;
      lead.set("a", Safe(LabelOf(graph_.sellers[edge.a])));
      lead.set("b", Safe(LabelOf(graph_.sellers[edge.b])));
      lead.set("status", std::string(StatusOf(edge)));
      lead.set("evidence", Safe(Joined(reasons, "; ")));
      leads.push_back(lead);
    }
    root->set("leads", leads);
    root->set("has_leads", num_shown > 0);
    root->set("leads_left_out", LeftOut(num_all - num_shown, "lead"));
  }

  data Made() const {
    data made(data::type::list);
    html::AddFact("Time (UTC)", Safe(options_.created_at), &made);
    html::AddFact("Program", Safe("pugmark " + options_.version), &made);
    html::AddFact("Collection", Safe(options_.collection), &made);
    return made;
  }

  const LinkGraph& graph_;
  const LinkHtmlOptions& options_;
  html::PictureBudget budget_;
  html::PictureStore pictures_;
  data symbols_{data::type::list};
  std::map<size_t, std::pair<double, double>> sizes_;  // Of the pictures in the page.
  DrawnGraph drawn_;
};

}  // namespace

std::string FormatLinkHtml(const LinkGraph& graph, const LinkHtmlOptions& options) {
  return LinkPage(graph, options).Render();
}

}  // namespace pugmark
