// SPDX-License-Identifier: Apache-2.0
#include "index/catalogue/library_version.h"

#include <sqlite3.h>

namespace pugmark {

std::string SqliteVersion() { return sqlite3_libversion(); }

}  // namespace pugmark
