// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/state.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <tuple>

#include "engine/reindex/check.h"
#include "engine/search/search.h"
#include "index/base/sha256.h"
#include "index/catalogue/links.h"
#include "tests/pictures.h"

namespace pugmark::crash {
namespace {

namespace fs = std::filesystem;

// Which pictures lie in which folder.
const std::map<std::string, std::vector<int>> kFolders = {{"first", {0, 1}}, {"second", {1, 2}}, {"third", {3}}};

std::string Name(int picture) { return "p" + std::to_string(picture) + ".jpg"; }

}  // namespace

Pictures::Pictures() {
  fs::create_directories(scratch_ / "queries");
  for (const auto& [folder, pictures] : kFolders) {
    fs::create_directories(scratch_ / folder);
    for (const int picture : pictures) {
      const cv::Mat pixels = MakePicture(static_cast<uint64_t>(picture) + 100, 220, 165);
      const fs::path path = scratch_ / folder / Name(picture);
      WriteJpeg(path.string(), pixels);
      sha256_[picture] = Sha256::OfFile(path).Hex();
      cv::Mat small;
      cv::resize(pixels, small, {}, 0.8, 0.8, cv::INTER_AREA);
      WriteJpeg(query(picture).string(), small, 70);
    }
  }
  std::ofstream(scratch_ / "first" / "page.jpg") << "<html>not a photo</html>";
}

fs::path Pictures::photo(int picture) const {
  for (const auto& [folder, pictures] : kFolders) {
    if (std::count(pictures.begin(), pictures.end(), picture) > 0) return scratch_ / folder / Name(picture);
  }
  return {};
}

bool State::operator==(const State& other) const {
  const auto tie = [](const State& s) {
    return std::tie(s.photos, s.sightings, s.files, s.unreadable, s.links, s.answers, s.num_indexed, s.num_entries,
                    s.num_parts);
  };
  return tie(*this) == tie(other);
}

std::ostream& operator<<(std::ostream& out, const State& state) {
  out << state.photos.size() << " photos, " << state.links.size() << " links, " << state.sightings.size()
      << " sightings, " << state.files.size() << " files, " << state.unreadable.size() << " unreadable, "
      << state.num_indexed << " indexed, " << state.num_entries << " entries, " << state.num_parts
      << " parts; answers:";
  for (const std::string& answer : state.answers) out << " [" << answer << "]";
  return out;
}

State ReadState(const fs::path& root, const Pictures& pictures) {
  State state;
  const Collection collection = OpenCollection(root, Catalogue::Access::kRead);
  collection.catalogue.VisitFeatures(PhotoId{}, [&](PhotoId id, const StoredFeatures&) {
    const std::string sha256 = collection.catalogue.GetPhoto(id)->sha256.Hex();
    state.photos.push_back(sha256);
    for (const Sighting& s : collection.catalogue.SightingsOf(id)) {
      state.sightings.insert(sha256 + " " + s.path + " " + s.listing.platform + " " + s.listing.title);
    }
    return true;
  });
  for (const char* folder : {"thumbs", "originals"}) {
    if (!fs::exists(root / folder)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file()) continue;
      state.files[folder + entry.path().filename().string()] = Sha256::OfFile(entry.path()).Hex();
    }
  }
  std::ifstream quarantine(collection.paths.quarantine());
  for (std::string line; std::getline(quarantine, line);) {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    // A torn line is no loss: the same input is listed again.
    if (json.is_object()) state.unreadable.insert(json.value("path", "?") + " " + json.value("code", "?"));
  }
  for (const PhotoLink& l : PhotoLinks(collection.catalogue)) {
    state.links.insert(fmt::format("photos {} {} {}", l.low.value, l.high.value, l.verdict));
  }
  for (const SellerLink& l : SellerLinks(collection.catalogue)) {
    state.links.insert(fmt::format("sellers {} {} {:.6f}", l.low.value, l.high.value, l.probability));
  }
  for (const SellerGroup& group : SellerGroups(collection.catalogue)) {
    state.links.insert(fmt::format("a group of {} from {}", group.members.size(), group.members.front().value));
  }
  const Searcher searcher(root, {});
  for (int picture = 0; picture < Pictures::kNum; ++picture) {
    const QueryResult result = searcher.Search(pictures.query(picture));
    std::string answer = result.error;
    if (result.num_damaged > 0) answer += "damaged ";
    for (const Hit& hit : result.hits) {
      answer += std::string(VerdictName(hit.verdict)) + " " + hit.photo.sha256.Hex().substr(0, 8) + " ";
    }
    state.answers.push_back(answer);
    state.snapshot = result.snapshot;
  }
  if (state.snapshot > 0) {
    const SnapshotInfo info = ReadSnapshotInfo(collection.paths, state.snapshot);
    state.num_indexed = info.num_photos;
    state.num_entries = info.num_entries;
    state.num_parts = info.parts.size();
  }
  return state;
}

std::vector<std::string> Check(const fs::path& root) {
  return CheckCollection(OpenCollection(root, Catalogue::Access::kRead)).findings;
}

}  // namespace pugmark::crash
