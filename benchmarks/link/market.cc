// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/link/market.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <random>
#include <set>

#include "benchmarks/quality/edited.h"
#include "benchmarks/quality/edits.h"
#include "index/base/error.h"
#include "index/base/files.h"

namespace pugmark::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPlatforms[] = {"bazaarly", "chonhanh", "pikpals", "blackacacia"};
// What is done to a picture when it is offered again. Not the hardest of edits.h: a seller wants it to be seen.
constexpr const char* kEdits[] = {"platform-600", "jpeg-15",          "crop-50",          "mirror",      "banner-light",
                                  "border-8",     "watermark-light",  "perspective-mild", "greyscale",   "gamma-1.7",
                                  "colour-tint",  "screenshot-light", "rotate-canvas",    "shrink-third"};
constexpr int kStock = 40, kSuppliers = 4, kPerSupplier = 5, kPopular = 30;

// Views of one thing, or of several that stand in one place.
using Piece = std::vector<const CorpusPhoto*>;

struct Seller {
  std::string platform, handle;
  size_t hand;
  std::vector<std::vector<fs::path>> ads;
};

class Maker {
 public:
  Maker(const Corpus& corpus, const MarketOptions& options, const fs::path& folder)
      : options_(options), folder_(folder), random_(options.seed), strangers_(LoadStrangers(corpus)) {
    MakePieces(corpus);
  }

  Market Make() {
    MakeHands();
    Share();
    Steal();
    return Write();
  }

 private:
  size_t Below(size_t n) { return static_cast<size_t>(random_() % n); }  // The same on every machine.
  bool Percent(size_t share) { return Below(100) < share; }
  template <typename T>
  void Shuffle(std::vector<T>* items) {
    for (size_t i = items->size(); i > 1; --i) std::swap((*items)[i - 1], (*items)[Below(i)]);
  }

