// SPDX-License-Identifier: Apache-2.0
//
// Who is behind it: sellers, their listings and photos as one graph, with what links them and the groups they form.
//
// Plain data. Nodes refer to each other by their places in the vectors of the graph, which are in the order of the
// catalogue's ids, so that one catalogue gives one graph. Whoever exports, draws or prints reads this and nothing else.
//
// Three layers of links:
//   * PhotoEdge: two photos show the same; found by matching (match.h), kept in the catalogue. One photo that was seen
//     in several listings needs no edge: it is the same node.
//   * Trace: photos whose files carry one and the same value, such as a camera's serial number. Soft: a lead, no more.
//   * SellerEdge: two sellers, and all that speaks for their being one hand, weighed into a probability (weigh.h).
// Groups are communities of sellers over the hard seller edges (communities.h), not transitive closures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/base/ids.h"
#include "index/base/sha256.h"
#include "index/catalogue/catalogue.h"
#include "index/catalogue/links.h"
#include "index/catalogue/market.h"
#include "index/catalogue/reviews.h"

namespace pugmark {

// Hard kinds first, strongest first; from kCameraSerial on they are soft.
enum class EdgeKind {
  kSameFile,
  kSamePhoto,
  kSameObject,
  kSameScene,
  kCameraSerial,  // EXIF: serial number of the body.
  kOwner,         // EXIF: owner or artist.
  kLens,          // EXIF: serial number of the lens.
  kQuantisation,  // The same JPEG quantisation tables and the same size in pixels.
  kQrCode,        // The content of a QR code in the picture.
};
constexpr bool IsSoft(EdgeKind kind) { return kind >= EdgeKind::kCameraSerial; }
std::string_view EdgeKindName(EdgeKind kind);  // "same-file", "camera-serial", "quantisation-tables", ...

// --- Nodes. Text from outside is as the catalogue has it: whoever shows it, escapes it. Days and times are ISO 8601.

struct PhotoNode {
  PhotoId id;
  Sha256 sha256;
  std::string path;  // Bytes as the file system gave them.
  int width_px = 0, height_px = 0;
  bool is_benign = false;        // In a bank with the role `benign`: carries no links.
  std::vector<size_t> listings;  // Ascending, each once.
  bool is_seized = false;        // In a bank with the role `seizure`: an exhibit, offered by nobody; carries no links.
};

// A listing said something else than before.
struct ListingChange {
  std::string at;     // When the new value was first seen.
  std::string field;  // "title", "price", "currency", "caption", "description"
  std::string before, after;
};

struct ListingNode {
  std::string platform, external_id, url, title, price, currency, posted_at;
  std::vector<std::string> products, species;
  std::optional<size_t> seller;       // Nothing: not known.
  std::string first_seen;             // The earlier of posted_at and the first captured_at; empty: neither is known.
  std::string last_seen;              // The last captured_at, or posted_at if that is later. Empty: neither is known.
  std::vector<std::string> captured;  // Distinct captured_at, ascending.
  std::vector<size_t> photos;         // Ascending, each once.
  ListingId id;
  std::vector<ListingChange> changes;  // By time; by AddListingChanges, otherwise empty.
};

struct SellerNode {
  std::string platform, handle, url;
  std::vector<size_t> listings;       // Ascending. A seller without listings is no node.
  std::optional<size_t> group;        // Place in LinkGraph::groups. Nothing: of no group.
  std::string first_seen, last_seen;  // Over the listings.
  SellerId id;
};

// --- Links

// The photos' own link, with photo a < photo b by id. Kind: same-photo, same-object or same-scene.
struct PhotoEdge {
  size_t a = 0, b = 0;
  EdgeKind kind = EdgeKind::kSameScene;
  double probability = 0;  // That the verdict is right, [0, 1]; after a review 1 or 0.
  int num_inliers = 0;
  double log10_nfa = 0;
  bool mirrored = false;
  std::string found_at;          // When the link was found, UTC.
  std::optional<Answer> review;  // What a person last said of the two. A "no" cuts the edge: it counts for nothing.
};

// A value that several photos' files carry.
struct Trace {
  EdgeKind kind = EdgeKind::kCameraSerial;  // A soft one.
  std::string value;
  std::vector<size_t> photos;  // Ascending, each once.
};

// One reason to take two sellers for one: the strongest pair of photos that stands for one picture, object, place or
// trace.
struct Evidence {
  EdgeKind kind = EdgeKind::kSameFile;
  size_t photo_a = 0, photo_b = 0;      // Of seller a and of seller b; one and the same for kSameFile.
  size_t listing_a = 0, listing_b = 0;  // The earliest in which each of them offers it.
  std::string since;                    // When both had been on offer: the later of the listings' first_seen.
  double match_probability = 1;         // That the photos show the same, [0, 1].
  int num_unrelated = 2;  // Sellers who share it and are not otherwise linked; the fewer, the more it says.
  int num_pairs = 1;      // Pairs of photos that this stands for.
  double weight = 0;      // Probability of one hand by this reason alone, [0, 1]. Soft: see weigh.h.
  std::string value;      // Of a trace.
};

enum class Decision { kNone, kConfirmed, kCut };  // By a person, on the two sellers.

// Two sellers, a < b.
struct SellerEdge {
  size_t a = 0, b = 0;
  // One hand, by all hard evidence together, [0, 1]; after a decision 1 or 0. 0 if there is only soft evidence.
  double probability = 0;
  std::vector<Evidence> evidence;  // Hard before soft, then by weight, largest first.
  Decision decision = Decision::kNone;
  std::string since;  // The earliest `since` of the evidence that counts; empty if unknown.
  // Whether it says enough to be told as a link (LinkModel::min_probability); else it is a lead.
  bool is_link = false;
};

// What became of a group, as the linking runs saw it.
enum class GroupEventKind { kFounded, kJoined, kLeft, kSplitFrom, kMergedInto, kDissolved };
std::string_view GroupEventName(GroupEventKind kind);  // "founded", "joined", "left", "split-from", ...

struct GroupEvent {
  std::string at;  // UTC.
  GroupEventKind kind = GroupEventKind::kFounded;
  std::string platform, handle;  // Of the seller who joined or left; empty else.
  int64_t other = 0;             // The group it was split from or merged into; 0 else.
};

struct Group {
  int64_t id = 0;               // Stays over nights. Never given twice.
  std::vector<size_t> sellers;  // Ascending; at least two.
  std::vector<size_t> edges;    // Links among them: places in LinkGraph::seller_edges.
  std::string founded_at;
  std::vector<GroupEvent> events;  // Oldest first.
  // Reach.
  std::vector<std::string> platforms, products;  // Ordered, each once.
  size_t num_listings = 0, num_photos = 0;
  std::string first_seen, last_seen;
};

struct LinkGraph {
  std::vector<PhotoNode> photos;         // By id. Those with at least one listing.
  std::vector<ListingNode> listings;     // By id.
  std::vector<SellerNode> sellers;       // By id.
  std::vector<PhotoEdge> photo_edges;    // By (a, b).
  std::vector<Trace> traces;             // By kind, value; with photos of at least two listings.
  std::vector<SellerEdge> seller_edges;  // By (a, b). Leads included.
  std::vector<Group> groups;             // Ranked by reach: platforms, listings, time span, products; then by id.
  std::string linked_at;                 // When the last linking run ended; empty: never.
  int64_t num_unlinked_photos = 0;       // Photos that no linking run has matched yet.
};

// A value found in a photo's file or picture. Given to LoadGraph by whoever extracts them.
struct PhotoTrace {
  PhotoId photo;
  EdgeKind kind = EdgeKind::kCameraSerial;  // A soft one.
  std::string value;                        // Not empty.
};

// How evidence is weighed; the constants and what they were measured on: weigh.h.
struct LinkModel;

// Reads the graph. Groups are those of the last linking run, with their identities; seller edges are weighed anew, so
// that banks and reviews of since then count already. traces: any order; those of photos without listings are passed
// over. Threads, errors: as Catalogue. Cost: reads photos, listings, sightings and links once, no features;
// docs/measuring.md.
LinkGraph LoadGraph(const Catalogue& catalogue, std::span<const PhotoTrace> traces = {});
LinkGraph LoadGraph(const Catalogue& catalogue, std::span<const PhotoTrace> traces, const LinkModel& model);

// Nodes and photo edges only, of a market that was read already.
LinkGraph LoadPhotoGraph(const Catalogue& catalogue, const Market& market);

// Reads what the listings of a group changed, for its timeline. The graph must be of this state of the catalogue. Threads,
// errors: as Catalogue.
void AddListingChanges(const Catalogue& catalogue, const Group& group, LinkGraph* graph);

}  // namespace pugmark
