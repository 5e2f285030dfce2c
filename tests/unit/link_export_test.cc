// SPDX-License-Identifier: Apache-2.0
//
// What leaves the link graph for other programs and for readers: complete, escaped, the same every time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>
#include <regex>
#include <set>

#include "engine/link/export_html.h"
#include "engine/link/export_stix.h"
#include "engine/link/export_tables.h"
#include "engine/link/objects.h"
#include "index/base/base64.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using Json = nlohmann::json;

constexpr char kHostile[] = "=cmd\x1b[2J</script><script>alert(1)</script>\"&'{{{x}}}\xff";

// Three sellers: a and b are linked by an object and by a serial number, c is a lead; d has nothing to do with them.
LinkGraph MakeGraph() {
  LinkGraph graph;
  for (size_t i = 0; i < 4; ++i) {
    PhotoNode& photo = graph.photos.emplace_back();
    photo.id = PhotoId{static_cast<int64_t>(i) + 10};
    photo.sha256.bytes[0] = static_cast<uint8_t>(i + 1);
    photo.path = "/photos/" + std::to_string(i);
    photo.width_px = 640;
    photo.height_px = 480;
    photo.listings = {i};
    ListingNode& listing = graph.listings.emplace_back();
    listing.platform = i % 2 == 0 ? "bazaar" : "dark";
    listing.external_id = "L-" + std::to_string(i);
    listing.url = "https://ads.example/" + std::to_string(i);
    listing.title = i == 0 ? kHostile : "Carving";
    listing.price = "0120";
    listing.products = {"ivory", "bone"};
    listing.seller = i;
    listing.first_seen = "2017-01-0" + std::to_string(i + 1);
    listing.last_seen = "2017-01-31T23:30:00-05:00";
    listing.captured = {"2017-01-05", "2017-01-31T23:30:00-05:00"};
    listing.photos = {i};
    SellerNode& seller = graph.sellers.emplace_back();
    seller.platform = listing.platform;
    seller.handle = i == 1 ? kHostile : "seller-" + std::to_string(i);
    seller.listings = {i};
    seller.first_seen = listing.first_seen;
    seller.last_seen = listing.last_seen;
  }
  graph.photo_edges.push_back(
      {0, 1, EdgeKind::kSameObject, 0.97, 40, -30, false, "2026-11-24T00:00:00Z", std::nullopt});
  graph.photo_edges.push_back({1, 2, EdgeKind::kSamePhoto, 0.9, 40, -30, false, "2026-11-24T00:00:00Z", Answer::kNo});
  graph.traces.push_back({EdgeKind::kCameraSerial, "Canon, EOS, 0123456", {0, 1, 2}});
  Evidence object;
  object.kind = EdgeKind::kSameObject;
  object.photo_b = object.listing_b = 1;
  object.match_probability = 0.97;
  object.weight = 0.95;
  Evidence serial = object;
  serial.kind = EdgeKind::kCameraSerial;
  serial.value = "Canon, EOS, 0123456";
  serial.weight = 0.5;
  SellerEdge link;
  link.b = 1;
  link.probability = 0.95;
  link.evidence = {object, serial};
  link.since = "2017-01-02";
  link.is_link = true;
  SellerEdge lead;
  lead.a = 1;
  lead.b = 2;
  serial.photo_a = serial.listing_a = 1;
  serial.photo_b = serial.listing_b = 2;
  lead.evidence = {serial};
  graph.seller_edges = {link, lead};
  Group group;
  group.id = 7;
  group.sellers = {0, 1};
  group.edges = {0};
  group.founded_at = "2026-11-23T00:00:00Z";
  group.events = {{"2026-11-23T00:00:00Z", GroupEventKind::kFounded, "", "", 0}};
  group.platforms = {"bazaar", "dark"};
  group.products = {"bone", "ivory"};
  group.num_listings = group.num_photos = 2;
  group.first_seen = "2017-01-01";
  group.last_seen = "2017-01-31";
  graph.groups = {group};
  graph.sellers[0].group = graph.sellers[1].group = 0;
  graph.linked_at = "2026-11-24T01:00:00Z";
  return graph;
}

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(GraphTables, HoldEveryNodeAndEdge) {
  const GraphTables tables = TablesOf(MakeGraph());
  EXPECT_THAT(tables.nodes.rows, SizeIs(4 + 4 + 4 + 1));
  // Offers, shows, photos alike, photos that carry the trace, sellers.
  EXPECT_THAT(tables.edges.rows, SizeIs(4 + 4 + 2 + 3 + 2));
  std::set<std::string> ids;
  for (const auto& row : tables.nodes.rows) {
    EXPECT_THAT(row, SizeIs(tables.nodes.columns.size()));
    EXPECT_TRUE(ids.insert(row[0]).second) << row[0];
  }
  std::vector<std::string> statuses;
  for (const auto& row : tables.edges.rows) {
    EXPECT_TRUE(ids.contains(row[0]) && ids.contains(row[1])) << row[0] << " " << row[1];
    if (row[2] == "same-hand") statuses.push_back(row[7]);
  }
  EXPECT_THAT(statuses, ElementsAre("link", "lead"));
  EXPECT_EQ(tables.nodes.rows[0][0], "seller:bazaar:seller-0") << "Named by what it is: the same in another graph.";
}