  // Photos that share anything but a make belong to one piece.
  void MakePieces(const Corpus& corpus) {
    std::vector<const CorpusPhoto*> photos;
    for (const CorpusPhoto& photo : corpus.photos()) {
      const bool is_usable = photo.part != Part::kStranger && !photo.edited && IsReadable(photo);
      if (is_usable) photos.push_back(&photo);
    }
    std::vector<size_t> root(photos.size());
    std::iota(root.begin(), root.end(), 0);
    for (size_t i = 0; i < photos.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (root[i] == root[j] || corpus.RelationOf(*photos[i], *photos[j]) == Relation::kNone) continue;
        std::replace(root.begin(), root.end(), std::max(root[i], root[j]), std::min(root[i], root[j]));
      }
    }
    std::map<size_t, Piece> pieces;
    for (size_t i = 0; i < photos.size(); ++i) pieces[root[i]].push_back(photos[i]);
    for (auto& entry : pieces) pieces_.push_back(std::move(entry.second));
    Shuffle(&pieces_);
  }

  Piece TakePiece() {
    if (pieces_.empty()) {
      throw Error(ErrorCode::kInvalidArgument,
                  "There are too few photos for so many sellers: name more with --data, or fewer --sellers.");
    }
    Piece piece = std::move(pieces_.back());
    pieces_.pop_back();
    return piece;
  }

  fs::path EditedCopy(const fs::path& original) {
    const std::string name = kEdits[Below(std::size(kEdits))];
    const auto kind =
        std::find_if(EditKinds().begin(), EditKinds().end(), [&](const EditKind& k) { return k.name == name; });
    PUGMARK_CHECK(kind != EditKinds().end());
    const cv::Mat picture = cv::imread(original.string(), cv::IMREAD_COLOR);
    const fs::path file = folder_ / fmt::format("{:05}.jpg", num_files_++);
    const std::vector<uint8_t> bytes = ApplyEdit(*kind, random_(), picture, EditContext{strangers_});
    WriteFileAtomically(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return file;
  }

  fs::path OfferedAgain(const fs::path& original) { return Percent(30) ? original : EditedCopy(original); }

  void MakeHands() {
    while (sellers_.size() < static_cast<size_t>(options_.num_sellers)) {
      const size_t draw = Below(100);
      const size_t wanted = draw < 68 ? 1 : draw < 84 ? 2 : draw < 94 ? 3 : 4;
      const size_t num_handles = std::min(wanted, static_cast<size_t>(options_.num_sellers) - sellers_.size());
      std::vector<Piece> goods;
      for (size_t left = num_handles == 1 ? 1 : 2 + Below(2); left > 0; --left) goods.push_back(TakePiece());
      const size_t hand = num_hands_++;
      const size_t shared = Below(goods.size());  // What all handles offer.
      for (size_t h = 0; h < num_handles; ++h) {
        Seller seller{kPlatforms[Below(std::size(kPlatforms))], fmt::format("h{:05}", sellers_.size()), hand, {}};
        std::vector<fs::path> pictures;
        for (size_t g = 0; g < goods.size(); ++g) {
          if (g != shared && !Percent(90)) continue;
          const Piece& piece = goods[g];
          const bool own_view = h > 0 && piece.size() > 1 && Percent(70);
          const fs::path& original = piece[own_view ? 1 + Below(piece.size() - 1) : 0]->path;
          pictures.push_back(h == 0 || own_view ? original : OfferedAgain(original));
        }
        for (size_t p = 0; p < pictures.size();) {
          const size_t size = std::min(pictures.size() - p, 1 + Below(2));
          seller.ads.emplace_back(pictures.begin() + static_cast<std::ptrdiff_t>(p),
                                  pictures.begin() + static_cast<std::ptrdiff_t>(p + size));
          p += size;
        }
        sellers_.push_back(std::move(seller));
      }
    }
  }

  // `number` different sellers offer all these pictures, in one advertisement each.
  void OfferBy(size_t number, const std::vector<fs::path>& pictures) {
    std::set<size_t> chosen;
    while (chosen.size() < std::min(number, sellers_.size())) chosen.insert(Below(sellers_.size()));
    for (const size_t s : chosen) {
      std::vector<fs::path>& ad = sellers_[s].ads.emplace_back();
      for (const fs::path& picture : pictures) ad.push_back(OfferedAgain(picture));
    }
  }

  void Share() {
    for (int i = 0; i < kStock; ++i) {
      const fs::path picture = TakePiece().front()->path;
      if (i % 3 == 0) benign_.push_back(picture);
      OfferBy(6 + Below(25), {picture});
    }
    for (int i = 0; i < kSuppliers; ++i) {
      std::vector<fs::path> catalogue;
      for (int p = 0; p < kPerSupplier; ++p) catalogue.push_back(TakePiece().front()->path);
      OfferBy(8 + Below(13), catalogue);
    }
    for (int i = 0; i < kPopular; ++i) OfferBy(3 + Below(2), {TakePiece().front()->path});
  }

  void Steal() {
    num_thieves_ = sellers_.size() * static_cast<size_t>(options_.thieves_percent) / 100;
    for (size_t i = 0; i < num_thieves_; ++i) {
      const size_t thief = Below(sellers_.size()), victim = Below(sellers_.size());
      if (sellers_[thief].hand == sellers_[victim].hand) continue;
      const std::vector<fs::path> ad = sellers_[victim].ads[Below(sellers_[victim].ads.size())];
      std::vector<fs::path> copies;
      for (const fs::path& picture : ad) copies.push_back(OfferedAgain(picture));
      sellers_[thief].ads.push_back(std::move(copies));
    }
  }

  Market Write() {
    Market market;
    market.manifest = folder_ / "manifest.csv";
    market.num_hands = static_cast<int>(num_hands_);
    market.num_thieves = static_cast<int>(num_thieves_);
    std::string csv = "file,platform,listing_id,seller,title,posted_at,bank\n";
    for (const fs::path& picture : benign_) csv += fmt::format("\"{}\",museum.example,,,,,benign\n", picture.string());
    // Advertisements come in the order of their days, so that a market can be taken in night by night.
    struct Ad {
      std::string day;
      const Seller* seller;
      const std::vector<fs::path>* pictures;
    };
    std::vector<Ad> ads;
    for (const Seller& seller : sellers_) {
      market.hand_of[{seller.platform, seller.handle}] = fmt::format("hand {}", seller.hand);
      for (const std::vector<fs::path>& ad : seller.ads) {
        ads.push_back({fmt::format("2025-{:02}-{:02}", 1 + Below(12), 1 + Below(28)), &seller, &ad});
      }
    }
    std::stable_sort(ads.begin(), ads.end(), [](const Ad& a, const Ad& b) { return a.day < b.day; });
    for (const Ad& ad : ads) {
      const int number = ++market.num_listings;
      for (const fs::path& picture : *ad.pictures) {
        csv += fmt::format("\"{}\",{},{},{},advertisement {},{},\n", picture.string(), ad.seller->platform, number,
                           ad.seller->handle, number, ad.day);
        ++market.num_rows;
      }
    }
    WriteFileAtomically(market.manifest, csv);
    return market;
  }

  const MarketOptions& options_;
  const fs::path folder_;
  std::mt19937_64 random_;
  const std::vector<cv::Mat> strangers_;
  std::vector<Piece> pieces_;
  std::vector<Seller> sellers_;
  std::vector<fs::path> benign_;
  size_t num_hands_ = 0, num_files_ = 0, num_thieves_ = 0;
};

}  // namespace

Market MakeMarket(const Corpus& corpus, const MarketOptions& options, const fs::path& folder) {
  fs::create_directories(folder);
  return Maker(corpus, options, folder).Make();
}

}  // namespace pugmark::bench
