// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace pugmark {

// Of the SQLite that is loaded: "3.40.1".
std::string SqliteVersion();

}  // namespace pugmark
