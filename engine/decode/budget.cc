// SPDX-License-Identifier: Apache-2.0
#include "engine/decode/budget.h"

namespace pugmark {
namespace {

DecodeBudget& Budget() {
  static DecodeBudget budget;
  return budget;
}

}  // namespace

const DecodeBudget& ProcessBudget() { return Budget(); }

void SetProcessBudget(const DecodeBudget& budget) { Budget() = budget; }

}  // namespace pugmark
