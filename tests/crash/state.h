// SPDX-License-Identifier: Apache-2.0
//
// A small collection for crash tests, and what is to be the same in it after a crash and a second run.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/scratch.h"

namespace pugmark::crash {

// Folders of pictures: "first" (2 photos and a file that is none), "second" (1 new photo, and one of the first again),
// "third" (1 photo); and "queries", edited copies of all of them, by the number of the picture.
class Pictures {
 public:
  Pictures();
  std::filesystem::path folder(const std::string& name) const { return scratch_ / name; }
  std::filesystem::path query(int picture) const { return scratch_ / "queries" / (std::to_string(picture) + ".jpg"); }
  std::filesystem::path photo(int picture) const;
  const std::string& sha256(int picture) const { return sha256_.at(picture); }  // Of the photo.
  static constexpr int kNum = 4;

 private:
  Scratch scratch_;
  std::map<int, std::string> sha256_;
};

// All that a user can see of a collection, without what depends on when and how often something was tried: numbers of
// batches and snapshots, time stamps.
struct State {
  std::vector<std::string> photos;           // SHA-256, in order of id.
  std::multiset<std::string> sightings;      // "SHA-256 path listing".
  std::map<std::string, std::string> files;  // Thumbnails and originals: name → SHA-256 of the content.
  std::set<std::string> unreadable;          // Lines of the quarantine: path and code.
  std::set<std::string> links;               // Between photos and between sellers, and the groups of sellers.
  std::vector<std::string> answers;          // Of the search for each query: verdict and SHA-256 of all hits.
  int64_t num_indexed = 0, num_entries = 0;
  size_t num_parts = 0;
  int64_t snapshot = 0;  // Not compared.

  bool operator==(const State& other) const;
};
std::ostream& operator<<(std::ostream& out, const State& state);

// Through the libraries, as a reader. Throws Error if the collection cannot be opened or searched.
State ReadState(const std::filesystem::path& collection, const Pictures& pictures);

// What `pugmark check` finds, through the library.
std::vector<std::string> Check(const std::filesystem::path& collection);

}  // namespace pugmark::crash
