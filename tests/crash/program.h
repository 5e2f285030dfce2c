// SPDX-License-Identifier: Apache-2.0
//
// Runs the program for crash tests: with variables and limits of its own, and with an end by a signal as an outcome.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace pugmark::crash {

struct RunOptions {
  std::map<std::string, std::string> variables;
  std::optional<std::chrono::microseconds> kill_after;  // SIGKILL then, unless it has ended.
  std::optional<uint64_t> max_file_bytes;               // RLIMIT_FSIZE with SIGXFSZ ignored: writing beyond fails.
  std::optional<uid_t> user;                            // Runs as this user.
};

struct RunResult {
  bool killed = false;
  int exit_code = -1;  // If it was not killed; 1000 + signal for any signal but SIGKILL.
  std::string out, err;
};

inline std::string Slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// In the child, after fork(): only calls that are safe there.
[[noreturn]] inline void Become(char* const* argv, char* const* environment, int out, int err, const RunOptions& options) {
  ::dup2(out, 1);
  ::dup2(err, 2);
  if (options.max_file_bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{*options.max_file_bytes, *options.max_file_bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  if (options.user && (::setgid(*options.user) != 0 || ::setuid(*options.user) != 0)) ::_exit(126);
  ::execve(argv[0], argv, environment);
  ::_exit(127);
}

// scratch: where its output is put, outside of the collection.
inline RunResult RunProgram(std::vector<std::string> arguments, const std::filesystem::path& scratch,
                            const RunOptions& options = {}) {
  arguments.insert(arguments.begin(), PUGMARK_BINARY);
  std::vector<char*> argv;
  for (std::string& word : arguments) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables;
  for (const auto& [name, value] : options.variables) variables.push_back(name + "=" + value);
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  const std::filesystem::path out = scratch / "out", err = scratch / "err";
  const int out_fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const int err_fd = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const pid_t pid = ::fork();
  if (pid == 0) Become(argv.data(), environment.data(), out_fd, err_fd, options);
  ::close(out_fd);
  ::close(err_fd);
  if (options.kill_after) {
    std::this_thread::sleep_for(*options.kill_after);
    ::kill(pid, SIGKILL);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  RunResult result;
  result.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status) && !result.killed) result.exit_code = 1000 + WTERMSIG(status);
  result.out = Slurp(out);
  result.err = Slurp(err);
  return result;
}

}  // namespace pugmark::crash
