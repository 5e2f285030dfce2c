// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/quality/corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numbers>
#include <sstream>
#include <stdexcept>

#include "engine/ingest/inputs.h"
#include "index/base/error.h"

namespace pugmark::bench {
namespace {

namespace fs = std::filesystem;

// Of the photos held out of 100, by set: searched as unrelated, and used as strangers.
constexpr uint64_t kUnrelatedPercent = 12;
constexpr uint64_t kStrangerPercent = 5;

std::vector<std::string> Split(const std::string& line, char separator) {
  std::vector<std::string> fields;
  std::stringstream stream(line);
  for (std::string field; std::getline(stream, field, separator);) fields.push_back(field);
  return fields;
}

// 0 if it says nothing.
double Degrees(const std::string& field, const fs::path& table) {
  try {
    return field.empty() ? 0 : std::stod(field);
  } catch (const std::logic_error&) {
    throw Error(ErrorCode::kInvalidArgument, table.string() + ": not a number: " + field);
  }
}

std::ifstream Open(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream) throw Error(ErrorCode::kIo, file.string() + ": cannot be read.");
  return stream;
}

}  // namespace

uint64_t Mix(uint64_t seed, std::string_view text) {
  uint64_t h = 14695981039346656037ull ^ (seed * 0x9E3779B97F4A7C15ull);  // FNV-1a, then a finaliser.
  for (const char c : text) h = (h ^ static_cast<uint8_t>(c)) * 1099511628211ull;
  h = (h ^ (h >> 31)) * 0x9E3779B97F4A7C15ull;
  return h ^ (h >> 29);
}

Corpus::Corpus(const fs::path& data, const fs::path& samples, const fs::path& siblings) {
  if (!data.empty() && fs::exists(data)) {
    for (const char* set : {"pool", "domain", "instances"}) AddFolder(data / set, set);
  }
  AddSamples(samples);
  for (size_t i = 0; i < photos_.size(); ++i) by_sha256_.try_emplace(photos_[i].sha256, i);
  ReadSiblings(siblings);
}

void Corpus::AddFolder(const fs::path& folder, const std::string& set) {
  std::map<std::string, int> walked;
  for (const fs::path& path : ExpandFolders({folder})) {
    CorpusPhoto photo;
    photo.path = path;
    photo.sha256 = Sha256::OfFile(path);
    photo.set = set;
    photo.name = fs::relative(path, folder).string();
    photo.shots = photo.things = {set + "/" + photo.name};
    const std::string group = fs::relative(path, folder).begin()->string();
    if (set == "instances") {
      // Those of wxbs lie one folder deeper: the group is the folder that holds the photo.
      photo.things = photo.sessions = {set + "/" + fs::relative(path.parent_path(), folder).string()};
      if (group.starts_with("museum_")) photo.order = walked[group]++;
    } else {
      const uint64_t draw = Mix(1, photo.name) % 100;
      photo.part = draw < kUnrelatedPercent                                           ? Part::kUnrelated
                   : draw < kUnrelatedPercent + kStrangerPercent && set == "pool" ? Part::kStranger
                                                                                      : Part::kReference;
      // Pictures of one category, like goods of one shop, are look-alikes of each other.
      photo.families = {set == "domain" ? group : photo.name.substr(0, photo.name.find("_image_"))};
    }
    photos_.push_back(std::move(photo));
  }
}

void Corpus::AddSamples(const fs::path& samples) {
  const fs::path table = samples / "truth" / "photos.csv";
  std::ifstream stream = Open(table);
  std::string line;
  std::getline(stream, line);
  if (line != "file,object,family,session,ground,azimuth_deg,elevation_deg,edit,derived_from") {
    throw Error(ErrorCode::kInvalidArgument, table.string() + ": unexpected columns: " + line);
  }
  while (std::getline(stream, line)) {
    std::vector<std::string> f = Split(line, ',');
    // Split drops an empty last field: not derived from anything.
    if (f.size() != 8 && f.size() != 9) {
      throw Error(ErrorCode::kInvalidArgument, table.string() + ": not 9 columns: " + line);
    }
    f.resize(9);
    if (f[0].starts_with("queries/")) continue;
    CorpusPhoto photo;
    photo.path = samples / f[0];
    photo.sha256 = Sha256::OfFile(photo.path);
    photo.set = "samples";
    photo.name = f[0];
    photo.shots = Split(f[8].empty() ? f[0] : f[8], ';');
    photo.things = Split(f[1].empty() ? f[0] : f[1], ';');
    photo.families = Split(f[2], ';');
    photo.sessions = Split(f[3], ';');
    photo.places = Split(f[4], ';');
    photo.azimuth_deg = Degrees(f[5], table);
    photo.elevation_deg = Degrees(f[6], table);
    photo.edited = f[7] != "none";
    photos_.push_back(std::move(photo));
  }
}

void Corpus::ReadSiblings(const fs::path& file) {
  if (file.empty()) return;
  std::ifstream stream = Open(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> f = Split(line, '\t');
    const bool is_thing = !f.empty() && f[0] == "thing";
    const bool is_photo = !f.empty() && f[0] == "photo";
    if (f.size() < 3 || (!is_thing && !is_photo && f[0] != "place")) {
      throw Error(ErrorCode::kInvalidArgument, file.string() + ": not a pair: " + line);
    }
    siblings_[std::minmax(f[1], f[2])] =
        is_photo ? Relation::kSamePhoto : is_thing ? Relation::kSameThing : Relation::kSamePlace;
  }
}

std::vector<const CorpusPhoto*> Corpus::Of(Part part, const std::string& set) const {
  std::vector<const CorpusPhoto*> found;
  for (const CorpusPhoto& photo : photos_) {
    if (photo.part == part && (set.empty() || photo.set == set)) found.push_back(&photo);
  }
  return found;
}

const CorpusPhoto* Corpus::Find(const Sha256& sha256) const {
  const auto found = by_sha256_.find(sha256);
  return found == by_sha256_.end() ? nullptr : &photos_[found->second];
}

Relation Corpus::RelationOf(const CorpusPhoto& a, const CorpusPhoto& b) const {
  Relation relation = HaveCommon(a.places, b.places) ? Relation::kSamePlace : Relation::kNone;
  if (HaveCommon(a.things, b.things)) relation = Relation::kSameThing;
  if (HaveCommon(a.shots, b.shots)) relation = Relation::kSamePhoto;
  // A sibling may be named by photo or by a whole group.
  for (const std::string& x : {a.name, a.things.front()}) {
    for (const std::string& y : {b.name, b.things.front()}) {
      const auto found = siblings_.find(std::minmax(x, y));
      if (found != siblings_.end()) relation = std::min(relation, found->second);
    }
  }
  return relation;
}

bool HaveCommon(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& x) { return std::find(b.begin(), b.end(), x) != b.end(); });
}

double AngleBetweenViews(const CorpusPhoto& a, const CorpusPhoto& b) {
  constexpr double kRadians = std::numbers::pi / 180;
  const double cosine =
      std::sin(a.elevation_deg * kRadians) * std::sin(b.elevation_deg * kRadians) +
      std::cos(a.elevation_deg * kRadians) * std::cos(b.elevation_deg * kRadians) *
          std::cos((a.azimuth_deg - b.azimuth_deg) * kRadians);
  return std::acos(std::clamp(cosine, -1.0, 1.0)) / kRadians;
}

}  // namespace pugmark::bench
