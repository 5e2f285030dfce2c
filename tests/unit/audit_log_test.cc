// SPDX-License-Identifier: Apache-2.0
//
// Tampering is real: another connection to the same file, triggers dropped, rows edited, hashes recomputed where the
// attacker knows how.
#include "index/catalogue/audit_log.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "index/base/error.h"
#include "index/base/files.h"
#include "index/catalogue/catalogue.h"
#include "tests/scratch.h"

namespace pugmark {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AuditLogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(paths_.root);
    Catalogue::Create(paths_.catalogue());
  }

  LogEntry Append(const std::string& command) const {
    return AppendToLog(paths_, fmt::format(R"({{"command":"{}"}})", command), 1000);
  }

  void AppendFive() {
    for (const char* command : {"init", "ingest", "search", "search", "reindex"})
      heads_.push_back(Append(command).hash.Hex());
  }

  // As somebody with the file, sqlite3 and no scruples.
  void Attack(const std::string& sql) const {
    SQLite::Database database(paths_.catalogue().string(), SQLite::OPEN_READWRITE);
    database.exec("DROP TRIGGER IF EXISTS audit_log_is_not_edited; DROP TRIGGER IF EXISTS audit_log_is_not_deleted;" + sql);
    database.exec(kTriggers);  // And cleans up.
  }

  // Makes every hash fit its text and its predecessor again.
  void RecomputeChain() const {
    SQLite::Database database(paths_.catalogue().string(), SQLite::OPEN_READWRITE);
    database.exec("DROP TRIGGER audit_log_is_not_edited");
    Sha256 previous;
    for (int64_t n = 1;; ++n) {
      SQLite::Statement read(database, "SELECT body FROM audit_log WHERE number = ?");
      read.bind(1, n);
      if (!read.executeStep()) break;
      const Sha256 hash = LogHash(previous, read.getColumn(0).getString());
      SQLite::Statement write(database, "UPDATE audit_log SET previous = ?, hash = ? WHERE number = ?");
      write.bind(1, previous.bytes.data(), 32);
      write.bind(2, hash.bytes.data(), 32);
      write.bind(3, n);
      write.exec();
      previous = hash;
    }
    database.exec("DROP TRIGGER audit_log_is_not_deleted");
    database.exec(kTriggers);
  }

  std::vector<std::string> Findings(const std::string& noted = "") const { return VerifyLog(paths_, noted).findings; }

  static constexpr char kTriggers[] =
      "CREATE TRIGGER audit_log_is_not_edited BEFORE UPDATE ON audit_log\n"
      "BEGIN SELECT RAISE(ABORT, 'entries of the audit log are never changed'); END;\n"
      "CREATE TRIGGER audit_log_is_not_deleted BEFORE DELETE ON audit_log\n"
      "BEGIN SELECT RAISE(ABORT, 'entries of the audit log are never deleted'); END;";

  Scratch scratch_;
  const CollectionPaths paths_{scratch_ / "c"};
  std::vector<std::string> heads_;
};

TEST_F(AuditLogTest, AChainOfEntriesIsWhole) {
  EXPECT_THAT(Findings(), IsEmpty()) << "An empty one too.";
  AppendFive();
  const LogVerification result = VerifyLog(paths_, heads_[2].substr(0, 16));
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.num_entries, 5);
  EXPECT_EQ(result.num_heads, 5);
  EXPECT_EQ(result.expected_entry, 3);
  EXPECT_EQ(result.head->hash.Hex(), heads_[4]);
  const LogEntry second = *AuditLog(paths_).Find(2);
  EXPECT_THAT(second.body, HasSubstr(R"({"entry":2,"at":"20)"));
  EXPECT_EQ(second.previous.Hex(), heads_[0]);
  // The documented recipe, without our code for it.
  const std::string text = heads_[0] + "\n" + second.body;
  EXPECT_EQ(Sha256::Of({reinterpret_cast<const uint8_t*>(text.data()), text.size()}), second.hash);
  EXPECT_FALSE(AuditLog(paths_).Find(6).has_value());
}

TEST_F(AuditLogTest, TheTriggersForbidChanges) {
  AppendFive();
  SQLite::Database database(paths_.catalogue().string(), SQLite::OPEN_READWRITE);
  EXPECT_THROW(database.exec("UPDATE audit_log SET body = '' WHERE number = 2"), SQLite::Exception);
  EXPECT_THROW(database.exec("DELETE FROM audit_log WHERE number = 5"), SQLite::Exception);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(AuditLogTest, AnEditedEntryIsNoticed) {
  AppendFive();
  Attack("UPDATE audit_log SET body = replace(body, 'search', 'status') WHERE number = 3");
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("Entry 3 was changed")));
}

TEST_F(AuditLogTest, AnEditedEntryWithItsHashRecomputedIsNoticedByTheNext) {
  AppendFive();
  const LogEntry third = *AuditLog(paths_).Find(3);
  std::string body = third.body;
  body.replace(body.find("search"), 6, "status");
  Attack(fmt::format("UPDATE audit_log SET body = '{}', hash = x'{}' WHERE number = 3", body,
                     LogHash(third.previous, body).Hex()));
  EXPECT_THAT(Findings(),
              ElementsAre(HasSubstr("audit.heads: says that entry 3"), HasSubstr("Entry 4 does not continue entry 3")));
}

