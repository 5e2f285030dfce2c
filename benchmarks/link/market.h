// SPDX-License-Identifier: Apache-2.0
//
// A simulated market: people who trade under several handles, and all the reasons for which sellers who have nothing to
// do with each other show the same pictures. Real photos, invented sellers; everything is drawn by seed and names.
//
//   hands     Of all people 68 % have one handle, 16 % two, 10 % three, 6 % four. A hand with one handle has one piece
//             of goods, others have two or three. A piece is a photo of pool/ or domain/, or an object of instances/ or
//             samples/ with several views. No two hands have pieces that show the same thing, place or photograph;
//             goods of one make they may have. Each handle offers each piece with probability 0.9, and one of them in
//             any case: an object with views in a view of its own in 7 of 10 cases; else the same file in 3 of 10
//             cases, else an edited copy. One or two pieces an advertisement.
//   stock     40 pictures that 6 to 30 sellers use, in edited copies; every third of them is known to be benign (bank).
//   suppliers 4 catalogues of 5 pictures each, offered whole by 8 to 20 sellers.
//   popular   30 pictures that 3 or 4 sellers use.
//   thieves   3 % (thieves_percent) of the sellers copy all pictures of one advertisement of somebody else.
// Who uses stock, catalogues and popular pictures is drawn from all sellers, so that hands mix with them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "benchmarks/quality/corpus.h"

namespace pugmark::bench {

struct MarketOptions {
  int num_sellers = 1900;  // For more the data have too few things that are unlike, since siblings.tsv knows more.
  uint64_t seed = 1;
  int thieves_percent = 3;
};

using SellerName = std::pair<std::string, std::string>;  // Platform, handle.

struct Market {
  std::filesystem::path manifest;
  std::map<SellerName, std::string> hand_of;
  int num_hands = 0, num_listings = 0, num_rows = 0, num_thieves = 0;
};

// Writes edited copies and manifest.csv into `folder`. Throws Error(kInvalidArgument) if the corpus has too few things
// to give every hand its own.
Market MakeMarket(const Corpus& corpus, const MarketOptions& options, const std::filesystem::path& folder);

}  // namespace pugmark::bench