TEST(GraphTables, ListingsWithoutANumberAreToldApart) {
  LinkGraph graph = MakeGraph();
  for (ListingNode& listing : graph.listings) {
    listing.platform = listing.external_id = listing.url = listing.title = "";
    listing.seller = std::nullopt;
  }
  std::set<std::string> ids;
  for (const auto& row : TablesOf(graph).nodes.rows) EXPECT_TRUE(ids.insert(row[0]).second) << row[0];
}

// Not a parser, but whatever would end an element or an attribute early unbalances it.
TEST(GraphMl, IsWellFormedWhateverSellersWrite) {
  const std::string xml = FormatGraphMl(TablesOf(MakeGraph()));
  EXPECT_THAT(
      xml, HasSubstr("=cmd\\u{001B}[2J&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;'{{{x}}}\\xFF"));
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-z]+)((?: [a-zA-Z.:]+=\"[^\"<>]*\")*)(/?)>|<\\?xml[^>]*\\?>|[^<>]+");
  size_t covered = 0;
  for (std::sregex_iterator it(xml.begin(), xml.end(), tag), end; it != end; ++it) {
    covered += static_cast<size_t>(it->length());
    if (!(*it)[2].matched || (*it)[4] == "/") continue;
    if ((*it)[1] != "/") {
      open.push_back((*it)[2]);
    } else {
      ASSERT_FALSE(open.empty());
      EXPECT_EQ(open.back(), (*it)[2]);
      open.pop_back();
    }
  }
  EXPECT_EQ(covered, xml.size()) << "Something is neither an element nor text.";
  EXPECT_TRUE(open.empty());
  EXPECT_EQ(Count(xml, "<node "), 13u);
  EXPECT_EQ(Count(xml, "<edge "), 15u);
  std::set<std::string> keys;
  const std::regex key("<key id=\"([a-z_0-9]+)\""), use("<data key=\"([a-z_0-9]+)\"");
  for (std::sregex_iterator it(xml.begin(), xml.end(), key), end; it != end; ++it) keys.insert((*it)[1]);
  for (std::sregex_iterator it(xml.begin(), xml.end(), use), end; it != end; ++it) EXPECT_TRUE(keys.contains((*it)[1]));
}

