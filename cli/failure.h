// SPDX-License-Identifier: Apache-2.0
//
// From an exception to what the user reads and the shell gets.
#pragma once

#include <string>

namespace pugmark::cli {

struct Failure {
  int exit_code = 0;
  std::string message;  // Harmless to a terminal.
};

// Of the exception that is being handled. Only within a catch block.
Failure DescribeCurrentException();

}  // namespace pugmark::cli
