// SPDX-License-Identifier: Apache-2.0
//
// Who runs the program, for receipts and notes.
#pragma once

#include <string>

namespace pugmark::cli {

// The login name of the user who runs the program, or "uid 1000" if there is none.
std::string LoginName();

}  // namespace pugmark::cli
