// SPDX-License-Identifier: Apache-2.0
//
// Banks: named sets of photos with a role, and which of them are watched.
//
// A watched bank is a watch-list: what comes in is matched against its photos, and what is put in it against everything
// that is there (engine/alerts). Ingest makes banks as manifests name them; here people arrange them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/base/ids.h"
#include "index/catalogue/catalogue.h"

namespace pugmark {

struct BankInfo {
  std::string name;
  BankRole role = BankRole::kEvidence;
  int64_t num_photos = 0;
  std::string watched_since;  // UTC. Empty: not watched.
};

// The role of that name; nothing if there is none.
std::optional<BankRole> BankRoleOf(std::string_view name);

// Borrows the catalogue. Threads and errors: as Catalogue; every call that writes is one transaction, or joins the open
// one. Error(kNotFound) if a bank that is named does not exist; it names those that do.
class Banks {
 public:
  explicit Banks(Catalogue& catalogue) : catalogue_(catalogue) {}

  std::vector<BankInfo> List() const;  // Ordered by name.

  // Throws Error(kExists) if there is a bank of that name, Error(kInvalidArgument) if the name is empty, longer than
  // 200 bytes or holds control characters.
  void Create(const std::string& name, BankRole role);

  // Return how many photos were not, or were, in the bank before. Photos must be catalogued.
  int64_t Add(const std::string& name, const std::vector<PhotoId>& photos);
  int64_t TakeOut(const std::string& name, const std::vector<PhotoId>& photos);

  // Removes the bank; its photos stay catalogued, and in other banks. Returns how many were in it.
  int64_t Drop(const std::string& name);

  // Return false if that is how it was. Throws Error(kInvalidArgument) for a bank with the role `benign`: what is in it
  // is known to say nothing.
  bool Watch(const std::string& name);
  bool Unwatch(const std::string& name);

 private:
  int64_t Require(const std::string& name) const;  // Its row id.
  Catalogue& catalogue_;
};

}  // namespace pugmark