TEST(GraphCsv, StartsNoFormulaAndKeepsNumbers) {
  const GraphTables tables = TablesOf(MakeGraph());
  const std::string nodes = FormatCsv(tables.nodes), edges = FormatCsv(tables.edges);
  EXPECT_EQ(Count(nodes, "\r\n"), 1 + tables.nodes.rows.size());
  EXPECT_EQ(Count(edges, "\r\n"), 1 + tables.edges.rows.size());
  EXPECT_THAT(nodes, HasSubstr(",'0120,")) << "A price with a zero.";
  EXPECT_THAT(nodes, HasSubstr("\"'=cmd"));
  EXPECT_THAT(nodes, Not(HasSubstr("\x1b")));
}

TEST(Stix, IsABundleWhoseReferencesHold) {
  const std::string text = FormatStix(MakeGraph(), "2026-11-25T00:00:00Z", "0.1.0");
  EXPECT_EQ(text, FormatStix(MakeGraph(), "2026-11-26T00:00:00Z", "0.1.0")) << "Times are those of linking.";
  const Json bundle = Json::parse(text);
  EXPECT_EQ(bundle.at("type"), "bundle");
  std::set<std::string> ids;
  std::map<std::string, int> types;
  const std::regex id_form("[a-z-]+--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  const std::regex time_form("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
  for (const Json& object : bundle.at("objects")) {
    const std::string id = object.at("id");
    EXPECT_TRUE(std::regex_match(id, id_form)) << id;
    EXPECT_TRUE(id.starts_with(object.at("type").get<std::string>() + "--"));
    EXPECT_TRUE(ids.insert(id).second) << id;
    EXPECT_EQ(object.at("spec_version"), "2.1");
    ++types[object.at("type")];
    for (const auto& [key, value] : object.items()) {
      if (key == "created" || key == "modified" || key.ends_with("_observed") || key == "start_time") {
        if (!value.is_string()) continue;  // number_observed
        EXPECT_TRUE(std::regex_match(value.get<std::string>(), time_form)) << value;
      }
    }
  }
  for (const Json& object : bundle.at("objects")) {
    for (const auto& [key, value] : object.items()) {
      if (key.ends_with("_ref")) {
        EXPECT_TRUE(ids.contains(value)) << key;
      }
      if (key.ends_with("_refs")) {
        EXPECT_FALSE(value.empty());
        for (const Json& ref : value) EXPECT_TRUE(ids.contains(ref)) << key;
      }
    }
    if (object.at("type") == "observed-data") {
      EXPECT_EQ(object.at("last_observed"), "2017-02-01T04:30:00Z") << "Midnight lies elsewhere in New York.";
    }
  }
  // Seller d and what is his stay out; so does the pair to which somebody said no.
  EXPECT_EQ(types, (std::map<std::string, int>{{"identity", 1},
                                               {"user-account", 3},
                                               {"file", 3},
                                               {"url", 3},
                                               {"observed-data", 3},
                                               {"relationship", 3},
                                               {"grouping", 1}}));
  // The identifier that the standard prescribes for this account, made by another program (Python's uuid.uuid5).
  EXPECT_TRUE(ids.contains("user-account--77c4679d-4e53-5d00-97eb-d668cfca6db6"));
}

std::string Between(const std::string& text, const std::string& from, const std::string& to) {
  const size_t begin = text.find(from);
  EXPECT_NE(begin, std::string::npos) << from;
  const size_t end = text.find(to, begin + from.size());
  return text.substr(begin + from.size(), end - begin - from.size());
}

LinkHtmlOptions Options() {
  LinkHtmlOptions options;
  options.version = "0.1.0";
  options.created_at = "2026-11-25T00:00:00Z";
  options.collection = kHostile;
  options.picture = [](const PhotoNode& photo) {
    return ReportPicture{ToImage(MakePicture(static_cast<uint64_t>(photo.id.value), 160, 120)), "thumbnail"};
  };
  return options;
}

TEST(LinkHtml, AllowsItsOwnScriptsAndNothingElse) {
  const std::string page = FormatLinkHtml(MakeGraph(), Options());
  EXPECT_THAT(page, Not(HasSubstr("<script>alert(1)")));
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  const std::string policy = Between(page, "Content-Security-Policy\" content=\"", "\">");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  std::vector<std::string> scripts;
  for (size_t at = page.find("<script>"); at != std::string::npos; at = page.find("<script>", at + 1)) {
    const size_t end = page.find("</script>", at);
    scripts.push_back(page.substr(at + 8, end - at - 8));
  }
  ASSERT_THAT(scripts, SizeIs(2));
  for (const std::string& script : scripts) {
    const Sha256 sha256 = Sha256::Of({reinterpret_cast<const uint8_t*>(script.data()), script.size()});
    EXPECT_THAT(policy, HasSubstr("'sha256-" + Base64(sha256.bytes) + "'"));
  }
  EXPECT_THAT(scripts[0], HasSubstr("The Cytoscape Consortium")) << "With its licence.";
  // No address, no style attribute, no handler of ours.
  std::string ours = page.substr(0, page.find(scripts[0])) + scripts[1];
  for (size_t at; (at = ours.find("base64,")) != std::string::npos;) ours.erase(at, ours.find('"', at) - at);
  EXPECT_FALSE(std::regex_search(ours, std::regex("(src|href)=\"(?!#|data:image/jpeg)")));
  EXPECT_FALSE(std::regex_search(ours, std::regex("<[^>]* (style|on[a-z]+)=")));
}

TEST(LinkHtml, TellsGroupsReasonsAndLeads) {
  const std::string page = FormatLinkHtml(MakeGraph(), Options());
  EXPECT_THAT(page, HasSubstr("id=\"group-7\""));
  EXPECT_THAT(page, HasSubstr("same-object"));
  EXPECT_THAT(page, HasSubstr("camera-serial"));
  EXPECT_THAT(page, HasSubstr("id=\"leads\""));
  EXPECT_EQ(Count(page, "<symbol "), 2u) << "Each picture once.";
  EXPECT_EQ(Count(page, "<use href=\"#p10\""), 2u);
  const Json data = Json::parse(Between(page, "id=\"graph-data\">", "</script>"));
  EXPECT_THAT(data.at("nodes"), SizeIs(3 + 2));
  std::set<std::string> ids;
  for (const Json& node : data.at("nodes")) ids.insert(node.at("id"));
  for (const Json& edge : data.at("edges")) EXPECT_TRUE(ids.contains(edge.at("a")) && ids.contains(edge.at("b")));
  EXPECT_THAT(FormatLinkHtml({}, Options()), HasSubstr("No seller is linked to another."));
}

TEST(LinkHtml, SaysWhatItLeavesOut) {
  LinkHtmlOptions options = Options();
  options.max_groups = 0;
  EXPECT_THAT(FormatLinkHtml(MakeGraph(), options), HasSubstr("1 group more left out"));
  options = Options();
  options.max_reasons = 1;
  EXPECT_THAT(FormatLinkHtml(MakeGraph(), options), HasSubstr("And 1 further reason."));
  options = Options();
  options.max_picture_bytes = 100;
  EXPECT_THAT(FormatLinkHtml(MakeGraph(), options), HasSubstr("2 pictures left out"));
  options = Options();
  options.max_leads = 0;
  EXPECT_THAT(FormatLinkHtml(MakeGraph(), options), Not(HasSubstr("id=\"leads\"")));
  options = Options();
  options.blur = true;
  EXPECT_THAT(FormatLinkHtml(MakeGraph(), options), HasSubstr("<html lang=\"en\" class=\"blur\">"));
}

TEST(Objects, AreCommunitiesOfPhotosThatShowOneThing) {
  const LinkGraph graph = MakeGraph();
  EXPECT_THAT(ObjectsOf(graph), ElementsAre(ElementsAre(PhotoId{10}, PhotoId{11}))) << "The no keeps the third out.";
  EXPECT_THAT(ObjectsOf({}), testing::IsEmpty());
}

}  // namespace
}  // namespace pugmark
