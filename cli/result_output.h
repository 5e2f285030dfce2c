// SPDX-License-Identifier: Apache-2.0
//
// What the commands that report hits share: the properties of the terminal.
#pragma once

#include "engine/report/report.h"

namespace pugmark::cli {

// Width and colours of stdout; colours not with NO_COLOR.
TextOptions TextOptionsOfStdout(bool verbose);

}  // namespace pugmark::cli
