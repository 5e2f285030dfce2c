// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/reviews.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/catalogue_impl.h"
#include "index/catalogue/short_write.h"

namespace pugmark {

using internal::Connection;
using internal::Query;

namespace {

constexpr std::array<std::string_view, 3> kAnswers = {"yes", "no", "unsure"};
constexpr size_t kMaxText = 10'000;
constexpr int kMaxWaitMs = 10'000;
// Probabilities are kept as text would be, so that they come back as they went in.
constexpr double kPerMillion = 1e6;

#define PUGMARK_REVIEW_COLUMNS                                                                       \
  "SELECT id, low_sha256, high_sha256, answer, note, reviewer, reviewed_at, machine_verdict, " \
  "CAST(round(machine_probability * 1000000) AS INTEGER) FROM reviews "

Sha256 HashColumn(const Query& query, int column) {
  std::vector<uint8_t> bytes;
  query.GetBlob(column, &bytes);
  Sha256 hash;
  PUGMARK_CHECK(bytes.size() == hash.bytes.size());  // The schema sees to it.
  std::copy(bytes.begin(), bytes.end(), hash.bytes.begin());
  return hash;
}

Review ReviewOf(const Query& query) {
  Review review;
  review.id = query.GetInt(0);
  review.low = HashColumn(query, 1);
  review.high = HashColumn(query, 2);
  review.answer = ParseAnswer(query.GetText(3));
  review.note = query.GetText(4);
  review.reviewer = query.GetText(5);
  review.reviewed_at = query.GetText(6);
  review.machine_verdict = query.GetText(7);
  review.machine_probability = static_cast<double>(query.GetInt(8)) / kPerMillion;
  return review;
}

}  // namespace

std::string_view AnswerName(Answer answer) { return kAnswers[static_cast<size_t>(answer)]; }

Answer ParseAnswer(std::string_view name) {
  for (size_t i = 0; i < kAnswers.size(); ++i) {
    if (name == kAnswers[i]) return static_cast<Answer>(i);
  }
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is no answer: say yes, no or unsure.", EscapeText(name)));
}

Review AddReview(const std::filesystem::path& database, const Sha256& a, const Sha256& b, Review review) {
  if (a == b) {
    throw Error(ErrorCode::kInvalidArgument, "Both are the same file, byte for byte; there is nothing to review.");
  }
  if (review.reviewer.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "Nobody is named as the reviewer. Say who with --by NAME.");
  }
  if (std::max(review.note.size(), review.reviewer.size()) > kMaxText) {
    throw Error(ErrorCode::kLimit, fmt::format("A note and a name may have {} bytes.", kMaxText));
  }
  review.low = std::min(a, b);
  review.high = std::max(a, b);
  review.reviewed_at = UtcNow();
  static constexpr char kDoing[] = "storing a review";
  internal::ShortWrite write(database, kMaxWaitMs, kDoing);
  Connection& connection = write.connection();
  const std::string probability = fmt::format("{:.6f}", review.machine_probability);
  connection
      .Use("INSERT INTO reviews (low_sha256, high_sha256, answer, note, reviewer, reviewed_at, machine_verdict, "
           "machine_probability) VALUES (?, ?, ?, ?, ?, ?, ?, CAST(? AS REAL))",
           kDoing)
      .Blob(review.low.bytes)
      .Blob(review.high.bytes)
      .Text(std::string(AnswerName(review.answer)))
      .Text(review.note)
      .Text(review.reviewer)
      .Text(review.reviewed_at)
      .Text(review.machine_verdict)
      .Text(probability)
      .Run();
  review.id = connection.last_row_id();
  write.Commit();
  return review;
}

std::optional<Review> Reviews::Latest(const Sha256& a, const Sha256& b) const {
  Query query = catalogue_.impl_->connection.Use(
      PUGMARK_REVIEW_COLUMNS "WHERE low_sha256 = ? AND high_sha256 = ? ORDER BY id DESC LIMIT 1", "reading reviews");
  const Sha256 low = std::min(a, b), high = std::max(a, b);
  query.Blob(low.bytes).Blob(high.bytes);
  if (!query.Next()) return std::nullopt;
  return ReviewOf(query);
}

std::vector<Review> Reviews::LatestOf(const Sha256& photo) const {
  Query query = catalogue_.impl_->connection.Use(
      PUGMARK_REVIEW_COLUMNS "WHERE low_sha256 = ? OR high_sha256 = ? ORDER BY id", "reading reviews");
  query.Blob(photo.bytes).Blob(photo.bytes);
  std::vector<Review> latest;
  std::unordered_map<Sha256, size_t> places;
  while (query.Next()) {
    Review review = ReviewOf(query);
    const auto [place, is_new] = places.try_emplace(review.other(photo), latest.size());
    if (is_new) {
      latest.push_back(std::move(review));
    } else {
      latest[place->second] = std::move(review);
    }
  }
  return latest;
}

std::vector<Review> Reviews::History() const {
  Query query = catalogue_.impl_->connection.Use(PUGMARK_REVIEW_COLUMNS "ORDER BY id", "reading reviews");
  std::vector<Review> history;
  while (query.Next()) history.push_back(ReviewOf(query));
  return history;
}

}  // namespace pugmark
