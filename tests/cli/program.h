// SPDX-License-Identifier: Apache-2.0
//
// Runs the program as a user would, in a fresh directory per test.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/scratch.h"

extern char** environ;

namespace pugmark {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Outcome {
  int exit_code = -1;
  std::string out, err;
};

inline std::string Slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline pid_t Start(const std::vector<std::string>& arguments, const fs::path& out, const fs::path& err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  std::vector<std::string> words = {PUGMARK_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  if (posix_spawn(&pid, PUGMARK_BINARY, &actions, nullptr, argv.data(), environ) != 0) pid = -1;
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

inline int Wait(pid_t pid) {
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status)) << "The program was killed by a signal.";
  return WEXITSTATUS(status);
}

class CliTest : public testing::Test {
 protected:
  Outcome Run(const std::vector<std::string>& arguments) const {
    Outcome outcome;
    outcome.exit_code = Wait(Start(arguments, scratch_ / "out", scratch_ / "err"));
    outcome.out = Slurp(scratch_ / "out");
    outcome.err = Slurp(scratch_ / "err");
    return outcome;
  }
  Outcome InCollection(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"-c", (scratch_ / "c").string()});
    return Run(arguments);
  }
  static std::string Sample(const std::string& name) { return (fs::path(PUGMARK_SAMPLES) / name).string(); }

  static std::vector<Json> Lines(const std::string& text) {
    std::vector<Json> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
    return lines;
  }

  Scratch scratch_;
};

}  // namespace pugmark