TEST_F(AuditLogTest, ADeletedEntryIsNoticed) {
  AppendFive();
  Attack("DELETE FROM audit_log WHERE number = 3");
  EXPECT_THAT(Findings(), ElementsAre("Entry 3 is missing."));
}

TEST_F(AuditLogTest, ADeletedEntryIsNoticedWhenTheOthersAreRenumbered) {
  AppendFive();
  Attack("DELETE FROM audit_log WHERE number = 3;"
         "UPDATE audit_log SET number = 3 WHERE number = 4; UPDATE audit_log SET number = 4 WHERE number = 5");
  EXPECT_THAT(Findings(), testing::Contains(HasSubstr("In the place of entry 3 stands entry 4")));
}

TEST_F(AuditLogTest, ADeletedFirstAndLastEntryAreNoticed) {
  AppendFive();
  Attack("DELETE FROM audit_log WHERE number IN (1, 5)");
  EXPECT_THAT(Findings(),
              ElementsAre("Entry 1 is missing.", HasSubstr("ends with entry 4, but audit.heads knows entry 5")));
}

TEST_F(AuditLogTest, ReorderedEntriesAreNoticed) {
  AppendFive();
  Attack("UPDATE audit_log SET number = 99 WHERE number = 2; UPDATE audit_log SET number = 2 WHERE number = 3;"
         "UPDATE audit_log SET number = 3 WHERE number = 99");
  const std::vector<std::string> findings = Findings();
  EXPECT_THAT(findings, testing::Contains(HasSubstr("In the place of entry 2 stands entry 3")));
  EXPECT_THAT(findings, testing::Contains(HasSubstr("In the place of entry 3 stands entry 2")));
}

TEST_F(AuditLogTest, DroppedTriggersAreNoticed) {
  AppendFive();
  SQLite::Database(paths_.catalogue().string(), SQLite::OPEN_READWRITE).exec("DROP TRIGGER audit_log_is_not_deleted");
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("'audit_log_is_not_deleted' was dropped")));
}

// What only heads can show: the chain itself is perfect.
TEST_F(AuditLogTest, ARewrittenLogIsNoticedByTheHeadsFileAndByANotedHead) {
  AppendFive();
  Attack("UPDATE audit_log SET body = replace(body, 'search', 'status') WHERE number = 3");
  RecomputeChain();
  EXPECT_THAT(Findings(),
              ElementsAre(HasSubstr("entry 3 had the hash"), HasSubstr("entry 4 had"), HasSubstr("entry 5 had")));
  // The attacker rewrites that file too: nothing on this machine shows it any more. A noted head does.
  std::ofstream out(paths_.audit_heads());
  AuditLog(paths_).Visit(false, [&](const LogEntry& entry) {
    out << entry.number << " " << entry.hash.Hex() << "\n";
    return true;
  });
  out.close();
  EXPECT_THAT(Findings(), IsEmpty()) << "This is the documented limit.";
  EXPECT_THAT(Findings(heads_[1]), IsEmpty()) << "Entry 2 was not touched.";
  EXPECT_THAT(Findings(heads_[4]), ElementsAre(HasSubstr("No entry has the noted head")));
}

TEST_F(AuditLogTest, AHeadsFileThatIsMissingTornOrForeignIsToldApart) {
  AppendFive();
  std::ofstream(paths_.audit_heads(), std::ios::app) << "6 abc";  // A power cut.
  EXPECT_THAT(Findings(), IsEmpty());
  std::ofstream(paths_.audit_heads(), std::ios::app) << "\nnonsense\n";
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("line 6 is not one"), HasSubstr("line 7 is not one")));
  std::filesystem::remove(paths_.audit_heads());
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("audit.heads is missing")));
}

TEST_F(AuditLogTest, ANotedHeadMustBeOne) {
  AppendFive();
  for (const char* bad : {"abc", "xyzxyzxyzxyzxyzxyzxyz", "123456789012345"}) {
    try {
      VerifyLog(paths_, bad);
      ADD_FAILURE() << bad;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kInvalidArgument);
    }
  }
}

TEST_F(AuditLogTest, WritersTakeTurns) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) AppendToLog(paths_, R"({"command":"search"})", 20'000);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const LogVerification result = VerifyLog(paths_, "");
  EXPECT_THAT(result.findings, IsEmpty());
  EXPECT_EQ(result.num_entries, 40);
  EXPECT_EQ(result.num_heads, 40);
}

TEST_F(AuditLogTest, AWriterThatTakesLongIsNotWaitedForForever) {
  SQLite::Database other(paths_.catalogue().string(), SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  const auto start = std::chrono::steady_clock::now();
  try {
    AppendToLog(paths_, "{}", 100);
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kLocked);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  other.exec("COMMIT");
  EXPECT_EQ(Append("search").number, 1);
}

// As ingest does: 2 s of writing, 10 ms of pause.
TEST_F(AuditLogTest, ThePausesOfALongWriterAreUsed) {
  std::atomic<bool> done = false;
  std::thread writer([&] {
    SQLite::Database other(paths_.catalogue().string(), SQLite::OPEN_READWRITE);
    other.setBusyTimeout(10'000);
    while (!done) {
      other.exec("BEGIN IMMEDIATE");
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      other.exec("COMMIT");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  for (int i = 0; i < 3; ++i) EXPECT_NO_THROW(AppendToLog(paths_, "{}", 5000));
  done = true;
  writer.join();
  EXPECT_THAT(Findings(), IsEmpty());
}

}  // namespace
}  // namespace pugmark
