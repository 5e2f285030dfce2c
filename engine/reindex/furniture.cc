// SPDX-License-Identifier: Apache-2.0
#include "engine/reindex/furniture.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace pugmark {

Furniture LearnFurnitureOf(const Catalogue& catalogue, const SnapshotWriter& writer, const ReindexProgress& progress) {
  std::map<std::pair<std::string, std::string>, int64_t> numbers;  // Of sellers, by platform and handle.
  const auto seller_of = [&](PhotoId photo) {
    Seller seller;
    const std::vector<Catalogue::BankName> banks = catalogue.BanksOf(photo);
    seller.is_benign = std::any_of(banks.begin(), banks.end(),
                                   [](const Catalogue::BankName& bank) { return bank.role == BankRole::kBenign; });
    for (const Sighting& sighting : catalogue.SightingsOf(photo)) {
      if (sighting.listing.seller.empty()) continue;
      const auto number = static_cast<int64_t>(numbers.size());
      seller.seller =
          numbers.try_emplace(std::pair(sighting.listing.platform, sighting.listing.seller), number).first->second;
      break;
    }
    return seller;
  };
  return LearnFurniture(writer.OpenParts(), writer.num_words(), seller_of,
                        [&](int64_t done) { progress("learning furniture", done, writer.num_words()); });
}

}  // namespace pugmark
