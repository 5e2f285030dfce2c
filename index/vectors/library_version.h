// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace pugmark {

// Of the FAISS that the program was built with: "1.7.3".
std::string FaissVersion();

}  // namespace pugmark
