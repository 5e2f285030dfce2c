// SPDX-License-Identifier: Apache-2.0
#include "engine/link/link_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "index/base/files.h"

namespace pugmark {

std::string LinkPercent(double probability) {
  return fmt::format("{:.1f} %", probability >= 1 ? 100.0 : std::min(probability * 100, 99.9));
}

std::string NameOf(const SellerNode& seller) {
  return fmt::format("{} {}", seller.platform.empty() ? "(no platform)" : EscapeText(seller.platform),
                     EscapeText(seller.handle));
}

std::string ListingText(const ListingNode& listing) {
  const std::string& name = !listing.external_id.empty() ? listing.external_id
                            : !listing.url.empty()       ? listing.url
                                                         : listing.title;
  return fmt::format("{} {}{}", listing.platform.empty() ? "(no platform)" : EscapeText(listing.platform),
                     EscapeText(name),
                     listing.first_seen.empty() ? "" : " of " + EscapeText(listing.first_seen.substr(0, 10)));
}

std::string ReasonText(const LinkGraph& graph, const Evidence& e, bool swapped) {
  size_t photo_a = e.photo_a, photo_b = e.photo_b, listing_a = e.listing_a, listing_b = e.listing_b;
  if (swapped) std::swap(photo_a, photo_b), std::swap(listing_a, listing_b);
  const auto hash = [&](size_t photo) { return graph.photos[photo].sha256.Hex().substr(0, 12) + "…"; };
  std::string text = fmt::format("{}{}", EdgeKindName(e.kind), IsSoft(e.kind) ? " (soft)" : "");
  if (!e.value.empty()) text += fmt::format(" '{}'", EscapeText(e.value));
  if (!IsSoft(e.kind) && e.kind != EdgeKind::kSameFile) text += " " + LinkPercent(e.match_probability);
  text += photo_a == photo_b
              ? fmt::format(": photo {} in {} and in {}", hash(photo_a), ListingText(graph.listings[listing_a]),
                            ListingText(graph.listings[listing_b]))
              : fmt::format(": photo {} in {}, and {} in {}", hash(photo_a), ListingText(graph.listings[listing_a]),
                            hash(photo_b), ListingText(graph.listings[listing_b]));
  if (e.num_pairs > 1) text += fmt::format("; {} pairs of photos in all", e.num_pairs);
  if (e.num_unrelated > 2) {
    text += fmt::format("; shared by {} unrelated sellers{}", e.num_unrelated,
                        e.weight > 0 ? "" : ", so it counts for nothing");
  }
  return text;
}

}  // namespace pugmark
