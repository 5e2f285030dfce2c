// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/reviews.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/base/error.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

Sha256 Photo(uint8_t number) {
  Sha256 sha256;
  sha256.bytes[0] = number;
  return sha256;
}

bool IsDismissed(const Catalogue& catalogue, const Sha256& a, const Sha256& b) {
  const std::optional<Review> review = Reviews(catalogue).Latest(a, b);
  return review && review->answer == Answer::kNo;
}

class ReviewsTest : public testing::Test {
 protected:
  void SetUp() override { Catalogue::Create(database_); }
  Review Add(uint8_t a, uint8_t b, Answer answer, const std::string& note = "") {
    Review review;
    review.answer = answer;
    review.note = note;
    review.reviewer = "Jane";
    review.machine_verdict = "same-object";
    review.machine_probability = 0.123456;
    return AddReview(database_, Photo(a), Photo(b), review);
  }
  Scratch scratch_;
  const std::filesystem::path database_ = scratch_ / "catalogue.db";
};

TEST_F(ReviewsTest, TheLatestAnswerOnAPairCountsInEitherOrder) {
  const Catalogue catalogue(database_, Catalogue::Access::kRead);
  EXPECT_FALSE(IsDismissed(catalogue, Photo(1), Photo(2)));
  Add(2, 1, Answer::kNo, "another crack");
  EXPECT_TRUE(IsDismissed(catalogue, Photo(1), Photo(2)));
  EXPECT_TRUE(IsDismissed(catalogue, Photo(2), Photo(1)));
  EXPECT_FALSE(IsDismissed(catalogue, Photo(1), Photo(3)));
  Add(1, 2, Answer::kYes);
  EXPECT_FALSE(IsDismissed(catalogue, Photo(2), Photo(1)));
  const Reviews reviews(catalogue);
  EXPECT_EQ(reviews.Latest(Photo(2), Photo(1))->answer, Answer::kYes);
  const std::vector<Review> history = reviews.History();
  ASSERT_EQ(history.size(), 2u) << "Nothing is deleted.";
  EXPECT_EQ(history[0].note, "another crack");
  EXPECT_EQ(history[0].low, Photo(1));
  EXPECT_EQ(history[0].high, Photo(2));
  EXPECT_EQ(history[0].reviewer, "Jane");
  EXPECT_EQ(history[0].machine_verdict, "same-object");
  EXPECT_DOUBLE_EQ(history[0].machine_probability, 0.123456);
}

TEST_F(ReviewsTest, AllPairsOfAPhoto) {
  Add(5, 1, Answer::kNo);
  Add(5, 9, Answer::kUnsure);
  Add(9, 5, Answer::kYes);
  Add(1, 9, Answer::kNo);
  const Catalogue catalogue(database_, Catalogue::Access::kRead);
  const std::vector<Review> of_five = Reviews(catalogue).LatestOf(Photo(5));
  ASSERT_EQ(of_five.size(), 2u);
  EXPECT_EQ(of_five[0].other(Photo(5)), Photo(1));
  EXPECT_EQ(of_five[1].other(Photo(5)), Photo(9));
  EXPECT_EQ(of_five[1].answer, Answer::kYes);
}

TEST_F(ReviewsTest, NonsenseIsRefused) {
  const auto code = [](const auto& call) {
    try {
      call();
    } catch (const Error& e) {
      return e.code();
    }
    return ErrorCode::kInternal;
  };
  EXPECT_EQ(code([&] { Add(1, 1, Answer::kYes); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code([&] { AddReview(database_, Photo(1), Photo(2), {}); }), ErrorCode::kInvalidArgument) << "Nobody says so.";
  EXPECT_EQ(code([&] { Add(1, 2, Answer::kYes, std::string(20'000, 'x')); }), ErrorCode::kLimit);
  EXPECT_EQ(code([&] { ParseAnswer("maybe"); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(ParseAnswer("unsure"), Answer::kUnsure);
}

TEST_F(ReviewsTest, RowsAreNeitherChangedNorDeleted) {
  Add(1, 2, Answer::kNo);
  SQLite::Database database(database_.string(), SQLite::OPEN_READWRITE);
  EXPECT_THROW(database.exec("UPDATE reviews SET answer = 'yes'"), SQLite::Exception);
  EXPECT_THROW(database.exec("DELETE FROM reviews"), SQLite::Exception);
}

}  // namespace
}  // namespace pugmark
