// SPDX-License-Identifier: Apache-2.0
//
// reindex --dry-run, snapshots, rollback, prune, status and check as a user runs them.
#include <gmock/gmock.h>

#include "index/base/files.h"
#include "tests/cli/program.h"
#include "tests/pictures.h"

namespace pugmark {
namespace {

using testing::HasSubstr;

class SnapshotCommandsTest : public CliTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(InCollection({"init", "--size", "320", "--keypoints", "200"}).exit_code, 0);
    for (int i = 0; i < 4; ++i) WriteJpeg(Picture(i), MakePicture(static_cast<uint64_t>(i), 400, 300));
    ASSERT_EQ(InCollection({"ingest", Picture(0), Picture(1)}).exit_code, 0);
    for (const int i : {2, 3}) ASSERT_EQ(InCollection({"ingest", Picture(i)}).exit_code, 0);
  }
  std::string Picture(int i) const { return (scratch_ / ("p" + std::to_string(i) + ".jpg")).string(); }
  Json One(std::vector<std::string> arguments, int exit_code = 0) const {
    arguments.insert(arguments.begin(), {"--format", "json"});
    const Outcome outcome = InCollection(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    const std::vector<Json> lines = Lines(outcome.out);
    EXPECT_EQ(lines.size(), 1u);
    return lines.empty() ? Json() : lines[0];
  }
};

TEST_F(SnapshotCommandsTest, FromPlanToPrune) {
  const Json plan = One({"reindex", "--dry-run"});
  EXPECT_EQ(plan.at("type"), "reindex_plan");
  EXPECT_EQ(plan.at("action"), "merge");
  EXPECT_EQ(plan.at("parts"), 3);
  EXPECT_EQ(plan.at("keep"), 3);
  EXPECT_EQ(One({"status"}).at("snapshot"), 3) << "A dry run changes nothing.";
  EXPECT_THAT(InCollection({"reindex", "--dry-run"}).out, HasSubstr("3 parts of snapshot 3 and what is new"));

  const Json reindex = One({"reindex", "--keep", "9"});
  EXPECT_EQ(reindex.at("snapshot"), 4);
  EXPECT_EQ(reindex.at("kind"), "merged");
  EXPECT_EQ(reindex.at("gate").at("passed"), true);
  EXPECT_EQ(reindex.at("gate").at("compared_with"), 3);
  EXPECT_EQ(reindex.at("gate").at("figures").at(0).at("canary"), "self");
  EXPECT_EQ(reindex.at("gate").at("figures").at(0).at("found"), 4);
  EXPECT_THAT(InCollection({"reindex", "--dry-run"}).out, HasSubstr("There is nothing to do."));

  const Outcome snapshots = InCollection({"snapshots", "--format", "json"});
  const std::vector<Json> lines = Lines(snapshots.out);
  ASSERT_EQ(lines.size(), 4u) << "--keep is remembered; three were there before.";
  EXPECT_EQ(lines[3].at("current"), true);
  EXPECT_EQ(lines[3].at("state"), "current");
  EXPECT_EQ(lines[3].at("gate").at("outcome"), "passed");
  EXPECT_GT(lines[3].at("size_bytes").get<int64_t>(), lines[3].at("own_bytes").get<int64_t>());
  EXPECT_EQ(lines[2].at("kind"), "extended");
  EXPECT_THAT(InCollection({"snapshots"}).out, HasSubstr("passed, compared with 3: self 4/4"));

  const Json status = One({"status"});
  EXPECT_EQ(status.at("state"), "ready");
  EXPECT_EQ(status.at("locked"), false);
  EXPECT_EQ(status.at("snapshots_kept"), 9);
  EXPECT_EQ(status.at("last_build").at("snapshot"), 4);
  EXPECT_EQ(status.at("last_batch").at("new_photos"), 1);
  {
    const FileLock lock(scratch_ / "c/LOCK");
    EXPECT_EQ(One({"status"}).at("state"), "building");
    EXPECT_EQ(InCollection({"rollback"}).exit_code, 11);
    EXPECT_EQ(InCollection({"prune"}).exit_code, 11);
    EXPECT_EQ(InCollection({"prune", "--dry-run"}).exit_code, 0);
    EXPECT_EQ(InCollection({"reindex", "--dry-run"}).exit_code, 0);
  }

  const Json rollback = One({"rollback", "2"});
  EXPECT_EQ(rollback.at("before"), 4);
  EXPECT_EQ(rollback.at("snapshot"), 2);
  EXPECT_EQ(rollback.at("unindexed_photos"), 1);
  EXPECT_EQ(One({"status"}).at("state"), "stale");
  EXPECT_THAT(InCollection({"rollback"}).out, HasSubstr("Snapshot 1 of "));
  const Outcome refused = InCollection({"rollback"});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("no older published snapshot"));
  EXPECT_EQ(InCollection({"rollback", "99"}).exit_code, 4);
  EXPECT_EQ(InCollection({"rollback", "no"}).exit_code, 2);
  EXPECT_EQ(One({"rollback", "4"}).at("snapshot"), 4) << "And forward again.";

  EXPECT_EQ(One({"prune", "--keep", "2", "--dry-run"}).at("removed"), Json({1, 2}));
  EXPECT_EQ(One({"prune", "--keep", "2"}).at("removed"), Json({1, 2}));
  EXPECT_THAT(InCollection({"prune", "--keep", "2"}).out, HasSubstr("There is nothing to remove."));
  const Json check = One({"check", "--originals"});
  EXPECT_EQ(check.at("findings").size(), 0u);
  EXPECT_EQ(check.at("snapshots"), 2);
  EXPECT_EQ(check.at("originals_reread"), 4);
}

TEST_F(SnapshotCommandsTest, CheckNamesObjectProblemAndMend) {
  fs::resize_file(scratch_ / "c/snapshots/000003/codebook.faiss", 1000);  // Shared by all three.
  const Json check = One({"check"}, 12);
  ASSERT_GE(check.at("details").size(), 3u);
  EXPECT_EQ(check.at("details").size(), check.at("findings").size());
  EXPECT_EQ(check.at("details").at(2).at("object"), "snapshot 3");
  EXPECT_THAT(check.at("details").at(2).at("mend").get<std::string>(), HasSubstr("reindex --full"));
  EXPECT_EQ(InCollection({"rollback", "2"}).exit_code, 12);
  const Json reindex = One({"reindex", "--full"});
  EXPECT_EQ(reindex.at("pruned"), Json({1, 2, 3}));
  EXPECT_EQ(reindex.at("gate").at("compared_with"), nullptr) << "There was nothing sound to compare with.";
  EXPECT_EQ(InCollection({"check"}).exit_code, 0);
  EXPECT_EQ(InCollection({"reindex", "--no-gate", "--accept"}).exit_code, 2);
  EXPECT_EQ(One({"reindex", "--full", "--no-gate"}).at("gate"), nullptr);
}

}  // namespace
}  // namespace pugmark
