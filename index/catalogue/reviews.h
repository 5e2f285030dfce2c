// SPDX-License-Identifier: Apache-2.0
//
// What people said of pairs of photos: yes, the same; no, not the same; unsure.
//
// A pair is two SHA-256, in whichever order: it survives every re-index, and a query that is not catalogued can be half of
// it. Nothing is deleted; the latest answer on a pair counts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/base/sha256.h"
#include "index/catalogue/catalogue.h"

namespace pugmark {

enum class Answer { kYes, kNo, kUnsure };
std::string_view AnswerName(Answer answer);  // "yes", "no", "unsure"
// Throws Error(kInvalidArgument) if it is none of the three.
Answer ParseAnswer(std::string_view name);

struct Review {
  int64_t id = 0;  // Grows with every review; 0: not stored yet.
  Sha256 low, high;  // low < high.
  Answer answer = Answer::kUnsure;
  std::string note;
  std::string reviewer;     // Who says so.
  std::string reviewed_at;  // UTC.
  std::string machine_verdict;     // What Pugmark said of the pair then; empty: it could not be asked.
  double machine_probability = 0;  // Likewise. [0, 1].

  const Sha256& other(const Sha256& one) const { return one == low ? high : low; }
};

// Stores a review of the pair (a, b); id, low, high and reviewed_at are filled here. One short transaction, which needs no
// lock of the collection. Returns what was stored.
// Throws Error(kInvalidArgument) if a == b or the reviewer is empty, kLimit if a text is beyond 10,000 bytes, and as
// AppendToLog does.
Review AddReview(const std::filesystem::path& database, const Sha256& a, const Sha256& b, Review review);

// Reads through the catalogue's connection, and inside of its transaction. Threads, errors: as Catalogue.
class Reviews {
 public:
  explicit Reviews(const Catalogue& catalogue) : catalogue_(catalogue) {}

  // The answer that counts; nothing if the pair was never reviewed. Cost: one index look-up.
  std::optional<Review> Latest(const Sha256& a, const Sha256& b) const;
  // The answers that count on all pairs with this photo.
  std::vector<Review> LatestOf(const Sha256& photo) const;
  // Every review ever given, oldest first.
  std::vector<Review> History() const;

 private:
  const Catalogue& catalogue_;
};

}  // namespace pugmark
